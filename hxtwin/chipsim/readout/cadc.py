"""Column ADC: how long a conversion takes, and the results that it latches.

One conversion takes ``sense_delay + 2 (reset_wait + dead_time) + 128`` chip cycles and begins when the previous one of
the hemisphere has ended; ``enable`` 0: no conversion. Reference: simulator-decisions.md 27.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.registers.cell_map import chip_cells
from hxtwin.containers.record import schema

if TYPE_CHECKING:
    from hxtwin.chipsim.parameters import Parameters

HEMISPHERE_STEP: Final = 0x01000000
"""Distance of the registers of the two hemispheres."""


def _bits(container: type[containers.Container], path: str) -> tuple[int, int, int]:
    (piece,) = [piece for column in schema(container) if column.path == path for _, piece in column.pieces]
    assert isinstance(piece.lsb, int)
    return piece.word, piece.lsb, piece.mask


class CadcTiming:
    """Duration of a conversion from the registers of a hemisphere."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        config, common = containers.CADCConfig, containers.CommonCorrelationConfig
        self._config_addresses = config.addresses_of(np.arange(2)).astype(np.int64)
        self._common_addresses = common.addresses_of(np.arange(2)).astype(np.int64)
        self._enable = _bits(config, "enable")
        self._reset_wait = _bits(config, "reset_wait")
        self._dead_time = _bits(config, "dead_time")
        self._sense_delay = _bits(common, "sense_delay")
        self._map = chip_cells()

    def addresses(self, hemisphere: int) -> list[int]:
        """Addresses of the words on which the duration depends."""
        return [
            int(self._config_addresses[hemisphere, 0]),
            int(self._common_addresses[hemisphere, self._sense_delay[0]]),
        ]

    def duration(self, config: int, common: int) -> int | None:
        """Chip cycles of a conversion; None if conversions are switched off.

        Args:
            config: word of CADCConfig.
            common: word of CommonCorrelationConfig that holds sense_delay.
        """
        if not _field(config, self._enable):
            return None
        waits = _field(config, self._reset_wait) + _field(config, self._dead_time)
        sense_delay = _field(common, self._sense_delay)
        return sense_delay + self._parameters.cadc_wait_scale * waits + self._parameters.cadc_ramp_cycles


def _field(word: int, bits: tuple[int, int, int]) -> int:
    _, lsb, mask = bits
    return (word >> lsb) & mask

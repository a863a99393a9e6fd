"""Addresses in a synapse array that act: trigger reads of the column ADC, resets of correlation sensors.

=================  ====================================================================================
bits of address    meaning
=================  ====================================================================================
24                 hemisphere
21                 result read: 1 = latched results, no conversion
20 .. 16           window: 0x08 causal, 0x0c acausal results; 0x09 resets
14 .. 6            row; row 256 of the reset window: neurons (`NeuronResetQuad`)
5 .. 0             quad; entry e of quad q is column 8 (q % 32) + 2 e + q // 32
=================  ====================================================================================

Reference: containers-a.md 2.2 and 6.3, containers-b.md 2.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.registers.access_kernel import TRIGGERS_CONVERSION, reads_of_cadc
from hxtwin.chipsim.registers.cell_map import SYNAPSE_WINDOWS, SYNAPSE_WINDOWS_MASK

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RESET_WINDOW: Final = 0x09
_ROWS: Final = 256
_QUADS: Final = 64


@attrs.frozen
class ConversionTrigger:
    """What a trigger read starts: the correlation sensors of one row are connected, then the hemisphere converts.

    Attributes:
        hemisphere: 0 top, 1 bottom.
        row: 0..255.
    """

    hemisphere: int
    row: int


@attrs.frozen(eq=False)
class CorrelationResetTarget:
    """Sensors whose causal and acausal storage is cleared.

    Attributes:
        row: 256 * hemisphere + row, 0..511.
        columns: four columns, ``int64[4]``.
    """

    row: int
    columns: NDArray[np.int64]


def conversion_trigger(address: int) -> ConversionTrigger | None:
    """The conversion that a read of this address starts; None if it starts none."""
    if reads_of_cadc(address) != TRIGGERS_CONVERSION:
        return None
    return ConversionTrigger(_hemisphere(address), _row(address))


def correlation_reset(address: int, word: int = 0) -> CorrelationResetTarget | None:
    """The sensors that a write to this address resets; None if it resets none. The word does not matter."""
    del word
    inside = address & SYNAPSE_WINDOWS_MASK == SYNAPSE_WINDOWS and address >> 16 & 0x3F == _RESET_WINDOW
    if not inside or _row(address) >= _ROWS:
        return None
    quad = address % _QUADS
    columns = 8 * (quad % 32) + 2 * np.arange(4, dtype=np.int64) + quad // 32
    return CorrelationResetTarget(_ROWS * _hemisphere(address) + _row(address), columns)


def _hemisphere(address: int) -> int:
    return address >> 24 & 1


def _row(address: int) -> int:
    return (address & 0xFFFF) // _QUADS

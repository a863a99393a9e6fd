"""What the bring-up wants to know of the machine, from its entry in the hardware database.

==============  =============  ===================================================================================
kind            adapter board  timing of the synapse arrays
==============  =============  ===================================================================================
cube            cube           of the chip, as far as the database has it, else the defaults and a warning
jBOA            jBOA           likewise
simulation      cube           defaults
mock            cube           defaults
==============  =============  ===================================================================================

Reference: hwdb.md 1.3 and 4, runtime.md 9.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import attrs
import numpy as np

from hxtwin.containers import MemoryTiming
from hxtwin.runtime.bring_up.errors import BringUpError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Halves: TypeAlias = tuple[tuple[int, ...], ...]
"""A value for each half of each synapse array: ``[top, bottom][west, east]``."""

_log = logging.getLogger(__name__)


class SetupKind(StrEnum):
    """Kind of a machine."""

    CUBE = "cube"
    JBOA = "jboa"
    SIMULATION = "simulation"
    MOCK = "mock"

    @property
    def is_hardware(self) -> bool:
        """Whether there is a chip whose properties are worth knowing."""
        return self in {SetupKind.CUBE, SetupKind.JBOA}


def _as_halves(values: Sequence[Sequence[int]] | None) -> Halves | None:
    if values is None:
        return None
    if [len(half) for half in values] != [2, 2]:
        raise BringUpError(f"timing {values!r} of the synapse arrays is not [[top west, east], [bottom west, east]]")
    return tuple(tuple(half) for half in values)


@attrs.frozen(kw_only=True)
class FPGAEntry:
    """An FPGA of a machine and the chip at it.

    Attributes:
        has_chip: whether a chip is mounted.
        synram_timing_pcconf: precharge timing of the synapse arrays, 0..15; None: not known.
        synram_timing_wconf: write timing of the synapse arrays, 0..255; None: not known.

    Raises:
        BringUpError: values that are not two by two.
    """

    has_chip: bool = True
    synram_timing_pcconf: Halves | None = attrs.field(default=None, converter=_as_halves)
    synram_timing_wconf: Halves | None = attrs.field(default=None, converter=_as_halves)


@attrs.frozen(kw_only=True)
class SetupEntry:
    """A machine, reduced to the FPGA of one connection.

    Attributes:
        kind: kind of the machine.
        fpgas: the FPGAs of the entry; of hardware exactly one.

    Raises:
        BringUpError: another number of FPGAs.
    """

    kind: SetupKind = SetupKind.CUBE
    fpgas: tuple[FPGAEntry, ...] = (FPGAEntry(),)

    def __attrs_post_init__(self) -> None:
        if self.kind.is_hardware and len(self.fpgas) != 1:
            raise BringUpError(
                f"the {self.kind} entry has {len(self.fpgas)} FPGAs; reduce it to the one that is to be brought up"
            )

    def memory_timing(self) -> MemoryTiming:
        """Memory timing with the values known of this chip; what is missing keeps its default, with a warning.

        Raises:
            FieldRangeError: a value of the database is out of range.
        """
        if not self.kind.is_hardware:
            return MemoryTiming()
        fpga = self.fpgas[0]
        found: dict[str, NDArray[np.int64]] = {}
        for name, known in (("pc_conf", fpga.synram_timing_pcconf), ("w_conf", fpga.synram_timing_wconf)):
            if not fpga.has_chip or known is None:
                _log.warning(
                    "the hardware database has no %s of the synapse arrays of this %s: the default is used",
                    name,
                    self.kind,
                )
                continue
            values = np.array(known)
            found |= {f"synram.{name}_west": values[:, 0], f"synram.{name}_east": values[:, 1]}
        return MemoryTiming().with_columns(found)

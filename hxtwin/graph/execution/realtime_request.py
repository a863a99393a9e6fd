"""What one execution instance does in real time: run time, relaxation, and what is read out.

=====================  ========================================================================================
field                  meaning
=====================  ========================================================================================
``runtime``            length of the real-time section of every batch entry
``relaxation``         from the end of a section to the begin of the next entry, 50 us by default
``cadc_circuits``      circuits whose traces the column ADC samples all the time
``baseline_circuits``  circuits that it samples twice: baseline after a reset, value behind the section (hagen)
``madc_circuits``      one or two circuits that the membrane ADC samples at its full rate
``reset_circuits``     circuits that are reset in front of every section
=====================  ========================================================================================

Source: reference execution.md 4, graph.md 4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.graph.errors import InputDataError
from hxtwin.graph.execution.spike_trains import CYCLES_PER_US

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RELAXATION: Final = 50 * CYCLES_PER_US
"""Time in which the circuits of a chip relax between two batch entries, FPGA cycles."""
CADC_INTERVAL: Final = 325
"""Longest time between two samples of a neuron unless another one is given: 2.6 us, that is two quads in each
hemisphere, at most sixteen neurons in one pass."""
LONGEST: Final = (1 << 31) - 1
"""Most FPGA cycles of a section or a relaxation, 17 s: both together stay in the range of the playback timer."""
_MOST_MADC: Final = 2


def _none() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


def _circuits(given: ArrayLike) -> NDArray[np.int64]:
    """Circuits as an array."""
    return np.array(given, dtype=np.int64).reshape(-1)


@attrs.frozen(eq=False, kw_only=True)
class RealtimeRequest:
    """What happens in the real-time section of every batch entry.

    Attributes:
        runtime: length of the section, FPGA cycles of 8 ns.
        relaxation: time behind it in which the chip relaxes, FPGA cycles; a minimum.
        cadc_circuits: linear indices of circuits sampled by the column ADC, ``int64[n]``.
        cadc_interval: longest time between two samples of one of them, FPGA cycles; circuits that do not fit are
            sampled in further passes over the batch. None: one pass, at the interval that it takes.
        baseline_circuits: circuits sampled before and behind the section, ``int64[n]``.
        madc_circuits: circuits sampled by the membrane ADC, at most two: one in an even, one in an odd column.
        reset_circuits: circuits that are reset in front of the section, ``int64[n]``.
        routing_between_entries: leave the event router on while the chip relaxes.
    """

    runtime: int
    relaxation: int = RELAXATION
    cadc_circuits: NDArray[np.int64] = attrs.field(factory=_none, converter=_circuits)
    cadc_interval: int | None = CADC_INTERVAL
    baseline_circuits: NDArray[np.int64] = attrs.field(factory=_none, converter=_circuits)
    madc_circuits: NDArray[np.int64] = attrs.field(factory=_none, converter=_circuits)
    reset_circuits: NDArray[np.int64] = attrs.field(factory=_none, converter=_circuits)
    routing_between_entries: bool = False

    def __attrs_post_init__(self) -> None:
        for name, least in (("runtime", 1), ("relaxation", 0)):
            cycles = getattr(self, name)
            if isinstance(cycles, bool) or not isinstance(cycles, int) or not least <= cycles <= LONGEST:
                raise InputDataError(f"{name}: {least}..{LONGEST} FPGA cycles of 8 ns are possible, got {cycles!r:.80}")
        for name in ("cadc_circuits", "baseline_circuits", "madc_circuits", "reset_circuits"):
            _check_circuits(name, getattr(self, name))
        madc = self.madc_circuits
        if len(madc) > _MOST_MADC or (len(madc) == _MOST_MADC and len(np.unique(madc % 2)) < _MOST_MADC):
            raise InputDataError(
                f"madc_circuits {madc.tolist()}: at most two circuits are possible, one in an even and one in an odd "
                "column"
            )
        if len(self.cadc_circuits) and len(self.baseline_circuits):
            raise InputDataError(
                "the column ADC either samples traces or takes a baseline and a value; record one of both in an "
                "execution instance"
            )


def _check_circuits(name: str, circuits: NDArray[np.int64]) -> None:
    place = coord.AtomicNeuronOnDLS
    if circuits.size and not place.min <= int(circuits.min()) <= int(circuits.max()) <= place.max:
        raise InputDataError(f"{name}: circuits {circuits.min()}..{circuits.max()}, there are 0..{place.max}")
    if len(np.unique(circuits)) < len(circuits):
        raise InputDataError(f"{name}: a circuit is listed twice")

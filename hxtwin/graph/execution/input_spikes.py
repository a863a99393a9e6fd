"""Input of a run: spikes of external sources in all batch entries.

>>> spikes = InputSpikes(entries=[0, 0, 1], times_us=[1.0, 2.5, 1.0], neurons=[3, 4, 3])
>>> len(spikes)
3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.graph.errors import InputDataError
from hxtwin.graph.execution.spike_trains import CYCLES_PER_US

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def _whole(given: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(given)
    if array.size and array.dtype.kind not in "iu":
        raise InputDataError(f"entries and neurons of input spikes are integers, not {array.dtype}")
    return array.astype(np.int64)


def _times(given: ArrayLike) -> NDArray[np.float64]:
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputDataError(f"times of input spikes are numbers, microseconds: {error}") from error


@attrs.frozen(eq=False, kw_only=True)
class InputSpikes:
    """Spikes of one external source, in any order.

    Attributes:
        entries: batch entry of each spike, ``int64[n]``.
        times_us: time since the begin of the real-time section, microseconds, ``float64[n]``; sent at the nearest of
            the FPGA's cycles of 8 ns.
        neurons: neuron of the source, ``int64[n]``.

    Raises:
        InputDataError: arrays of different lengths, no integers, or times that are NaN, infinite or negative.
    """

    entries: NDArray[np.int64] = attrs.field(converter=_whole)
    times_us: NDArray[np.float64] = attrs.field(converter=_times)
    neurons: NDArray[np.int64] = attrs.field(converter=_whole)

    def __attrs_post_init__(self) -> None:
        shapes = (self.entries.shape, self.times_us.shape, self.neurons.shape)
        if len(set(shapes)) > 1 or self.entries.ndim != 1:
            raise InputDataError(f"entries, times and neurons of input spikes have the shapes {shapes}: one of each")
        wrong = ~np.isfinite(self.times_us) | (self.times_us < 0)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise InputDataError(f"input spike {first} at {self.times_us[first]} us: times are finite and not negative")

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def cycles(self) -> NDArray[np.int64]:
        """Times in FPGA cycles of 8 ns, ``int64[n]``."""
        return np.rint(self.times_us * CYCLES_PER_US).astype(np.int64)

    def check(self, source: str, *, size: int, entries: int, runtime: int) -> None:
        """Checks the spikes against a run.

        Args:
            source: name of the external source, for messages.
            size: its number of neurons.
            entries: number of batch entries.
            runtime: length of the real-time section, FPGA cycles.

        Raises:
            InputDataError: an entry, a neuron or a time out of range; the message names the source and the spike.
        """
        for name, values, stop in (("entry", self.entries, entries), ("neuron", self.neurons, size)):
            outside = (values < 0) | (values >= stop)
            if outside.any():
                first = int(np.argmax(outside))
                raise InputDataError(
                    f"external source {source!r}: spike {first} of {name} {values[first]}, there are 0..{stop - 1}"
                )
        late = self.cycles >= runtime
        if late.any():
            first = int(np.argmax(late))
            raise InputDataError(
                f"external source {source!r}: {int(late.sum())} spikes lie behind the end of the run at "
                f"{runtime / CYCLES_PER_US:g} us, the first (spike {first}) at {self.times_us[first]:g} us; "
                "run longer, or leave them out"
            )

"""Where recorded traces are found: CADC channels by recorded neuron, and the sources of the membrane ADC.

A trigger read returns one quad of four columns of equal parity; what matters for the sample interval is the number of
quads, ``column = 8 * (quad % 32) + 2 * entry + quad // 32`` (reference: coordinates.md 3.4).
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt


@attrs.frozen(eq=False)
class RecordedColumns:
    """CADC channels of recorded neurons; all arrays have one element for each (recording, neuron), in their order.

    Args:
        recording: ``int32[n]``, position of the `CADCRecording` in the recordings of the network.
        neuron: ``int64[n]``, neuron of the population of that recording.
        hemisphere: ``int64[n]``, 0 top, 1 bottom.
        column: ``int64[n]``, 0..255; the causal channel of the column carries the trace.
    """

    recording: npt.NDArray[np.int32]
    neuron: npt.NDArray[np.int64]
    hemisphere: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]

    @property
    def quad(self) -> npt.NDArray[np.int64]:
        """Quad column (0..63) of each neuron, ``int64[n]``."""
        quad: npt.NDArray[np.int64] = 32 * (self.column % 2) + self.column // 8
        return quad

    @property
    def entry(self) -> npt.NDArray[np.int64]:
        """Entry on the quad (0..3) of each neuron, ``int64[n]``."""
        entry: npt.NDArray[np.int64] = self.column // 2 % 4
        return entry

    def quads(self, hemisphere: int) -> npt.NDArray[np.int64]:
        """Quad columns that have to be read in a hemisphere, ascending."""
        return np.unique(self.quad[self.hemisphere == hemisphere])


@attrs.frozen
class MADCSource:
    """One source of the membrane ADC.

    Args:
        recording: position of the `MADCRecording` in the recordings of the network.
        circuit: atomic neuron (256 * row + column).
        multiplexer: source multiplexer, 0 for even and 1 for odd columns.
    """

    recording: int
    circuit: int
    multiplexer: int

"""What the readout amplifier of each neuron circuit shows.

==============  ====================  ======================================================
readout source  raw quantity          voltage at the amplifier
==============  ====================  ======================================================
0 membrane      V                     V
1 excitatory    x, units of 0.30 V    1.2 V - 0.57 V - 0.30 V tanh x: a dip for each event
2 inhibitory    x, units of 0.30 V    the same
3 adaptation    V_w                   V_w
==============  ====================  ======================================================

0 V without ``enable_readout_amplifier``, without bias of the amplifier, and for lines without bias of the source
follower that buffers them. Circuits are numbered ``256 * row + column``. Reference: containers-a.md 3.6,
analog-model.md 2.2 and 4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS, QUADRANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues

MEMBRANE: Final = 0
EXCITATORY: Final = 1
INHIBITORY: Final = 2
ADAPTATION: Final = 3
ON_CODE: Final = 1.0
"""A bias cell below this code feeds nothing."""


@attrs.frozen(eq=False)
class NeuronOutput:
    """Readout amplifiers of the 512 circuits.

    Attributes:
        kind: readout source, ``uint8[512]``, 0..3.
        shown: the amplifier works, ``bool[512]``.
        connected: the amplifier is connected to the readout line of its row and column parity, ``bool[512]``.
    """

    kind: NDArray[np.uint8]
    shown: NDArray[np.bool_]
    connected: NDArray[np.bool_]

    @classmethod
    def of(cls, config: Mapping[str, ArrayLike], cells: CellValues) -> NeuronOutput:
        """From the settings of the circuits.

        Args:
            config: columns of `NeuronConfig`, ``[512]``, circuits in the order 256 * row + column.
            cells: CapMem cells with mismatch.

        Raises:
            TwinArgumentError: a column is missing or has the wrong length.
        """
        kind = _column(config, "readout_source").astype(np.uint8)
        amplifier = _feeds(cells, "neuron_i_bias_readout_amp") & (_column(config, "enable_readout_amplifier") != 0)
        line = (kind == EXCITATORY) | (kind == INHIBITORY)
        return cls(
            kind=kind,
            shown=amplifier & (~line | _feeds(cells, "neuron_i_bias_synin_drop")),
            connected=_column(config, "enable_readout") != 0,
        )

    def volts(self, circuits: ArrayLike, raw: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
        """Voltage at the amplifiers.

        Args:
            circuits: numbers of the circuits, 0..511, any shape that fits `raw`.
            raw: raw quantity that `kind` of the circuit names, see the table above.
            constants: laws.
        """
        circuit, value = np.asarray(circuits), np.asarray(raw, dtype=np.float64)
        kind = self.kind[circuit]
        line = (kind == EXCITATORY) | (kind == INHIBITORY)
        rest = constants.line_rest + constants.line_read_offset
        shown = np.where(line, rest - constants.line_saturation * np.tanh(value), value)
        return np.where(self.shown[circuit], shown, 0.0)

    def on_line(self, row: int, parity: int) -> NDArray[np.int64]:
        """Circuits connected to one of the four readout lines: row 0 top, 1 bottom; parity of the column."""
        columns = np.flatnonzero(self.connected[COLUMNS * row + parity : COLUMNS * (row + 1) : 2])
        return COLUMNS * row + parity + 2 * columns.astype(np.int64)


def _column(config: Mapping[str, ArrayLike], name: str) -> NDArray[np.int64]:
    if name not in config:
        raise TwinArgumentError(f"no column {name!r} in the neuron configuration")
    column = np.asarray(config[name]).astype(np.int64)
    if column.shape != (CIRCUITS,):
        raise TwinArgumentError(f"column {name!r} has shape {column.shape}, expected ({CIRCUITS},)")
    return column


def _feeds(cells: CellValues, name: str) -> NDArray[np.bool_]:
    on: NDArray[np.bool_] = np.greater_equal(cells.shared(name), ON_CODE)
    return on.repeat(CIRCUITS // QUADRANTS)

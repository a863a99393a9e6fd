"""Synapse memory: from words of quads to bytes in column order, and what the bits of a byte mean.

====================  ======================================  ==================================
rows                  weight byte                             label byte
====================  ======================================  ==================================
0..255, synapses      5 weight bit 5, 4..0 weight bits 0..4   5..0 label
..                    7..6 trim of tau                        7..6 trim of the amplitude
256, switches         6 excitatory, 7 inhibitory current      (debug lines)
256 and 257           (inputs of the CADC channels, see `hxtwin.chipsim.readout.cadc_conversion`)
====================  ======================================  ==================================

Entry e of quad q is column ``8 (q % 32) + 2 e + q // 32``, entry 0 in the most significant byte. Reference:
containers-b.md 3, omnibus-map.md 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.personality import CIRCUITS, COLUMNS
from hxtwin.chipsim.registers.register_file import QUADS

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS: Final = 256
"""Rows of synapses of a hemisphere; those behind them hold column switches."""
CURRENT_ROW: Final = 256
"""The row with the switches of the synaptic currents."""
_WORD_BYTES: Final = 4

LABEL_MASK: Final = 0x3F
TRIM_SHIFT: Final = 6

WEIGHT_OF_BYTE: Final[NDArray[np.uint8]] = np.array(
    [(b & 0x20) | int(f"{b & 0x1F:05b}"[::-1], 2) for b in range(256)], dtype=np.uint8
)
"""Weight that a weight byte holds, 0..63."""


def _places() -> NDArray[np.int64]:
    """Where the weight and label byte of each column lies among the bytes of a row, ``int64[2, 256]``."""
    column = np.arange(COLUMNS)
    quad, entry = QUADS // 2 * (column % 2) + column // 8, column // 2 % _WORD_BYTES
    word = 2 * quad + np.array([[0], [1]])
    places: NDArray[np.int64] = _WORD_BYTES * word + _WORD_BYTES - 1 - entry
    return places


_PLACES: Final = _places()


def column_bytes(words: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Bytes of rows in column order.

    Args:
        words: ``uint32[n, 64, 2]``: row, quad, weight and label word, as in `RegisterFile.synapses`.

    Returns:
        ``uint8[2, n, 256]``: weight and label bytes, row, column.
    """
    given = np.ascontiguousarray(words, dtype="<u4").view(np.uint8).reshape(len(words), -1)
    return np.stack([given.take(places, axis=1) for places in _PLACES])


def current_switches(synapses: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which synaptic lines reach their neuron circuits.

    Args:
        synapses: ``uint32[2, 258, 64, 2]``, see `RegisterFile.synapses`.

    Returns:
        ``bool[2, 512]``: excitatory and inhibitory, 256 * hemisphere + column.
    """
    weight_bytes = column_bytes(synapses[:, CURRENT_ROW])[0].reshape(CIRCUITS)
    return np.stack([weight_bytes & 0x40, weight_bytes & 0x80]).astype(np.bool_)

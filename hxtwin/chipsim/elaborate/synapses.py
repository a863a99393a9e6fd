"""Synapses: from weights and the DAC bias to line deflections.

    deflection = 7.5 mV * (weight / 63) * (DAC current / 600 nA) * pulse / full pulse * mismatch / capacitance factor

The factor of the synapse (`efficacy`, one array for each row) and that of the column (`column_gain`) are kept apart:
rewriting a row, or the DAC bias, does not touch the other. Reference: analog-model.md 4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS, Personality

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues
    from hxtwin.chipsim.elaborate.neurons import NeuronParameters

LARGEST_WEIGHT: Final = 63
_QUADRANT: Final = np.arange(CIRCUITS) // (COLUMNS // 2)


def efficacy(
    weights: ArrayLike, rows: NDArray[np.int64] | slice = slice(None), personality: Personality | None = None
) -> NDArray[np.float32]:
    """Strength of the synapses of some rows, 1 for weight 63.

    Args:
        weights: ``uint8[r, 256]``, 0..63.
        rows: their numbers, 256 * hemisphere + row; default all 512.
        personality: None for the ideal chip.

    Returns:
        ``float32[r, 256]``.
    """
    strength: NDArray[np.float64] = np.asarray(weights, dtype=np.float64) / LARGEST_WEIGHT
    if personality is not None:
        strength = strength * personality.synapse[rows]
    return strength.astype(np.float32)


def column_gain(
    cells: CellValues,
    parameters: NeuronParameters,
    connected: ArrayLike,
    personality: Personality | None = None,
    constants: AnalogConstants = NOMINAL,
) -> NDArray[np.float64]:
    """Line deflection of each column for efficacy 1 and a full pulse.

    Args:
        cells: CapMem cells with mismatch.
        parameters: of the neuron circuits, whose input sets the capacitance of the line.
        connected: current switch of the columns, ``bool[2, 512]``, excitatory and inhibitory.
        personality: None for the ideal chip.
        constants: laws.

    Returns:
        ``float64[2, 512]``, V.
    """
    dac = cells.shared("syn_i_bias_dac") * Personality.of(personality).dac / constants.line_step_code
    gain: NDArray[np.float64] = constants.line_step * dac[_QUADRANT] * parameters.line_gain
    return np.where(np.asarray(connected, dtype=np.bool_), gain, 0.0)

"""Correlation sensors: amplitude and time constant of each synapse.

==========  ============================================================================================
amplitude   35 / code(store) * exp((v_res_meas - 0.9 V) / 50 mV) * (1 + 0.25 * amp_calib) CADC LSB
tau         400 us / code(ramp) * (1 + 0.25 * time_calib)
==========  ============================================================================================

Trims count set bits (0b01 and 0b10 alike, 0b11 strongest). Reference: analog-model.md 6, containers-b.md 2.10.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hxtwin.chipsim.analog.constants import CYCLE_S, NOMINAL
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS, Personality

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues

_LEAST_CODE: Final = 1e-3
_QUADRANT: Final = 2 * (np.arange(CIRCUITS) // COLUMNS)[:, None] + (np.arange(COLUMNS) // (COLUMNS // 2))[None, :]


class CorrelationParameters(NamedTuple):
    """Of all synapses; index 0 causal, 1 acausal.

    Attributes:
        amplitude: CADC LSB added for a pair at distance 0, ``float32[2, 512, 256]``; 0 where the sensor is dead.
        rate: 1 / tau in 1 / chip cycle, ``float32[2, 512, 256]``.
    """

    amplitude: NDArray[np.float32]
    rate: NDArray[np.float32]


def elaborate_correlation(
    amp_calib: ArrayLike,
    time_calib: ArrayLike,
    cells: CellValues,
    v_res_meas: float = NOMINAL.correlation_v_res_meas,
    personality: Personality | None = None,
    constants: AnalogConstants = NOMINAL,
    rows: NDArray[np.intp] | slice = slice(None),
) -> CorrelationParameters:
    """Parameters of the sensors of some rows.

    Args:
        amp_calib: ``uint8[r, 256]``, 0..3.
        time_calib: ``uint8[r, 256]``, 0..3.
        cells: CapMem cells with mismatch.
        v_res_meas: board voltage, V.
        personality: None for the ideal chip.
        constants: laws.
        rows: numbers of the rows, 256 * hemisphere + row; default all 512.

    Returns:
        Arrays ``float32[2, r, 256]``.
    """
    of_chip = _mismatch(Personality.of(personality))
    store = np.maximum(cells.shared("syn_i_bias_store"), _LEAST_CODE)
    ramp = np.maximum(cells.shared("syn_i_bias_ramp"), _LEAST_CODE)
    scale = np.exp((v_res_meas - constants.correlation_v_res_meas) / constants.correlation_v_res_scale)
    strength = (constants.correlation_amplitude / store * scale).astype(np.float32)[_QUADRANT[rows]]
    speed = (CYCLE_S * ramp / constants.correlation_tau).astype(np.float32)[_QUADRANT[rows]]
    strength = strength * _trim(constants)[np.asarray(amp_calib, dtype=np.uint8)]
    speed = speed / _trim(constants)[np.asarray(time_calib, dtype=np.uint8)]
    rate = np.empty((2, *speed.shape), dtype=np.float32)
    rate[:] = speed * of_chip.rate[rows]
    return CorrelationParameters(strength * of_chip.amplitude[:, rows], rate)


@functools.lru_cache(maxsize=4)
def _mismatch(chip: Personality) -> CorrelationParameters:
    """Factors of amplitudes, ``float32[2, 512, 256]``, and rates, ``float32[512, 256]``."""
    uneven = np.sqrt(chip.correlation_asymmetry)
    amplitude = np.where(chip.synapse_works, chip.correlation_amplitude, 0.0)
    both = np.stack([amplitude * uneven, amplitude / uneven]).astype(np.float32)
    return CorrelationParameters(both, (1.0 / chip.correlation_tau).astype(np.float32))


def _trim(constants: AnalogConstants) -> NDArray[np.float32]:
    """Factor of each code: with one bit one step, with both the strongest setting."""
    return (1.0 + constants.correlation_trim_step * np.array([0, 1, 1, 3])).astype(np.float32)

"""Correlation sensors: amplitude and time constant of each synapse.

==========  ============================================================================================
amplitude   35 / code(store) * exp((v_res_meas - 0.9 V) / 50 mV) * (1 + 0.25 * amp_calib) CADC LSB
tau         400 us / code(ramp) * (1 + 0.25 * time_calib)
==========  ============================================================================================

Trims count set bits (0b01 and 0b10 alike, 0b11 strongest). Reference: analog-model.md 6, containers-b.md 2.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hxtwin.chipsim.analog.constants import CYCLE_S, NOMINAL
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS, Personality

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues

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
) -> CorrelationParameters:
    """Parameters of all sensors.

    Args:
        amp_calib: ``uint8[512, 256]``, 0..3.
        time_calib: ``uint8[512, 256]``, 0..3.
        cells: CapMem cells with mismatch.
        v_res_meas: board voltage, V.
        personality: None for the ideal chip.
        constants: laws.
    """
    chip = Personality.of(personality)
    store = np.maximum(cells.shared("syn_i_bias_store"), 1e-3)[_QUADRANT]
    ramp = np.maximum(cells.shared("syn_i_bias_ramp"), 1e-3)[_QUADRANT]
    scale = np.exp((v_res_meas - constants.correlation_v_res_meas) / constants.correlation_v_res_scale)
    amplitude = constants.correlation_amplitude / store * scale * _trim(amp_calib, constants)
    tau = constants.correlation_tau / ramp * _trim(time_calib, constants) * chip.correlation_tau
    amplitude = np.where(chip.synapse_works, amplitude * chip.correlation_amplitude, 0.0)
    uneven = np.sqrt(chip.correlation_asymmetry)
    both = np.stack([amplitude * uneven, amplitude / uneven]).astype(np.float32)
    rate = (CYCLE_S / tau).astype(np.float32)
    return CorrelationParameters(both, np.stack([rate, rate]))


def _trim(code: ArrayLike, constants: AnalogConstants) -> NDArray[np.float64]:
    bits = np.bitwise_count(np.asarray(code, dtype=np.uint8))
    steps = np.array([0, 1, 3])[bits]  # one bit: one step, both: the strongest setting
    return 1.0 + constants.correlation_trim_step * steps

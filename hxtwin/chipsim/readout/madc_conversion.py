"""Membrane ADC: from voltages to values.

==================  ======================================================================================
step                law
==================  ======================================================================================
input               linear up to 1.1 V, then softly limited to 1.2 V
code                (V + 35 mV) / 1.5 mV * gain of the chip + offset of the chip
first 8 us          invalid: code * (1 - exp(-t / 2 us)), t since the start of the recording
value               code + noise, rounded, 0..1023
==================  ======================================================================================

Reference: analog-model.md 7.2, simulator-decisions.md 35.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.chipsim.analog import noise_kernel
from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.chipsim.personality import Personality
from hxtwin.chipsim.readout.laws import READOUT, ReadoutLaws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants


class MadcConversion:
    """The converter of one chip.

    Args:
        personality: gain and offset; None for the ideal chip.
        constants: laws.
        laws: laws of the readout.
        noise: False switches temporal noise off.
    """

    def __init__(
        self,
        personality: Personality | None = None,
        constants: AnalogConstants = NOMINAL,
        laws: ReadoutLaws = READOUT,
        *,
        noise: bool = True,
    ) -> None:
        chip = Personality.of(personality)
        self._laws = laws
        self._gain = float(chip.madc_gain[0]) / constants.madc_lsb
        self._offset = float(chip.madc_offset[0]) - constants.madc_zero * self._gain
        self._sigma = np.float32(constants.madc_noise_sigma if noise else 0.0)
        self._key = np.uint64(chip.noise_key)

    def codes(
        self, volts: NDArray[np.float64], elapsed: NDArray[np.float64], cycles: NDArray[np.int64]
    ) -> NDArray[np.uint16]:
        """Values of samples, ``uint16[n]``, 0..1023.

        Args:
            volts: V, ``float64[n]``, n >= 1.
            elapsed: chip cycles since the start of the recording, ``float64[n]``.
            cycles: chip cycle by which noise is keyed, ascending, ``int64[n]``.
        """
        laws = self._laws
        if volts.max() > laws.madc_knee:
            above = np.maximum(volts - laws.madc_knee, 0.0)
            volts = np.minimum(volts, laws.madc_knee) + laws.madc_span * np.tanh(above / laws.madc_span)
        codes = volts * self._gain + self._offset
        early = elapsed < laws.madc_invalid_cycles
        codes[early] *= 1.0 - np.exp(-elapsed[early] / laws.madc_start_up_cycles)
        return np.clip(np.rint(codes + self._noise(cycles)), 0, laws.madc_largest_code).astype(np.uint16)

    def _noise(self, cycles: NDArray[np.int64]) -> NDArray[np.float32]:
        """One number for each sample, LSB; keys are 32 bits of the cycle, and the rest of it."""
        noise = np.zeros(cycles.size, dtype=np.float32)
        high = cycles >> 32
        for period in range(int(high[0]), int(high[-1]) + 1):
            part = slice(*np.searchsorted(high, [period, period + 1]).tolist())
            sources = (cycles[part] & 0xFFFFFFFF).astype(np.uint32)
            noise_kernel.add(noise[part], self._sigma, sources, self._key, noise_kernel.MADC, period)
        return noise

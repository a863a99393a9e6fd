"""Numbers that the routines share.

==========================  ===============  ==========================================
`CAPMEM_SETTLING_S`         20 ms            wait after any write of analog cells
`LONG_SETTLING_S`           100 ms           .. after large changes and shared cells
`RELIABLE_CADC`             30..210          reads that may be trusted
`TAU_MEM_RANGE_S`           0.1..2000 us     membrane time constants that fits accept
`TAU_SYN_RANGE_S`           0.1..100 us      synaptic time constants that fits accept
`TAU_ICC_RANGE_S`           0.1..100 us      equilibration times that fits accept
==========================  ===============  ==========================================

Times are hardware seconds. Reference: calibration.md 1.2, 3.3; analog-model.md 1.
"""

from __future__ import annotations

from typing import Final

NEURONS: Final = 512
"""Neuron circuits of a chip, numbered 256 * row + column."""
COLUMNS: Final = 256
"""Columns of a hemisphere."""
QUADRANTS: Final = 4
"""CapMem blocks: top left, top right, bottom left, bottom right."""
CADC_CHANNELS: Final = 1024
"""CADC channels: 256 each of top causal, top acausal, bottom causal, bottom acausal."""
LARGEST_CODE: Final = 1022
"""Largest code of an analog cell."""

FPGA_CYCLES_PER_S: Final = 125_000_000
"""Cycles of the playback timer in a second."""
BACKEND_CLOCK_HZ: Final = 250e6
"""Clock of the digital neuron backend."""

CAPMEM_SETTLING_S: Final = 20e-3
LONG_SETTLING_S: Final = 100e-3
RELIABLE_CADC: Final = (30, 210)
TAU_MEM_RANGE_S: Final = (0.1e-6, 2000e-6)
TAU_SYN_RANGE_S: Final = (0.1e-6, 100e-6)
TAU_ICC_RANGE_S: Final = (0.1e-6, 100e-6)
CODE_NOISE: Final = 5
"""Amplitude of the noise on codes: neighbouring cells of equal code disturb each other."""


def cycles(duration_s: float) -> int:
    """A duration in cycles of the playback timer, rounded to the nearest."""
    return round(duration_s * FPGA_CYCLES_PER_S)

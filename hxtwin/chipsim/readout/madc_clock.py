"""Clock of the membrane ADC from the PLL registers.

``f_dco = P0 N f_ref``, ``core_k = f_dco / (P1 M_k)``, ``dco output = f_dco / P2``; 500 MHz by default. Reference:
containers-a.md 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

REFERENCE_HZ: Final = 50e6
DEFAULT_HZ: Final = 500e6
_OUTPUT_SHIFT: Final = 24
"""Output 3 of the clock output block is the clock of the membrane ADC."""
_ENABLE: Final = 1 << 30
_STOPPED: Final = 1 << 24
"""``enable_output_clock`` is stored inverted."""
_DCO: Final = 2


def madc_clock_hz(words: Sequence[int]) -> float:
    """Frequency of the clock, Hz; 0 if it stands still.

    Args:
        words: PLL registers 0..4: two words of each ADPLL, clock outputs.
    """
    output = words[4] >> _OUTPUT_SHIFT
    if not output & 1:
        return 0.0
    if output >> 1 & 1:
        return REFERENCE_HZ
    first, second = words[2 * (output >> 2 & 1) :][:2]
    if not second & _ENABLE or second & _STOPPED:
        return 0.0
    dco = ((first >> 25 & 3) + 1) * (first >> 10 & 0x1F) * REFERENCE_HZ
    select = output >> 3 & 3
    if select >= _DCO:
        return dco / ((first >> 29 & 3) + 1)
    divider = first >> (20 if select else 15) & 0x1F
    return dco / (((first >> 27 & 3) + 1) * divider) if divider else 0.0

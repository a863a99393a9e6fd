"""Packet ids: the consumer of a frame's payload.

=======  ============  ==================================================================
PID      direction     meaning
=======  ============  ==================================================================
0x0010   both          UT message words
0x8000   host to FPGA  flush: one zero word before the host closes, no answer
0x8001   both          loop-back: the FPGA returns every word in order
0x8002   FPGA to host  answer to a reset: settings and bitfile information
=======  ============  ==================================================================

Every other id is for debugging: an FPGA ignores it, a host in a session takes it for a protocol error.
Reference: host-arq.md 4.
"""

from __future__ import annotations

from typing import Final

UT_WORDS: Final = 0x0010
"""UT message words, the only id in normal operation."""
FLUSH: Final = 0x8000
"""Host to FPGA: one zero word, sent just before the host closes."""
LOOPBACK: Final = 0x8001
"""The FPGA returns every payload word in order with the same id."""
CONFIG: Final = 0x8002
"""FPGA to host: the answer to a reset."""

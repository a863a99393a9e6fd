"""A connection without hardware: every read is answered with zeros.

==========================================  ===================================
message to the FPGA                         answer
==========================================  ===================================
Loopback                                    LoopbackResponse of the same value
JTAGData with keep_response                 JTAGResponse 0
OmnibusAddress with is_read                 OmnibusResponse 0
all others                                  none
==========================================  ===================================

It takes 8 ns per message, as long as the FPGA would at least. Identifier and bitfile information are "zeromock".
Reference: fpga-instructions.md 2, "Zero-mock behaviour".
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm import ut
from hxtwin.comm.arq.bitfile import BitfileInformation
from hxtwin.comm.connection import HARDWARE, SIMULATION, ZERO_MOCK
from hxtwin.comm.in_process import InProcessConnection
from hxtwin.comm.single_connection import HEADER_MASK

if TYPE_CHECKING:
    from numpy.typing import NDArray

MESSAGE_NS: Final = 8
"""Time for one message, ns: one FPGA cycle."""

_SPIN_NS = 1_000_000


def _question(asking: ut.Message, other: ut.Message, answer: ut.Message) -> tuple[np.uint64, np.uint64, np.uint64]:
    """Returns mask, pattern and answer: a word asks for the answer if it equals the pattern under the mask.

    The mask covers the header and the field in which ``asking`` differs from ``other``, a message of the same code.
    """
    ask, neighbour = ut.encode([asking, other], "to_fpga")
    mask = HEADER_MASK | (ask ^ neighbour)
    return mask, ask & mask, ut.encode([answer], "from_fpga")[0]


class ZeroMockDevice:
    """A device that answers every read with zeros.

    Args:
        message_ns: time that one message takes, ns, >= 0.
    """

    def __init__(self, message_ns: int = 0) -> None:
        self._message_ns = message_ns
        questions = (
            (ut.Loopback(ut.HALT), ut.Loopback(ut.TICK), ut.LoopbackResponse(ut.HALT)),
            (ut.Loopback(ut.TICK), ut.Loopback(ut.HALT), ut.LoopbackResponse(ut.TICK)),
            (ut.OmnibusAddress(is_read=1), ut.OmnibusAddress(is_read=0), ut.OmnibusResponse()),
            (ut.JTAGData(keep_response=1), ut.JTAGData(keep_response=0), ut.JTAGResponse()),
        )
        self._questions = [_question(*messages) for messages in questions]

    def reset(self) -> None:
        """Has nothing to forget."""

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Returns the answers (uint64[m]) to ``words`` (uint64[n]), in order."""
        end_ns = time.perf_counter_ns() + self._message_ns * len(words)
        answers = np.zeros(len(words), np.uint64)
        answered = np.zeros(len(words), np.bool_)
        for mask, pattern, answer in self._questions:
            asked = words & mask == pattern
            answers[asked] = answer
            answered |= asked
        result = answers[answered]
        _wait_until(end_ns)
        return result


def _wait_until(end_ns: int) -> None:
    """Waits to the microsecond: sleeps first, then spins."""
    while (left_ns := end_ns - time.perf_counter_ns()) > 0:
        if left_ns > 2 * _SPIN_NS:
            time.sleep((left_ns - _SPIN_NS) / 1e9)


class ZeroMockConnection(InProcessConnection):
    """A connection without hardware, for tests of what stands above.

    Args:
        message_ns: time that one message takes, ns, >= 0.
    """

    def __init__(self, message_ns: int = MESSAGE_NS) -> None:
        super().__init__(
            ZeroMockDevice(message_ns),
            endpoint=ZERO_MOCK,
            targets=(HARDWARE, SIMULATION, ZERO_MOCK),
            bitfile=BitfileInformation(text=ZERO_MOCK),
        )

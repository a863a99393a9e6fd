"""The executor of the FPGA: timer, blocking conditions, synchronisation, reset of the chip, ticks.

======================  =====================================================  ==============================
backend                 write                                                  read
======================  =====================================================  ==============================
timer                   TimerSetup; the word must be 0                         omnibus read of 0x8800000c
wait until              WaitUntil(word)
barrier                 Barrier(word), 5 bits
polling omnibus block   PollingOmnibusBlock(word), 1 bit
systime sync            SystimeInit(word), 1 bit
reset chip              Reset(word), 1 bit
null payload readable                                                          Loopback(1), the tick; word 0
======================  =====================================================  ==============================

Reference: fpga-instructions.md 2, fpga-instructions.json ``fisch_containers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import Backend
from hxtwin.runtime.access.bus import Bus
from hxtwin.runtime.access.instruction import InstructionBus

if TYPE_CHECKING:
    from numpy.typing import NDArray

TIMER_READOUT: Final = 0x8800000C
"""Omnibus address of the value of the timer."""


@attrs.frozen(kw_only=True, eq=False)
class TimerBus(InstructionBus):
    """The timer: it can be set to 0 and read."""

    response: type[ut.FromFPGA] | None = ut.OmnibusResponse

    def read(self, addresses: NDArray[np.uint32]) -> ut.MessageArray:
        """N instructions."""
        return ut.omnibus_reads(np.full(len(addresses), TIMER_READOUT))


@attrs.frozen(kw_only=True, eq=False)
class TickBus(Bus):
    """Ticks: answered without a payload, as fast as possible."""

    response: type[ut.FromFPGA] | None = ut.LoopbackResponse

    def read(self, addresses: NDArray[np.uint32]) -> ut.MessageArray:
        """N instructions."""
        return ut.MessageArray.of(ut.Loopback, value=np.full(len(addresses), ut.TICK))

    def words(self, addresses: NDArray[np.uint32], payloads: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """Words 0, whatever the payloads are."""
        return np.zeros(len(addresses), dtype=np.uint32)


EXECUTOR_BUSES: Final = (
    TimerBus(backend=Backend.TIMER, message=ut.TimerSetup),
    InstructionBus(backend=Backend.WAIT_UNTIL, message=ut.WaitUntil),
    InstructionBus(backend=Backend.BARRIER, message=ut.Barrier),
    InstructionBus(backend=Backend.POLLING_OMNIBUS_BLOCK, message=ut.PollingOmnibusBlock),
    InstructionBus(backend=Backend.SYSTIME_SYNC, message=ut.SystimeInit),
    InstructionBus(backend=Backend.RESET_CHIP, message=ut.Reset),
    TickBus(backend=Backend.NULL_PAYLOAD_READABLE),
)
"""The buses of this room."""

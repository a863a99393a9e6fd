"""What a playback program can be written into, and the combinations that are often wanted.

===========================  ==============================================================
``reset_timer()``            timer := 0
``wait_until(t)``            until the timer has reached t
``wait_for(t)``              both
``barrier(omnibus=True)``    until units are idle
``poll(address, target)``    until a word on the omnibus has a value
===========================  ==============================================================

Two classes are writers: `PlaybackProgramBuilder`, which makes instructions, and `Dumper`, which keeps containers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from hxtwin import coord
from hxtwin.containers import (
    Barrier,
    InstructionTimeoutConfig,
    PollingOmnibusBlock,
    PollingOmnibusBlockConfig,
    Timer,
)
from hxtwin.runtime.errors import PlacementError

if TYPE_CHECKING:
    from hxtwin.containers import Backend, Container
    from hxtwin.coord import Coordinate
    from hxtwin.runtime.access_check import Condition


class ProgramWriter(ABC):
    """Takes writes and conditions in the order of their execution."""

    @abstractmethod
    def write(
        self, at: Coordinate, container: Container, base: Container | None = None, *, backend: Backend | None = None
    ) -> None:
        """Writes a container, or what differs from a base."""

    @abstractmethod
    def block_until(self, at: Coordinate, condition: Condition) -> None:
        """Waits until a condition holds."""

    def reset_timer(self) -> None:
        """Sets the playback timer to 0."""
        self.write(coord.TimerOnDLS(), Timer())

    def wait_until(self, time: int) -> None:
        """Waits until the playback timer has reached a time in FPGA cycles of 8 ns.

        Raises:
            TimeError: the timer cannot hold the time.
        """
        self.block_until(coord.TimerOnDLS(), time)

    def wait_for(self, duration: int) -> None:
        """Resets the timer and waits for a duration in FPGA cycles of 8 ns.

        Raises:
            TimeError: the timer cannot hold the duration.
        """
        self.reset_timer()
        self.wait_until(duration)

    def barrier(
        self,
        *,
        omnibus: bool = False,
        jtag: bool = False,
        systime: bool = False,
        multi_fpga: bool = False,
        systime_correction: bool = False,
    ) -> None:
        """Waits until all selected units are idle (reference: runtime.md 3).

        Raises:
            PlacementError: none is selected.
        """
        if not (omnibus or jtag or systime or multi_fpga or systime_correction):
            raise PlacementError("a barrier without a unit waits for nothing; select omnibus, jtag, systime, ...")
        condition = Barrier(
            enable_omnibus=omnibus,
            enable_jtag=jtag,
            enable_systime=systime,
            enable_multi_fpga=multi_fpga,
            enable_systime_correction=systime_correction,
        )
        self.block_until(coord.BarrierOnFPGA(), condition)

    def poll(
        self, address: int, target: int, mask: int = 0xFFFFFFFF, *, equal: bool = True, timeout: int | None = None
    ) -> None:
        """Waits until ``(word & mask) == target`` for the word at an omnibus address.

        Args:
            address: omnibus address polled, 0..2**32-1.
            target: value compared with, 0..2**32-1.
            mask: bits compared.
            equal: False waits for inequality.
            timeout: instruction timeout during the poll, in FPGA cycles of 8 ns; the default one is restored behind it.

        Source: reference runtime.md 3.
        """
        place = coord.InstructionTimeoutConfigOnFPGA()
        if timeout is not None:
            self.write(place, InstructionTimeoutConfig(value=timeout))
        config = PollingOmnibusBlockConfig(address=address, target=target, mask=mask)
        self.write(coord.PollingOmnibusBlockConfigOnFPGA(), config)
        self.barrier(omnibus=True)
        self.block_until(coord.PollingOmnibusBlockOnFPGA(), PollingOmnibusBlock(enable_expects_equality=equal))
        if timeout is not None:
            self.write(place, InstructionTimeoutConfig())

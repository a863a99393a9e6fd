"""A chip behind a connection: brought up once, then configured and run, one execution instance after the other.

=====================  ==========================================================================================
state                  forgotten when
=====================  ==========================================================================================
brought up             anything failed, or somebody else ran a program on the connection meanwhile
configuration there    likewise; the next configuration is complete then
=====================  ==========================================================================================

Source: reference execution.md 2, 3.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import coord
from hxtwin.containers import EventRecordingConfig, HicannARQStatus, JTAGIdCode, PhyStatus
from hxtwin.graph.errors import ExecutionError
from hxtwin.graph.execution.static_configuration import static_configuration
from hxtwin.runtime import (
    InstructionTimeoutError,
    PlaybackProgram,
    PlaybackProgramBuilder,
    ProgramError,
    SystemInit,
    TimeInfo,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hxtwin.graph.execution.run_time import StopWatch
    from hxtwin.graph.execution.static_configuration import StaticConfiguration
    from hxtwin.runtime import Connection

CHIP_VERSION: Final = 3
_ZERO_MOCK: Final = "zeromock"
_LINKS: Final = coord.PhyStatusOnFPGA.size
_FPGA_CYCLE_S: Final = 8e-9

_log = logging.getLogger(__name__)


class Device:
    """A chip; instances of several threads run on it one after the other.

    Args:
        connection: an open connection.
        limit_s: longest wait for the end of a program, seconds; None: the limit of the connection.
    """

    def __init__(self, connection: Connection, limit_s: float | None = None) -> None:
        self.connection: Final = connection
        self._limit_s = limit_s
        self._configuration: NDArray[np.uint32] | None = None
        self._seen: TimeInfo | None = None  # time info behind the last run: tells whether somebody else ran programs
        self._lock = threading.Lock()
        self.bring_up_problems: list[str] = []

    @property
    def endpoint(self) -> str:
        """Name of the connection for messages."""
        return self.connection.info.endpoint

    @property
    def configuration(self) -> NDArray[np.uint32] | None:
        """Words that are on the chip, ``uint32[126842]``; None: unknown."""
        return self._configuration if self._is_ours else None

    @property
    def _is_ours(self) -> bool:
        return self._seen is not None and self.connection.time_info == self._seen

    def forget(self) -> None:
        """Takes nothing for granted: the next instance brings the chip up and configures it completely."""
        self._configuration = None
        self._seen = None
        self.bring_up_problems.clear()

    def execute(
        self, configuration: StaticConfiguration, programs: Sequence[PlaybackProgram], watch: StopWatch
    ) -> None:
        """Configures the chip and runs programs.

        Args:
            configuration: configuration, prepared for what should be on the chip.
            programs: what runs then, in order.
            watch: takes the times.

        Raises:
            ExecutionError: the chip is of another version, or somebody else used it meanwhile.
            ProgramError: a program failed; see `hxtwin.runtime.run`.
        """
        with self._lock:
            try:
                self._execute(configuration, programs, watch)
            except BaseException as error:
                self.forget()
                if isinstance(error, InstructionTimeoutError) and self.connection.is_open:
                    error.add_note(self._post_mortem())
                raise

    def _execute(
        self, configuration: StaticConfiguration, programs: Sequence[PlaybackProgram], watch: StopWatch
    ) -> None:
        if not self._is_ours:
            self.forget()
            self._bring_up(watch)
        if configuration.base is not None and configuration.base is not self._configuration:
            configuration = static_configuration(configuration.words, self._configuration)
        self._configuration = None
        if configuration.program is not None:
            self._run(configuration.program, watch)
        self._configuration = configuration.words
        for program in programs:
            self._run(program, watch)

    def _run(self, program: PlaybackProgram, watch: StopWatch) -> None:
        before = self._seen
        info = run(self.connection, program, limit_s=self._limit_s)
        self._seen = self.connection.time_info
        watch.add_run(info)
        if before is not None and self._seen.execute_ns - before.execute_ns != info.execute_ns:
            raise ExecutionError(
                "another user ran a program while an execution instance ran, its configuration cannot be relied on: "
                "give each user a connection of its own"
            )

    def _bring_up(self, watch: StopWatch) -> None:
        builder = PlaybackProgramBuilder()
        builder.write(coord.EventRecordingConfigOnFPGA(), EventRecordingConfig(enable_event_recording=False))
        SystemInit().write_to(builder)
        identity = builder.read(coord.JTAGIdCodeOnDLS(), JTAGIdCode)
        builder.barrier(jtag=True)
        program = builder.done()
        self._run(program, watch)
        if _ZERO_MOCK in self.connection.info.targets:
            return
        version = identity.get().version
        if version != CHIP_VERSION:
            raise ExecutionError(
                f"{self.endpoint}: chip of version {version}, this software drives version {CHIP_VERSION}"
            )
        links = len(program.highspeed_link_notifications)
        if links != _LINKS:
            self.bring_up_problems.append(f"{links} notifications of links at bring-up, {_LINKS} were expected")
            _log.warning("%s: %s", self.endpoint, self.bring_up_problems[-1])

    def _post_mortem(self) -> str:
        """State of the links behind a program that timed out, as text."""
        builder = PlaybackProgramBuilder()
        arq = builder.read(coord.HicannARQStatusOnFPGA(), HicannARQStatus)
        phys = builder.read_columns(PhyStatus, np.arange(_LINKS))
        builder.barrier(omnibus=True)
        try:
            run(self.connection, builder.done(), limit_s=self._limit_s)
            counters = phys.get()
        except ProgramError as error:
            return f"links: their state cannot be read ({error})"
        lines = [
            f"link {number}: online {_FPGA_CYCLE_S * int(counters['online_time'][number]):.3g} s, "
            f"{counters['crc_error_count'][number]} CRC errors, {counters['rx_dropped_count'][number]} words dropped"
            for number in range(_LINKS)
        ]
        return "\n".join([f"links: {arq.get()!r}", *lines])

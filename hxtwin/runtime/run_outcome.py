"""What a run has brought: responses of the right number, or an error that names what went wrong.

===========================  =====================================================================================
outcome                      error
===========================  =====================================================================================
a timeout notification       `InstructionTimeoutError`: the instruction, its container and coordinate, what it
                             waited for, and the instructions around it
wrong number of responses    `ResponseCountError`: the first read without an answer
===========================  =====================================================================================

Reference: runtime.md 8, steps 4 to 7.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm import ut
from hxtwin.runtime.errors import InstructionTimeoutError, ResponseCountError, RunError
from hxtwin.runtime.instruction_text import instruction_text
from hxtwin.runtime.response_queue import Queue, ResponseCounts, answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.runtime.program import PlaybackProgram

_log = logging.getLogger(__name__)
_BEFORE: Final = 10  # instructions shown in front of the one that timed out
_BEHIND: Final = 3


def check_outcome(programs: Sequence[PlaybackProgram]) -> None:
    """Checks the results of all programs of a run.

    Raises:
        InstructionTimeoutError: an instruction of some program blocked too long; the message tells about all of them.
        ResponseCountError: a program got fewer or more responses than it asked for.
    """
    failures: list[RunError] = []
    for kind in (_timeout, _wrong_count):
        failures = failures or [error for chip, program in enumerate(programs) if (error := kind(chip, program))]
    _log_links(programs, logging.INFO if failures else logging.DEBUG)
    if not failures:
        return
    for further in failures[1:]:
        failures[0].add_note(str(further))
    raise failures[0]


def _timeout(chip: int, program: PlaybackProgram) -> RunError | None:
    timeouts = program.timeout_notifications
    if not len(timeouts):
        return None
    first = timeouts[0]
    number = int(first["instruction"])
    lines = [
        f"chip {chip}: instruction {number} of {len(program)} blocked longer than the instruction timeout, the program "
        "was stopped"
    ]
    container = coordinate = ""
    if number < len(program):
        source = program.sources[number]
        container = "" if source.container is None else source.container.__name__
        coordinate = "" if source.coordinate is None else str(source.coordinate)
        lines.append(f"  it is: {instruction_text(program.messages[number])}, {source}")
    else:
        lines.append("  the program has no such instruction; its halt may be meant")
    lines += [f"  waiting for: {text}" for text in _unanswered(program, number)]
    lines.append(
        f"  FPGA time {int(first['fpga_time'])}, {int(first['omnibus_reads_in_flight'])} omnibus reads in flight, "
        f"{int(first['trace_stall'])} stalls of the trace memory in 96 cycles, {len(timeouts)} timeout notifications"
    )
    rows = program.disassemble(max(0, number - _BEFORE), number + _BEHIND)
    lines += [("> " if row.index == number else "  ") + str(row) for row in rows]
    return InstructionTimeoutError("\n".join(lines), number, container, coordinate, chip)


def _wrong_count(chip: int, program: PlaybackProgram) -> RunError | None:
    there = received(program)
    if there == program.expected:
        return None
    counts = ", ".join(f"{queue}: {there.of(queue)} of {program.expected.of(queue)}" for queue in Queue)
    lines = [f"chip {chip}: the responses do not match the reads ({counts})"]
    lines += [f"  first read without an answer: {text}" for text in _unanswered(program, len(program))]
    lines.append("  a barrier of its bus behind the last read makes sure that the program does not end too early")
    return ResponseCountError("\n".join(lines))


def received(program: PlaybackProgram) -> ResponseCounts:
    """Number of responses that the last run brought."""
    responses = program.result.responses
    return ResponseCounts(len(responses.jtag), len(responses.omnibus), len(responses.ticks))


def _unanswered(program: PlaybackProgram, stop: int) -> list[str]:
    """For each queue, the first read in front of instruction `stop` that has no answer."""
    there = received(program)
    found = []
    for queue in Queue:
        reads = np.flatnonzero(answered(program.messages, queue))
        if there.of(queue) < len(reads) and reads[there.of(queue)] < stop:
            number = int(reads[there.of(queue)])
            found.append(
                f"instruction {number}, {program.sources[number]} ({instruction_text(program.messages[number])})"
            )
    return found


def _log_links(programs: Sequence[PlaybackProgram], level: int) -> None:
    for chip, program in enumerate(programs):
        for notification in program.highspeed_link_notifications:
            message = ut.HighspeedLinkNotification.from_payload(int(notification["value"]))
            _log.log(level, "chip %d, FPGA time %d: %s", chip, int(notification["fpga_time"]), message)

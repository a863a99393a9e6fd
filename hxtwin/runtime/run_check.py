"""Checks in front of a run: programs that cannot end well are not sent.

============================  ==============================================================================
check                         error
============================  ==============================================================================
at most 2**22 messages        `ProgramTooLongError`; the halt counts
a barrier behind all reads    `MissingBarrierError`; omnibus and JTAG each need their own, ticks need none
a target that is left         `UnsupportedTargetError`: reads are refused on everything the connection is
============================  ==============================================================================

Reference: runtime.md 2, 2.3, 7, 8. The original only warns of a program that is too long (runtime.md 14), and finds a
missing barrier when responses are missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm import ut
from hxtwin.runtime.errors import MissingBarrierError, ProgramTooLongError, UnsupportedTargetError
from hxtwin.runtime.response_queue import Queue, answered

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from hxtwin.runtime.program import PlaybackProgram

_GUARDS: Final = {
    Queue.OMNIBUS: np.uint64(ut.Barrier(omnibus=1).payload),
    Queue.JTAG: np.uint64(ut.Barrier(jtag=1).payload),
}


def check_length(program: PlaybackProgram, maximum_messages: int) -> None:
    """Refuses a program that, with its halt, has more messages than allowed.

    Raises:
        ProgramTooLongError: it has.
    """
    if len(program) + 1 > maximum_messages:
        raise ProgramTooLongError(
            f"program of {len(program)} instructions and a halt: at most {maximum_messages} messages are allowed, more "
            "have no guaranteed timing; split it, or allow more with maximum_messages"
        )


def check_barriers(program: PlaybackProgram) -> None:
    """Refuses a program that may end before its reads are answered.

    Raises:
        MissingBarrierError: behind the last read of a bus there is no barrier of that bus.
    """
    for queue, flag in _GUARDS.items():
        reads = np.flatnonzero(answered(program.messages, queue))
        if not len(reads):
            continue
        last = int(reads[-1])
        behind = program.messages[last + 1 :]
        if not (behind.is_a(ut.Barrier) & ((behind.payloads & flag) != 0)).any():
            raise MissingBarrierError(
                f"no {queue} barrier follows instruction {last} ({program.sources[last]}): the program may end before "
                f"it is answered; end it with barrier({queue}=True)"
            )


def check_targets(program: PlaybackProgram, targets: AbstractSet[str], endpoint: str) -> None:
    """Refuses a program that reads what the host refuses to read on everything that the connection runs on.

    Args:
        program: the program.
        targets: targets of the connection.
        endpoint: its name.

    Raises:
        UnsupportedTargetError: no target is left.
    """
    refused = {str(target): names for target, names in program.restrictions.items()}
    if targets - refused.keys():
        return
    reasons = "; ".join(f"{target}: {', '.join(sorted(refused[target]))}" for target in sorted(targets))
    raise UnsupportedTargetError(
        f"{endpoint} cannot run the program, these containers cannot be read on its targets: {reasons or 'no targets'}"
    )

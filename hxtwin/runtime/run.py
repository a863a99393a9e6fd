"""Running programs.

==========================================  ==================================================================
``run(connection, program)``                runs one program on one chip; returns where the time went
``run(connections, [program, ...])``        one program for each chip of a multi-connection, at the same time
==========================================  ==================================================================

The halt that ends a program is appended here. Afterwards tickets and events of the programs hold the data of this run,
also when it raises because a program timed out. Reference: runtime.md 8.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, overload

import numpy as np

from hxtwin.comm import ut
from hxtwin.comm.connection import Connection
from hxtwin.comm.errors import (
    ArgumentError,
    DeviceDiedError,
    HaltTimeoutError,
    LinkClosedError,
    LinkError,
    NoAnswerError,
    UTDecodeError,
)
from hxtwin.comm.multi_connection import MultiConnection
from hxtwin.comm.time_info import TimeInfo
from hxtwin.runtime.errors import (
    ConnectionClosedError,
    ConnectionFailedError,
    DeviceGoneError,
    HaltMissingError,
    ProgramError,
    RunError,
)
from hxtwin.runtime.program import PLAYBACK_MEMORY_MESSAGES, PlaybackProgram
from hxtwin.runtime.result import ProgramResult
from hxtwin.runtime.run_check import check_barriers, check_length, check_targets
from hxtwin.runtime.run_outcome import check_outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALT: Final = ut.MessageArray.from_messages([ut.Loopback(value=ut.HALT)], "to_fpga")


class _Receiver:
    """Decoder of the answers of one connection.

    A message may begin behind the halt of one run and end in the next one. So the decoder lives as long as the
    connection, and the lock keeps runs of several threads in one order for sending and decoding.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.decoder = ut.ResponseDecoder()

    def decode(self, answer: NDArray[np.uint64], endpoint: str) -> ut.Responses:
        self.decoder.begin_run()
        try:
            return self.decoder.feed(answer)
        except UTDecodeError as error:
            raise RunError(f"{endpoint} sent what is no stream of messages: {error}") from error


_receivers: weakref.WeakKeyDictionary[Connection, _Receiver] = weakref.WeakKeyDictionary()
_receivers_lock = threading.Lock()


@overload
def run(
    connection: Connection | MultiConnection,
    programs: PlaybackProgram,
    *,
    limit_s: float | None = None,
    require_barriers: bool = True,
    maximum_messages: int = PLAYBACK_MEMORY_MESSAGES,
) -> TimeInfo: ...
@overload
def run(
    connection: Connection | MultiConnection,
    programs: Sequence[PlaybackProgram],
    *,
    limit_s: float | None = None,
    require_barriers: bool = True,
    maximum_messages: int = PLAYBACK_MEMORY_MESSAGES,
) -> list[TimeInfo]: ...
def run(
    connection: Connection | MultiConnection,
    programs: PlaybackProgram | Sequence[PlaybackProgram],
    *,
    limit_s: float | None = None,
    require_barriers: bool = True,
    maximum_messages: int = PLAYBACK_MEMORY_MESSAGES,
) -> TimeInfo | list[TimeInfo]:
    """Runs programs and waits for their ends.

    Args:
        connection: one chip or several.
        programs: the program, or a list with one program for each chip.
        limit_s: longest wait for the end, seconds; None: the limit of the connection.
        require_barriers: refuse programs that may end before their reads are answered.
        maximum_messages: longest program allowed, its halt included; the playback memory by default.

    Returns:
        Where the time went, in ns: for one program, or a list with one entry for each.

    Raises:
        ProgramError: no programs, another number of them than chips, or one of them twice.
        ProgramTooLongError, MissingBarrierError, UnsupportedTargetError: see `hxtwin.runtime.run_check`.
        InstructionTimeoutError, ResponseCountError: see `hxtwin.runtime.run_outcome`.
        ConnectionClosedError, DeviceGoneError, HaltMissingError, ConnectionFailedError: the connection failed.
        RunError: the device sent something that is no stream of messages.
    """
    single = isinstance(programs, PlaybackProgram)
    listed = list(programs) if isinstance(programs, Sequence) else [programs]
    chips = _chips(connection)
    _check_number(listed, chips)
    for program, chip in zip(listed, chips, strict=True):
        check_targets(program, chip.info.targets, chip.info.endpoint)
        check_length(program, maximum_messages)
        if require_barriers:
            check_barriers(program)
    words, encode_ns = zip(*map(_encode, listed), strict=True)
    receivers = [_receiver(chip) for chip in chips]
    with ExitStack() as held:
        for receiver in sorted(receivers, key=id):  # in one order everywhere: no two runs wait for each other
            held.enter_context(receiver.lock)
        for program in listed:
            program.forget()
        before = [chip.time_info for chip in chips]
        answers = _send(connection, words, limit_s)
        spent = [chip.time_info - earlier for chip, earlier in zip(chips, before, strict=True)]
        times = []
        for i, program in enumerate(listed):
            start = time.perf_counter_ns()
            responses = receivers[i].decode(answers[i], chips[i].info.endpoint)
            decode_ns = time.perf_counter_ns() - start
            times.append(spent[i] + TimeInfo(encode_ns=encode_ns[i], decode_ns=decode_ns))
            program.attach(ProgramResult(responses, times[i]))
        check_outcome(listed)
    return times[0] if single else times


def _chips(connection: Connection | MultiConnection) -> tuple[Connection, ...]:
    if isinstance(connection, MultiConnection):
        return connection.connections
    if not isinstance(connection, Connection):
        raise ProgramError(f"a {type(connection).__name__} is no connection; hxtwin.connect opens one")
    return (connection,)


def _receiver(connection: Connection) -> _Receiver:
    with _receivers_lock:
        return _receivers.setdefault(connection, _Receiver())


def _check_number(programs: list[PlaybackProgram], chips: Sequence[Connection]) -> None:
    for program in programs:
        if not isinstance(program, PlaybackProgram):
            raise ProgramError(
                f"a {type(program).__name__} cannot be run; call done() on a builder and run the program"
            )
    if len(programs) != len(chips):
        raise ProgramError(f"{len(programs)} programs for {len(chips)} chips: give one for each")
    if len(set(map(id, programs))) < len(programs):
        raise ProgramError("one program cannot run on two chips at once, its tickets have one result; build two")


def _encode(program: PlaybackProgram) -> tuple[NDArray[np.uint64], int]:
    """Words of a program with its halt, and the time that took in ns."""
    start = time.perf_counter_ns()
    words = np.concatenate([ut.encode_array(program.messages), ut.encode_array(_HALT)])
    return words, time.perf_counter_ns() - start


def _send(
    connection: Connection | MultiConnection, words: Sequence[NDArray[np.uint64]], limit_s: float | None
) -> list[NDArray[np.uint64]]:
    """Runs words; errors of the link become errors of the run, told apart by their cause."""
    try:
        if isinstance(connection, MultiConnection):
            return connection.run(words, limit_s=limit_s)
        return [connection.run(words[0], limit_s=limit_s)]
    except LinkClosedError as error:
        raise ConnectionClosedError(_reason(error)) from error
    except (DeviceDiedError, NoAnswerError) as error:
        raise DeviceGoneError(_reason(error)) from error
    except HaltTimeoutError as error:
        raise HaltMissingError(f"{_reason(error)}; programs that take longer need a larger limit_s") from error
    except (LinkError, UTDecodeError) as error:
        raise ConnectionFailedError(_reason(error)) from error
    except ArgumentError as error:
        raise ProgramError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Text of an error with its notes."""
    return "\n".join([str(error), *getattr(error, "__notes__", [])])

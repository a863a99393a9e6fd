"""The error family of `hxtwin.runtime`.

==========================  ==========================================================================================
error                       cause
==========================  ==========================================================================================
`ProgramError`              root of everything below
`PlacementError`            container and coordinate do not belong together, or no such things were given
`AccessRefusedError`        a write to something read-only, a read of something write-only
`BackendError`              the container does not travel that way
`DifferenceError`           a differential write that is not possible
`MergeError`                a builder merged into itself, or a copy of a builder that holds reads
`TimeError`                 a time in the past, negative, or beyond the 32 bits of the playback timer
`TicketError`               a ticket or an event read before its program ran, or after a run that did not answer it
`ConversionError`           a program or a list of containers that has no such other form
`ProgramDecodeError`        bytes that are no serialised program, result or list of containers
`ProgramTooLongError`       more messages than the playback memory holds
`MissingBarrierError`       a program that may end before its reads are answered
`UnsupportedTargetError`    reads that the host refuses on everything that the connection runs on
`RunError`                  root of the failures of a run
`InstructionTimeoutError`   an instruction blocked longer than the instruction timeout
`ResponseCountError`        fewer or more responses than reads
`ConnectionFailedError`     the connection failed; the two below are special cases
`ConnectionClosedError`     the connection was closed, or an earlier error broke it
`DeviceGoneError`           the device fell silent or died
`HaltMissingError`          the end of the program was not reported within the time allowed
==========================  ==========================================================================================
"""

from __future__ import annotations

from hxtwin.errors import HxtwinError


class ProgramError(HxtwinError):
    """Root of all errors raised by `hxtwin.runtime`."""


class PlacementError(ProgramError, TypeError):
    """A container does not live at the coordinate, or something that is no container or coordinate was given."""


class AccessRefusedError(ProgramError):
    """The container cannot be written, or cannot be read."""


class BackendError(ProgramError, ValueError):
    """The container does not travel over the backend asked for (reference: runtime.md 2.1)."""


class DifferenceError(ProgramError, ValueError):
    """A differential write between types, or of a type without support (reference: runtime.md 2.2)."""


class MergeError(ProgramError, ValueError):
    """Builders that cannot be merged or copied (reference: runtime.md 2)."""


class TimeError(ProgramError, ValueError):
    """A time that has passed, or that the playback timer of 32 bits cannot hold."""


class TicketError(ProgramError):
    """Data that are not there: the program has not run, or its last run did not deliver them (runtime.md 2.4)."""


class ConversionError(ProgramError, ValueError):
    """A program, or a list of containers, that cannot be expressed in the other form (reference: runtime.md 5)."""


class ProgramDecodeError(ProgramError, ValueError):
    """Bytes that are not the serialised form of what they were said to be."""


class ProgramTooLongError(ProgramError):
    """A program of more messages than allowed (reference: runtime.md 7)."""


class MissingBarrierError(ProgramError):
    """Reads without a barrier behind them: the program may end before they are answered (reference: runtime.md 2)."""


class UnsupportedTargetError(ProgramError):
    """The program reads what cannot be read on any target of the connection (reference: runtime.md 2.3)."""


class RunError(ProgramError):
    """Root of the failures of a run."""


class InstructionTimeoutError(RunError):
    """An instruction blocked longer than the instruction timeout, and the FPGA stopped the program.

    Attributes:
        instruction: index of the instruction in its program.
        container: name of the container it belongs to; empty if it was given as raw messages.
        coordinate: text of its coordinate; empty likewise.
        chip: number of the program in the run.
    """

    def __init__(self, message: str, instruction: int, container: str, coordinate: str, chip: int) -> None:
        super().__init__(message, instruction, container, coordinate, chip)
        self.instruction = instruction
        self.container = container
        self.coordinate = coordinate
        self.chip = chip

    def __str__(self) -> str:
        return str(self.args[0])


class ResponseCountError(RunError):
    """The run delivered fewer or more responses than the program asked for (reference: runtime.md 8, step 6)."""


class ConnectionFailedError(RunError):
    """The connection failed during the run; ``__cause__`` is the error of the link."""


class ConnectionClosedError(ConnectionFailedError):
    """The connection was closed before the run, or an earlier error broke it."""


class DeviceGoneError(ConnectionFailedError):
    """The device fell silent, died, or reported a failure."""


class HaltMissingError(ConnectionFailedError):
    """The end of the program was not reported within the time allowed."""

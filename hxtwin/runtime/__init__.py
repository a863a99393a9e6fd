"""Runtime: playback programs, tickets, bring-up and runs; when each word is sent.

    >>> from hxtwin import containers, coord, runtime
    >>> builder = runtime.PlaybackProgramBuilder()
    >>> cell = coord.CapMemCellOnDLS(5)
    >>> builder.write(cell, containers.CapMemCell(value=123))
    >>> ticket = builder.read(cell)
    >>> builder.barrier(omnibus=True)
    >>> program = builder.done()
    >>> program
    <program of 4 instructions, 1 responses asked for, has not run>

==========================================  ===========================================================================
`PlaybackProgramBuilder`                    accesses in the order of their execution
`AbsoluteTimePlaybackProgramBuilder`        accesses at times
`RealtimeSectionBuilder`                    accesses at times, in many real-time sections with spikes of their own
`SystemInit`, `generate`                    bring-up of a machine
`run`                                       runs programs; tickets and events hold their data then
`PlaybackProgram`                           instructions as arrays; ``spikes``, ``madc_samples``, ``disassemble()``
`ContainerTicket`                           what a read has brought
`Dumper`, `convert_to_chip`, ..             containers instead of instructions
`Connection`, `MultiConnection`             what programs run on
==========================================  ===========================================================================

Reference: runtime.md.
"""

from __future__ import annotations

from hxtwin.comm.connection import Connection, ConnectionInfo
from hxtwin.comm.multi_connection import MultiConnection
from hxtwin.comm.time_info import TimeInfo
from hxtwin.runtime.absolute_time_builder import AbsoluteTimePlaybackProgramBuilder
from hxtwin.runtime.access import BusAccessError, MissingAcknowledgeError
from hxtwin.runtime.batch_ticket import BatchTicket
from hxtwin.runtime.chip_conversion import convert_to_chip
from hxtwin.runtime.command_list import (
    convert_to_builder,
    convert_to_dumper,
    convert_to_list,
    remove_block_until,
    squash,
)
from hxtwin.runtime.command_serialization import commands_from_bytes, commands_to_bytes
from hxtwin.runtime.disassembly import Disassembly, Row
from hxtwin.runtime.dumper import Command, Dumper
from hxtwin.runtime.errors import (
    AccessRefusedError,
    BackendError,
    ConnectionClosedError,
    ConnectionFailedError,
    ConversionError,
    DeviceGoneError,
    DifferenceError,
    HaltMissingError,
    InstructionTimeoutError,
    MergeError,
    MissingBarrierError,
    PlacementError,
    ProgramDecodeError,
    ProgramError,
    ProgramTooLongError,
    ResponseCountError,
    RunError,
    TicketError,
    TimeError,
    UnsupportedTargetError,
)
from hxtwin.runtime.program import PLAYBACK_MEMORY_MESSAGES, PlaybackProgram
from hxtwin.runtime.program_builder import PlaybackProgramBuilder
from hxtwin.runtime.program_writer import ProgramWriter
from hxtwin.runtime.realtime_section import RealtimeBatch, RealtimeSection, RealtimeSectionBuilder, SectionReads
from hxtwin.runtime.response_queue import Queue, ResponseCounts
from hxtwin.runtime.result import ProgramResult
from hxtwin.runtime.run import run
from hxtwin.runtime.source_map import Access, Source, SourceMap
from hxtwin.runtime.spike_train import PackedSpikeTrain, SpikeTrainError, pack_spike_train
from hxtwin.runtime.system_init import (
    BringUpError,
    ChipInit,
    CubeBoardInit,
    FPGAEntry,
    HighspeedLinkInit,
    JboaBoardInit,
    MinimalChipInit,
    SetupEntry,
    SetupKind,
    SystemInit,
    generate,
)
from hxtwin.runtime.ticket import ColumnsTicket, ContainerTicket, Ticket, WordTicket

__all__ = [
    "PLAYBACK_MEMORY_MESSAGES",
    "AbsoluteTimePlaybackProgramBuilder",
    "Access",
    "AccessRefusedError",
    "BackendError",
    "BatchTicket",
    "BringUpError",
    "BusAccessError",
    "ChipInit",
    "ColumnsTicket",
    "Command",
    "Connection",
    "ConnectionClosedError",
    "ConnectionFailedError",
    "ConnectionInfo",
    "ContainerTicket",
    "ConversionError",
    "CubeBoardInit",
    "DeviceGoneError",
    "DifferenceError",
    "Disassembly",
    "Dumper",
    "FPGAEntry",
    "HaltMissingError",
    "HighspeedLinkInit",
    "InstructionTimeoutError",
    "JboaBoardInit",
    "MergeError",
    "MinimalChipInit",
    "MissingAcknowledgeError",
    "MissingBarrierError",
    "MultiConnection",
    "PackedSpikeTrain",
    "PlacementError",
    "PlaybackProgram",
    "PlaybackProgramBuilder",
    "ProgramDecodeError",
    "ProgramError",
    "ProgramResult",
    "ProgramTooLongError",
    "ProgramWriter",
    "Queue",
    "RealtimeBatch",
    "RealtimeSection",
    "RealtimeSectionBuilder",
    "ResponseCountError",
    "ResponseCounts",
    "Row",
    "RunError",
    "SectionReads",
    "SetupEntry",
    "SetupKind",
    "Source",
    "SourceMap",
    "SpikeTrainError",
    "SystemInit",
    "Ticket",
    "TicketError",
    "TimeError",
    "TimeInfo",
    "UnsupportedTargetError",
    "WordTicket",
    "commands_from_bytes",
    "commands_to_bytes",
    "convert_to_builder",
    "convert_to_chip",
    "convert_to_dumper",
    "convert_to_list",
    "generate",
    "pack_spike_train",
    "remove_block_until",
    "run",
    "squash",
]

"""Tickets, and what merging builders does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.comm.in_process import InProcessConnection
from hxtwin.containers import (
    Backend,
    CapMemCell,
    Chip,
    Container,
    ExternalPPUMemoryByte,
    JTAGIdCode,
    NullPayloadReadable,
    PPUMemoryBlock,
    SynapseDriverConfig,
    Timer,
    TMP112Status,
    by_name,
    types,
)
from hxtwin.runtime import PlaybackProgramBuilder
from hxtwin.runtime.response_queue import count_responses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime import ContainerTicket, PlaybackProgram

DETERMINISTIC = settings(deadline=None, derandomize=True, max_examples=50)
#: Places of containers that live at no simple index.
PLAIN: dict[str, object] = {
    "ExternalPPUDRAMMemoryBlock": [0, 3],
    "ExternalPPUMemoryBlock": [0, 3],
    "PPUMemoryBlock": [[0, 3], 0],
    "LogicalNeuron": [[0, [17, 18]]],
}
JTAG = Backend.OMNIBUS_CHIP_OVER_JTAG


def guarded(builder: PlaybackProgramBuilder) -> PlaybackProgram:
    builder.barrier(omnibus=True, jtag=True)
    return builder.done()


class Numbering:
    """Answers every read with a running number, in three queues of their own."""

    def __init__(self) -> None:
        self._decoder = ut.Decoder("to_fpga")

    def reset(self) -> None:
        self._decoder.reset()

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        omnibus = jtag = 0
        answers: list[ut.Message] = []
        for message in self._decoder.feed(words):
            if isinstance(message, ut.OmnibusAddress) and message.is_read:
                answers.append(ut.OmnibusResponse(value=omnibus))
                omnibus += 1
            elif isinstance(message, ut.JTAGData) and message.keep_response:
                answers.append(ut.JTAGResponse(value=jtag))
                jtag += 1
            elif isinstance(message, ut.Loopback):
                answers.append(ut.LoopbackResponse(value=message.value))
        return ut.encode(answers, "from_fpga")


def test_a_ticket_gives_what_was_written(connection: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    driver = SynapseDriverConfig(enable_receiver=True)
    at = coord.SynapseDriverOnDLS(200)
    builder.write(at, driver)
    ticket = builder.read(at, SynapseDriverConfig)
    runtime.run(connection, guarded(builder))
    assert ticket.valid()
    assert ticket.get() == driver
    assert ticket.coordinate == at


def test_tickets_of_all_kinds_in_one_program(connection: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    builder.reset_timer()
    cell = coord.CapMemCellOnDLS(77)
    builder.write(cell, CapMemCell(value=321), backend=JTAG)
    over_jtag = builder.read(cell, CapMemCell, backend=JTAG)
    builder.barrier(jtag=True)
    over_omnibus = builder.read(cell, CapMemCell)
    identity = builder.read(coord.JTAGIdCodeOnDLS(), JTAGIdCode)
    tick = builder.read(coord.NullPayloadReadableOnFPGA(), NullPayloadReadable)
    timer = builder.read(coord.TimerOnDLS(), Timer)
    block_at = coord.PPUMemoryBlockOnDLS.from_plain([[4, 6], 1])
    builder.write(block_at, PPUMemoryBlock.of([7, 8, 9]))
    block = builder.read(block_at, PPUMemoryBlock)
    byte_at = coord.ExternalPPUMemoryByteOnFPGA(6)
    builder.write(byte_at, ExternalPPUMemoryByte(value=200))
    byte = builder.read(byte_at, ExternalPPUMemoryByte)
    words = builder.read_words([0x02800004 + (1 << 24), 0x1234])
    runtime.run(connection, guarded(builder))
    assert over_jtag.get() == over_omnibus.get() == CapMemCell(value=321)
    assert identity.get().version == 3
    assert tick.get() == NullPayloadReadable()
    assert timer.get().value > 6
    assert block.get() == PPUMemoryBlock.of([7, 8, 9])
    assert byte.get() == ExternalPPUMemoryByte(value=200)
    assert words.get().tolist() == [7, 0]


def test_a_whole_chip_is_read_back() -> None:
    weights = np.random.default_rng(3).integers(0, 64, (2, 256, 256)).astype(np.uint8)
    chip = Chip().with_columns({"synapse_blocks.matrix.weights": weights})
    builder = PlaybackProgramBuilder()
    builder.write(coord.ChipOnDLS(), chip)
    ticket = builder.read(coord.ChipOnDLS(), Chip)
    program = guarded(builder)
    assert program.size_from_fpga() == Chip.read_word_count()
    words = ut.MessageArray.of(ut.OmnibusResponse, value=chip.encode())
    answer = np.concatenate([ut.encode_array(words), ut.encode([ut.LoopbackResponse(value=ut.HALT)], "from_fpga")])

    class Prepared(Numbering):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            return answer

    with InProcessConnection(Prepared()) as prepared:
        runtime.run(prepared, program)
    assert ticket.get() == chip


@pytest.mark.parametrize("name", sorted(name for name, cls in types().items() if cls.is_readable()))
def test_every_readable_container_asks_for_all_its_words(name: str) -> None:
    cls = by_name(name)
    at = coord.types()[cls.coordinate_type.__name__].from_plain(PLAIN.get(name, 0))
    builder = PlaybackProgramBuilder()
    ticket = builder.read(at, cls)
    assert builder.size_from_fpga() == count_responses(builder.done().messages).total > 0
    assert len(ticket.addresses) == len(cls.read_addresses(at))


def test_columns_are_read_as_arrays(connection: InProcessConnection) -> None:
    indices, values = np.array([9, 3, 2000]), np.array([100, 200, 300])
    builder = PlaybackProgramBuilder()
    builder.write_columns(CapMemCell, indices, {"value": values})
    ticket = builder.read_columns(CapMemCell, indices)
    runtime.run(connection, guarded(builder))
    assert ticket.get()["value"].tolist() == values.tolist()
    assert ticket.indices.tolist() == indices.tolist()


def test_the_time_of_a_ticket_is_that_of_its_last_response() -> None:
    builder = PlaybackProgramBuilder()
    driver = builder.read(coord.SynapseDriverOnDLS(0))
    cell = builder.read(coord.CapMemCellOnDLS(0), backend=JTAG)
    tick = builder.read(coord.NullPayloadReadableOnFPGA())
    program = guarded(builder)
    with InProcessConnection(Numbering()) as connection:
        runtime.run(connection, program)
    # without timing messages the time counts messages
    assert (driver.fpga_time, cell.fpga_time, tick.fpga_time) == (3, 4, 5)


def test_a_ticket_says_what_is_missing() -> None:
    builder = PlaybackProgramBuilder()
    ticket = builder.read(coord.CapMemCellOnDLS(4))
    with pytest.raises(runtime.TicketError, match=r"read of CapMemCell at .*: its program is not finished; call done"):
        ticket.get()
    program = guarded(builder)
    with pytest.raises(runtime.TicketError, match="has not run yet; give it to hxtwin.runtime.run"):
        ticket.get()
    with pytest.raises(runtime.TicketError, match="has not run"):
        _ = ticket.fpga_time
    with pytest.raises(runtime.TicketError, match="has not run"):
        _ = program.spikes
    assert not ticket.valid()
    assert "no data" in repr(ticket)
    with InProcessConnection(Numbering()) as connection:
        runtime.run(connection, program)
    assert ticket.valid()


def test_a_second_run_replaces_the_data(connection: InProcessConnection) -> None:
    at = coord.CapMemCellOnDLS(4)
    read = PlaybackProgramBuilder()
    ticket = read.read(at, CapMemCell)
    program = guarded(read)
    for value in (1, 2):
        write = PlaybackProgramBuilder()
        write.write(at, CapMemCell(value=value))
        runtime.run(connection, write.done())
        runtime.run(connection, program)
        assert ticket.get().value == value


def test_answers_beyond_those_asked_for_make_tickets_invalid() -> None:
    class Chatty(Numbering):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            return np.concatenate([ut.encode([ut.OmnibusResponse(value=9)], "from_fpga"), super().feed(words)])

    builder = PlaybackProgramBuilder()
    ticket = builder.read(coord.CapMemCellOnDLS(4))
    tick = builder.read(coord.NullPayloadReadableOnFPGA())
    with (
        InProcessConnection(Chatty()) as connection,
        pytest.raises(runtime.ResponseCountError, match="omnibus: 2 of 1"),
    ):
        runtime.run(connection, guarded(builder))
    assert not ticket.valid()
    assert tick.valid()
    with pytest.raises(runtime.TicketError, match="which ones are its own cannot be told"):
        ticket.get()


def test_a_missing_acknowledge_is_an_error() -> None:
    class Silent(Numbering):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            answer = [ut.OmnibusResponse(value=1 << 31)] * 2 + [ut.LoopbackResponse(value=ut.HALT)]
            return ut.encode(answer, "from_fpga")

    builder = PlaybackProgramBuilder()
    ticket = builder.read(coord.TMP112StatusOnBoard(), TMP112Status)
    program = guarded(builder)
    with InProcessConnection(Silent()) as connection:
        runtime.run(connection, program)
    with pytest.raises(runtime.MissingAcknowledgeError):
        ticket.get()


# --- merging ----------------------------------------------------------------------------------------------------------


class Journal:
    """Builders and the reads put into them, in the order in which they must come out."""

    def __init__(self, count: int) -> None:
        self.builders = [PlaybackProgramBuilder() for _ in range(count)]
        self.order: list[list[ContainerTicket[Container]]] = [[] for _ in range(count)]

    def read(self, builder: int, at: int, backend: Backend | None) -> None:
        if backend is Backend.NULL_PAYLOAD_READABLE:
            ticket = self.builders[builder].read(coord.NullPayloadReadableOnFPGA())
        else:
            ticket = self.builders[builder].read(coord.SynapseDriverOnDLS(at), backend=backend)
        self.order[builder].append(ticket)

    def merge_back(self, builder: int, other: int) -> None:
        self.builders[builder].merge_back(self.builders[other])
        self.order[builder] += self.order[other]
        self.order[other] = []

    def merge_front(self, builder: int, other: int) -> None:
        self.builders[builder].merge_front(self.builders[other])
        self.order[builder] = self.order[other] + self.order[builder]
        self.order[other] = []


STEP = st.one_of(
    st.tuples(
        st.just("read"),
        st.integers(0, 3),
        st.integers(0, 255),
        st.sampled_from([None, JTAG, Backend.NULL_PAYLOAD_READABLE]),
    ),
    st.tuples(st.just("write"), st.integers(0, 3), st.integers(0, 255)),
    st.tuples(st.sampled_from(["back", "front"]), st.integers(0, 3), st.integers(0, 3)),
)


@DETERMINISTIC
@given(st.lists(STEP, max_size=40))
def test_tickets_find_their_data_after_any_merges(steps: list[tuple[Any, ...]]) -> None:
    journal = Journal(4)
    for kind, builder, argument, *rest in steps:
        if kind == "read":
            journal.read(builder, argument, rest[0] if rest else None)
        elif kind == "write":
            journal.builders[builder].write(coord.CapMemCellOnDLS(argument), CapMemCell(value=1))
        elif builder != argument:
            merge = journal.merge_back if kind == "back" else journal.merge_front
            merge(builder, argument)
            assert journal.builders[argument].empty()
    for other in (1, 2, 3):
        journal.merge_back(0, other)
    program = guarded(journal.builders[0])
    with InProcessConnection(Numbering()) as connection:
        runtime.run(connection, program)
    counts = dict.fromkeys(runtime.Queue, 0)
    for ticket in journal.order[0]:
        start = counts[ticket.queue]
        number = len(ticket.addresses)
        if ticket.queue is not runtime.Queue.LOOPBACK:
            assert ticket.payloads().tolist() == list(range(start, start + number))
        assert ticket.place() == (program, start)
        counts[ticket.queue] += number
    restored = runtime.PlaybackProgram.from_bytes(program.to_bytes())
    restored.attach(program.result)
    assert [ticket.coordinate for ticket in restored.tickets()] == [ticket.coordinate for ticket in journal.order[0]]
    assert [ticket.payloads().tolist() for ticket in restored.tickets()] == [
        ticket.payloads().tolist() for ticket in journal.order[0]
    ]


def test_a_chain_of_many_merges_is_no_trouble() -> None:
    first = PlaybackProgramBuilder()
    ticket = first.read(coord.CapMemCellOnDLS(1))
    for _ in range(5000):
        following = PlaybackProgramBuilder()
        following.merge_back(first)
        first = following
    program = guarded(first)
    assert ticket.place() == (program, 0)


def test_merging_moves_and_copying_copies() -> None:
    one, other = PlaybackProgramBuilder(), PlaybackProgramBuilder()
    one.write(coord.CapMemCellOnDLS(0), CapMemCell(value=1))
    other.write(coord.CapMemCellOnDLS(0), CapMemCell(value=2))
    one.copy_back(other)
    assert other.size_to_fpga() == 2
    one.merge_back(other)
    assert other.empty()
    assert one.done().messages.column(ut.OmnibusData, "value").tolist() == [1, 2, 2]


def test_merges_that_make_no_sense_are_refused() -> None:
    builder, reader = PlaybackProgramBuilder(), PlaybackProgramBuilder()
    reader.read(coord.CapMemCellOnDLS(0))
    for merge in (builder.merge_back, builder.merge_front, builder.copy_back):
        with pytest.raises(runtime.MergeError, match="with itself"):
            merge(builder)
        with pytest.raises(runtime.MergeError, match="a Dumper cannot be merged"):
            merge(runtime.Dumper())  # type: ignore[arg-type]  # what the test is about
    with pytest.raises(runtime.MergeError, match="with reads cannot be copied"):
        builder.copy_back(reader)
    assert reader.size_from_fpga() == 1


def test_restrictions_and_sources_move_along() -> None:
    one, other = PlaybackProgramBuilder(), PlaybackProgramBuilder()
    one.write(coord.CapMemCellOnDLS(0), CapMemCell())
    other.read(coord.BackgroundSpikeSourceOnDLS(3))
    one.merge_back(other)
    assert other.done().restrictions == {}
    program = one.done()
    assert set(program.restrictions) == {"hardware", "simulation"}
    assert program.sources[2].coordinate == coord.BackgroundSpikeSourceOnDLS(3)


def test_an_archived_program_can_be_appended() -> None:
    inner = PlaybackProgramBuilder()
    inner.read(coord.CapMemCellOnDLS(3))
    archived = runtime.PlaybackProgram.from_bytes(inner.done().to_bytes())
    builder = PlaybackProgramBuilder()
    builder.read(coord.CapMemCellOnDLS(2))
    builder.append_program(archived)
    program = builder.done()
    assert [ticket.coordinate for ticket in program.tickets()] == [coord.CapMemCellOnDLS(2), coord.CapMemCellOnDLS(3)]

"""Programs, results and lists as bytes: exact round trips, strict readers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.containers import Backend, CapMemCell, EventRecordingConfig, SynapseDriverConfig, SystimeSync, TimerValue
from hxtwin.runtime import PlaybackProgram, PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.comm.in_process import InProcessConnection

DETERMINISTIC = settings(deadline=None, derandomize=True, max_examples=80)
NEURON = coord.LogicalNeuronOnDLS.from_plain([[0, [17, 18]]])


def example() -> PlaybackProgram:
    builder = PlaybackProgramBuilder()
    builder.write(coord.SystimeSyncOnFPGA(), SystimeSync(do_sync=True))
    builder.write(coord.EventRecordingConfigOnFPGA(), EventRecordingConfig(enable_event_recording=True))
    builder.write(coord.CapMemCellOnDLS(3), CapMemCell(value=77))
    builder.read(coord.CapMemCellOnDLS(3))
    builder.read(NEURON)
    builder.read(coord.PPUMemoryBlockOnDLS.from_plain([[3, 4], 1]), backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    builder.reset_timer()
    builder.write_spike_train([10, 10, 20], [1, 2, 3])
    builder.wait_until(200)
    builder.barrier(omnibus=True, jtag=True)
    return builder.done()


EXAMPLE = example()


def with_data(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    envelope = msgpack.unpackb(data)
    change(envelope["data"])
    packed: bytes = msgpack.packb(envelope)
    return packed


def test_a_program_survives_the_way_through_bytes() -> None:
    program = example()
    restored = PlaybackProgram.from_bytes(program.to_bytes())
    assert restored == program
    assert restored.digest == program.digest
    assert restored.expected == program.expected
    assert restored.restrictions == program.restrictions
    assert [str(restored.sources[i]) for i in range(len(program))] == [
        str(program.sources[i]) for i in range(len(program))
    ]
    assert str(restored.disassemble()) == str(program.disassemble())
    assert restored.to_bytes() == program.to_bytes()
    assert not restored.has_run


def test_a_result_survives_the_way_through_bytes_and_fills_tickets(connection: InProcessConnection) -> None:
    program = example()
    runtime.run(connection, program)
    archive = program.to_bytes(), program.result_to_bytes()
    restored = PlaybackProgram.from_bytes(archive[0])
    restored.load_result(archive[1])
    assert restored.result.responses == program.result.responses
    assert restored.result.time_info == program.result.time_info
    assert len(restored.spikes) == 3
    assert restored.spikes.dtype == program.spikes.dtype
    assert [ticket.coordinate for ticket in restored.tickets()] == [ticket.coordinate for ticket in program.tickets()]
    assert restored.tickets()[0].get() == CapMemCell(value=77)
    assert restored.result_to_bytes() == archive[1]


def test_a_restored_program_runs(connection: InProcessConnection) -> None:
    restored = PlaybackProgram.from_bytes(example().to_bytes())
    runtime.run(connection, restored)
    assert restored.tickets()[0].get() == CapMemCell(value=77)


def test_results_of_other_programs_are_refused(connection: InProcessConnection) -> None:
    program = example()
    runtime.run(connection, program)
    other = PlaybackProgramBuilder()
    other.write(coord.CapMemCellOnDLS(3), CapMemCell(value=78))
    with pytest.raises(runtime.TicketError, match="another program"):
        other.done().load_result(program.result_to_bytes())


def test_a_program_that_has_not_run_has_no_result_to_archive() -> None:
    with pytest.raises(runtime.TicketError, match="has not run"):
        example().result_to_bytes()


def test_lists_of_containers_survive_the_way_through_bytes() -> None:
    commands = [
        (coord.CapMemCellOnDLS(3), CapMemCell(value=77)),
        (coord.TimerOnDLS(), TimerValue(value=5)),
        (coord.SynapseDriverOnDLS(3), SynapseDriverConfig()),
    ]
    assert runtime.commands_from_bytes(runtime.commands_to_bytes(commands)) == commands
    wrong = runtime.commands_to_bytes([(coord.CapMemCellOnDLS(3), SynapseDriverConfig())])
    with pytest.raises(runtime.ProgramDecodeError, match="command 0: SynapseDriverConfig lives at"):
        runtime.commands_from_bytes(wrong)


# --- strict readers ---------------------------------------------------------------------------------------------------


@DETERMINISTIC
@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    for read in (PlaybackProgram.from_bytes, runtime.commands_from_bytes, EXAMPLE.load_result):
        with pytest.raises(runtime.ProgramDecodeError):
            read(data)


@DETERMINISTIC
@given(st.data())
def test_damaged_programs_are_refused_or_are_programs(data: st.DataObject) -> None:
    whole = bytearray(EXAMPLE.to_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(whole) - 1))
        whole[position] ^= data.draw(st.integers(1, 255))
    damaged = bytes(whole[: data.draw(st.integers(len(whole) - 3, len(whole)))])
    try:
        program = PlaybackProgram.from_bytes(damaged)
    except runtime.ProgramDecodeError:
        return
    assert str(program.disassemble())
    with contextlib.suppress(runtime.ProgramError):
        runtime.convert_to_list(program)
    assert [ticket.valid() for ticket in program.tickets()] == [False] * len(program.tickets())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("codes"), "keys"),
        (lambda data: data.update(more=1), "keys"),
        (lambda data: data.update(codes=data["codes"][:-1]), "payloads"),
        (lambda data: data.update(codes=b"\x10" + data["codes"][1:]), "message 0"),
        (lambda data: data.update(payloads=b"\xff" * len(data["payloads"])), "message 0"),
        (lambda data: data.update(payloads=data["payloads"][:-1]), "items of 8 bytes"),
        (lambda data: data.update(entries=data["entries"][:-1]), "items of 20 bytes"),
        (lambda data: data.update(entries=data["entries"][20:]), "do not cover"),
        (lambda data: data.update(entries=data["entries"] + data["entries"][-20:]), "not ascending"),
        (lambda data: data.update(entries=b""), "do not cover"),
        (lambda data: data.update(containers=data["containers"][:-1]), "container outside"),
        (lambda data: data.update(containers=["Nothing", *data["containers"][1:]]), "no container is called"),
        (lambda data: data.update(containers=7), "list of names"),
        (lambda data: data.update(containers=["CapMemCell", *data["containers"][1:]]), "backend"),
        (lambda data: data.update(backends=data["backends"][:-1]), "wanted"),
        (lambda data: data.update(backends=["train"] * len(data["backends"])), "known are"),
        (lambda data: data.update(places=[]), "no place 0"),
        (lambda data: data.update(places=[b"x"]), "places"),
        (lambda data: data.update(places=3), "places"),
        (lambda data: data.update(restrictions={"moon": ["CapMemCell"]}), "no target"),
        (lambda data: data.update(restrictions=[]), "map of targets"),
        (lambda data: data.update(restrictions={"hardware": ["Nothing"]}), "no container is called"),
    ],
)
def test_changed_programs_are_refused(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(runtime.ProgramDecodeError, match=message):
        PlaybackProgram.from_bytes(with_data(example().to_bytes(), change))


def test_a_halt_inside_a_program_is_refused() -> None:
    builder = PlaybackProgramBuilder()
    builder.append(ut.MessageArray.from_messages([ut.Loopback(value=ut.TICK)], "to_fpga"))
    with pytest.raises(runtime.ProgramDecodeError, match="halt"):
        PlaybackProgram.from_bytes(with_data(builder.done().to_bytes(), lambda data: data.update(payloads=bytes(8))))


def test_coordinates_out_of_range_are_refused() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.CapMemCellOnDLS(3), CapMemCell())
    entries = np.frombuffer(msgpack.unpackb(builder.done().to_bytes())["data"]["entries"], dtype=np.uint8).copy()
    builder.write(coord.CapMemCellOnDLS(3), CapMemCell())
    entries[-8:] = 0x7F
    with pytest.raises(runtime.ProgramDecodeError, match="CapMemCellOnDLS has no index"):
        PlaybackProgram.from_bytes(
            with_data(builder.done().to_bytes(), lambda data: data.update(entries=entries.tobytes()))
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("arrays"), "keys"),
        (lambda data: data["arrays"].pop("jtag"), "arrays"),
        (lambda data: data["arrays"].update(spikes=b"x"), "spikes: bytes of items"),
        (lambda data: data["arrays"].update(spikes=b""), "do not hold"),
        (lambda data: data["counts"].update(spike_pack_counts=[1, 1]), "three counts"),
        (lambda data: data["counts"].update(spike_pack_counts=[1 << 62, 1 << 62, 1 << 62]), "do not hold"),
        (lambda data: data["counts"].update(spike_pack_counts=[-1, 2, 0]), "a number"),
        (lambda data: data.update(messages=1.5), "messages: a number"),
        (lambda data: data.update(fpga_time=None), "fpga_time"),
        (lambda data: data["time_info"].update(encode_ns="1"), "encode_ns"),
        (lambda data: data["time_info"].pop("encode_ns"), "time_info"),
    ],
)
def test_changed_results_are_refused(
    connection: InProcessConnection, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    program = example()
    runtime.run(connection, program)
    before = program.result
    with pytest.raises(runtime.ProgramDecodeError, match=message):
        program.load_result(with_data(program.result_to_bytes(), change))
    assert program.result is before


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", "other", "format"),
        ("version", 2, "version"),
        ("version", True, "version"),
        ("type", "result", "wanted"),
    ],
)
def test_other_envelopes_are_refused(key: str, value: object, message: str) -> None:
    envelope = msgpack.unpackb(example().to_bytes())
    envelope[key] = value
    with pytest.raises(runtime.ProgramDecodeError, match=message):
        PlaybackProgram.from_bytes(msgpack.packb(envelope))


def test_bytes_left_over_are_refused() -> None:
    data = example().to_bytes()
    for wrong in (data + b"\x00", data[:-1], b"", "text", [1]):
        with pytest.raises(runtime.ProgramDecodeError):
            PlaybackProgram.from_bytes(wrong)  # type: ignore[arg-type]  # what the test is about


@pytest.mark.parametrize("commands", [7, [7], [[b"x"]], [[b"x", b"y"]]])
def test_lists_that_are_none_are_refused(commands: object) -> None:
    data = with_data(runtime.commands_to_bytes([]), lambda found: found.update(commands=commands))
    with pytest.raises(runtime.ProgramDecodeError):
        runtime.commands_from_bytes(data)

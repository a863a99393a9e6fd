"""Whole programs against the twin: the bring-up of the reference, raw and built, and what it leaves behind.

``data/cube_bring_up.hex`` holds the words of the bring-up of reference runtime.md 9.1 (cube board, all switches on),
one in each line; it does not change when an encoder does. ``data/neuron_and_column_adc.hex`` holds an experiment with
one neuron, composed from the addresses and bit positions of reference containers-a.json and containers-b.json.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.chipsim import Twin, TwinOptions
from hxtwin.chipsim.fpga import executor_kernel
from hxtwin.chipsim.registers import access_kernel
from hxtwin.comm import ut
from hxtwin.comm.in_process import InProcessConnection
from hxtwin.runtime.program_builder import PlaybackProgramBuilder
from hxtwin.runtime.run import run
from hxtwin.runtime.system_init import ChipInit, HighspeedLinkInit, JboaBoardInit, SystemInit

from .client import Client, read

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
HALT = np.array([0x0A00000000000000], dtype=np.uint64)


def raw(name: str) -> NDArray[np.uint64]:
    """Words of a file with one in each line; text behind ``#`` explains."""
    lines = (DATA / f"{name}.hex").read_text(encoding="ascii").splitlines()
    return np.array([int(line.split("#")[0], 16) for line in lines], dtype=np.uint64)


def raw_bring_up() -> NDArray[np.uint64]:
    return raw("cube_bring_up")


def built(sequence: SystemInit) -> NDArray[np.uint64]:
    builder = PlaybackProgramBuilder()
    sequence.write_to(builder)
    return ut.encode_array(builder.done().messages)


def messages(client: Client, words: NDArray[np.uint64]) -> list[ut.Message]:
    return client.decode(client.twin.feed(np.concatenate([words, HALT])))


def test_raw_bring_up_gives_eight_link_notifications_and_the_halt() -> None:
    client = Client()
    answers = messages(client, raw_bring_up())
    assert len(raw_bring_up()) == 348
    assert [m for m in answers if not isinstance(m, ut.Systime | ut.Sysdelta)] == [
        *(ut.HighspeedLinkNotification(phy=phy, link_up=1) for phy in range(8)),
        ut.LoopbackResponse(ut.HALT),
    ]


def test_raw_and_built_bring_up_give_the_same_words() -> None:
    words = Twin().feed(np.concatenate([raw_bring_up(), HALT]))
    assert Twin().feed(np.concatenate([built(SystemInit()), HALT])).tolist() == words.tolist()


@pytest.mark.parametrize(
    ("address", "word"),
    [
        (0x000C0012, 0x1000),
        (0x000C001A, 0x2CB),
        (0x00142800, 0x0F),
        (0x0015A801, 0x1E),
        (0x02400902, 0xFF),
        (0x00118602, 0xC0),
        (0x001A9403, 0xFF),
        (0x03000000, 0x88),
        (0x02000001, 0x303),
        (0x03000002, 0x4),
        (0x88000005, 1),
        (0x88004000, 0xFF),
        (0x00040000, 0xFF),
        (0x88006007, 0x00204040),
    ],
)
def test_raw_bring_up_leaves_the_words_of_the_reference(address: int, word: int) -> None:
    client = Client()
    messages(client, raw_bring_up())
    assert client.words(read(address)) == [word]


@pytest.mark.parametrize(
    "sequence",
    [
        SystemInit(),
        SystemInit(asic_adapter_board=JboaBoardInit()),
        SystemInit(chip=ChipInit(highspeed_link=HighspeedLinkInit(enable_systime=False))),
        SystemInit(chip=ChipInit(enable_highspeed_link=False, enable_capmem=False)),
        SystemInit(enable_chip=False),
    ],
    ids=["cube", "jboa", "without systime", "without link", "board alone"],
)
def test_no_bring_up_times_out(sequence: SystemInit) -> None:
    answers = messages(Client(), built(sequence))
    assert not [m for m in answers if isinstance(m, ut.TimeoutNotification)]
    assert answers[-1] == ut.LoopbackResponse(ut.HALT)


def test_bring_up_without_link_writes_memory_timing_over_jtag() -> None:
    client = Client()
    messages(client, built(SystemInit(chip=ChipInit(enable_highspeed_link=False, enable_capmem=False))))
    answers = client.jtag(
        [
            ut.JTAGIns(5),
            ut.JTAGData(payload=0x03000001 | 1 << 32, num_bits=33),
            ut.JTAGIns(7),
            ut.JTAGData(payload=0, num_bits=3),
            ut.JTAGIns(6),
            ut.JTAGData(payload=0, num_bits=32, keep_response=1),
        ]
    )
    assert answers == [0x303]


def test_bring_up_can_be_repeated() -> None:
    client = Client()
    first, second = (messages(client, raw_bring_up()) for _ in range(2))
    notifications = [[m for m in answers if isinstance(m, ut.HighspeedLinkNotification)] for answers in (first, second)]
    assert notifications[0] == notifications[1]


def test_example_program_in_raw_words_gives_the_words_of_the_stream() -> None:
    """Three spikes and a read after the raw bring-up, compared word by word."""
    client = Client()
    messages(client, raw_bring_up())
    client.run()
    program = np.array(
        [
            0x0400000000000000,  # TimerSetup
            0x0F00000100020003,  # three spikes 1, 2, 3
            0x0B00001F80000000,  # read of the external memory
            0x0700000000000001,  # barrier omnibus
            0x05000000000003E8,  # wait until 1000
        ],
        dtype=np.uint64,
    )
    answers = messages(client, program)
    assert [type(m).__name__ for m in answers] == [
        "Systime",
        "OmnibusResponse",
        "Sysdelta",
        "SpikePack2FromFPGA",
        "SpikePack1FromFPGA",
        "LoopbackResponse",
    ]


def test_raw_experiment_with_a_neuron_gives_the_numbers_of_the_reference() -> None:
    """A neuron at the operating point of analog-model.md 12, three synaptic events, a fire.

    - Column 0 rests at 80 LSB, before and long after; columns 2, 4 and 6 are not connected and read 0.
    - The link's labels come back, the neuron fires once with its own label, its counter has 1.
    - Three events of 8 uS * 7.5 mV / 2.33 pF = 25.75 mV/us each, 1.9 % less together since the OTA saturates at 94 mV,
      cross 203 mV where current * t * exp(-t / 10 us) does: both time constants are 10 us.
    - Labels are recorded 16 ns before they reach the synapses; comparator and crossbar take 44 ns.
    """
    twin = Twin(options=TwinOptions(chip=None, noise=False))
    twin.feed(np.concatenate([raw_bring_up(), HALT]))
    responses = ut.decode_responses(twin.feed(np.concatenate([raw("neuron_and_column_adc"), HALT])))
    assert responses.omnibus["value"].tolist() == [0x50000000, 0x50000000, 1]
    assert sorted(responses.spikes["label"].tolist()) == [5, 5, 5, 0x2A]
    times = responses.spikes["chip_time"].astype(np.int64) * 8e-3
    fire = times[responses.spikes["label"] == 0x2A][0] - times[responses.spikes["label"] == 5].mean()
    t = np.linspace(0, 10, 100_001)
    current = 0.981 * 3 * 25.75e-3
    crossing = t[np.argmax(current * t * np.exp(-t / 10) > 0.203)]
    assert fire == pytest.approx(crossing + 0.06, rel=0.01)


def test_registers_kernel_and_executor_agree_on_addresses_of_cadc_results() -> None:
    edges = (0x02C80000, 0x02C83FFF, 0x02C84000, 0x02CC0000, 0x02D80000, 0x02E80000, 0x03EC3FFF, 0x03EC4000, 0x02CF0000)
    found = [executor_kernel.reads_of_cadc(address) for address in edges]
    assert found == [access_kernel.reads_of_cadc(address) for address in edges]
    assert found == [2, 2, 0, 2, 0, 1, 1, 0, 0]


def test_answers_are_the_same_in_every_process() -> None:
    """Background noise, loop-back, reads and time stamps; the digest was taken once."""
    noise = containers.BackgroundSpikeSource(
        enable=True, enable_random=True, period=9, rate=40, seed=99, neuron_label=0x155, mask=0xFF
    )
    words = [
        word
        for pair in zip((0x00130002, 0x00130003, 0x00130001), noise.encode().tolist(), strict=True)
        for word in pair
    ]
    program = [
        *(m for i in range(0, 6, 2) for m in (ut.OmnibusAddress(address=words[i]), ut.OmnibusData(words[i + 1]))),
        *(ut.SpikePack3ToFPGA((i, 0x4000 | i, 0x8000 | i)) for i in range(200)),
        ut.OmnibusAddress(address=0x8800000C, is_read=1),
        ut.TimerSetup(),
        ut.WaitUntil(5000),
        ut.Loopback(ut.HALT),
    ]
    twin = Twin()
    answers = [twin.feed(np.concatenate([raw_bring_up(), HALT])), twin.feed(ut.encode(program, "to_fpga"))]
    digest = hashlib.sha256(np.concatenate(answers).astype("<u8").tobytes()).hexdigest()
    assert digest[:16] == "54c566deb7da6ad3"


def test_a_program_of_the_runtime_runs_on_the_twin() -> None:
    builder = PlaybackProgramBuilder()
    SystemInit().write_to(builder)
    cell = coord.CapMemCellOnDLS(5)
    builder.write(cell, containers.CapMemCell(value=33))
    tickets = [builder.read(cell), builder.read(coord.JTAGIdCodeOnDLS()), builder.read(coord.ChipOnDLS())]
    builder.block_until(coord.BarrierOnFPGA(), containers.Barrier(enable_omnibus=True, enable_jtag=True))
    with InProcessConnection(Twin()) as connection:
        run(connection, builder.done())
    read_cell, identity, chip = (ticket.get() for ticket in tickets)
    assert read_cell == containers.CapMemCell(value=33)
    assert identity == containers.JTAGIdCode(version=3, part_number=0x4858, manufacturer_id=0x057)
    assert isinstance(chip, containers.Chip)
    assert chip.crossbar == containers.Chip().crossbar

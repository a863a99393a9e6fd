"""The probe shows internal signals, changes no answer, and writes waveforms that can be read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from vcd.reader import TokenKind, tokenize

from hxtwin import containers
from hxtwin.chipsim import Probe, Twin, TwinArgumentError
from hxtwin.comm import ut

from .client import Client, bring_up, read, write

if TYPE_CHECKING:
    from pathlib import Path

RESET_17 = int(containers.NeuronReset.addresses_of(np.array([17]))[0, 0])
WAIT = [ut.TimerSetup(), ut.WaitUntil(1000)]


def experiment() -> list[ut.ToFPGA]:
    """Bring-up, two labels through the transparent crossbar, a register written and read back."""
    return [
        *bring_up(),
        ut.TimerSetup(),
        ut.SpikePack2ToFPGA((0x0123, 0x4567)),
        ut.WaitUntil(500),
        *write(0x88000006, 0x1234),
        *read(0x88000006),
        *write(0x02C04000, 0x2A),
        *read(0x02C04000),
        ut.Barrier(omnibus=1),
    ]


@pytest.fixture(scope="module")
def probe() -> Probe:
    """What is seen of the experiment."""
    probe = Probe(circuits=[3])
    Client(Twin(probe=probe)).run(experiment())
    return probe


def test_a_twin_with_a_probe_answers_as_one_without(probe: Probe) -> None:
    del probe
    words = ut.encode([*experiment(), ut.Loopback(ut.HALT)], "to_fpga")
    watched, alone = Twin(probe=Probe()), Twin()
    for _ in range(2):
        assert watched.feed(words).tolist() == alone.feed(words).tolist()


def test_the_executor_is_seen_instruction_by_instruction(probe: Probe) -> None:
    rows = probe.rows("executor")
    sent = [*experiment(), ut.Loopback(ut.HALT)]
    assert rows["code"].tolist() == [message.code for message in sent]
    assert rows["index"].tolist() == list(range(len(sent)))
    assert (rows["end"] > rows["cycle"]).all()
    assert (rows["cycle"][1:] >= rows["end"][:-1]).all()


def test_a_wait_ends_when_the_timer_has_the_value(probe: Probe) -> None:
    rows = probe.rows("executor")
    (place,) = np.flatnonzero((rows["code"] == ut.WaitUntil.code) & (rows["payload"] == 500))
    setup = rows[place - 2]
    assert setup["code"] == ut.TimerSetup.code
    # TimerSetup in cycle t: the timer is 0 in t + 1, so 500 in t + 501, and the next instruction executes in t + 502
    assert rows[place]["end"] - setup["cycle"] == 2 * 502


def test_accesses_are_seen_with_the_words_read(probe: Probe) -> None:
    rows = probe.rows("bus")
    for address, word in ((0x88000006, 0x1234), (0x02C04000, 0x2A)):
        of_address = rows[rows["address"] == address]
        assert of_address["is_read"].tolist() == [False, True]
        assert of_address["word"].tolist() == [word, word]


def test_labels_are_seen_on_both_sides_of_the_crossbar(probe: Probe) -> None:
    entering, leaving = probe.rows("crossbar_in"), probe.rows("crossbar_out")
    assert entering["label"].tolist() == [0x0123, 0x4567]
    assert sorted(leaving["label"].tolist()) == [0x0123, 0x4567]
    # crossbar: two cycles
    assert (leaving["cycle"] - entering["cycle"]).tolist() == [2, 2]


def test_an_event_on_a_padi_bus_is_seen_with_the_drivers_that_react() -> None:
    probe = Probe(["padi"])
    client = Client(Twin(probe=probe))
    driver = containers.SynapseDriverConfig(enable_receiver=True, row_address_compare_mask=31)
    client.run(
        bring_up(systime=False),
        write(0x00110001, 0xF),  # the buses of the top hemisphere listen to the crossbar
        *(write(0x00110400 + 4 * 9 + i, word) for i, word in enumerate(driver.encode().tolist())),
        ut.Barrier(omnibus=1),
        ut.SpikePack1ToFPGA((2 << 6 | 0x15,)),  # driver 9 = 4 * 2 + 1: third driver on bus 1
        WAIT,
    )
    rows = probe.rows("padi")
    assert rows["address"].tolist() == [0x15] * 4
    assert dict(zip(rows["bus"].tolist(), rows["drivers"].tolist(), strict=True)) == {0: 0, 1: 1 << 2, 2: 0, 3: 0}


def test_a_fire_is_seen_in_the_cycle_after_the_reset_that_caused_it() -> None:
    probe = Probe(["fires", "bus"])
    client = Client(Twin(probe=probe))
    enabled = containers.NeuronConfig(enable_fire=True).encode().tolist()
    addresses = containers.NeuronConfig.addresses_of(np.array([17]))[0].tolist()
    setup = [m for address, word in zip(addresses, enabled, strict=True) for m in write(address, word)]
    client.run(bring_up(systime=False), setup, write(RESET_17, 0), WAIT)
    (fire,) = probe.rows("fires").tolist()
    bus = probe.rows("bus")
    (trigger,) = bus["cycle"][bus["address"] == RESET_17].tolist()
    assert fire == (trigger + 1, 17)


def test_membranes_are_kept_for_the_circuits_asked_for() -> None:
    probe = Probe(circuits=[7, 5])
    volts = np.arange(6, dtype=np.float32).reshape(2, 3)
    probe.membranes(np.array([1000.0, 1012.5]), np.array([5, 6, 7]), volts)
    probe.membranes(np.array([1025.0, 1037.5]), np.array([5]), volts[:, :1])
    cycles, trace = probe.membrane(5)
    assert cycles.tolist() == [1000.0, 1012.5, 1025.0, 1037.5]
    assert trace.tolist() == [0.0, 3.0, 0.0, 3.0]
    assert probe.membrane(7)[1].tolist() == [2.0, 5.0]
    with pytest.raises(TwinArgumentError, match="circuit 6 is not recorded"):
        probe.membrane(6)


def test_what_is_kept_is_bounded_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    probe = Probe(["executor"], circuits=[1], most=10)
    Client(Twin(probe=probe)).run(experiment())
    probe.membranes(np.arange(11.0), np.array([1]), np.zeros((11, 1)))
    assert len(probe.rows("executor")) == 10
    assert len(probe.membrane(1)[0]) == 10
    assert probe.truncated == {"executor", "membranes"}
    assert caplog.text.count("keeps the first 10 rows") == 2


def test_signals_not_asked_for_are_not_recorded() -> None:
    probe = Probe(["bus"])
    Client(Twin(probe=probe)).run(experiment())
    assert len(probe.rows("bus"))
    with pytest.raises(TwinArgumentError, match="'padi' is not recorded; recorded: bus"):
        probe.rows("padi")


def test_clear_forgets_everything() -> None:
    probe = Probe(circuits=[0], most=1000)
    Client(Twin(probe=probe)).run(experiment())
    probe.membranes(np.zeros(1), np.array([0]), np.zeros((1, 1)))
    probe.clear()
    assert not len(probe.rows("executor"))
    assert not len(probe.membrane(0)[0])
    assert not probe.truncated


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"signals": ["padis"]}, "no signal 'padis'; there are executor"),
        ({"circuits": [512]}, "no neuron circuit 512"),
        ({"most": 0}, "most = 0"),
    ],
)
def test_a_probe_of_something_that_does_not_exist_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(TwinArgumentError, match=message):
        Probe(**arguments)  # type: ignore[arg-type]  # wrong on purpose


# --- waveforms --------------------------------------------------------------------------------------------------------


def changes(path: Path) -> dict[str, list[tuple[int, object]]]:
    """Time and value of all changes by the full name of the variable, read by an independent reader."""
    names: dict[str, str] = {}
    scopes: list[str] = []
    found: dict[str, list[tuple[int, object]]] = {}
    time = 0
    with path.open("rb") as file:
        for token in tokenize(file):
            match token.kind:
                case TokenKind.SCOPE:
                    scopes.append(token.scope.ident)
                case TokenKind.UPSCOPE:
                    scopes.pop()
                case TokenKind.VAR:
                    names[token.var.id_code] = ".".join([*scopes, token.var.reference])
                case TokenKind.CHANGE_TIME:
                    time = token.time_change
                case TokenKind.CHANGE_SCALAR:
                    found.setdefault(names[token.scalar_change.id_code], []).append((time, token.scalar_change.value))
                case TokenKind.CHANGE_VECTOR:
                    found.setdefault(names[token.vector_change.id_code], []).append((time, token.vector_change.value))
                case TokenKind.CHANGE_REAL:
                    found.setdefault(names[token.real_change.id_code], []).append((time, token.real_change.value))
                case TokenKind.CHANGE_STRING:
                    found.setdefault(names[token.string_change.id_code], []).append((time, token.string_change.value))
    return found


def test_a_waveform_holds_what_was_recorded(probe: Probe, tmp_path: Path) -> None:
    probe.write_vcd(tmp_path / "twin.vcd")
    found = changes(tmp_path / "twin.vcd")
    rows = probe.rows("executor")
    shown = [(time, name) for time, name in found["executor.instruction"] if name]
    begins = np.append(True, rows["code"][1:] != rows["code"][:-1])  # a value is dumped when it changes
    assert shown == [(4 * row["cycle"], ut.TO_FPGA[row["code"]].__name__) for row in rows[begins]]
    entering = probe.rows("crossbar_in")
    (link_0,) = [value for value in found["crossbar.link_0"] if isinstance(value[1], int)]
    assert link_0 == (4 * int(entering["cycle"][0]), 0x0123)
    assert (4 * int(entering["cycle"][0]) + 4, "z") in found["crossbar.link_0"]
    reads = [time for time, value in found["bus.is_read"] if value == "1"]
    assert reads == (4 * probe.rows("bus")["cycle"][probe.rows("bus")["is_read"]]).tolist()


def test_a_waveform_holds_membranes_and_fires(tmp_path: Path) -> None:
    probe = Probe(circuits=[9])
    probe.membranes(np.array([10.0, 22.5]), np.array([9]), np.array([[0.5], [0.625]]))
    probe.fires(np.array([20]), np.array([300]))
    probe.write_vcd(tmp_path / "twin.vcd")
    found = changes(tmp_path / "twin.vcd")
    assert found["membrane.9"][-2:] == [(40, 0.5), (90, 0.625)]
    assert found["neuron.300"] == [(80, "1")]


def test_a_waveform_can_be_cut(probe: Probe, tmp_path: Path) -> None:
    cycle = int(probe.rows("crossbar_in")["cycle"][0])
    probe.write_vcd(tmp_path / "twin.vcd", first_cycle=cycle, last_cycle=cycle + 1)
    times = {time for values in changes(tmp_path / "twin.vcd").values() for time, _ in values}
    assert times - {0} <= {4 * cycle, 4 * cycle + 4}
    assert 4 * cycle in times

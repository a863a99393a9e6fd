"""The acceptance figures at reduced size, and both ends as a state machine on a network full of spite."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hxtwin.comm.arq import ArqSettings, FpgaArq, HostArq, HostState, information_text
from hxtwin.comm.arq.frame import RESET_FRAME, DataFrame, decode
from hxtwin.comm.errors import FrameError

if TYPE_CHECKING:
    from types import ModuleType

HOST = ("192.0.2.1", 50_000)
SMALL = ArqSettings(frame_words=8)  # small frames, so that the sequence numbers wrap often
_SCRIPT = Path(__file__).parents[3] / "tools" / "acceptance" / "arq_figures.py"


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    """The acceptance script as a module."""
    specification = importlib.util.spec_from_file_location("arq_figures", _SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["arq_figures"] = module
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loss", "hostile", "connection", "blackout", "wrap", "stale", "silent"])
def test_acceptance_figures_are_met_at_reduced_size(
    figures: ModuleType, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert figures.main(["--quick", "--only", name]) == 0
    output = capsys.readouterr().out
    assert re.search(r"^pass ", output, re.MULTILINE)
    assert "FAIL" not in output


def test_a_figure_that_is_not_met_is_reported(
    figures: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "_LOSSLESS_SHARE", 0.99)
    assert figures.main(["--quick", "--only", "loss"]) == 1
    assert "1 NOT met" in capsys.readouterr().out


class HostileNetwork(RuleBasedStateMachine):
    """Two ends whose datagrams are delivered, lost, repeated, held back, damaged and mixed with garbage at will.

    The only mercy: a datagram is not held back for longer than 60 others, far less than one window. Words are numbered,
    so that every loss, repetition, exchange or change shows.
    """

    frames = 0
    delivered = 0
    laps = 0
    resets = 0

    def __init__(self) -> None:
        super().__init__()
        self.now = 10**9
        self.host = HostArq(settings=SMALL, token=lambda: 99)
        self.fpga = FpgaArq(information_text(version=1), settings=SMALL)
        self.flight: list[tuple[int, bool, bytes]] = []
        self.count = 0
        self.next_down = self.next_up = 0
        self.got_down = self.got_up = 0

    @initialize()
    def connect(self) -> None:
        self.host.connect(self.now)
        for _ in range(2000):
            reset = self.host.reset_frame(self.now)
            if reset is not None:
                self.fpga.receive_reset(RESET_FRAME, HOST, self.now)
            self.pump()
            self.pass_on(len(self.flight))
            self.now += 100_000
            if self.host.state is HostState.READY:
                return
        raise AssertionError("no connection")

    def send(self, to_fpga: bool, datagram: bytes) -> None:
        self.count += 1
        type(self).frames += 1
        if len(datagram) > 4:
            frame = decode(datagram, SMALL)
            assert isinstance(frame, DataFrame)
            assert frame.seq < 256
        self.flight.append((self.count, to_fpga, datagram))
        self.flight = [entry for entry in self.flight if self.count - entry[0] <= 60]

    def pump(self) -> None:
        while (datagram := self.host.transmit(self.now)) is not None:
            self.send(True, datagram)
        while (datagram := self.fpga.transmit(self.now)) is not None:
            self.send(False, datagram)

    def arrive(self, to_fpga: bool, datagram: bytes) -> None:
        if to_fpga:
            self.fpga.receive_from(datagram, HOST, self.now)
        else:
            self.host.receive(datagram, self.now)

    def pass_on(self, count: int) -> None:
        for _ in range(count):
            if self.flight:
                _, to_fpga, datagram = self.flight.pop(0)
                self.arrive(to_fpga, datagram)

    @rule(words=st.integers(1, 5000))
    def host_sends(self, words: int) -> None:
        if self.host.queued_bytes < 1 << 20:
            self.host.send_words(np.arange(self.next_down, self.next_down + words, dtype=np.uint64))
            self.next_down += words
        self.pump()

    @rule(words=st.integers(1, 5000))
    def fpga_sends(self, words: int) -> None:
        if self.fpga.queued_bytes < 1 << 20:
            self.fpga.send_words(np.arange(self.next_up, self.next_up + words, dtype=np.uint64))
            self.next_up += words
        self.pump()

    @rule(count=st.integers(1, 60))
    def deliver_in_order(self, count: int) -> None:
        self.pass_on(count)
        self.pump()

    @rule(rounds=st.integers(3, 30), every=st.integers(2, 40))
    def lose_regularly(self, rounds: int, every: int) -> None:
        for _ in range(rounds):
            self.flight = [entry for entry in self.flight if entry[0] % every]
            self.pass_on(len(self.flight))
            self.now += 100_000
            self.pump()

    @rule(position=st.integers(0, 59), copies=st.integers(1, 3))
    def deliver_out_of_order(self, position: int, copies: int) -> None:
        if self.flight:
            _, to_fpga, datagram = self.flight.pop(position % len(self.flight))
            for _ in range(copies):
                self.arrive(to_fpga, datagram)
        self.pump()

    @rule(position=st.integers(0, 59), count=st.integers(1, 3))
    def lose(self, position: int, count: int) -> None:
        if self.flight:
            start = position % len(self.flight)
            del self.flight[start : start + count]

    @rule(position=st.integers(0, 59), keep=st.integers(0, 1451))
    def cut(self, position: int, keep: int) -> None:
        if self.flight:
            _, to_fpga, datagram = self.flight[position % len(self.flight)]
            short = datagram[: keep % len(datagram)]
            if len(short) != 4:
                self.arrive(to_fpga, short)

    @rule(garbage=st.binary(max_size=100), to_fpga=st.booleans())
    def garbage(self, garbage: bytes, to_fpga: bool) -> None:
        try:
            decode(garbage, SMALL, allow_surplus=True)
        except FrameError:
            self.arrive(to_fpga, garbage)

    @rule()
    def repeat_the_reset_frame(self) -> None:
        if self.now - 10**9 < 15_000_000 and self.fpga.begun:
            type(self).resets += 1
            self.fpga.receive_reset(RESET_FRAME, HOST, self.now)

    @rule(duration=st.integers(1, 3_000_000))
    def wait(self, duration: int) -> None:
        self.now += duration
        self.pump()

    @invariant()
    def everything_received_is_the_next_thing_sent(self) -> None:
        down, up = self.fpga.take_words(), self.host.take_words()
        assert down.tolist() == list(range(self.got_down, self.got_down + len(down)))
        assert up.tolist() == list(range(self.got_up, self.got_up + len(up)))
        self.got_down += len(down)
        self.got_up += len(up)
        type(self).delivered += len(down) + len(up)
        assert self.host.error is None

    def teardown(self) -> None:
        if self.host.state is not HostState.READY:
            return
        self.pass_on(len(self.flight))
        for _ in range(5000):
            while (datagram := self.host.transmit(self.now)) is not None:
                self.arrive(True, datagram)
            while (datagram := self.fpga.transmit(self.now)) is not None:
                self.arrive(False, datagram)
            self.everything_received_is_the_next_thing_sent()
            self.now += 1_000_000
            if self.host.idle and self.fpga.idle:
                break
        self.everything_received_is_the_next_thing_sent()
        assert (self.got_down, self.got_up) == (self.next_down, self.next_up)
        assert self.host.idle
        assert self.fpga.idle
        type(self).laps += (self.host.counters.sent + self.fpga.counters.sent) // 256


@pytest.mark.slow
def test_no_word_is_lost_repeated_or_changed_on_a_hostile_network() -> None:
    HostileNetwork.frames = HostileNetwork.delivered = HostileNetwork.laps = HostileNetwork.resets = 0
    run_state_machine_as_test(
        HostileNetwork,
        settings=settings(
            derandomize=True,
            max_examples=80,
            stateful_step_count=60,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert HostileNetwork.frames >= 10_000
    assert HostileNetwork.delivered >= 100_000
    assert HostileNetwork.laps >= 20
    assert HostileNetwork.resets > 0

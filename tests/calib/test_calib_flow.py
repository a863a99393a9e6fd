"""The flow of a calibration: steps, interruption, cache, too many failures. The chip answers zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from hxtwin.calib import spiking
from hxtwin.calib.cache import Cache
from hxtwin.calib.command import app
from hxtwin.calib.constants import CADC_CHANNELS
from hxtwin.calib.correlation_target import CorrelationCalibTarget
from hxtwin.calib.errors import CalibDataError, CalibNotSuccessful
from hxtwin.calib.spiking_steps import Flow, steps_of
from hxtwin.calib.stateful_connection import StatefulConnection
from hxtwin.calib.target import NeuronCalibTarget, SpikingCalibOptions, SpikingCalibTarget
from hxtwin.comm import ZeroMockConnection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hxtwin.comm import Connection

V_LEAK = "neuron_block.atomic_neurons.leak.v_leak"


class Steps:
    """Three steps in place of the real ones; the second one fails as often as it is told to."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.interruptions = 0
        self.failing = 0
        self.codes: list[int] = []

    def __call__(self, flow: Any) -> list[tuple[str, Any]]:
        return [("cadc", self._cadc), ("leak", self._leak), ("last", self._last)]

    def _cadc(self, flow: Any) -> None:
        self.done.append("cadc")
        flow.arrays.update(
            {
                "cadc.v_ramp_offset": np.full(4, 65),
                "cadc.i_ramp_slope": np.full(4, 350),
                "cadc.channel_offset": np.zeros(CADC_CHANNELS, dtype=np.int64),
                "cadc.success": np.ones(CADC_CHANNELS, dtype=bool),
            }
        )
        codes = flow.connection.spread(500)
        self.codes.append(int(codes.sum()))
        flow.configure({V_LEAK: codes})

    def _leak(self, flow: Any) -> None:
        if self.interruptions:
            self.interruptions -= 1
            raise ConnectionError("the cable was pulled")
        self.done.append("leak")
        flow.success["leak"] = np.arange(512) >= self.failing

    def _last(self, flow: Any) -> None:
        self.done.append("last")
        self.codes.append(int(flow.connection.columns(V_LEAK)[V_LEAK].sum()))


@pytest.fixture(name="steps")
def _steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    steps = Steps()
    monkeypatch.setattr(spiking, "steps_of", steps)
    return steps


@pytest.fixture(name="connection")
def _connection() -> Iterator[Connection]:
    with ZeroMockConnection() as connection:
        yield connection


def test_an_interrupted_calibration_continues_behind_its_last_finished_step(
    steps: Steps, connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache(tmp_path / "calib")
    steps.interruptions = 1
    with pytest.raises(ConnectionError):
        spiking.calibrate(connection, cache=cache)
    assert "stopped in step leak, 2 of 3; the steps before are kept" in caplog.text
    result = spiking.calibrate(connection, cache=cache)
    assert steps.done == ["cadc", "leak", "last"]
    assert steps.codes[1] == steps.codes[0], "the chip is as the first step left it"
    assert result.usable.all()
    assert len(list((tmp_path / "calib").iterdir())) == 1, "the unfinished state is removed"


def test_a_calibration_is_taken_from_the_cache_unless_it_shall_be_measured_anew(
    steps: Steps, connection: Connection, tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "calib")
    first = spiking.calibrate(connection, cache=cache)
    again = spiking.calibrate(connection, cache=cache)
    assert len(steps.done) == 3
    assert again.content_hash() == first.content_hash()
    spiking.calibrate(connection, cache=cache, recalibrate=True)
    assert len(steps.done) == 6
    other = SpikingCalibTarget(neuron=NeuronCalibTarget(leak=90))
    spiking.calibrate(connection, other, cache=cache)
    assert len(steps.done) == 9


def test_without_a_cache_nothing_is_kept(steps: Steps, connection: Connection, tmp_path: Path) -> None:
    for _ in range(2):
        spiking.calibrate(connection, cache=Cache.off())
    assert len(steps.done) == 6
    assert not any(tmp_path.iterdir())


def test_the_same_chip_and_target_give_the_same_content(steps: Steps) -> None:
    hashes = set()
    for _ in range(2):
        with ZeroMockConnection() as connection:
            hashes.add(spiking.calibrate(connection, cache=Cache.off()).content_hash())
    assert len(hashes) == 1
    with ZeroMockConnection() as connection:
        hashes.add(spiking.calibrate(connection, None, SpikingCalibOptions(seed=1), cache=Cache.off()).content_hash())
    assert len(hashes) == 2


def test_more_than_a_quarter_of_failures_is_an_error_fewer_are_not(steps: Steps, connection: Connection) -> None:
    steps.failing = 128
    assert not spiking.calibrate(connection, cache=Cache.off()).usable[:128].any()
    steps.failing = 129
    with pytest.raises(CalibNotSuccessful, match="25% of the circuits failed.*'leak': 129"):
        spiking.calibrate(connection, cache=Cache.off())


def test_progress_names_every_step(steps: Steps, connection: Connection) -> None:
    told: list[tuple[str, int, int]] = []
    spiking.calibrate(connection, cache=Cache.off(), on_step=lambda *step: told.append(step))
    assert told == [("cadc", 0, 3), ("leak", 1, 3), ("last", 2, 3)]


def test_a_file_without_a_place_is_refused_before_anything_is_measured(steps: Steps, tmp_path: Path) -> None:
    for place in (tmp_path / "missing" / "chip.calib", tmp_path):
        done = CliRunner().invoke(app, ["run", "--endpoint", "zeromock://", "-o", str(place), "--no-cache"])
        assert isinstance(done.exception, CalibDataError) or done.exit_code == 2, done.output
    assert steps.done == []


def test_sensors_are_calibrated_behind_everything_else_if_asked_for() -> None:
    def names(target: SpikingCalibTarget) -> list[str]:
        with ZeroMockConnection() as connection:
            flow = Flow(StatefulConnection(connection), target, SpikingCalibOptions())
            return [name for name, _ in steps_of(flow)]

    plain = names(SpikingCalibTarget())
    assert "correlation" not in plain
    assert names(SpikingCalibTarget(correlation=CorrelationCalibTarget())) == [*plain, "correlation"]


def test_the_command_line_writes_and_shows_a_calibration(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HXTWIN_CACHE_DIR", "")
    file = tmp_path / "chip.calib"
    arguments = ["run", "--endpoint", "zeromock://", "-o", str(file), "--tau-mem", "12", "--leak", "90"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(app, ["show", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "usable circuits" in shown.output
    assert "512" in shown.output
    assert ", zeromock;" in shown.output

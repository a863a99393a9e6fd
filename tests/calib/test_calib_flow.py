"""The flow of a calibration: steps, interruption, cache, too many failures. The chip answers zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest
from typer.testing import CliRunner

import hxtwin
from hxtwin.calib import archive, spiking
from hxtwin.calib.cache import Cache
from hxtwin.calib.command import app
from hxtwin.calib.constants import CADC_CHANNELS
from hxtwin.calib.correlation_target import CorrelationCalibTarget
from hxtwin.calib.errors import CalibDataError, CalibNotSuccessful
from hxtwin.calib.spiking_steps import Flow, steps_of
from hxtwin.calib.stateful_connection import StatefulConnection
from hxtwin.calib.target import NeuronCalibTarget, SpikingCalibOptions, SpikingCalibTarget
from hxtwin.comm import ZeroMockConnection
from hxtwin.runtime import ConnectionClosedError

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


def test_a_connection_that_is_lost_midway_is_reported_and_nothing_is_half_written(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HXTWIN_CACHE_DIR", str(tmp_path / "cache"))
    opened = []

    def connect(endpoint: str | None) -> Connection:
        opened.append(ZeroMockConnection())
        return opened[-1]

    def cut(flow: Any) -> None:
        opened[0].close()
        flow.configure({V_LEAK: np.full(512, 600)})

    monkeypatch.setattr(hxtwin, "connect", connect)
    file = tmp_path / "chip.calib"
    with monkeypatch.context() as patch:
        patch.setattr(steps, "_leak", cut)
        done = CliRunner().invoke(app, ["run", "-o", str(file)])
    assert isinstance(done.exception, ConnectionClosedError)
    assert "is closed" in str(done.exception)
    kept = [path.name for path in (tmp_path / "cache" / "calib").iterdir()]
    assert len(kept) == 1, "only the finished steps"
    assert kept[0].endswith(".steps.calib")
    assert not file.exists()
    done = CliRunner().invoke(app, ["run", "-o", str(file)])
    assert done.exit_code == 0, done.output
    assert steps.done == ["cadc", "leak", "last"], "the first step is not measured again"
    assert file.exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": ["cadc", "other"]}, "other steps"),
        ({"done": 4}, "other steps"),
        ({"chip": b"no chip"}, ""),
        ({"random": {}}, ""),
        ({"arrays": 3}, ""),
    ],
)
def test_steps_that_cannot_be_continued_are_reported_and_done_anew(
    steps: Steps,
    connection: Connection,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    wrong: dict[str, Any],
    message: str,
) -> None:
    cache = Cache(tmp_path / "calib")
    steps.interruptions = 1
    with pytest.raises(ConnectionError):
        spiking.calibrate(connection, cache=cache)
    (file,) = (tmp_path / "calib").iterdir()
    content = {**archive.unpack(file.read_bytes()).content, **wrong}
    file.write_bytes(archive.pack("spiking-step", content, {}))
    caplog.clear()
    assert spiking.calibrate(connection, cache=cache).usable.all()
    assert steps.done == ["cadc", "cadc", "leak", "last"]
    assert "unfinished calibration in the cache is not used, all steps are done anew" in caplog.text
    assert message in caplog.text


def test_a_damaged_file_of_steps_is_reported_and_the_steps_are_done_anew(
    steps: Steps, connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache(tmp_path / "calib")
    steps.interruptions = 1
    with pytest.raises(ConnectionError):
        spiking.calibrate(connection, cache=cache)
    (file,) = (tmp_path / "calib").iterdir()
    file.write_bytes(file.read_bytes()[:-7])
    assert spiking.calibrate(connection, cache=cache).usable.all()
    assert steps.done == ["cadc", "cadc", "leak", "last"]
    assert f"{file.name} is not used" in caplog.text


@pytest.mark.parametrize(
    ("change", "message"),
    [({"identity": 0x77}, "belongs to chip 0x77, the connected chip is 0x0"), ({"version": "0.0.9"}, "version 0.0.9")],
)
def test_a_file_of_another_chip_or_version_in_the_cache_is_reported_and_replaced(
    steps: Steps,
    connection: Connection,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    change: dict[str, Any],
    message: str,
) -> None:
    cache = Cache(tmp_path / "calib")
    first = spiking.calibrate(connection, cache=cache)
    (file,) = (tmp_path / "calib").iterdir()
    file.write_bytes(attrs.evolve(first, **change).to_bytes())
    again = spiking.calibrate(connection, cache=cache)
    assert len(steps.done) == 6
    assert "is not used, the chip is calibrated anew" in caplog.text
    assert message in caplog.text
    assert again.content_hash() == first.content_hash()
    spiking.calibrate(connection, cache=cache)
    assert len(steps.done) == 6, "the file is replaced"


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


def test_too_many_failures_are_an_error_of_a_kept_calibration_as_well(
    steps: Steps, connection: Connection, tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "calib")
    steps.failing = 129
    for _ in range(2):
        with pytest.raises(CalibNotSuccessful, match="25% of the circuits failed"):
            spiking.calibrate(connection, cache=cache)
    assert len(steps.done) == 3, "it is not measured again"
    steps.failing = 0
    assert spiking.calibrate(connection, cache=cache, recalibrate=True).usable.all()


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

"""Command line for correlation sensors: what is asked for, how it goes on, what is shown. The chip answers zeros."""

from __future__ import annotations

import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from hxtwin.calib import report, spiking, verification
from hxtwin.calib.archive import read_file
from hxtwin.calib.command import _StepBars, app
from hxtwin.calib.constants import CADC_CHANNELS
from hxtwin.calib.errors import CalibDataError, CalibNotSupported
from hxtwin.calib.routines.correlation_synapses import measured_synapses
from hxtwin.calib.spiking_result import SpikingCalibrationResult
from hxtwin.calib.verification import Criterion, Verification

if TYPE_CHECKING:
    from pathlib import Path

V_LEAK = "neuron_block.atomic_neurons.leak.v_leak"


class SensorSteps:
    """Two steps in place of the real ones: the column ADC, and sensors whose measured synapses get bits 2 and 3."""

    def __call__(self, flow: Any) -> list[tuple[str, Any]]:
        steps = [("cadc", self._cadc)]
        if flow.target.correlation is not None:
            steps.append(("correlation", self._correlation))
        return steps

    def _cadc(self, flow: Any) -> None:
        flow.arrays |= {
            "cadc.v_ramp_offset": np.full(4, 65),
            "cadc.i_ramp_slope": np.full(4, 350),
            "cadc.channel_offset": np.zeros(CADC_CHANNELS, dtype=np.int64),
            "cadc.success": np.ones(CADC_CHANNELS, dtype=bool),
        }

    def _correlation(self, flow: Any) -> None:
        options = flow.options.correlation
        chosen = measured_synapses(options)
        assert flow.on_part is not None
        flow.on_part(1, 16)
        arrays = {
            "i_bias_ramp": np.full(4, 80),
            "i_bias_store": np.full(4, 70),
            "amplitude": np.full(4, flow.target.correlation.amplitude),
            "time_constant": np.full(4, flow.target.correlation.time_constant),
            "success": np.ones(4, dtype=bool),
            "amp_calib": np.where(chosen, 2, options.amp_calib).astype(np.uint8),
            "time_calib": np.where(chosen, 3, options.time_calib).astype(np.uint8),
            "synapse_score": np.array([[0.25] * 4, [0.125] * 4]),
        }
        flow.arrays |= {f"correlation.{name}": array for name, array in arrays.items()}


@pytest.fixture(name="steps", autouse=True)
def _steps(monkeypatch: pytest.MonkeyPatch) -> SensorSteps:
    steps = SensorSteps()
    monkeypatch.setattr(spiking, "steps_of", steps)
    monkeypatch.setenv("HXTWIN_CACHE_DIR", "")
    return steps


def invoke(file: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["run", "--endpoint", "zeromock://", "-o", str(file), *arguments])


def load(file: Path) -> SpikingCalibrationResult:
    return SpikingCalibrationResult.from_bytes(read_file(file))


def test_sensors_are_not_calibrated_unless_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "chip.calib"
    assert invoke(file).exit_code == 0
    assert load(file).correlation is None


def test_targets_of_the_sensors_reach_the_file(tmp_path: Path) -> None:
    file = tmp_path / "chip.calib"
    done = invoke(file, "--correlation", "--correlation-amplitude", "1.5", "--correlation-tau", "20")
    assert done.exit_code == 0, done.output
    result = load(file)
    assert result.target.correlation is not None
    assert result.target.correlation.amplitude == 1.5
    assert result.target.correlation.time_constant == pytest.approx(20e-6)
    assert not result.options.correlation.calibrate_synapses
    assert "correlation bits of single synapses" not in done.output


@pytest.mark.parametrize(
    ("arguments", "synapses"),
    [([], 512), (["--synapse-rows", "2"], 128), (["--synapse-rows", "2", "--synapse-groups", "8"], 1024)],
)
def test_bits_of_a_part_of_the_synapses_are_stored_and_shown(
    tmp_path: Path, arguments: list[str], synapses: int
) -> None:
    file = tmp_path / "chip.calib"
    done = invoke(file, "--synapse-bits", *arguments)
    assert done.exit_code == 0, done.output
    sensors = load(file).correlation
    assert sensors is not None
    assert int((sensors.amp_calib == 2).sum()) == int((sensors.time_calib == 3).sum()) == synapses
    assert int((sensors.amp_calib == 1).sum()) == 512 * 256 - synapses, "the others keep bits in the middle"
    shown = CliRunner().invoke(app, ["show", str(file)], env={"COLUMNS": "120"})
    assert shown.exit_code == 0, shown.output
    for output in (done.output, shown.output):
        assert "correlation bits of single synapses" in output
        assert f"0/0/{synapses // 4}/0" in output
        assert f"0/0/0/{synapses // 4}" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--synapse-rows", "4"], "--synapse-bits"),
        (["--correlation", "--synapse-groups", "4"], "--synapse-bits"),
        (["--correlation-tau", "20"], "--correlation"),
    ],
)
def test_settings_of_what_is_not_asked_for_are_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = invoke(tmp_path / "chip.calib", *arguments)
    assert done.exit_code == 2
    assert message in done.output
    assert not any(tmp_path.iterdir())


def test_rows_that_the_chip_does_not_have_are_refused(tmp_path: Path) -> None:
    done = invoke(tmp_path / "chip.calib", "--synapse-bits", "--synapse-rows", "257")
    assert isinstance(done.exception, CalibNotSupported)
    assert "an integer 1..256 is wanted" in str(done.exception)
    assert not any(tmp_path.iterdir())


def test_files_that_are_no_calibration_are_refused_by_name_of_the_trouble(tmp_path: Path) -> None:
    file = tmp_path / "chip.calib"
    assert invoke(file).exit_code == 0
    good = file.read_bytes()
    for data, message in (
        (good[:-9], "bytes are missing or changed"),
        (good[:3000] + bytes([good[3000] ^ 1]) + good[3001:], "does not match its hash"),
        (b"\x81\xa1a\x01", "no calibration of hxtwin"),
    ):
        file.write_bytes(data)
        for command in ("show", "verify"):
            done = CliRunner().invoke(app, [command, str(file)])
            assert isinstance(done.exception, CalibDataError)
            assert message in str(done.exception)
    done = CliRunner().invoke(app, ["show", str(tmp_path / "missing.calib")])
    assert isinstance(done.exception, CalibDataError)
    assert "missing.calib: cannot be read" in str(done.exception)


@pytest.mark.parametrize(("value", "exit_code", "verdict"), [(0.1, 0, "met"), (0.5, 1, "missed")])
def test_verify_prints_what_is_achieved_beside_what_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float, exit_code: int, verdict: str
) -> None:
    def measure(connection: Any, result: Any, on_step: Any) -> Verification:
        on_step("leak", 0, 1)
        leak, target = np.full(512, 80.25), np.full(512, 80.0)
        criterion = Criterion("leak: ratio of spreads", value, "< 0.3", passed=value < 0.3)
        return Verification({"leak": leak}, {"leak": leak}, {"leak": target}, (criterion,))

    monkeypatch.setattr(verification, "verify", measure)
    file = tmp_path / "chip.calib"
    assert invoke(file).exit_code == 0
    done = CliRunner().invoke(app, ["verify", str(file), "--endpoint", "zeromock://"])
    assert done.exit_code == exit_code
    for text in ("leak [CADC]", "80.00", "80.25", "leak: ratio of spreads", verdict):
        assert text in done.output


def test_histograms_show_settings_measured_values_and_bits(tmp_path: Path) -> None:
    file = tmp_path / "chip.calib"
    assert invoke(file, "--synapse-bits").exit_code == 0
    result = load(file)
    leak = np.where(np.arange(512) < 12, np.nan, 80.0)
    codes = {**result.settings, V_LEAK: np.arange(512)}
    shown = report.histograms(attrs.evolve(result, measured={"leak": leak}, settings=codes))
    assert {name: len(values) for name, values in shown.items()} == {
        "leak.v_leak": 512,
        "measured leak [CADC]": 500,
        "amplitude bits of synapses": 512,
        "time constant bits of synapses": 512,
    }


def test_histograms_need_the_plot_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "chip.calib"
    assert invoke(file).exit_code == 0
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    done = CliRunner().invoke(app, ["show", str(file), "--plot", str(tmp_path / "chip.png")])
    assert isinstance(done.exception, CalibNotSupported)
    assert "pip install 'hxtwin[plot]'" in str(done.exception)
    assert not (tmp_path / "chip.png").exists()


def test_every_step_has_a_bar_and_long_ones_count() -> None:
    text = StringIO()
    with _StepBars(Console(file=text, force_terminal=True, width=100)) as bars:
        bars.begin("cadc", 0, 2)
        bars.begin("correlation", 1, 2)
        bars.part(16, 16)
    lines = text.getvalue()
    assert " 1/2 cadc" in lines
    assert " 2/2 correlation" in lines
    assert "16/16" in lines


def test_bars_stay_unfinished_where_a_step_was_interrupted() -> None:
    text = StringIO()
    bars = _StepBars(Console(file=text, force_terminal=True, width=100))
    bars.__enter__()
    bars.begin("correlation", 0, 1)
    bars.part(3, 16)
    bars.__exit__(ConnectionError, ConnectionError(), None)
    assert " 3/16" in text.getvalue()
    assert "16/16" not in text.getvalue()


def test_nothing_moves_where_nobody_looks() -> None:
    text = StringIO()
    with _StepBars(Console(file=text)) as bars:
        bars.begin("cadc", 0, 1)
    assert not text.getvalue().strip()

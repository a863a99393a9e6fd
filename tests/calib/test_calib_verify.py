"""A small calibration of a twin with mismatch, verified; and the counter-tests: other codes miss the criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

import hxtwin
from hxtwin.calib import report, spiking
from hxtwin.calib.archive import write_file
from hxtwin.calib.cache import Cache
from hxtwin.calib.command import app
from hxtwin.calib.errors import CalibDataError
from hxtwin.calib.measurement_chip import NEURON
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.calib.operating_points import operating_point
from hxtwin.calib.routines.potentials import LeakPotential, ResetPotential
from hxtwin.calib.search import NoisyBinarySearch
from hxtwin.calib.spiking_steps import steps_of
from hxtwin.calib.target import SpikingCalibTarget
from hxtwin.calib.verification import Verification, least_usable, verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hxtwin.calib.spiking_result import SpikingCalibrationResult
    from hxtwin.comm import Connection

QUANTITIES = ("leak", "reset")
RATIOS = ["leak: ratio of spreads", "reset: ratio of spreads"]

pytestmark = pytest.mark.slow


@pytest.fixture(name="twin", scope="module")
def _twin() -> Iterator[Connection]:
    with hxtwin.connect("sim://?chip=7") as connection:
        yield connection


@pytest.fixture(name="result", scope="module")
def _result(twin: Connection) -> SpikingCalibrationResult:
    """Column ADC and potentials of chip 7."""

    def potentials(flow: Any) -> None:
        target = flow.target.neuron
        flow.note("reset", ResetPotential(target.reset), NoisyBinarySearch())
        flow.note("leak", LeakPotential(target.leak), NoisyBinarySearch())

    with pytest.MonkeyPatch.context() as patch:
        first = steps_of
        patch.setattr(spiking, "steps_of", lambda flow: [*first(flow)[:2], ("potentials", potentials)])
        return spiking.calibrate(twin, cache=Cache.off())


@pytest.fixture(name="found", scope="module")
def _found(twin: Connection, result: SpikingCalibrationResult) -> Verification:
    return verify(twin, result, quantities=QUANTITIES)


def test_the_calibrated_chip_meets_the_criteria(found: Verification, result: SpikingCalibrationResult) -> None:
    assert result.usable.mean() >= 0.98
    assert found.passed, found.missed
    assert abs(np.median(found.achieved["leak"]) - 80) < 1.5
    assert abs(np.median(found.achieved["reset"]) - 70) < 2


def test_codes_of_other_neurons_miss_the_criteria(twin: Connection, result: SpikingCalibrationResult) -> None:
    moved = {
        path: np.roll(codes, 1, axis=0) if path.startswith(NEURON) else codes for path, codes in result.settings.items()
    }
    assert verify(twin, attrs.evolve(result, settings=moved), quantities=QUANTITIES).missed == RATIOS


def test_codes_of_a_chip_without_mismatch_miss_the_criteria(twin: Connection) -> None:
    missed = verify(twin, nominal_calibration(), quantities=QUANTITIES).missed
    assert set(RATIOS) < set(missed)
    assert "CADC: spread of the channels [LSB]" in missed


def test_the_default_target_asks_for_more_usable_circuits_than_others() -> None:
    assert least_usable(SpikingCalibTarget()) == 0.98
    assert least_usable(operating_point("mnist-hidden")) == 0.9


def test_the_calibration_of_another_chip_is_refused(twin: Connection, result: SpikingCalibrationResult) -> None:
    with pytest.raises(CalibDataError, match=r"belongs to chip 0x1, the connected chip is 0x"):
        verify(twin, attrs.evolve(result, identity=1), quantities=QUANTITIES)


def test_tables_say_what_is_achieved(found: Verification, result: SpikingCalibrationResult) -> None:
    console = Console(width=120, record=True)
    for table in report.verification_tables(found, result.usable):
        console.print(table)
    text = console.export_text()
    assert "leak [CADC]" in text
    assert "target" in text
    assert "80.00" in text
    assert "missed" not in text


def test_histograms_are_a_picture(result: SpikingCalibrationResult, tmp_path: Path) -> None:
    file, picture = tmp_path / "chip.calib", tmp_path / "chip.png"
    write_file(file, result.to_bytes())
    shown = CliRunner().invoke(app, ["show", str(file), "--plot", str(picture)])
    assert shown.exit_code == 0, shown.output
    assert picture.read_bytes().startswith(b"\x89PNG")

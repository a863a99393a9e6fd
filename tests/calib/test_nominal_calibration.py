"""Codes of a chip without mismatch: those of the worked example of the analog model."""

from __future__ import annotations

import numpy as np
import pytest

from hxtwin.calib import CADCCalibTarget, CalibNotSupported, NeuronCalibTarget, SpikingCalibTarget
from hxtwin.calib.measurement_chip import NEURON
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.calib.spiking_result import SpikingCalibrationResult


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("leak.v_leak", 574),
        ("reset.v_reset", 433),
        ("threshold.v_threshold", 340),
        ("leak.i_bias", 168),
        ("excitatory_input.i_bias_tau", 92),
        ("inhibitory_input.i_bias_gm", 500),
        ("refractory_period.refractory_time", 32),
    ],
)
def test_default_target_gives_the_codes_of_the_worked_example(path: str, code: int) -> None:
    # reference: analog-model.md 12; 2 us are 31.25 periods of 64 ns
    assert np.unique(nominal_calibration().settings[NEURON + path]).tolist() == [code]


@pytest.mark.parametrize(
    ("tau_mem", "bias", "divided", "multiplied"),
    [(3.37e-6, 600, 0, 0), (6.01e-6, 297, 0, 0), (48.1e-6, 297, 1, 0), (0.751e-6, 297, 0, 1)],
)
def test_leak_is_divided_or_multiplied_where_its_bias_does_not_reach(
    tau_mem: float, bias: int, divided: int, multiplied: int
) -> None:
    # reference: analog-model.md 3.3, table of biases and time constants
    settings = nominal_calibration(SpikingCalibTarget(neuron=NeuronCalibTarget(tau_mem=tau_mem))).settings
    found = [int(settings[f"{NEURON}leak.{name}"][0]) for name in ("enable_division", "enable_multiplication")]
    assert found == [divided, multiplied]
    assert settings[f"{NEURON}leak.i_bias"][0] == pytest.approx(bias, abs=2)


def test_every_neuron_may_have_its_own_target() -> None:
    leak = np.linspace(60, 100, 512)
    codes = nominal_calibration(SpikingCalibTarget(neuron=NeuronCalibTarget(leak=leak))).settings[
        NEURON + "leak.v_leak"
    ]
    assert (np.diff(codes) >= 0).all()
    assert codes[-1] - codes[0] == pytest.approx(40 * 3 / 0.79, abs=1)  # 3 MADC LSB are one of the CADC


def test_result_survives_a_file() -> None:
    result = nominal_calibration(identity=7)
    again = SpikingCalibrationResult.from_bytes(result.to_bytes(), identity=7)
    assert again.content_hash() == result.content_hash()
    assert again.usable.all()


@pytest.mark.parametrize(
    "target",
    [
        SpikingCalibTarget(neuron=NeuronCalibTarget(tau_icc=1e-6)),
        SpikingCalibTarget(neuron=NeuronCalibTarget(e_coba_reversal=(200, 50))),
        SpikingCalibTarget(cadc=CADCCalibTarget(dynamic_range=(150, 500))),
        SpikingCalibTarget(neuron=NeuronCalibTarget(tau_syn=0.11e-6)),
    ],
)
def test_what_no_closed_law_gives_is_refused(target: SpikingCalibTarget) -> None:
    with pytest.raises(CalibNotSupported):
        nominal_calibration(target)

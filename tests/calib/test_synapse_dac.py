"""Synapse DAC bias by both converters: what is refused, and on a twin with mismatch one against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import hxtwin
from hxtwin.calib.errors import CalibNotSuccessful, CalibNotSupported, TooFewSamplesError
from hxtwin.calib.madc_recording import MADCRecorder
from hxtwin.calib.measurement_chip import configure_chip
from hxtwin.calib.routines.cadc import calibrate_cadc
from hxtwin.calib.routines.synapse_dac import DAC, DACBiasCalib, DACBiasCalibMADC
from hxtwin.calib.search import BinarySearch
from hxtwin.calib.stateful_connection import StatefulConnection, settle
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

EQUAL = np.full(4, 600)
MADC_LSB_V = 1.5e-3
SATURATION_V = 0.3


def test_lines_that_do_not_move_are_reported(nowhere: StatefulConnection) -> None:
    with pytest.raises(CalibNotSuccessful, match=r"no number of synapse rows .* 30\.\.40 CADC values, .* gave 0"):
        DACBiasCalib().run(nowhere, BinarySearch())


def test_missing_traces_are_reported(nowhere: StatefulConnection) -> None:
    with pytest.raises(TooFewSamplesError, match="sent 0 samples in 0 recordings"):
        DACBiasCalibMADC(stride=64).run(nowhere, BinarySearch())


@pytest.mark.parametrize("stride", [0, 3, 128, 2.0])
def test_neurons_are_left_out_by_powers_of_two(stride: int) -> None:
    with pytest.raises(CalibNotSupported, match="a power of 2 up to 64 is wanted"):
        MADCRecorder(stride=stride)


def test_events_follow_each_other_faster_than_lines_recover() -> None:
    smallest_tau_s = 0.5 * 0.15e-6 * 6 * 1022 / DACBiasCalibMADC.TAU_CODE  # analog-model.md 4.1, half of it
    assert (DACBiasCalibMADC.EVENTS - 1) * DACBiasCalibMADC.SPACING_S < 0.01 * smallest_tau_s
    assert DACBiasCalibMADC.BETWEEN_S > 5 * 2 * smallest_tau_s


@pytest.mark.slow
def test_quadrants_agree_by_the_membrane_adc_and_the_column_adc_confirms_it() -> None:
    with hxtwin.connect("sim://?chip=8") as connection:
        device = StatefulConnection(connection)
        calibrate_cadc(device)
        configure_chip(device)
        _write(device, EQUAL)
        before = device.chip
        calib = DACBiasCalibMADC(stride=16)
        calib.prelude(device)
        equal = calib.evaluate(device, EQUAL)
        codes = BinarySearch().run(device, calib)
        matched = calib.evaluate(device, codes)
        calib.postlude(device)
        for path in ("matrix.weights", "matrix.labels"):
            assert np.array_equal(device.chip.synapse_blocks[path], before.synapse_blocks[path]), "the chip is restored"
        source = "readout.source"
        assert np.array_equal(
            device.chip.neuron_block.atomic_neurons[source], before.neuron_block.atomic_neurons[source]
        )
        _write(device, EQUAL)
        other = DACBiasCalib()
        other.prelude(device)
        reads = [np.mean([other.evaluate(device, each) for _ in range(3)], axis=0) for each in (EQUAL, codes)]
        other.postlude(device)
    assert np.ptp(equal) > 0.1 * equal.mean(), "quadrants differ with one code"
    assert np.abs(matched / calib.wanted() - 1).max() < 0.02
    # charge is proportional to the code, and the line bends as 0.3 V tanh(x / 0.3 V)
    charge = np.arctanh(equal * MADC_LSB_V / SATURATION_V)
    assert codes == pytest.approx(600 * charge.min() / charge, rel=0.04)
    assert np.ptp(reads[1]) < 0.25 * np.ptp(reads[0])


def _write(device: StatefulConnection, codes: NDArray[np.int64]) -> None:
    builder = PlaybackProgramBuilder()
    device.configure(builder, {DAC: codes.reshape(2, 2)})
    settle(builder)
    device.run(builder)

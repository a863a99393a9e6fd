"""Routines on a twin with mismatch, and the counter-test: without calibration the criteria are missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import hxtwin
from hxtwin.calib import cadc_read
from hxtwin.calib.errors import CalibNotSupported
from hxtwin.calib.measurement_chip import configure_chip
from hxtwin.calib.routines.adc_characterisation import characterise_cadc, characterise_madc
from hxtwin.calib.routines.cadc import calibrate_cadc, measure_channels
from hxtwin.calib.routines.potentials import LeakPotential, ResetPotential, mean_rest, read_reset
from hxtwin.calib.routines.stp_offset import DRIVERS, STPOffsetCalib, block_of_driver
from hxtwin.calib.routines.synaptic_time_constant import SynTimeConstantRead
from hxtwin.calib.search import BinarySearch, NoisyBinarySearch, ProportionalSearch
from hxtwin.calib.stateful_connection import StatefulConnection, settle
from hxtwin.calib.target import CADCCalibOptions, CADCCalibTarget, STPCalibTarget
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NEURON = "neuron_block.atomic_neurons."
CHAIN = "cadc_readout_chains."

pytestmark = pytest.mark.slow


@pytest.fixture(name="chip", scope="module")
def _chip() -> Iterator[StatefulConnection]:
    """A chip with mismatch whose column ADC is calibrated."""
    with hxtwin.connect("sim://?chip=7") as connection:
        device = StatefulConnection(connection)
        result = calibrate_cadc(device)
        assert result.success.all()
        configure_chip(device)
        yield device


def write(device: StatefulConnection, changes: dict[str, NDArray[np.int64]]) -> None:
    builder = PlaybackProgramBuilder()
    device.configure(builder, changes)
    settle(builder)
    device.run(builder)


def test_the_chip_tells_who_it_is(chip: StatefulConnection) -> None:
    with hxtwin.connect("sim://?chip=8") as other:
        assert StatefulConnection(other).identity != chip.identity


def test_channels_agree_after_the_calibration_of_the_column_adc(chip: StatefulConnection) -> None:
    channels = measure_channels(chip, CADCCalibTarget())
    quadrants = channels.mean(axis=1)
    assert channels.std() < 3
    assert np.ptp(quadrants) < 5
    assert np.abs(quadrants - 127.5).max() < 40


def test_without_channel_offsets_the_channels_do_not_agree() -> None:
    with hxtwin.connect("sim://?chip=7") as connection:
        device = StatefulConnection(connection)
        result = calibrate_cadc(device, options=CADCCalibOptions(calibrate_offsets=False))
        assert not result.channel_offset.any()
        assert measure_channels(device, CADCCalibTarget()).std() > 3


def test_both_converters_read_voltages_of_the_board_along_a_line(chip: StatefulConnection) -> None:
    cadc, madc = characterise_cadc(chip, steps=5), characterise_madc(chip, steps=5)
    assert cadc.slope.shape == (1024,)
    assert np.abs(cadc.slope / 4.5e-3 - 1).max() < 0.05
    assert cadc.residual.max() < 2
    assert madc.residual[0] < 2
    assert abs(madc.slope[0] / 1.5e-3 - 1) < 0.25
    assert np.abs(cadc.volts(cadc.values)[2] - cadc.voltages[2]).max() < 0.01
    with pytest.raises(CalibNotSupported, match="start < stop"):
        characterise_madc(chip, 1.0, 0.5)
    with pytest.raises(CalibNotSupported, match="steps"):
        characterise_cadc(chip, steps=1)


def test_synaptic_time_constants_are_read_from_all_lines_at_once(chip: StatefulConnection) -> None:
    before = chip.chip
    calib = SynTimeConstantRead("excitatory", 10e-6)
    result = calib.run(chip, ProportionalSearch(measurements=2))
    assert result.success.all()
    assert calib.achieved is not None
    assert calib.trusted is not None
    assert calib.trusted.all()
    assert abs(np.median(calib.achieved) / 10e-6 - 1) < 0.03
    assert calib.achieved.std() < 0.1 * 10e-6
    assert np.array_equal(chip.chip.synapse_blocks["matrix.weights"], before.synapse_blocks["matrix.weights"])
    same = before.neuron_block.atomic_neurons["readout.source"]
    assert np.array_equal(chip.chip.neuron_block.atomic_neurons["readout.source"], same)


def test_neurons_rest_where_they_shall(chip: StatefulConnection) -> None:
    result = LeakPotential(80).run(chip, NoisyBinarySearch())
    assert result.success.all()
    calibrated = mean_rest(chip, 10, 200e-6)
    write(chip, {f"{NEURON}leak.v_leak": chip.spread(int(np.median(result.calibrated_parameters)))})
    uniform = mean_rest(chip, 10, 200e-6)
    assert abs(np.median(calibrated) - 80) < 1
    assert calibrated.std() < 0.3 * uniform.std()


def test_neurons_are_reset_to_where_they_shall(chip: StatefulConnection) -> None:
    target = np.where(np.arange(512) % 2, 70, 90)
    result = ResetPotential(target).run(chip, NoisyBinarySearch())
    assert result.success.all()
    assert np.std(read_reset(chip, PlaybackProgramBuilder()) - target) < 12  # resets are short again
    assert (chip.chip.neuron_block.backends["clock_scale_fast"] == 2).all(), "clocks are restored"


def test_the_fast_read_agrees_with_the_full_one(chip: StatefulConnection) -> None:
    builder = PlaybackProgramBuilder()
    full = cadc_read.read_chip(builder)
    fast = cadc_read.read_causal(builder)
    chip.run(builder)
    assert np.abs(cadc_read.causal_neurons(fast) - full.get().causal.reshape(512)).max() < 10


def test_synapse_drivers_are_equally_strong_with_their_offsets(chip: StatefulConnection) -> None:
    calib, block = STPOffsetCalib(STPCalibTarget()), block_of_driver()
    before = chip.chip
    calib.prelude(chip)
    spreads = []
    for codes in (np.full(DRIVERS, 7), BinarySearch().run(chip, calib)):
        amplitudes = calib.evaluate(chip, codes)
        spreads.append(np.array([amplitudes[block == b].std() for b in range(4)]))
    calib.postlude(chip)
    assert np.all(spreads[1] < 2)
    assert np.all(spreads[0] - spreads[1] > 1)
    assert np.array_equal(chip.chip.synapse_blocks["matrix.weights"], before.synapse_blocks["matrix.weights"])


def test_reinit_restores_a_chip_that_others_have_changed(chip: StatefulConnection) -> None:
    before = mean_rest(chip, 4, 0.0)
    codes = chip.columns(f"{NEURON}leak.v_leak")
    write(chip, {f"{NEURON}leak.v_leak": np.full(512, 900)})
    chip.chip = chip.chip.with_columns(codes)
    chip.run(chip.reinit())
    assert np.abs(mean_rest(chip, 4, 0.0) - before).mean() < 2

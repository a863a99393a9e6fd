"""Results as bytes and as chips, the cache, and what is refused."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import attrs
import msgpack
import numpy as np
import pytest

from hxtwin import __version__, runtime
from hxtwin.calib import archive
from hxtwin.calib.cache import ENVIRONMENT_VARIABLE, Cache, cache_name
from hxtwin.calib.correlation_target import Branches, CorrelationCalibOptions, CorrelationCalibTarget
from hxtwin.calib.errors import CalibDataError, CalibNotSupported, TargetShapeError
from hxtwin.calib.merged_circuits import masters, membranes
from hxtwin.calib.provenance import Origin
from hxtwin.calib.routines.cadc import CADCCalibResult
from hxtwin.calib.routines.correlation import CorrelationCalibResult
from hxtwin.calib.spiking_result import SpikingCalibrationResult, settings_of
from hxtwin.calib.target import NeuronCalibTarget, SpikingCalibOptions, SpikingCalibTarget
from hxtwin.calib.target_archive import same
from hxtwin.containers import Chip

if TYPE_CHECKING:
    from pathlib import Path

NEURON = "neuron_block.atomic_neurons."


@pytest.fixture(name="result", scope="module")
def _result() -> SpikingCalibrationResult:
    rng = np.random.default_rng(0)
    chip = Chip().with_columns(
        {
            f"{NEURON}leak.v_leak": rng.integers(500, 600, 512),
            f"{NEURON}leak.i_bias": rng.integers(100, 300, 512),
            f"{NEURON}excitatory_input.i_bias_gm": rng.integers(400, 600, 512),
            f"{NEURON}membrane_capacitance.capacitance": np.full(512, 63),
            f"{NEURON}threshold.enable": np.ones(512, dtype=bool),
        }
    )
    failed = np.ones(512, dtype=bool)
    failed[[3, 77]] = False
    return SpikingCalibrationResult(
        identity=0x1234,
        version="0.1.0",
        target=SpikingCalibTarget(neuron=NeuronCalibTarget(tau_mem=np.linspace(5e-6, 20e-6, 512))),
        options=SpikingCalibOptions(seed=3),
        cadc=CADCCalibResult(
            np.array([60, 61, 62, 63]), np.full(4, 350), rng.integers(-40, 40, 1024), np.ones(1024, dtype=bool)
        ),
        settings=settings_of(chip),
        success={"leak": failed, "threshold": np.zeros(512, dtype=bool)},
        measured={"leak": rng.normal(80, 1, 512)},
        parasitics=np.full(512, 3.7),
        origin=Origin(date="2024-01-01T00:00:00+00:00", host="here", endpoint="sim://?chip=7"),
    )


def test_a_result_survives_its_bytes(result: SpikingCalibrationResult) -> None:
    again = SpikingCalibrationResult.from_bytes(result.to_bytes(), identity=0x1234)
    assert again.content_hash() == result.content_hash()
    assert again.to_chip() == result.to_chip()
    assert same(again.target, result.target)
    assert again.origin == result.origin
    assert np.array_equal(again.usable, result.usable)


@pytest.fixture(name="with_sensors")
def _with_sensors(result: SpikingCalibrationResult) -> SpikingCalibrationResult:
    options = CorrelationCalibOptions(branches="causal", v_res_meas=0.95, amp_calib=1)
    return attrs.evolve(
        result,
        target=attrs.evolve(result.target, correlation=CorrelationCalibTarget(amplitude=1.5, time_constant=20e-6)),
        options=attrs.evolve(result.options, correlation=options),
        correlation=CorrelationCalibResult(
            i_bias_ramp=np.array([80, 81, 82, 83]),
            i_bias_store=np.array([70, 71, 72, 73]),
            amplitude=np.full(4, 1.5),
            time_constant=np.full(4, 20e-6),
            success=np.array([True, True, True, False]),
            amp_calib=np.full((512, 256), 1, dtype=np.uint8),
            time_calib=np.arange(512 * 256, dtype=np.uint8).reshape(512, 256) % 4,
            synapse_score=np.array([[0.4, 0.4, 0.4, np.nan], [0.1, 0.1, 0.1, np.nan]]),
            options=options,
        ),
    )


def test_correlation_sensors_survive_the_bytes_and_reach_the_chip(with_sensors: SpikingCalibrationResult) -> None:
    again = SpikingCalibrationResult.from_bytes(with_sensors.to_bytes())
    assert again.content_hash() == with_sensors.content_hash()
    assert again.correlation is not None
    assert again.correlation.options.branches is Branches.CAUSAL
    assert again.target.correlation == with_sensors.target.correlation
    columns = again.to_chip().columns()
    assert columns["cadc_readout_chains.correlation.i_bias_store"].tolist() == [[70, 71], [72, 73]]
    assert columns["cadc_readout_chains.correlation.i_bias_ramp"].tolist() == [[80, 81], [82, 83]]
    assert (columns["synapse_blocks.matrix.amp_calibs"] == 1).all()
    assert columns["synapse_blocks.matrix.time_calibs"][1, 255, 252:].tolist() == [0, 1, 2, 3]


def test_applying_correlation_sensors_sets_the_voltages_of_the_board(
    result: SpikingCalibrationResult, with_sensors: SpikingCalibrationResult
) -> None:
    lengths = []
    for each in (result, with_sensors):
        builder = runtime.PlaybackProgramBuilder()
        each.apply(builder)
        lengths.append(len(builder.done().messages))
    assert lengths[1] > lengths[0]


def test_damaged_codes_of_sensors_are_refused(with_sensors: SpikingCalibrationResult) -> None:
    assert with_sensors.correlation is not None
    wrong = attrs.evolve(with_sensors.correlation, i_bias_ramp=np.array([0, 0, 0, 1023]))
    data = attrs.evolve(with_sensors, correlation=wrong).to_bytes()
    with pytest.raises(CalibDataError, match=r"i_bias_ramp: codes outside 0\.\.1022"):
        SpikingCalibrationResult.from_bytes(data)


def test_damaged_bits_of_synapses_are_refused(with_sensors: SpikingCalibrationResult) -> None:
    assert with_sensors.correlation is not None
    wrong = attrs.evolve(with_sensors.correlation, amp_calib=np.full((512, 256), 4, dtype=np.uint8))
    data = attrs.evolve(with_sensors, correlation=wrong).to_bytes()
    with pytest.raises(CalibDataError, match=r"amp_calib: bits outside 0\.\.3"):
        SpikingCalibrationResult.from_bytes(data)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"v_res_meas": 2.0}, r"the board has 0\.\.1\.2 V"),
        ({"amp_calib": 4}, r"an integer 0\.\.3 is wanted"),
        ({"time_constant_priority": 1.1}, r"0\.\.1 is wanted"),
        ({"time_constant_priority": float("nan")}, r"0\.\.1 is wanted"),
        ({"synapse_rows": 257}, r"1\.\.256 is wanted"),
        ({"synapse_groups": 0}, r"1\.\.8 is wanted"),
    ],
)
def test_options_of_sensors_that_the_chip_does_not_have_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(CalibNotSupported, match=message):
        CorrelationCalibOptions(**wrong)


def test_targets_of_sensors_are_checked(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(CalibNotSupported, match="larger than 0"):
        CorrelationCalibTarget(amplitude=0)
    CorrelationCalibTarget(time_constant=50e-6)
    assert "outside the feasible range" in caplog.text


def test_only_counted_steps_make_a_circuit_unusable(result: SpikingCalibrationResult) -> None:
    assert np.flatnonzero(~result.usable).tolist() == [3, 77]


def test_date_and_host_are_outside_the_hashed_content(result: SpikingCalibrationResult) -> None:
    later = attrs.evolve(result, origin=Origin(date="2025-05-05T00:00:00+00:00", host="there", endpoint="udp://x:1"))
    assert later.content_hash() == result.content_hash()
    other = attrs.evolve(result, identity=0x1235)
    assert other.content_hash() != result.content_hash()


def test_a_calibration_of_another_chip_is_refused(result: SpikingCalibrationResult) -> None:
    with pytest.raises(CalibDataError, match="belongs to chip 0x1234, the connected chip is 0x99"):
        SpikingCalibrationResult.from_bytes(result.to_bytes(), identity=0x99)


def test_a_calibration_of_another_version_is_pointed_out(
    result: SpikingCalibrationResult, caplog: pytest.LogCaptureFixture
) -> None:
    SpikingCalibrationResult.from_bytes(attrs.evolve(result, version=__version__).to_bytes())
    assert not caplog.text
    SpikingCalibrationResult.from_bytes(attrs.evolve(result, version="0.0.9").to_bytes())
    assert f"made by version 0.0.9, this is {__version__}" in caplog.text


def test_damaged_bytes_are_refused(result: SpikingCalibrationResult) -> None:
    data = result.to_bytes()
    for broken in (b"", b"\x93abc", data[:-5], data + b"x", data[:2000] + b"\xff" + data[2001:]):
        with pytest.raises(CalibDataError):
            SpikingCalibrationResult.from_bytes(broken)
    envelope = msgpack.unpackb(data)
    with pytest.raises(CalibDataError, match="version 2, this package reads 1"):
        SpikingCalibrationResult.from_bytes(msgpack.packb({**envelope, "version": 2}))
    with pytest.raises(CalibDataError, match="does not match its hash"):
        SpikingCalibrationResult.from_bytes(msgpack.packb({**envelope, "hash": "0" * 64}))
    with pytest.raises(CalibDataError, match="'hagen' given, 'spiking' is wanted"):
        SpikingCalibrationResult.from_bytes(msgpack.packb({**envelope, "kind": "hagen"}))


def test_codes_out_of_range_are_refused(result: SpikingCalibrationResult) -> None:
    content = result.content()
    path = f"{NEURON}leak.v_leak"
    for code in (-1, 1023):
        settings = {**content["settings"], path: np.full(512, code)}
        data = archive.pack("spiking", {**content, "settings": settings}, result.origin.to_plain())
        with pytest.raises(CalibDataError, match=r"allowed: 0..1022"):
            SpikingCalibrationResult.from_bytes(data)
    short = {**content["settings"], path: np.zeros(511, dtype=np.int64)}
    with pytest.raises(CalibDataError, match=r"shape \(512,\)"):
        SpikingCalibrationResult.from_bytes(
            archive.pack("spiking", {**content, "settings": short}, result.origin.to_plain())
        )


def test_to_chip_keeps_what_is_no_matter_of_calibration(result: SpikingCalibrationResult) -> None:
    weights = np.random.default_rng(1).integers(0, 64, (2, 256, 256))
    start = Chip().with_columns(
        {"synapse_blocks.matrix.weights": weights, f"{NEURON}event_routing.address": np.arange(512) % 256}
    )
    chip = result.to_chip(start)
    assert np.array_equal(chip.synapse_blocks["matrix.weights"], weights)
    assert np.array_equal(chip.neuron_block.atomic_neurons["event_routing.address"], np.arange(512) % 256)
    assert np.array_equal(chip.neuron_block.atomic_neurons["leak.v_leak"], result.settings[f"{NEURON}leak.v_leak"])
    assert np.array_equal(chip.cadc_readout_chains["channels_causal.offset"][1], result.cadc.channel_offset[512:768])
    assert not start.neuron_block.atomic_neurons["leak.v_leak"].any(), "the chip given is not changed"


def test_apply_writes_what_to_chip_says(result: SpikingCalibrationResult) -> None:
    builder = runtime.PlaybackProgramBuilder()
    result.apply(builder)
    assert runtime.convert_to_chip(builder.done()) == result.to_chip()


def _merged_pair() -> Chip:
    """Circuits 10, 11 (right) and 266 (below 10) share a membrane; 11 fires."""
    right, vertical = np.zeros(512, dtype=bool), np.zeros(512, dtype=bool)
    right[10] = True
    vertical[[10, 266]] = True
    output = np.zeros(512, dtype=int)
    output[11] = 1
    return Chip().with_columns(
        {
            f"{NEURON}multicompartment.connect_right": right,
            f"{NEURON}multicompartment.connect_vertical": vertical,
            f"{NEURON}event_routing.analog_output": output,
            f"{NEURON}threshold.enable": np.arange(512) < 300,
        }
    )


def test_merged_circuits_are_read_from_the_chip() -> None:
    chip = _merged_pair()
    number = membranes(chip)
    assert number[10] == number[11] == number[266]
    assert len(np.unique(number)) == 510
    assert masters(chip)[[10, 11, 266, 12]].tolist() == [11, 11, 11, 12]


def test_somatic_lines_join_membranes_and_halves_stay_apart() -> None:
    soma, line, right = (np.zeros(512, dtype=bool) for _ in range(3))
    soma[[20, 23]], line[[20, 21, 22]], right[127] = True, True, True
    chip = Chip().with_columns(
        {
            f"{NEURON}multicompartment.connect_soma": soma,
            f"{NEURON}multicompartment.connect_soma_right": line,
            f"{NEURON}multicompartment.connect_right": right,
        }
    )
    number = membranes(chip)
    assert number[20] == number[23]
    assert number[20] != number[21]
    assert number[127] != number[128]
    assert masters(chip)[[20, 23]].tolist() == [20, 20]


def test_merged_circuits_take_leak_and_capacitance_from_their_master(result: SpikingCalibrationResult) -> None:
    neurons = result.to_chip(_merged_pair()).neuron_block.atomic_neurons
    assert neurons["leak.i_bias"][[10, 266]].tolist() == [0, 0]
    assert neurons["leak.i_bias"][11] == result.settings[f"{NEURON}leak.i_bias"][11]
    assert neurons["threshold.enable"][[10, 11, 266]].tolist() == [False, True, False]
    assert neurons["threshold.enable"][12:].tolist() == [*[True] * 254, False, *[True] * 33, *[False] * 212]
    # 63 less 3.7 codes of each of the two others
    assert neurons["membrane_capacitance.capacitance"][[10, 11, 266]].tolist() == [0, 56, 0]
    gm = f"{NEURON}excitatory_input.i_bias_gm"
    assert np.array_equal(neurons["excitatory_input.i_bias_gm"], result.settings[gm])


def test_neurons_that_shall_not_fire_do_not(result: SpikingCalibrationResult) -> None:
    assert result.to_chip().neuron_block.atomic_neurons["threshold.enable"].all()
    assert not result.to_chip(Chip()).neuron_block.atomic_neurons["threshold.enable"].any()


# --- targets ------------------------------------------------------------------------------------------------------


def test_targets_outside_their_feasible_range_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        NeuronCalibTarget(leak=170)
    assert "leak: target 170..170 CADC is outside the feasible range 50..160 CADC" in caplog.text


@pytest.mark.parametrize(
    ("field", "value"), [("leak", [1, 2]), ("tau_syn", np.zeros((3, 512))), ("tau_mem", "soon"), ("reset", np.nan)]
)
def test_targets_of_wrong_shape_are_refused(field: str, value: object) -> None:
    with pytest.raises(TargetShapeError, match=field):
        NeuronCalibTarget(**{field: value})  # type: ignore[arg-type]  # what is tested


def test_targets_that_no_fit_accepts_are_refused() -> None:
    with pytest.raises(CalibNotSupported, match="tau_mem"):
        NeuronCalibTarget(tau_mem=3e-3)
    with pytest.raises(CalibNotSupported, match="tau_syn"):
        NeuronCalibTarget(tau_syn=10.0)
    with pytest.raises(CalibNotSupported, match="e_coba_reference"):
        NeuronCalibTarget(e_coba_reference=[100, 100])


def test_targets_reach_neurons_and_inputs() -> None:
    target = NeuronCalibTarget(tau_syn=[3e-6, 7e-6], i_synin_gm=[350, 300], leak=np.arange(512) % 20 + 70)
    assert target.of_inputs("tau_syn").shape == (2, 512)
    assert target.of_inputs("tau_syn")[1, 5] == 7e-6
    assert target.of_neurons("leak")[21] == 71
    assert target.gm == (350, 300)
    assert not target.matches_inputs
    assert not target.gives_strengths
    own = NeuronCalibTarget(i_synin_gm=np.stack([np.full(512, 400), np.arange(512) + 100]))
    assert own.gives_strengths
    assert own.gm == (400, 355)
    assert NeuronCalibTarget().matches_inputs


# --- cache --------------------------------------------------------------------------------------------------------


def test_the_cache_is_named_by_what_was_asked_for() -> None:
    wanted = {"target": {"leak": np.float64(80.0).reshape(())}}
    name = cache_name("spiking", 7, wanted)
    assert cache_name("spiking", 7, wanted) == name
    assert cache_name("spiking", 8, wanted) != name
    assert cache_name("spiking", 7, {"target": {"leak": np.float64(81.0).reshape(())}}) != name


def test_the_environment_moves_and_switches_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "elsewhere"))
    assert Cache.default().folder == tmp_path / "elsewhere" / "calib"
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "")
    assert Cache.default().folder is None
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    folder = Cache.default().folder
    assert folder is not None
    assert folder.name == "calib"
    Cache.off().store("x", b"y")
    assert Cache.off().load("x", "spiking") is None


def test_a_damaged_file_in_the_cache_is_reported_and_counts_as_missing(
    tmp_path: Path, result: SpikingCalibrationResult, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache(tmp_path / "calib")
    cache.store("a", result.to_bytes())
    assert cache.load("a", "spiking") is not None
    assert cache.load("b", "spiking") is None
    (tmp_path / "calib" / "a.calib").write_bytes(result.to_bytes()[:1000])
    with caplog.at_level(logging.WARNING):
        assert cache.load("a", "spiking") is None
    assert "is not used" in caplog.text
    cache.forget("a")
    assert not any((tmp_path / "calib").iterdir())


def test_several_writers_leave_one_whole_file(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "calib")
    contents = [archive.pack("spiking", {"n": n, "pad": np.zeros(20000)}, {}) for n in range(4)]
    stop = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not stop.is_set():
            found = cache.load("one", "spiking")
            if found is not None:
                seen.append(found.content["n"])

    cache.store("one", contents[0])
    reader = threading.Thread(target=read)
    reader.start()

    def write(data: bytes) -> None:
        for _ in range(10):
            cache.store("one", data)

    writers = [threading.Thread(target=write, args=(data,)) for data in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()
    assert set(seen) <= {0, 1, 2, 3}
    assert seen
    assert [path.name for path in (tmp_path / "calib").iterdir()] == ["one.calib"]


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        Cache(blocked / "calib").store("x", b"y")
    assert "cannot be written" in caplog.text

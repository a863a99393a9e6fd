"""Settings of the analog core: words into registers, physical parameters out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from hxtwin import containers, coord
from hxtwin.chipsim.analog.constants import CYCLE_S
from hxtwin.chipsim.analog.discretisation import discretise
from hxtwin.chipsim.elaborate.cap_mem import NEURON_CELLS
from hxtwin.chipsim.elaborate.correlation import elaborate_correlation
from hxtwin.chipsim.elaborate.drivers import elaborate_drivers
from hxtwin.chipsim.elaborate.neurons import elaborate_neurons
from hxtwin.chipsim.elaborate.settings import Refreshed, Settings
from hxtwin.chipsim.personality import Personality

from .written_settings import Written

if TYPE_CHECKING:
    from numpy.typing import NDArray

MS = round(1e-3 / CYCLE_S)
CHIP = Personality.draw(7)
NOTHING = Refreshed()


def columns_of_quads() -> NDArray[np.int64]:
    """Column of each entry of each quad column, ``int64[64, 4]``, as the coordinates say."""
    quads = coord.SynapseQuadColumnOnDLS
    return np.array(
        [[int(coord.SynapseOnSynapseRow(coord.EntryOnQuad(e), quads(q))) for e in range(4)] for q in range(64)]
    )


# --- synapses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1])
def test_every_synapse_has_its_weight_and_label(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, labels = rng.integers(0, 64, (2, 512, 256))
    quads = np.arange(2 * 256 * 64)
    column = columns_of_quads()[quads % 64]
    row = (quads // 64)[:, None]
    written = Written(CHIP)
    written.all(containers.SynapseQuad, quads, weights=weights[row, column], labels=labels[row, column])
    assert written.settings.refresh(0).synapses
    expected = weights / 63 * CHIP.synapse
    np.testing.assert_allclose(written.settings.efficacy, expected, rtol=1e-6)
    np.testing.assert_array_equal(written.settings.labels, labels)


def test_a_synapse_is_found_by_its_coordinate() -> None:
    written = Written()
    quad = coord.SynapseQuadOnDLS(16384 + 64 * 201 + 37)
    written.one(containers.SynapseWeightQuad(values=np.array([1, 2, 4, 63])), quad.to_synapse_weight_quad_on_dls())
    written.one(containers.SynapseLabelQuad(values=np.array([9, 10, 11, 12])), quad.to_synapse_label_quad_on_dls())
    written.settings.refresh(0)
    row = 256 * int(quad.to_synram_on_dls()) + int(quad.to_synapse_row_on_synram())
    assert row == 457
    found = np.zeros((512, 256))
    found[row, [41, 43, 45, 47]] = np.array([1, 2, 4, 63]) / 63
    np.testing.assert_allclose(written.settings.efficacy, found, rtol=1e-6)
    assert written.settings.labels[row, [41, 43, 45, 47]].tolist() == [9, 10, 11, 12]


def test_rewriting_a_row_changes_that_row_in_place_and_nothing_else() -> None:
    written = Written()
    efficacy, labels = written.settings.efficacy, written.settings.labels
    efficacy[5] = 0.5  # a mark that only a refresh of the row would remove
    written.one(containers.SynapseWeightQuad(values=np.array([63, 0, 0, 0])), coord.SynapseWeightQuadOnDLS(64 * 300))
    refreshed = written.settings.refresh(0)
    assert refreshed == Refreshed(synapses=True)
    assert written.settings.efficacy is efficacy
    assert written.settings.labels is labels
    assert efficacy[300, 0] == 1.0
    assert (efficacy[5] == 0.5).all()
    assert efficacy.flags.c_contiguous
    assert labels.flags.c_contiguous


def test_a_row_listens_to_the_labels_of_its_synapses_that_have_a_weight() -> None:
    weights, labels = np.zeros((512, 256), dtype=np.int64), np.zeros((512, 256), dtype=np.int64)
    weights[300, [3, 200]], labels[300, [3, 200, 17]] = (1, 63), (0, 63, 5)
    quads = np.arange(2 * 256 * 64)
    column, row = columns_of_quads()[quads % 64], (quads // 64)[:, None]
    written = Written(CHIP)
    written.all(containers.SynapseQuad, quads, weights=weights[row, column], labels=labels[row, column])
    written.settings.refresh(0)
    assert written.settings.listening.tolist() == [0] * 300 + [1 << 63 | 1] + [0] * 211


def test_trims_of_the_sensors_reach_the_correlation_parameters() -> None:
    written = Written(CHIP)
    written.cells({"syn_i_bias_store": 70, "syn_i_bias_ramp": 80})
    trims = np.random.default_rng(3).integers(0, 4, (2, 512, 256))
    quads = np.arange(2 * 256 * 64)
    row, column = (quads // 64)[:, None], columns_of_quads()[quads % 64]
    written.all(
        containers.SynapseCorrelationCalibQuad,
        quads,
        time_calibs=trims[0][row, column],
        amp_calibs=trims[1][row, column],
    )
    refreshed = written.settings.refresh(0)
    assert refreshed.correlation
    expected = elaborate_correlation(trims[1], trims[0], written.settings.cells, 0.9, CHIP)
    np.testing.assert_array_equal(written.settings.correlation.amplitude, expected.amplitude)
    np.testing.assert_array_equal(written.settings.correlation.rate, expected.rate)


def test_measure_voltage_scales_the_amplitudes_of_the_sensors() -> None:
    written = Written()
    written.cells({"syn_i_bias_store": 70, "syn_i_bias_ramp": 80})
    written.settings.refresh(0)
    assert written.settings.correlation.amplitude[0, 7, 8] == pytest.approx(0.5)
    assert 1 / written.settings.correlation.rate[1, 7, 8] * CYCLE_S == pytest.approx(5e-6)
    written.settings.set_v_res_meas(0.95)
    assert written.settings.refresh(0).correlation
    assert written.settings.correlation.amplitude[0, 7, 8] == pytest.approx(0.5 * np.e)


# --- neuron circuits --------------------------------------------------------------------------------------------------


def test_every_circuit_has_its_capacitor_potential_and_refractory_time() -> None:
    rng = np.random.default_rng(1)
    sizes, codes, times = rng.integers(0, 64, 512), rng.integers(400, 900, 512), rng.integers(31, 256, 512)
    written = Written()
    for i in range(512):
        neuron = coord.AtomicNeuronOnDLS(i)
        place = neuron.to_neuron_config_on_dls()
        written.one(containers.NeuronConfig(membrane_capacitor_size=int(sizes[i])), place)
        backend = containers.NeuronBackendConfig(refractory_time=int(times[i]), reset_holdoff=15)
        written.one(backend, neuron.to_neuron_backend_config_on_dls())
        block, column = neuron.to_cap_mem_block_on_dls(), neuron.to_cap_mem_column_on_cap_mem_block()
        cell = coord.CapMemCellOnDLS(3120 * int(block) + int(column))  # row 0: v_leak
        written.one(containers.CapMemCell(value=int(codes[i])), cell)
    assert written.settings.refresh(0).neurons
    circuits = written.settings.neurons
    np.testing.assert_allclose(circuits.capacitance, 2.2e-12 * sizes / 63 + 0.13e-12)
    np.testing.assert_allclose(circuits.leak_potential, 1.5e-3 * (0.79 * codes - 150) - 35e-3)
    np.testing.assert_array_equal(circuits.refractory_cycles, 2 * times)
    np.testing.assert_array_equal(circuits.reset_cycles, 2 * (times - 1))


def test_parameters_are_those_of_the_written_columns() -> None:
    rng = np.random.default_rng(2)
    written = Written(CHIP)
    config = {name: rng.integers(0, 2, 512) for name in containers.NeuronConfig.default_columns(1)}
    config["membrane_capacitor_size"] = rng.integers(0, 64, 512)
    backend = {"refractory_time": rng.integers(0, 256, 512), "select_input_clock": rng.integers(0, 2, 512)}
    common = {"clock_scale_fast": np.array([2, 3]), "clock_scale_slow": np.array([8, 9])}
    written.all(containers.NeuronConfig, np.arange(512), **config)
    written.all(containers.NeuronBackendConfig, np.arange(512), **backend)
    written.all(containers.CommonNeuronBackendConfig, np.arange(2), **common)
    written.cells({name: rng.integers(0, 1023, 512) for name in NEURON_CELLS})
    written.cells({"neuron_i_bias_spike_comparator": 200, "neuron_i_bias_synin_drop": [300, 0, 300, 0]})
    written.settings.refresh(0)
    expected = elaborate_neurons(
        config,
        dict(containers.NeuronBackendConfig.default_columns(512)) | backend,
        dict(containers.CommonNeuronBackendConfig.default_columns(2)) | common,
        written.settings.cells,
        CHIP,
    )
    assert_equal_objects(written.settings.neurons, expected)
    assert (written.settings.neurons.gm[:, 128:256] == 0).all()


def test_synaptic_current_switches_connect_lines_to_circuits() -> None:
    written = Written()
    written.all(containers.NeuronConfig, np.arange(512))  # lines with their full capacitance
    written.cells({"syn_i_bias_dac": [600, 500, 400, 300]})
    place = coord.ColumnCurrentQuadOnDLS(64 + 37)
    written.one(
        containers.ColumnCurrentQuad(
            enable_synaptic_current_excitatory=np.array([True, False, False, False]),
            enable_synaptic_current_inhibitory=np.array([False, False, True, False]),
        ),
        place,
    )
    refreshed = written.settings.refresh(0)
    assert refreshed.neurons
    neuron_41, neuron_45 = 256 + 41, 256 + 45
    gain = np.zeros((2, 512))
    gain[0, neuron_41] = gain[1, neuron_45] = 7.5e-3 * 400 / 600
    np.testing.assert_allclose(written.settings.column_gain, gain)
    quad_column = coord.AtomicNeuronOnDLS(neuron_41).to_column_current_quad_on_dls()
    assert quad_column == place


def test_dac_bias_of_a_quadrant_scales_its_columns() -> None:
    written = Written(CHIP)
    written.all(containers.NeuronConfig, np.arange(512))
    written.all(
        containers.ColumnCurrentQuad,
        np.arange(128),
        enable_synaptic_current_excitatory=True,
        enable_synaptic_current_inhibitory=True,
    )
    written.cells({"syn_i_bias_dac": [600, 700, 800, 900]})
    assert written.settings.refresh(0).neurons
    factor = CHIP.cell_current[:, 8, 128] * CHIP.quadrant_current * CHIP.dac
    expected = (7.5e-3 * np.array([600, 700, 800, 900]) / 600 * factor).repeat(128)
    np.testing.assert_allclose(written.settings.column_gain, np.stack([expected, expected]))


def test_external_synapse_bias_carries_nothing() -> None:
    written = Written()
    written.all(containers.ColumnCurrentQuad, np.arange(128), enable_synaptic_current_excitatory=True)
    written.cells({"syn_i_bias_dac": 600})
    internal = [True, False, True, True]
    written.one(
        containers.SynapseBiasSelection(enable_internal_dac_bias=np.array(internal)), coord.SynapseBiasSelectionOnDLS()
    )
    written.settings.refresh(0)
    gain = written.settings.column_gain[0].reshape(4, 128)
    assert (gain > 0).all(axis=1).tolist() == internal
    assert (gain[1] == 0).all()


@pytest.mark.parametrize("half", [0, 1])
def test_forced_reset_pulls_a_half_to_its_reset_potential(half: int) -> None:
    written = Written(CHIP)
    written.cells({"v_leak": 600, "i_bias_leak": 200, "v_reset": 400, "i_bias_reset": 1012})
    written.all(containers.NeuronConfig, np.arange(512), enable_fire=True, enable_bypass_excitatory=True)
    written.settings.refresh(0)
    free = written.settings.neurons
    config = containers.CommonNeuronBackendConfig(force_reset=True)
    written.one(config, coord.CommonNeuronBackendConfigOnDLS(half))
    assert not written.settings.refresh(0).observed  # all go on from where the reset leaves them
    held = written.settings.neurons
    inside = np.arange(512) % 256 // 128 == half
    np.testing.assert_array_equal(held.leak_potential, np.where(inside, free.reset_potential, free.leak_potential))
    np.testing.assert_array_equal(held.leak, np.where(inside, free.reset, free.leak))
    np.testing.assert_array_equal(held.can_fire, ~inside)
    np.testing.assert_array_equal(held.bypass[0], ~inside)
    assert written.settings.observed.all()


def test_a_half_without_clock_does_not_fire() -> None:
    written = Written()
    written.all(containers.NeuronConfig, np.arange(512), enable_fire=True, enable_threshold_comparator=True)
    written.cells({"neuron_i_bias_spike_comparator": 200, "v_threshold": 300})
    written.one(containers.CommonNeuronBackendConfig(enable_clocks=False), coord.CommonNeuronBackendConfigOnDLS(1))
    written.settings.refresh(0)
    east = np.arange(512) % 256 >= 128
    np.testing.assert_array_equal(np.isinf(written.settings.neurons.threshold), east)
    np.testing.assert_array_equal(written.settings.neurons.can_fire, ~east)


@pytest.mark.parametrize(
    "switch", ["enable_fire", "enable_readout_amplifier", "enable_readout", "enable_unbuffered_access"]
)
def test_a_circuit_is_observed_if_it_may_fire_or_is_read_out(switch: str) -> None:
    written = Written()
    assert not written.settings.observed.any()
    neuron = coord.AtomicNeuronOnDLS(300)
    written.one(containers.NeuronConfig.from_columns({switch: np.array(True)}), neuron.to_neuron_config_on_dls())
    assert written.settings.refresh(0).observed
    assert np.flatnonzero(written.settings.observed).tolist() == [300]
    written.one(containers.NeuronConfig(enable_leak_division=True), coord.NeuronConfigOnDLS(5))
    refreshed = written.settings.refresh(0)
    assert refreshed.neurons
    assert not refreshed.observed


# --- drivers ----------------------------------------------------------------------------------------------------------


def test_every_driver_has_its_rows_and_its_bus() -> None:
    rng = np.random.default_rng(4)
    written = Written(CHIP)
    modes = rng.integers(0, 4, (2, 256))
    written.all(
        containers.SynapseDriverConfig,
        np.arange(256),
        row_mode_bottom=modes[0],
        row_mode_top=modes[1],
        enable_stp=True,
        offset=rng.integers(0, 16, 256),
    )
    extension = rng.integers(0, 16, (2, 4))
    written.all(containers.CommonPADIBusConfig, [0, 1], dacen_pulse_extension=extension)
    written.all(containers.CommonSTPConfig, [0, 1], enable_recovery_clock=True, recovery_clock_speed=[3, 5])
    written.cells({"stp_i_ramp": 600, "stp_i_calib": 600, "stp_i_bias_comparator": [1022, 0, 1022, 1022]})
    refreshed = written.settings.refresh(0)
    assert refreshed.drivers
    found = written.settings.drivers
    driver = coord.SynapseDriverOnDLS(128 + 77)
    bus = int(driver.to_padi_bus_on_padi_bus_block())
    assert found.extension[205] == 0.5 * extension[1, bus]
    np.testing.assert_array_equal(found.row_lines, modes)
    np.testing.assert_array_equal(found.plastic, (np.arange(256) % 2 == 0) | (np.arange(256) >= 128))
    expected = elaborate_drivers(
        containers.SynapseDriverConfig.decode_columns(written.registers.words_of(containers.SynapseDriverConfig)),
        {"enable_recovery_clock": np.array([True, True]), "recovery_clock_speed": np.array([3, 5])},
        extension,
        written.settings.cells,
        CHIP,
    )
    assert_equal_objects(found, expected)


# --- what a refresh recomputes ----------------------------------------------------------------------------------------


def test_a_refresh_without_writes_recomputes_nothing() -> None:
    written = Written()
    assert written.settings.refresh(5) == NOTHING


def test_words_that_nobody_reads_recompute_nothing() -> None:
    written = Written()
    written.one(containers.PPUMemoryWord(value=5), coord.PPUMemoryWordOnDLS(3))
    assert written.settings.refresh(0) == NOTHING


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("i_bias_leak", Refreshed(neurons=True)),
        ("neuron_i_bias_synin_drop", Refreshed(neurons=True, readout=True)),
        ("syn_i_bias_dac", Refreshed(neurons=True, readout=True)),
        ("stp_i_ramp", Refreshed(drivers=True, readout=True)),
        ("syn_i_bias_store", Refreshed(correlation=True, readout=True)),
        ("cadc_v_ramp_offset", Refreshed(readout=True)),
    ],
)
def test_a_cell_recomputes_what_reads_it(cell: str, expected: Refreshed) -> None:
    written = Written()
    written.cells({cell: 100})
    assert written.settings.refresh(0) == expected


def test_shared_cells_of_the_membrane_adc_concern_the_readout() -> None:
    written = Written()
    written.all(containers.CapMemCell, [130 * 13 + 129], value=500)  # readout_madc_in_500na
    assert written.settings.refresh(0) == Refreshed(readout=True)


def test_readout_registers_and_correlation_switches_are_reported() -> None:
    written = Written()
    written.one(containers.CADCChannelConfig(offset=5), coord.CADCChannelConfigOnDLS(700))
    assert written.settings.refresh(0) == Refreshed(readout=True)
    quad = containers.ColumnCorrelationQuad(enable_internal_causal=np.array([True] * 4))
    written.one(quad, coord.ColumnCorrelationQuadOnDLS(3))
    assert written.settings.refresh(0).readout


def test_a_chip_reset_recomputes_everything() -> None:
    written = Written(instant=False)
    written.all(containers.NeuronConfig, np.arange(512), enable_fire=True)
    written.cells({"v_leak": 600})
    written.settings.refresh(0)
    written.settings.refresh(50 * MS)
    written.registers.reset()
    written.settings.reset(50 * MS)
    refreshed = written.settings.refresh(50 * MS)
    assert refreshed == Refreshed(
        neurons=True, drivers=True, synapses=True, correlation=True, readout=True, observed=True
    )
    assert not written.settings.observed.any()
    assert (written.settings.cells.codes == 0).all()


def test_any_word_in_any_register_can_be_followed() -> None:
    rng = np.random.default_rng(9)
    written = Written(CHIP)
    registers = written.registers
    for container in (
        containers.CapMemBlockConfig,
        containers.CapMemCell,
        containers.NeuronConfig,
        containers.NeuronBackendConfig,
        containers.CommonNeuronBackendConfig,
        containers.SynapseDriverConfig,
        containers.CommonSTPConfig,
        containers.CommonPADIBusConfig,
        containers.SynapseBiasSelection,
    ):
        addresses = container.addresses_of(np.arange(len(registers.map.cells_of(container))))
        written.words(addresses, rng.integers(0, 1 << 32, addresses.shape, dtype=np.uint32))
    assert written.settings.refresh(0).neurons
    for name, column in containers.NeuronConfig.decode_columns(registers.words_of(containers.NeuronConfig)).items():
        np.testing.assert_array_equal(written.settings.config[name], column, err_msg=name)
        assert written.settings.config[name].dtype == column.dtype
    assert np.isfinite(written.settings.column_gain).all()


def test_parameters_can_be_discretised() -> None:
    written = Written(CHIP)
    coefficients = discretise(written.settings.neurons, written.settings.column_gain)
    assert coefficients.circuits.size == 512


BURSTS = strategies.lists(
    strategies.tuples(strategies.integers(0, 6), strategies.integers(0, 2**31), strategies.booleans()), max_size=8
)


@settings(derandomize=True, deadline=None, max_examples=10)
@given(bursts=BURSTS)
def test_refreshing_after_each_burst_equals_refreshing_once(bursts: list[tuple[int, int, bool]]) -> None:
    stepwise, at_once = Written(CHIP), Written(CHIP)
    for kind, seed, refreshes in bursts:
        for written in (stepwise, at_once):
            write_burst(written, kind, np.random.default_rng(seed))
        if refreshes:
            stepwise.settings.refresh(0)
    stepwise.settings.refresh(0)
    at_once.settings.refresh(0)
    fresh = Settings(at_once.registers, CHIP, instant_settling=True)
    for one in (stepwise.settings, at_once.settings):
        for name in (
            "neurons",
            "drivers",
            "wires",
            "correlation",
            "cells",
            "efficacy",
            "labels",
            "column_gain",
            "connected",
            "observed",
        ):
            assert_equal_objects(getattr(one, name), getattr(fresh, name))


def write_burst(written: Written, kind: int, rng: np.random.Generator) -> None:
    def random(container: type[containers.Container], n: int, size: int) -> None:
        places = rng.choice(size, n, replace=False)
        addresses = container.addresses_of(places)
        written.words(addresses, rng.integers(0, 1 << 32, addresses.shape, dtype=np.uint32))

    match kind:
        case 0:
            random(containers.SynapseQuad, 40, 32768)
        case 1:
            random(containers.NeuronConfig, 20, 512)
        case 2:
            random(containers.NeuronBackendConfig, 20, 512)
        case 3:
            random(containers.SynapseDriverConfig, 20, 256)
        case 4:
            index = rng.choice(12480, 60, replace=False)
            written.all(containers.CapMemCell, index, value=rng.integers(0, 1023, 60))
        case 5:
            random(containers.ColumnCurrentQuad, 5, 128)
        case _:
            for container in (
                containers.CommonNeuronBackendConfig,
                containers.CommonSTPConfig,
                containers.CommonPADIBusConfig,
            ):
                random(container, 1, 2)


def assert_equal_objects(found: object, expected: object) -> None:
    """Equal arrays, or equal arrays in all fields."""
    if isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(found, expected)
        return
    names = getattr(expected, "_fields", None) or [field.name for field in expected.__attrs_attrs__]  # type: ignore[attr-defined]  # attrs classes
    for name in names:
        one, other = getattr(found, name), getattr(expected, name)
        if isinstance(other, np.ndarray) or not hasattr(other, "__attrs_attrs__"):
            np.testing.assert_array_equal(one, other, err_msg=name)
        else:
            assert_equal_objects(one, other)

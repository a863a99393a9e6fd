"""Configuration of a chip for a routed network, on top of a given chip.

What concerns events is silenced first, then switched on as routed; analog settings of the base chip (usually a
calibrated one) stay, unless a population brings its own parameters:

=======================  ===============================================================================================
crossbar, PADI, drivers  routing; drivers of groups listen, all others are deaf; no short-term plasticity
synapses                 labels of the routing, weights of the network, 0 elsewhere
columns                  both synaptic current switches of every circuit in use
circuits in use          structural switches of their shape; fire output; address of the routing
circuits of a neuron     parameters of the population; without any: one circuit of each compartment (the one that sends
                         its spikes, else the first) has leak, reset, capacitance and threshold, the others add inputs
unused circuits          no connections, no events
recorded circuits        amplifier on, source selected, connected to the CADC or to a source of the membrane ADC
=======================  ===============================================================================================

Source: reference graph.md 4.2 (configuration visitor), frontend-torch.md A3 (merged circuits), containers-a.md 3, 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hxtwin.containers import AnalogOutput, Chip
from hxtwin.graph.configuration.observed_circuits import observed_circuits
from hxtwin.graph.configuration.recorded_columns import MADCSource, RecordedColumns
from hxtwin.graph.configuration.synapse_weights import WEIGHTS, weight_matrices
from hxtwin.graph.network import BackgroundSource, CADCRecording, MADCRecording, recorded_neurons
from hxtwin.graph.routing.geometry import CIRCUITS, COLUMNS, HEMISPHERES

if TYPE_CHECKING:
    from hxtwin.graph.network import Network, Population
    from hxtwin.graph.placement import PlacedPopulation, Placement
    from hxtwin.graph.routing import Routing

Columns = dict[str, npt.NDArray[Any]]

_NEURONS = "neuron_block.atomic_neurons."
_DRIVERS = "synapse_driver_blocks.synapse_drivers."
_SOURCES = "background_spike_sources."
_CHANNELS = "cadc_readout_chains.channels_causal."
_SWITCHES = ("connect_soma", "connect_soma_right", "connect_right", "connect_vertical", "enable_conductance")
_INPUTS = ("excitatory", "inhibitory")
# what the circuits of a compartment have only once
_ONCE = (
    "leak.i_bias",
    "reset.i_bias",
    "membrane_capacitance.capacitance",
    "threshold.enable",
    "constant_current.enable",
    "adaptation.enable",
    "exponential.enable",
)


def configure(
    base: Chip, network: Network, placement: Placement, routing: Routing, weights: npt.NDArray[np.uint8]
) -> Chip:
    """The chip for a routed network.

    Args:
        base: chip to start from; its analog settings are kept.
        network, placement, routing: what runs where.
        weights: ``uint8[synapses]`` of the routing.
    """
    before = base.columns()
    changes: Columns = {}
    _events(changes, before, routing)
    _background(changes, network, routing)
    _synapses(changes, routing, weights)
    neurons = {path.removeprefix(_NEURONS): a for path, a in before.items() if path.startswith(_NEURONS)}
    changes.update({_NEURONS + path: array for path, array in _circuits(neurons, network, placement, routing).items()})
    _readout(changes, before, network, placement)
    return base.with_columns(changes)


def _events(changes: Columns, before: Columns, routing: Routing) -> None:
    changes["crossbar.nodes.mask"] = routing.node_mask
    changes["crossbar.nodes.target"] = routing.node_target
    changes["crossbar.nodes.enable_drop_counter"] = np.ones(len(routing.node_mask), dtype=bool)
    changes["crossbar.outputs.enable_event_counter"] = np.ones_like(before["crossbar.outputs.enable_event_counter"])
    changes["synapse_driver_blocks.padi_bus.enable_spl1"] = np.ones((HEMISPHERES, 4), dtype=bool)
    listening = routing.driver_mask >= 0
    modes = routing.row_mode.reshape(HEMISPHERES, -1, 2)
    changes[_DRIVERS + "enable_receiver"] = listening
    changes[_DRIVERS + "row_address_compare_mask"] = np.where(listening, routing.driver_mask, 31)
    changes[_DRIVERS + "enable_address_out"] = np.ones_like(listening)
    changes[_DRIVERS + "row_mode_bottom"] = modes[:, :, 0]
    changes[_DRIVERS + "row_mode_top"] = modes[:, :, 1]
    for switch in ("enable_stp", "enable_hagen_modulation", "enable_hagen_dac"):
        changes[_DRIVERS + switch] = np.zeros_like(listening)
    active = np.unique(np.flatnonzero(routing.internal_address >= 0) % COLUMNS // 128)
    registers = before["neuron_block.backends.enable_event_registers"].copy()
    registers[:] = False
    registers[active] = True
    changes["neuron_block.backends.enable_event_registers"] = registers


def _background(changes: Columns, network: Network, routing: Routing) -> None:
    on = routing.generator_label >= 0
    fields = {name: np.zeros(len(on), dtype=np.int64) for name in ("enable_random", "period", "rate", "seed")}
    for unit in np.flatnonzero(on):
        source: BackgroundSource = network.background_sources[int(routing.generator_source[unit])]
        fields["enable_random"][unit] = source.random
        fields["period"][unit], fields["rate"][unit] = source.period, source.rate
        fields["seed"][unit] = source.seed
    changes[_SOURCES + "enable"] = on
    changes[_SOURCES + "enable_random"] = fields.pop("enable_random").astype(bool)
    changes.update({_SOURCES + name: array for name, array in fields.items()})
    changes[_SOURCES + "mask"] = np.where(on, routing.generator_mask, 0)
    changes[_SOURCES + "neuron_label"] = np.where(on, routing.generator_label, 0)


def _synapses(changes: Columns, routing: Routing, weights: npt.NDArray[np.uint8]) -> None:
    changes[WEIGHTS] = weight_matrices(routing, weights)
    changes["synapse_blocks.matrix.labels"] = weight_matrices(routing, routing.label.astype(np.uint8))


def _circuits(before: Columns, network: Network, placement: Placement, routing: Routing) -> Columns:
    """Changed columns of the neuron circuits, by path within a circuit."""
    now = dict(before)

    def column(path: str) -> npt.NDArray[Any]:
        if now[path] is before[path]:
            now[path] = before[path].copy()
        return now[path]

    for switch in _SWITCHES:
        column(f"multicompartment.{switch}")[:] = False
    column("event_routing.enable_digital")[:] = False
    column("event_routing.analog_output")[:] = int(AnalogOutput.OFF)
    for population in network.populations:
        placed = placement.of(population.name)
        structure = placed.shape.structure.morphology.columns()
        for switch in _SWITCHES:
            column(f"multicompartment.{switch}")[placed.circuits] = structure[switch]
        if population.parameters:
            _take_parameters(column, population, placed)
        else:
            _share_compartment(column, population, placed)
        for compartment in placed.shape.spike_senders if population.spiking else ():
            sender = placed.sender(compartment)
            off = column("event_routing.analog_output")
            off[sender] = np.maximum(off[sender], int(AnalogOutput.NORMAL))
    address = routing.internal_address
    column("event_routing.enable_digital")[:] = address >= 0
    column("event_routing.address")[:] = np.maximum(address, 0)
    synapses = routing.synapses
    for receptor, name in enumerate(_INPUTS):
        column(f"{name}_input.enable")[synapses.circuit[synapses.receptor == receptor]] = True
    observed = observed_circuits(network, placement)
    for position, recording in enumerate(network.recordings):
        if isinstance(recording, CADCRecording | MADCRecording):
            circuits = observed[position]
            column("readout.enable_amplifier")[circuits] = True
            column("readout.source")[circuits] = int(recording.source)
    column("readout.enable_buffered_access")[:] = False
    for source in madc_sources(network, placement):
        column("readout.enable_buffered_access")[source.circuit] = True
    return {path: array for path, array in now.items() if array is not before[path]}


def _take_parameters(column: Any, population: Population, placed: PlacedPopulation) -> None:
    """Analog parameters that the user gave, one set for all neurons or one for each."""
    for neuron, parameters in enumerate(population.parameters):
        circuits = placed.circuits if len(population.parameters) == 1 else placed.circuits[neuron]
        for path, array in parameters.atomic_neurons.columns().items():
            if path.removeprefix("multicompartment.") not in _SWITCHES:
                column(path)[circuits] = array


def _share_compartment(column: Any, population: Population, placed: PlacedPopulation) -> None:
    """Membrane properties of one circuit of each compartment; the others only add synaptic inputs."""
    for compartment in np.unique(placed.geometry.compartment).tolist():
        circuits = placed.compartment(compartment)
        position = placed.shape.spike_senders.get(compartment, 0)
        master = circuits[:, position]
        others = np.delete(circuits, position, axis=1).reshape(-1)
        for path in _ONCE:
            column(path)[others] = 0
        # the fire output is needed for resets from outside, too
        column("event_routing.analog_output")[master] = int(AnalogOutput.NORMAL)
        bypassed = (
            column("event_routing.enable_bypass_excitatory")[master]
            | column("event_routing.enable_bypass_inhibitory")[master]
        )
        spikes = population.spiking and compartment in placed.shape.spike_senders
        column("threshold.enable")[master] = spikes & ~bypassed


def recorded_columns(network: Network, placement: Placement) -> RecordedColumns:
    """CADC channels of all recorded neurons."""
    number, neuron, circuit = [], [], []
    observed = observed_circuits(network, placement)
    for position, recording in enumerate(network.recordings):
        if isinstance(recording, CADCRecording):
            neurons = recorded_neurons(recording, network.population(recording.population).size)
            number.append(np.full(len(neurons), position))
            neuron.append(neurons)
            circuit.append(observed[position])
    empty = np.empty(0, dtype=np.int64)
    circuits = np.concatenate([*circuit, empty])
    return RecordedColumns(
        recording=np.concatenate([*number, empty]).astype(np.int32),
        neuron=np.concatenate([*neuron, empty]),
        hemisphere=circuits // COLUMNS,
        column=circuits % COLUMNS,
    )


def madc_sources(network: Network, placement: Placement) -> tuple[MADCSource, ...]:
    """Sources of the membrane ADC: one on multiplexer 0; of two, the even column on 0 and the odd one on 1."""
    observed = observed_circuits(network, placement)
    found = [
        (position, int(observed[position][0]))
        for position, recording in enumerate(network.recordings)
        if isinstance(recording, MADCRecording)
    ]
    return tuple(MADCSource(position, circuit, circuit % 2 if len(found) > 1 else 0) for position, circuit in found)


def _readout(changes: Columns, before: Columns, network: Network, placement: Placement) -> None:
    cadc = recorded_columns(network, placement)
    # a channel of a neuron needs the line of its column, too (reference: containers-a.md 3.6)
    for switch in ("enable_connect_neuron", "enable_connect_correlation"):
        connected = np.zeros((HEMISPHERES, COLUMNS), dtype=bool)
        connected[cadc.hemisphere, cadc.column] = True
        changes[_CHANNELS + switch] = connected
    debug = before[_CHANNELS + "enable_connect_debug"].copy()
    debug[cadc.hemisphere, cadc.column] = False
    changes[_CHANNELS + "enable_connect_debug"] = debug
    if len(cadc.column):
        ramp = before["cadc_readout_chains.ramp.enable"].copy()
        ramp[np.unique(cadc.hemisphere)] = True
        changes["cadc_readout_chains.ramp.enable"] = ramp
    lines = np.zeros(CIRCUITS, dtype=bool)
    for population in placement.populations:
        lines[population.circuits] = True
    for name in _INPUTS:
        changes[f"neuron_block.current_rows.enable_synaptic_current_{name}"] = lines.reshape(HEMISPHERES, COLUMNS)
    sources = madc_sources(network, placement)
    if sources:
        changes.update(_madc(before, sources))


def _madc(before: Columns, sources: tuple[MADCSource, ...]) -> Columns:
    chain = "readout_chain."
    changes: Columns = {
        path: np.zeros_like(array) for path, array in before.items() if path.startswith(chain + "input_mux.")
    }
    for source in sources:
        line = chain + "input_mux." + ("neuron_even" if source.circuit % 2 == 0 else "neuron_odd")
        changes[line][source.multiplexer, source.circuit // COLUMNS] = True
    changes[chain + "dynamic_mux.enable_amplifiers"] = np.array(True)
    changes[chain + "dynamic_mux.initially_selected_input"] = np.array(sources[0].multiplexer)
    changes[chain + "dynamic_mux.input_select_length"] = np.array(len(sources) - 1)
    changes[chain + "madc_input_crossbar.connect_dynamic_mux"] = np.array(True)
    changes[chain + "madc_input_crossbar.connect_madc_preamp"] = np.array(True)
    changes[chain + "madc_debug_crossbar.connect_preamp_to_madc"] = np.array(True)
    for path, code in _MADC_CODES.items():
        changes[chain + path] = np.array(code)
    return changes


# reference: graph.md 4.2
_MADC_CODES = {
    "dynamic_mux.i_bias": 500,
    "madc.in_500na": 500,
    "madc_preamp.i_bias": 500,
    "madc_preamp.v_ref": 400,
    "pseudo_diff_converter.buffer_bias": 0,
    "pseudo_diff_converter.v_ref": 400,
    "source_measure_unit.amp_v_ref": 400,
    "source_measure_unit.test_voltage": 400,
}

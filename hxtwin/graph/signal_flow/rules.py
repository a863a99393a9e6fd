"""Which vertices may be connected, and under which condition.

=======================  ========================  ===========================================================
from                     to                        condition
=======================  ========================  ===========================================================
BackgroundVertex         CrossbarNode              the input of the node is that of the generator
SpikeIOVertex            CrossbarL2Input
CrossbarL2Input          CrossbarNode              the input of the node is one of the four SPL1 lines (8..11)
NeuronView 1             CrossbarNode              the input is the event output of each connected neuron
CrossbarNode             PADIBus                   the output of the node is that of the bus
CrossbarNode             CrossbarL2Output          the output of the node is an L2 output (8..11)
PADIBus                  SynapseDriver             same block, bus = driver mod 4
SynapseDriver            SynapseArrayView          same hemisphere; row r by driver r // 2, odd rows by channel 0
SynapseArrayView         NeuronView                same hemisphere, same columns
NeuronView 0             CADCView                  same row, same columns
NeuronView 0             MADCView, PadView         the circuit is the observed one
CrossbarL2Output         SpikeRelay                through the host
SpikeRelay               CrossbarL2Input           through the host
numbers                  functions of the host     same signal
=======================  ========================  ===========================================================

Everything else is refused. Source: reference graph.md 4, 6.3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hxtwin.coord import AtomicNeuronOnDLS
from hxtwin.graph.signal_flow.analog import CADCView, MADCView, NeuronView, PadView, SynapseArrayView
from hxtwin.graph.signal_flow.events import (
    BackgroundVertex,
    CrossbarL2Input,
    CrossbarL2Output,
    CrossbarNode,
    PADIBus,
    SpikeIOVertex,
    SynapseDriver,
)
from hxtwin.graph.signal_flow.transformation import SpikeRelay, Transformation

if TYPE_CHECKING:
    from hxtwin.graph.signal_flow.vertex import Vertex

#: Connected channels: (channel of the source, channel of the target) of each.
Channels = Sequence[tuple[int, int]]
#: Condition on a connection: the rule that is broken, None if it is kept.
Rule = Callable[[Any, Any, Channels], str | None]

_L2_LINES = range(8, 12)


def _background_to_node(source: BackgroundVertex, node: CrossbarNode, _: Channels) -> str | None:
    line = int(source.coordinate.to_crossbar_input_on_dls())
    return (
        None if node.input_line == line else f"the generator is crossbar input {line}, the node has {node.input_line}"
    )


def _l2_to_node(_source: CrossbarL2Input, node: CrossbarNode, _: Channels) -> str | None:
    return (
        None if node.input_line in _L2_LINES else f"L2 inputs are crossbar inputs 8..11, the node has {node.input_line}"
    )


def _neurons_to_node(source: NeuronView, node: CrossbarNode, channels: Channels) -> str | None:
    for channel, _ in channels:
        output = int(source.columns[channel].to_neuron_event_output_on_dls())
        if node.input_line != output:
            return (
                f"neuron column {int(source.columns[channel])} has event output {output}, the node crossbar input "
                f"{node.input_line}"
            )
    return None


def _node_to_bus(node: CrossbarNode, bus: PADIBus, _: Channels) -> str | None:
    line = int(bus.coordinate.to_crossbar_output_on_dls())
    return None if node.output_line == line else f"the bus is crossbar output {line}, the node has {node.output_line}"


def _node_to_l2(node: CrossbarNode, _target: CrossbarL2Output, _: Channels) -> str | None:
    return None if node.output_line in _L2_LINES else f"L2 outputs are 8..11, the node has output {node.output_line}"


def _bus_to_driver(bus: PADIBus, driver: SynapseDriver, _: Channels) -> str | None:
    own = driver.coordinate.to_padi_bus_on_dls()
    return None if own == bus.coordinate else f"the driver hangs on PADI bus {int(own)} (its block, driver mod 4)"


def _driver_to_rows(driver: SynapseDriver, array: SynapseArrayView, channels: Channels) -> str | None:
    if driver.hemisphere != int(array.synram):
        return "driver and array lie on different hemispheres"
    for channel, position in channels:
        row = int(array.rows[position])
        if row != 2 * driver.number + (1 - channel):
            return f"row {row} belongs to channel {1 - row % 2} of driver {row // 2}"
    return None


def _array_to_neurons(array: SynapseArrayView, neurons: NeuronView, channels: Channels) -> str | None:
    if int(array.synram) != int(neurons.row):
        return "array and neurons lie on different hemispheres"
    for channel, position in channels:
        if int(array.columns[channel]) != int(neurons.columns[position]):
            return f"synapse column {int(array.columns[channel])} on neuron column {int(neurons.columns[position])}"
    return None


def _neurons_to_cadc(neurons: NeuronView, cadc: CADCView, channels: Channels) -> str | None:
    if int(neurons.row) != int(cadc.synram):
        return "neurons and ADC lie on different hemispheres"
    for channel, position in channels:
        if neurons.columns[channel] != cadc.columns[position]:
            return f"ADC column {int(cadc.columns[position])} on neuron column {int(neurons.columns[channel])}"
    return None


def _neurons_to_madc(neurons: NeuronView, madc: MADCView, channels: Channels) -> str | None:
    for channel, position in channels:
        if _circuit(neurons, channel) != madc.sources[position]:
            return f"source {position} is {madc.sources[position]}, connected is {_circuit(neurons, channel)}"
    return None


def _neurons_to_pad(neurons: NeuronView, pad: PadView, channels: Channels) -> str | None:
    found = _circuit(neurons, channels[0][0])
    return None if found == pad.source else f"the pad shows {pad.source}, connected is {found}"


def _circuit(neurons: NeuronView, channel: int) -> AtomicNeuronOnDLS:
    return AtomicNeuronOnDLS(neurons.columns[channel], neurons.row)


def _always(_source: Vertex, _target: Vertex, _: Channels) -> str | None:
    return None


#: (kind and output port of the source, kind and input port of the target) -> condition; port None: any.
_RULES: tuple[tuple[type[Vertex], int | None, type[Vertex], int | None, Rule], ...] = (
    (BackgroundVertex, 0, CrossbarNode, 0, _background_to_node),
    (SpikeIOVertex, 0, CrossbarL2Input, 0, _always),
    (CrossbarL2Input, 0, CrossbarNode, 0, _l2_to_node),
    (NeuronView, 1, CrossbarNode, 0, _neurons_to_node),
    (CrossbarNode, 0, PADIBus, 0, _node_to_bus),
    (CrossbarNode, 0, CrossbarL2Output, 0, _node_to_l2),
    (PADIBus, 0, SynapseDriver, 0, _bus_to_driver),
    (SynapseDriver, 0, SynapseArrayView, 0, _driver_to_rows),
    (SynapseArrayView, 0, NeuronView, 0, _array_to_neurons),
    (NeuronView, 0, CADCView, 0, _neurons_to_cadc),
    (NeuronView, 0, MADCView, 0, _neurons_to_madc),
    (NeuronView, 0, PadView, 0, _neurons_to_pad),
    (CrossbarL2Output, 0, SpikeRelay, 0, _always),
    (SpikeRelay, 0, CrossbarL2Input, 0, _always),
    (CADCView, 0, Transformation, None, _always),
    (Transformation, None, Transformation, None, _always),
)


def rule_for(source: Vertex, output: int, target: Vertex, given: int) -> Rule | None:
    """The condition on a connection between two ports; None if the kinds are not to be connected."""
    for source_kind, source_port, target_kind, target_port, rule in _RULES:
        kinds = isinstance(source, source_kind) and isinstance(target, target_kind)
        if kinds and source_port in (None, output) and target_port in (None, given):
            return rule
    return None

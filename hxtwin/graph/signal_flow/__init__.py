"""Signal-flow graph: the units of chips that an experiment uses, and the signals between them.

>>> from hxtwin import coord
>>> from hxtwin.graph import signal_flow as sf
>>> graph = sf.SignalFlowGraph()
>>> link = graph.add(sf.CrossbarL2Input())
>>> node = graph.add(sf.CrossbarNode(coordinate=coord.CrossbarNodeOnDLS(coord.X(2), coord.Y(10))))
>>> bus = graph.add(sf.PADIBus(coordinate=coord.PADIBusOnDLS(2)))
>>> _ = graph.connect(link, node)
>>> _ = graph.connect(node, bus)
>>> driver = graph.add(sf.SynapseDriver(coordinate=coord.SynapseDriverOnDLS(7)))
>>> graph.connect(bus, driver)  # doctest: +IGNORE_EXCEPTION_DETAIL
Traceback (most recent call last):
hxtwin.graph.errors.SignalFlowError: PADI bus 2 (...) -> synapse driver 7 top (...): places agree: the driver hangs ...

`hardware_graph` reads the graph of one execution instance from the configuration of its chip, `data_flow_graph` that
between the instances of a network. ``to_json``, ``to_dot`` and ``to_svg`` export both; notebooks draw them.
"""

from hxtwin.graph.signal_flow.analog import (
    CADCMode,
    CADCView,
    MADCView,
    NeuronView,
    PadView,
    SynapseArrayView,
    SynapseArrayViewSparse,
)
from hxtwin.graph.signal_flow.data_flow import data_flow_graph
from hxtwin.graph.signal_flow.events import (
    BackgroundVertex,
    ChipVertex,
    CrossbarL2Input,
    CrossbarL2Output,
    CrossbarNode,
    PADIBus,
    SpikeIOVertex,
    SynapseDriver,
)
from hxtwin.graph.signal_flow.graph import Connection, PlacedVertex, SignalFlowGraph
from hxtwin.graph.signal_flow.hardware import hardware_graph
from hxtwin.graph.signal_flow.port import Port, Signal, Transition
from hxtwin.graph.signal_flow.transformation import (
    Addition,
    ArgMax,
    Concatenation,
    ConvertingReLU,
    Identity,
    ReLU,
    SpikeRelay,
    Subtraction,
    Transformation,
)
from hxtwin.graph.signal_flow.vertex import Vertex

__all__ = [
    "Addition",
    "ArgMax",
    "BackgroundVertex",
    "CADCMode",
    "CADCView",
    "ChipVertex",
    "Concatenation",
    "Connection",
    "ConvertingReLU",
    "CrossbarL2Input",
    "CrossbarL2Output",
    "CrossbarNode",
    "Identity",
    "MADCView",
    "NeuronView",
    "PADIBus",
    "PadView",
    "PlacedVertex",
    "Port",
    "ReLU",
    "Signal",
    "SignalFlowGraph",
    "SpikeIOVertex",
    "SpikeRelay",
    "Subtraction",
    "SynapseArrayView",
    "SynapseArrayViewSparse",
    "SynapseDriver",
    "Transformation",
    "Transition",
    "Vertex",
    "data_flow_graph",
    "hardware_graph",
]

"""Data flow between the execution instances of a network.

::

    instance 0:  CrossbarL2Output --> SpikeRelay (host) --> CrossbarL2Input  :instance 1

Every instance has a chip with its link; every inter-execution projection is a relay on the host.
Source: reference graph.md 1, 2.4; execution.md 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.graph.network import SpikeRecording, with_relays
from hxtwin.graph.network.instance_order import replaying
from hxtwin.graph.signal_flow.events import ChipVertex, CrossbarL2Input, CrossbarL2Output
from hxtwin.graph.signal_flow.graph import SignalFlowGraph
from hxtwin.graph.signal_flow.transformation import SpikeRelay

if TYPE_CHECKING:
    from hxtwin.coord import ExecutionInstanceID
    from hxtwin.graph.network import Network
    from hxtwin.graph.signal_flow.graph import PlacedVertex


def data_flow_graph(network: Network) -> SignalFlowGraph:
    """The graph of instances, in the order of execution, and of the spikes that they hand on.

    Args:
        network: with or without explicit relays.

    Raises:
        NetworkError: populations without an execution instance while others have one.
    """
    explicit = with_relays(network)
    graph = SignalFlowGraph()
    links: dict[ExecutionInstanceID, tuple[PlacedVertex, PlacedVertex]] = {}
    replayed = {relay.target for relay in explicit.inter_execution}
    for instance in explicit.execution_instances:
        local, chip = explicit.local(instance), explicit.chip_of(instance)
        graph.add(ChipVertex(), instance, chip)
        from_host = any(source.name not in replayed for source in local.external_sources)
        recorded = any(isinstance(recording, SpikeRecording) for recording in local.recordings)
        links[instance] = (
            graph.add(CrossbarL2Input(requires_data=from_host), instance, chip),
            graph.add(CrossbarL2Output(generates_data=recorded), instance, chip),
        )
    for relay in explicit.inter_execution:
        node = graph.add(SpikeRelay(name=relay.source, size=relay.neurons.size, delay_us=relay.delay_us))
        graph.connect(links[explicit.instance_of(relay.source)][1], node)
        for instance in replaying(explicit, relay):
            graph.connect(node, links[instance][0])
    return graph

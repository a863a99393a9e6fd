"""A network laid out on one chip: what an executor needs to run it.

=====================  ===========================================================================================
`RoutedInstance.chip`    everything to be written before the experiment, as one container
`inputs`, `outputs`      tables between neurons and spike labels
`cadc`, `madc`           where recorded traces are found
`weights_changed`        the same instance with other weights: new arrays of one container, nothing is routed again
=====================  ===========================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    from matplotlib.figure import Figure

    from hxtwin.containers import Chip
    from hxtwin.graph.configuration.recorded_columns import MADCSource, RecordedColumns
    from hxtwin.graph.configuration.spike_labels import InputLabels, OutputLabels
    from hxtwin.graph.network import Network
    from hxtwin.graph.placement import Placement
    from hxtwin.graph.routing import Routing
    from hxtwin.graph.routing.network_problem import NetworkProblem


@attrs.frozen(kw_only=True, eq=False)
class RoutedInstance:
    """One execution instance of a network on one chip, placed, routed, configured and checked.

    Args:
        network: the part of the network that runs here; its recordings are those that the tables refer to.
        placement: circuits of every logical neuron.
        problem: numbers of sources and connections in `routing`, and what they mean in the network.
        routing: rows, labels, masks and crossbar nodes.
        chip: complete configuration, based on the chip that was given (for instance a calibrated one).
        inputs: neuron of an external source -> spike labels to the chip.
        outputs: spike label from the chip -> population, neuron, compartment.
        cadc: columns of the neurons recorded by CADC recordings.
        madc: sources of the membrane ADC, at most two; with two, one on each multiplexer.
    """

    network: Network
    placement: Placement
    problem: NetworkProblem
    routing: Routing
    chip: Chip
    inputs: InputLabels
    outputs: OutputLabels
    cadc: RecordedColumns
    madc: tuple[MADCSource, ...]

    def weights_changed(self, weights: Mapping[str, npt.ArrayLike]) -> RoutedInstance:
        """The same instance with other weights for some projections; placement, routing and labels stay.

        Args:
            weights: projection -> new weights in the shape of the old ones.

        Raises:
            NetworkError: an unknown projection, or weights that it does not allow.
        """
        from hxtwin.graph.configuration.synapse_weights import with_weights

        return with_weights(self, weights)

    def neuron_report(self, name: str, neuron: int, compartment: int = 0) -> str:
        """Circuits, labels and rows of one neuron, as text."""
        from hxtwin.graph.configuration.routing_report import neuron_report

        return neuron_report(self, name, neuron, compartment)

    def picture(self) -> Figure:
        """Synapse arrays and neurons of the chip, coloured by projection and population (needs matplotlib)."""
        from hxtwin.graph.placement.picture import placement_picture

        return placement_picture(self.placement, self.problem, self.routing)

    def __str__(self) -> str:
        from hxtwin.graph.configuration.routing_report import summary

        return summary(self)

"""Picture of a routed chip: circuits by population, synapses by projection.

Needs matplotlib (extra ``plot``). The chip is drawn as it lies: top synapse array with row 255 uppermost, the two rows
of neuron circuits in the middle, bottom synapse array below with row 255 lowermost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hxtwin.graph.errors import GraphError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hxtwin.graph.placement.placement import Placement
    from hxtwin.graph.routing import NetworkProblem, Routing

NEURON_PIXELS = 12
"""Height of a row of neuron circuits, in synapse rows."""


def ownership(
    placement: Placement, found: NetworkProblem, routing: Routing
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Who uses what.

    Returns:
        Position of the population of each circuit, ``int64[2, 256]`` (row, column), and of the projection of each
        synapse, ``int64[2, 256, 256]`` (hemisphere, row, column); -1: nobody.
    """
    circuits = np.full(512, -1, dtype=np.int64)
    for position, population in enumerate(placement.populations):
        circuits[population.circuits] = position
    synapses = np.full(2 * 256 * 256, -1, dtype=np.int64)
    first = np.array([block.first for block in found.projections], dtype=np.int64)
    owner = np.searchsorted(first, routing.synapses.connection, side="right") - 1
    synapses[routing.row * 256 + routing.column] = owner
    return circuits.reshape(2, 256), synapses.reshape(2, 256, 256)


def placement_picture(placement: Placement, found: NetworkProblem, routing: Routing) -> Figure:
    """Draws the chip.

    Args:
        placement, found, routing: of one chip, as in `hxtwin.graph.configuration.RoutedInstance`.

    Returns:
        A figure with a legend; the colours of neurons are those of populations, the colours of synapses those of
        projections.

    Raises:
        GraphError: matplotlib is not installed.
    """
    try:
        from matplotlib import colormaps
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch
    except ImportError as error:
        raise GraphError("pictures need matplotlib: install hxtwin with the extra 'plot'") from error
    circuits, synapses = ownership(placement, found, routing)
    names = [population.name for population in placement.populations]
    projections = [block.name for block in found.projections]
    palette = colormaps["tab20"](np.arange(max(len(names) + len(projections), 1)) % 20)[:, :3]
    palette = np.concatenate([palette, [[1.0, 1.0, 1.0]]])  # index -1
    shown_synapses = np.where(synapses >= 0, synapses + len(names), -1)
    middle = np.repeat(circuits, NEURON_PIXELS, axis=0)
    image = palette[np.concatenate([shown_synapses[0, ::-1], middle, shown_synapses[1]])]
    figure = Figure(figsize=(7, 10), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(image, interpolation="nearest", aspect="auto")
    edges = [0, 255, 256 + NEURON_PIXELS, 256 + 2 * NEURON_PIXELS, 511 + 2 * NEURON_PIXELS]
    axes.set_yticks(edges, ["row 255", "row 0, top", "neurons", "row 0, bottom", "row 255"])
    axes.set_xticks(range(0, 257, 32))
    axes.set_xlabel("column (ticks: event outputs)")
    handles = [Patch(color=palette[i], label=f"neurons of {name}") for i, name in enumerate(names)]
    handles += [Patch(color=palette[len(names) + i], label=f"synapses of {name}") for i, name in enumerate(projections)]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure

"""What has to be routed on one chip, as arrays: sources, places where synapses may lie, and wanted connections.

The router knows nothing of populations; `hxtwin.graph.routing.network_problem` makes a problem of a placed network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.routing.geometry import BACKGROUND, CIRCUITS, INTERNAL

if TYPE_CHECKING:
    from collections.abc import Callable

Ints = npt.NDArray[np.int64]


def _nobody(source: int) -> str:
    return f"source {source}"


def _nowhere(site: int) -> str:
    return f"target {site}"


@attrs.frozen(kw_only=True, eq=False)
class RoutingProblem:
    """Sources and wanted connections.

    Args:
        kind: ``int64[sources]``: `EXTERNAL`, `BACKGROUND` or `INTERNAL` of `hxtwin.graph.routing.geometry`.
        circuit: ``int64[sources]``: neuron circuit that emits the events of an internal source, else -1.
        generator: ``int64[sources]``: background source that it belongs to, else -1.
        offset: ``int64[sources]``: index in its background source, the random low bits of the label; else 0.
        recorded: ``bool[sources]``: events have to reach the host.
        generator_sizes: ``int64[generators]``: neurons of each background source, a power of two up to 256.
        generator_buses: ``int64[generators]``: bus wanted by the user, or -1.
        site_begin: ``int64[sites + 1]``; the circuits of site i are ``site_circuits[site_begin[i]:site_begin[i + 1]]``.
        site_circuits: ``int64[n]``: circuits that may take the synapses of a site (a compartment and its receptor).
        source, site, receptor: ``int64[connections]``: from where, to where, `EXCITATORY`, `INHIBITORY` or `SIGNED`
            (a pair of synapses on one circuit). A source may be connected to a site several times.
        source_name, site_name: names of sources and sites for messages.
    """

    kind: Ints
    circuit: Ints
    generator: Ints
    offset: Ints
    recorded: npt.NDArray[np.bool_]
    generator_sizes: Ints
    generator_buses: Ints
    site_begin: Ints
    site_circuits: Ints
    source: Ints
    site: Ints
    receptor: Ints
    source_name: Callable[[int], str] = _nobody
    site_name: Callable[[int], str] = _nowhere

    def __attrs_post_init__(self) -> None:
        # what the network layer has checked already; a wrong caller gets a plain error
        internal = self.kind == INTERNAL
        if ((self.circuit < 0) | (self.circuit >= CIRCUITS))[internal].any():
            raise ValueError("internal sources need a circuit in 0..511")
        circuits = self.circuit[internal]
        if np.unique(circuits).size != circuits.size:
            raise ValueError("a circuit can be the output of one internal source only")
        if (self.generator[self.kind == BACKGROUND] < 0).any():
            raise ValueError("background sources need a generator")

    @property
    def sources(self) -> int:
        """Number of sources."""
        return len(self.kind)

    @property
    def bus(self) -> Ints:
        """Bus that the events of each internal source take, ``int64[sources]``; -1 for others."""
        return np.where(self.kind == INTERNAL, self.circuit % 256 // 32 % 4, -1)


@attrs.frozen(kw_only=True, eq=False)
class Synapses:
    """Synapses after their circuits were chosen; connections give one each, signed ones two (excitatory first).

    Args:
        connection: ``int64[n]``, connection of the problem.
        source: ``int64[n]``.
        circuit: ``int64[n]``, circuit under whose column the synapse lies.
        receptor: ``int64[n]``, `EXCITATORY` or `INHIBITORY`.
    """

    connection: Ints
    source: Ints
    circuit: Ints
    receptor: Ints

"""What sources ask of the synapse rows, and limits that no routing can escape.

===============================================================  =====  ==============================
limit                                                            value  reference
===============================================================  =====  ==============================
synapses above one neuron circuit                                  256  graph.md 6.4
synapses above one circuit from the sources of one bus              64  graph.md 6.4
fullest column of each receptor, added, in one hemisphere          256  rows carry one receptor each
the same from internal sources of one bus                           64  rows on a bus
labels of internal sources of one event output                      64  circuits of an event output
===============================================================  =====  ==============================
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.errors import RoutingError
from hxtwin.graph.routing.circuit_choice_kernel import choose_circuits
from hxtwin.graph.routing.geometry import (
    BUSES,
    CIRCUITS,
    COLUMNS,
    EXCITATORY,
    HEMISPHERE_NAMES,
    INHIBITORY,
    INTERNAL,
    ROWS,
    SIGNED,
)
from hxtwin.graph.routing.problem import Ints, RoutingProblem, Synapses

LARGEST_ENTRY = 32
"""More synapses of a source on one circuit make several entries, which may lie on several buses."""


def chosen_synapses(problem: RoutingProblem) -> Synapses:
    """Synapses of all connections, those of neurons of several circuits spread evenly over their circuits.

    Internal sources choose first: the bus is given for them.
    """
    order = np.argsort(problem.bus[problem.source] < 0, kind="stable")
    circuit = choose_circuits(
        order, problem.source, problem.site, problem.receptor, problem.bus, problem.site_begin, problem.site_circuits
    )
    signed = problem.receptor == SIGNED
    connection = np.repeat(np.arange(len(signed)), 1 + signed)
    second = np.zeros(len(connection), dtype=bool)
    second[1:] = connection[1:] == connection[:-1]
    receptor = np.where(signed[connection], np.where(second, INHIBITORY, EXCITATORY), problem.receptor[connection])
    return Synapses(
        connection=connection, source=problem.source[connection], circuit=circuit[connection], receptor=receptor
    )


@attrs.frozen(kw_only=True, eq=False)
class Demand:
    """Synapses counted by (source, circuit, receptor): the *entries* that are packed into groups.

    Entries are ordered by source, circuit, receptor.

    Args:
        synapses: the synapses.
        entry: ``int64[synapses]``, entry of each synapse.
        begin: ``int64[sources + 1]``; entries of source s are begin[s]..begin[s + 1].
        circuit, receptor, number: ``int64[entries]``.
        reach: ``bool[sources, 2]``, whether the source has synapses in the hemisphere.
    """

    synapses: Synapses
    entry: Ints
    begin: Ints
    circuit: Ints
    receptor: Ints
    number: Ints
    reach: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, problem: RoutingProblem, synapses: Synapses) -> Demand:
        """Counts synapses."""
        key = (synapses.source * CIRCUITS + synapses.circuit) * 2 + synapses.receptor
        keys, entry, number = np.unique(key, return_inverse=True, return_counts=True)
        if number.max(initial=0) > LARGEST_ENTRY:
            rank = np.empty(len(key), dtype=np.int64)
            rank[np.argsort(entry, kind="stable")] = np.arange(len(key)) - np.repeat(np.cumsum(number) - number, number)
            pieces = int(number.max()) // LARGEST_ENTRY + 1
            divided = key * pieces + rank // LARGEST_ENTRY
            keys, entry, number = np.unique(divided, return_inverse=True, return_counts=True)
            keys //= pieces
        source, circuit = keys // (2 * CIRCUITS), keys // 2 % CIRCUITS
        reach = np.zeros((problem.sources, 2), dtype=bool)
        reach[source, circuit // COLUMNS] = True
        return cls(
            synapses=synapses,
            entry=entry,
            begin=np.searchsorted(source, np.arange(problem.sources + 1)),
            circuit=circuit,
            receptor=keys % 2,
            number=number,
            reach=reach,
        )


def check_limits(problem: RoutingProblem, synapses: Synapses) -> None:
    """Refuses what no routing can do.

    Raises:
        RoutingError: names the neuron circuit or bus, and the numbers.
    """
    count = np.zeros((2, CIRCUITS), dtype=np.int64)
    np.add.at(count, (synapses.receptor, synapses.circuit), 1)
    _check_columns(problem, synapses, count.sum(axis=0), COLUMNS, "synapses above one neuron circuit")
    _check_rows(count, COLUMNS, "synapse rows of the {half} hemisphere")
    internal = problem.kind[synapses.source] == INTERNAL
    for bus in range(BUSES):
        here = internal & (problem.bus[synapses.source] == bus)
        count[:] = 0
        np.add.at(count, (synapses.receptor[here], synapses.circuit[here]), 1)
        what = f"synapses above one neuron circuit from neurons on PADI bus {bus}"
        _check_columns(problem, synapses, count.sum(axis=0), ROWS, what)
        _check_rows(count, ROWS, f"synapse rows on PADI bus {bus} of the {{half}} hemisphere")


def _check_columns(problem: RoutingProblem, synapses: Synapses, load: Ints, most: int, what: str) -> None:
    worst = int(load.argmax())
    if load[worst] > most:
        connection = int(synapses.connection[synapses.circuit == worst][0])
        raise RoutingError(
            problem.site_name(int(problem.site[connection])),
            what,
            int(load[worst]),
            most,
            f"circuit {worst}; give the neuron more circuits, or fewer inputs",
        )


def _check_rows(count: Ints, most: int, what: str) -> None:
    for half, name in enumerate(HEMISPHERE_NAMES):
        columns = slice(COLUMNS * half, COLUMNS * (half + 1))
        peaks = count[:, columns].max(axis=1)
        if peaks.sum() > most:
            raise RoutingError(
                f"neuron circuits {COLUMNS * half + int(count[0, columns].argmax())} (excitatory) and "
                f"{COLUMNS * half + int(count[1, columns].argmax())} (inhibitory)",
                what.format(half=name),
                int(peaks.sum()),
                most,
                f"at least {peaks[0]} excitatory and {peaks[1]} inhibitory rows; "
                "move neurons to the other hemisphere, or give them more circuits",
            )

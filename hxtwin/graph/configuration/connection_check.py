"""Check of a routed chip: the connections rebuilt from its words are those that were asked for.

The chip is configured once more with a weight of its own in every synapse in use (1..63, by position), so that rows,
columns, labels and weights that got mixed up do not go unnoticed. `ChipReader` then follows the events of every source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hxtwin.containers import Chip
from hxtwin.graph.configuration.chip_reader import ChipReader
from hxtwin.graph.configuration.synapse_weights import WEIGHTS, weight_matrices
from hxtwin.graph.errors import MappingError
from hxtwin.graph.routing.geometry import EXTERNAL, INTERNAL, SIGNED

if TYPE_CHECKING:
    from hxtwin.graph.routing import Routing, RoutingProblem

Ints = npt.NDArray[np.int64]


def check_connections(problem: RoutingProblem, routing: Routing, chip: Chip) -> None:
    """Compares what a chip does with what was asked for.

    Args:
        problem: wanted connections.
        routing: the routing that `chip` was configured for; only its synapses (which circuit serves which connection)
            and the labels to be sent by the host are used.
        chip: the configured chip.

    Raises:
        MappingError: a connection is missing, superfluous, or ends at the wrong neuron or line; an event that shall be
            recorded does not come back; two sources share a label.
    """
    _check_synapses(problem, routing)
    weights = (1 + np.arange(len(routing.row)) % 63).astype(np.uint8)
    probe = chip.with_columns({WEIGHTS: weight_matrices(routing, weights)})
    reader = ChipReader(Chip.write_addresses(), probe.encode())
    source, inputs, labels = events_of(problem, routing, reader)
    seen = reader.deliveries(inputs, labels)
    synapses = routing.synapses
    wanted = _keys(synapses.source, synapses.circuit, synapses.receptor, weights.astype(np.int64))
    got = _keys(source[seen.event], seen.circuit, seen.receptor, seen.weight)
    if not np.array_equal(np.sort(wanted), np.sort(got)):
        raise MappingError(_difference(problem, wanted, got))
    _check_recording(problem, source, reader.reaches_host(inputs, labels))


def events_of(problem: RoutingProblem, routing: Routing, reader: ChipReader) -> tuple[Ints, Ints, Ints]:
    """All events of all sources: source, crossbar input and 14-bit label of each, ``int64[n]``.

    Labels of neurons and generators are those that the words of the chip state.
    """
    external = np.repeat(np.arange(problem.sources), np.diff(routing.external_begin))
    sent = routing.external_labels.astype(np.int64)
    internal = np.flatnonzero(problem.kind == INTERNAL)
    circuit = problem.circuit[internal]
    sending = reader.sent_address[circuit] >= 0
    internal, circuit = internal[sending], circuit[sending]
    output = circuit % 256 // 32
    source = [external, internal]
    inputs = [8 + (sent >> 14), output]
    labels = [sent & 0x3FFF, output << 8 | reader.sent_address[circuit]]
    for unit in np.flatnonzero(reader.generator_label >= 0):
        members = np.flatnonzero(problem.generator == routing.generator_source[unit])
        mask = int(reader.generator_mask[unit])
        drawn = problem.offset[members]
        if (drawn & ~mask).any():
            raise MappingError(f"generator {unit} draws labels with mask {mask:#x}, too few for {len(members)} neurons")
        source.append(members)
        inputs.append(np.full(len(members), 12 + unit))
        labels.append(reader.generator_label[unit] & ~mask | drawn)
    return np.concatenate(source), np.concatenate(inputs), np.concatenate(labels)


def _check_synapses(problem: RoutingProblem, routing: Routing) -> None:
    """Every connection has its synapses, at a circuit of its site; no synapse is used twice."""
    synapses = routing.synapses
    signed = problem.receptor == SIGNED
    wanted = np.stack([(problem.receptor == 0) | signed, (problem.receptor == 1) | signed], axis=1).astype(np.int64)
    got = np.zeros_like(wanted)
    np.add.at(got, (synapses.connection, synapses.receptor), 1)
    if not np.array_equal(wanted, got):
        wrong = int(np.flatnonzero((wanted != got).any(axis=1))[0])
        raise MappingError(
            f"connection {wrong} of {problem.source_name(int(problem.source[wrong]))} has {got[wrong].tolist()} "
            f"(excitatory, inhibitory) synapses, wanted {wanted[wrong].tolist()}"
        )
    site = np.repeat(np.arange(len(problem.site_begin) - 1), np.diff(problem.site_begin))
    allowed = np.unique(site * 512 + problem.site_circuits)
    here = problem.site[synapses.connection] * 512 + synapses.circuit
    outside = ~np.isin(here, allowed)
    if outside.any() or not np.array_equal(problem.source[synapses.connection], synapses.source):
        wrong = int(np.flatnonzero(outside)[0]) if outside.any() else 0
        raise MappingError(
            f"synapse {wrong} lies above circuit {int(synapses.circuit[wrong])}, which does not belong to "
            f"{problem.site_name(int(problem.site[synapses.connection[wrong]]))}"
        )
    place = routing.row * 256 + routing.column
    if (routing.row // 256 != synapses.circuit // 256).any() or np.unique(place).size != place.size:
        raise MappingError("a synapse serves two connections, or lies in the other hemisphere than its neuron")


def _keys(source: Ints, circuit: Ints, receptor: Ints, weight: Ints) -> Ints:
    return ((source * 512 + circuit) * 2 + receptor) * 64 + weight


def _difference(problem: RoutingProblem, wanted: Ints, got: Ints) -> str:
    missing, surplus = np.setdiff1d(wanted, got), np.setdiff1d(got, wanted)
    lines = [f"{len(missing)} of {len(wanted)} connections are missing on the chip, {len(surplus)} are superfluous"]
    for what, keys in (("missing", missing), ("superfluous", surplus)):
        for key in keys[:3].tolist():
            line = "inhibitory" if key // 64 % 2 else "excitatory"
            lines.append(f"{what}: {problem.source_name(key // (64 * 2 * 512))} to circuit {key // 128 % 512} ({line})")
    if not len(missing) and not len(surplus):
        lines.append("some are there several times")
    return "; ".join(lines)


def _check_recording(problem: RoutingProblem, source: Ints, seen: Ints) -> None:
    back = seen >= 0
    absent = np.setdiff1d(np.flatnonzero(problem.recorded), source[back])
    if len(absent):
        raise MappingError(f"events of {problem.source_name(int(absent[0]))} shall be recorded but do not come back")
    # neurons share their output to the host with unrecorded ones; each label has to belong to one source
    labels, owners = seen[back], source[back]
    pairs = np.unique(np.stack([labels, owners]), axis=1)
    values, counts = np.unique(pairs[0], return_counts=True)
    if (counts > 1).any():
        twice = pairs[1][pairs[0] == values[counts > 1][0]]
        raise MappingError(
            f"{problem.source_name(int(twice[0]))} and {problem.source_name(int(twice[1]))} come back with one label "
            f"{int(values[counts > 1][0]):#x}"
        )
    returning = np.bincount(source[back & (problem.kind[source] == EXTERNAL)], minlength=problem.sources)
    if (returning > 1).any():
        raise MappingError(f"a spike of {problem.source_name(int(returning.argmax()))} comes back several times")

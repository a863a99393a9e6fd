"""What serves what on a chip, as text: drivers of each bus, circuits, labels and rows of a neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.graph.routing.geometry import EXTERNAL, HEMISPHERE_NAMES, INTERNAL

if TYPE_CHECKING:
    from hxtwin.graph.configuration.routed_instance import RoutedInstance

_SHOWN = 12


def summary(instance: RoutedInstance) -> str:
    """Use of the chip: circuits by population, drivers and rows by bus, labels of the sources."""
    routing = instance.routing
    lines = [str(instance.placement)]
    for half, name in enumerate(HEMISPHERE_NAMES):
        modes = routing.row_mode[half].reshape(32, 4, 2)
        counts = [
            f"bus {bus}: {int(routing.drivers_used[half, bus])} of 32 drivers "
            f"({int((modes[:, bus] == 1).sum())} excitatory, {int((modes[:, bus] == 2).sum())} inhibitory rows)"
            for bus in range(4)
        ]
        lines.append(f"{name}: " + "; ".join(counts))
    for source in instance.network.external_sources:
        table = instance.inputs.sources[source.name]
        lines.append(f"{source.name}: {len(table.labels)} labels for {source.size} neurons")
    lines.append(f"{len(routing.row)} synapses in use")
    return "\n".join(lines)


def neuron_report(instance: RoutedInstance, name: str, neuron: int, compartment: int = 0) -> str:
    """Circuits, labels and synapse rows of one neuron of a population or source.

    Args:
        instance: routed instance.
        name: population, external or background source.
        neuron: index in it.
        compartment: whose spikes and inputs are shown.
    """
    routing, found = instance.routing, instance.problem
    lines = [f"neuron {neuron} of {name!r}"]
    populations = {population.name for population in instance.placement.populations}
    circuits = np.empty(0, dtype=np.int64)
    if name in populations:
        circuits = instance.placement.of(name).compartment(compartment)[neuron]
        lines.append(f"  circuits: {circuits.tolist()} (256 * row + column)")
    try:
        source = found.block(name, compartment).first + neuron
    except KeyError:
        lines.append("  sends no spikes")
    else:
        lines.append(_sent(instance, source))
        lines.append("  reaches " + _rows(routing.row[routing.synapses.source == source]))
    if len(circuits):
        lines.append("  receives from " + _rows(routing.row[np.isin(routing.synapses.circuit, circuits)]))
    return "\n".join(lines)


def _sent(instance: RoutedInstance, source: int) -> str:
    routing, problem = instance.routing, instance.problem.problem
    if problem.kind[source] == EXTERNAL:
        labels = routing.external_labels[routing.external_begin[source] : routing.external_begin[source + 1]]
        return f"  spike labels: {[hex(label) for label in labels]}"
    if problem.kind[source] == INTERNAL:
        circuit = int(problem.circuit[source])
        address, output = int(routing.internal_address[circuit]), circuit % 256 // 32
        if address < 0:
            return "  its events are not needed"
        return f"  event output {output}, address {address:#x}, row select {output << 2 | address >> 6}"
    units = np.flatnonzero(routing.generator_source == problem.generator[source])
    return "  generators: " + ", ".join(
        f"{unit} (label {int(routing.generator_label[unit]) & ~int(routing.generator_mask[unit]) | offset:#x})"
        for unit in units
        for offset in [int(problem.offset[source])]
    )


def _rows(rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    unique = np.unique(rows)
    texts = [f"{HEMISPHERE_NAMES[row // 256]} {row % 256}" for row in unique[:_SHOWN].tolist()]
    more = f", and {len(unique) - _SHOWN} more" if len(unique) > _SHOWN else ""
    return f"{len(rows)} synapses in {len(unique)} rows: {', '.join(texts)}{more}" if len(rows) else "no synapses"

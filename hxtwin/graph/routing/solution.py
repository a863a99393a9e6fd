"""Routing of one chip: rows and labels of all synapses, labels of all sources, filters on the way.

Whatever is not listed is off. The router makes it; a user may also write one by hand, it is checked in the same way.
Source: reference graph.md 6.6 (content of a routing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.routing.geometry import CIRCUITS, NODES

if TYPE_CHECKING:
    from hxtwin.graph.routing.problem import Ints, Synapses


def _off(*shape: int) -> Ints:
    return np.full(shape, -1, dtype=np.int64)


@attrs.frozen(kw_only=True, eq=False)
class Routing:
    """Routing of one chip.

    Args:
        synapses: connection, source, circuit and receptor of each synapse; a synapse lies in the column of its circuit.
        row: ``int64[synapses]``, synapse row on the chip, 256 * hemisphere + row.
        label: ``int64[synapses]``, 6-bit label.
        external_begin: ``int64[sources + 1]``; labels of source s: ``external_labels[begin[s]:begin[s + 1]]``.
        external_labels: ``uint16[n]``, labels to be sent for each spike of an external source.
        internal_address: ``int64[512]``, 8-bit address that a circuit sends; -1: it sends no events.
        generator_label: ``int64[8]``, 14-bit label of each background generator; -1: off.
        generator_mask: ``int64[8]``, its random low bits.
        generator_source: ``int64[8]``, background source that it serves, or -1.
        driver_mask: ``int64[2, 128]``, compare mask by hemisphere and driver; -1: the driver is deaf.
        row_mode: ``int64[2, 256]``, 0 disabled, 1 excitatory, 2 inhibitory.
        node_mask, node_target: ``int64[76]``, filters of the crossbar; mask 0 with target 1 lets nothing pass.
    """

    synapses: Synapses
    row: Ints
    label: Ints
    external_begin: Ints
    external_labels: npt.NDArray[np.uint16]
    internal_address: Ints = attrs.field(factory=lambda: _off(CIRCUITS))
    generator_label: Ints = attrs.field(factory=lambda: _off(8))
    generator_mask: Ints = attrs.field(factory=lambda: np.zeros(8, dtype=np.int64))
    generator_source: Ints = attrs.field(factory=lambda: _off(8))
    driver_mask: Ints = attrs.field(factory=lambda: _off(2, 128))
    row_mode: Ints = attrs.field(factory=lambda: np.zeros((2, 256), dtype=np.int64))
    node_mask: Ints = attrs.field(factory=lambda: np.zeros(NODES, dtype=np.int64))
    node_target: Ints = attrs.field(factory=lambda: np.ones(NODES, dtype=np.int64))

    @property
    def column(self) -> Ints:
        """Synapse column 0..255 of each synapse."""
        return self.synapses.circuit % 256

    @property
    def drivers_used(self) -> Ints:
        """Drivers that listen, by hemisphere and bus, ``int64[2, 4]``."""
        used: Ints = (self.driver_mask >= 0).reshape(2, 32, 4).sum(axis=1)
        return used

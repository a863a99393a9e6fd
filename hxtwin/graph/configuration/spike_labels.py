"""Spike labels and the neurons behind them, in both directions, as tables.

=================  =====================================================================================
`InputLabels`      neuron of an external source -> the labels to send (several if it needs several buses)
`OutputLabels`     label of a recorded spike -> population, neuron, compartment
=================  =====================================================================================

A label has 16 bits: SPL1 address in bits 15..14, neuron label below (reference: containers-b.md 2.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.errors import InputDataError

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS = 1 << 16


@attrs.frozen(eq=False)
class SourceLabels:
    """Labels of the neurons of one external source.

    Args:
        begin: ``int64[size + 1]``; the labels of neuron i are ``labels[begin[i]:begin[i + 1]]``.
        labels: ``uint16[n]``, spike labels to the chip. A neuron without targets on this chip has none.
    """

    begin: npt.NDArray[np.int64]
    labels: npt.NDArray[np.uint16]

    def of(self, neuron: int) -> npt.NDArray[np.uint16]:
        """Labels of one neuron, ``uint16[n]``."""
        return self.labels[self.begin[neuron] : self.begin[neuron + 1]]


@attrs.frozen(eq=False)
class InputLabels:
    """Labels that make the spikes of external sources.

    Args:
        sources: by name of the external source.
    """

    sources: Mapping[str, SourceLabels]

    def encode(
        self, source: str, neurons: npt.ArrayLike, times: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16]]:
        """Events to send for spikes of one source.

        Args:
            source: name of an external source.
            neurons: its neurons, ``int[n]``.
            times: any time of each spike, ``int64[n]``; handed through.

        Returns:
            Times ``int64[m]`` and labels ``uint16[m]``; a spike becomes as many events as its neuron has labels, the
            events of a spike follow each other.

        Raises:
            InputDataError: an unknown source, neurons that it does not have, or arrays of different length.
        """
        if source not in self.sources:
            raise InputDataError(f"external source {source!r}: not on this chip; here are {sorted(self.sources)}")
        table = self.sources[source]
        chosen, at = np.asarray(neurons, dtype=np.int64), np.asarray(times, dtype=np.int64)
        size = len(table.begin) - 1
        if chosen.shape != at.shape or chosen.ndim != 1:
            raise InputDataError(f"external source {source!r}: {chosen.shape} neurons and {at.shape} times")
        if chosen.size and (chosen.min() < 0 or chosen.max() >= size):
            raise InputDataError(
                f"external source {source!r}: neurons {chosen.min()}..{chosen.max()}, it has 0..{size - 1}"
            )
        counts = (table.begin[1:] - table.begin[:-1])[chosen]
        first = np.repeat(table.begin[chosen] - (np.cumsum(counts) - counts), counts)
        return np.repeat(at, counts), table.labels[first + np.arange(int(counts.sum()))]


@attrs.frozen(eq=False)
class OutputLabels:
    """Neurons behind the labels of recorded spikes.

    Args:
        populations: names; the tables refer to them by position.
        population: ``int16[65536]``, -1 for labels of nobody and of neurons that are not recorded.
        neuron: ``int32[65536]``.
        compartment: ``int16[65536]``.
        known: ``bool[65536]``, labels that something in the network sends, recorded or not.
    """

    populations: tuple[str, ...]
    population: npt.NDArray[np.int16]
    neuron: npt.NDArray[np.int32]
    compartment: npt.NDArray[np.int16]
    known: npt.NDArray[np.bool_]

    def decode(
        self, labels: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int32], npt.NDArray[np.int16]]:
        """Population (position in `populations`, -1: nobody's), neuron and compartment of each label.

        Args:
            labels: ``uint16[n]``, spike labels from the chip.
        """
        given = np.asarray(labels, dtype=np.int64)
        return self.population[given], self.neuron[given], self.compartment[given]

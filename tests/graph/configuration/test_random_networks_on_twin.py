"""Random networks on the ideal twin: every external neuron spikes once, over the bus, and the right ones answer.

Neurons are in bypass, see `acceptance.random_networks`; the acceptance run does the same with many more networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from acceptance.random_networks import ENDPOINT, LINES, random_network, seen_answers, wanted_answers
from hypothesis import given, settings
from hypothesis import strategies as st

import hxtwin
from hxtwin.graph.network import ExternalSource, Network, Population, Projection, Receptor, SpikeRecording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hxtwin.runtime import Connection


@pytest.fixture(scope="module")
def ideal() -> Iterator[Connection]:
    with hxtwin.connect(ENDPOINT) as connection:
        yield connection


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), line=st.sampled_from(LINES))
def test_a_spike_reaches_exactly_the_wanted_neurons(ideal: Connection, seed: int, line: Receptor) -> None:
    network = random_network(seed)
    assert seen_answers(network, line, ideal) == wanted_answers(network, line)


def test_a_synapse_that_is_missing_would_be_seen(ideal: Connection) -> None:
    def network(weight: int) -> Network:
        return Network.of(
            ExternalSource(name="in", size=2),
            Population(name="out", size=2),
            Projection(name="p", source="in", target="out", weights=np.array([[63, 0], [0, weight]])),
            SpikeRecording(population="in"),
            SpikeRecording(population="out"),
        )

    seen = seen_answers(network(0), Receptor.EXCITATORY, ideal)
    assert seen == wanted_answers(network(0), Receptor.EXCITATORY)
    assert seen != wanted_answers(network(1), Receptor.EXCITATORY)


def test_answers_follow_from_signs_and_layers() -> None:
    network = Network.of(
        ExternalSource(name="in", size=2),
        Population(name="a", size=2),
        Population(name="b", size=1),
        Projection(name="p", source="in", target="a", weights=[[1, -1], [0, 5]]),
        Projection(name="q", source="a", target="b", weights=[[0], [7]], receptor="excitatory"),
    )
    assert wanted_answers(network, Receptor.EXCITATORY) == {
        ("in", 0): {("in", 0), ("a", 0)},
        ("in", 1): {("in", 1), ("a", 1), ("b", 0)},
    }
    assert wanted_answers(network, Receptor.INHIBITORY) == {
        ("in", 0): {("in", 0), ("a", 1)},
        ("in", 1): {("in", 1)},
    }

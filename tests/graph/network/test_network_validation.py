"""Networks that contradict themselves are refused with the name of the entity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.containers import LogicalNeuron, NeuronReadoutSource
from hxtwin.coord import AtomicNeuronOnDLS
from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network import (
    BackgroundSource,
    CADCRecording,
    ExternalSource,
    InterExecutionProjection,
    MADCRecording,
    Network,
    NeuronShape,
    Population,
    Projection,
    Receptor,
    SpikeRecording,
    single_compartment,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.graph.network import Entity

IN = ExternalSource(name="in", size=4)
HIDDEN = Population(name="hidden", size=3)
SILENT = Population(name="silent", size=2, spiking=False)


def dense(source: str = "in", target: str = "hidden", shape: tuple[int, int] = (4, 3), **changes: object) -> Projection:
    fields: dict[str, object] = {"name": "p", "source": source, "target": target, "weights": np.ones(shape), **changes}
    return Projection(**fields)  # type: ignore[arg-type]  # any field may be changed


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ((IN, HIDDEN, HIDDEN), "'hidden': the name is given 2 times"),
        ((IN, HIDDEN, ExternalSource(name="hidden", size=1)), "'hidden': the name is given 2 times"),
        ((IN, HIDDEN, dense(), dense()), "'p': the name is given 2 times"),
        ((HIDDEN, dense()), "no source 'in'"),
        ((IN, dense()), "no population 'hidden'"),
        ((IN, ExternalSource(name="hidden", size=3), dense()), "no population 'hidden'"),
        ((IN, HIDDEN, dense(shape=(4, 2))), r"\(4, 2\), wanted \(4, 3\)"),
        ((IN, HIDDEN, dense(weights=[1], connections=[(4, 0)])), "neuron 4 of 'in', which has 4"),
        ((IN, HIDDEN, dense(weights=[1], connections=[(0, 3)])), "neuron 3 of 'hidden', which has 3"),
        ((IN, HIDDEN, dense(source_compartment=1)), "compartment 1 of ExternalSource 'in'"),
        ((IN, HIDDEN, dense(target_compartment=1)), "compartment 1, circuit 0 of Population 'hidden' does not exist"),
        ((SILENT, HIDDEN, dense("silent", shape=(2, 3))), "Population 'silent' does not spike"),
        ((IN, HIDDEN, dense(delay_us=1.0)), "belongs into its spike times"),
        ((SILENT, SpikeRecording(population="silent")), "does not spike"),
        ((IN, CADCRecording(population="in")), "no membrane"),
        ((HIDDEN, SpikeRecording(population="other")), "no such population"),
        ((HIDDEN, SpikeRecording(population="hidden", neurons=[3])), "neuron 3 of 'hidden', which has 3"),
        ((HIDDEN, MADCRecording(population="hidden", neuron=3)), "neuron 3 of 'hidden', which has 3"),
        ((HIDDEN, CADCRecording(population="hidden", compartment=1)), "compartment 1"),
        ((HIDDEN, CADCRecording(population="hidden", circuit=1)), "circuit 1"),
        ((BackgroundSource(name="b", size=2, period=9), SpikeRecording(population="b")), "cannot be recorded"),
        (
            (
                HIDDEN,
                CADCRecording(population="hidden"),
                MADCRecording(population="hidden", neuron=1, source=NeuronReadoutSource.EXC_SYNIN),
            ),
            "neuron 1 shall be observed at EXC_SYNIN and at MEMBRANE",
        ),
        (
            (
                Population(name="x", size=3, execution_instance=0),
                *(MADCRecording(population="x", neuron=neuron) for neuron in range(3)),
            ),
            "3 MADC recordings in execution instance 0, at most 2",
        ),
        (
            (
                Population(name="x", size=1, execution_instance=2, chip=0),
                Population(name="y", size=1, execution_instance=2, chip=1),
            ),
            "'x' is on chip 0, 'y' on chip 1",
        ),
        (
            (
                BackgroundSource(name="b", size=1, period=9, execution_instance=1),
                Population(name="x", size=1, execution_instance=0),
                dense("b", "x", (1, 1)),
            ),
            "runs in execution instance 1, the target in 0",
        ),
        (
            (
                Population(name="x", size=1, execution_instance=0),
                Population(name="y", size=1, execution_instance=0),
                dense("x", "y", (1, 1), delay_us=2.0),
            ),
            "delay of 2 us needs source and target in different execution instances",
        ),
        (
            (
                Population(name="x", size=2, execution_instance=0),
                ExternalSource(name="e", size=1, execution_instance=1),
                InterExecutionProjection(name="r", source="x", target="e", neurons=[0, 1]),
            ),
            "2 neurons for the 1 of 'e'",
        ),
    ],
)
def test_contradictions_name_the_entity(entities: tuple[Entity, ...], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        Network.of(*entities)


def test_cyclic_instances_are_named() -> None:
    a, b, c = (Population(name=name, size=1, execution_instance=i) for i, name in enumerate("abc"))
    ring = [dense(x, y, (1, 1), name=x + y) for x, y in ("ab", "bc", "ca")]
    with pytest.raises(NetworkError, match=r"cycle: 0 -> 1 -> 2 -> 0"):
        Network.of(a, b, c, *ring)


def test_a_cycle_through_an_unassigned_population_is_left_to_the_partition() -> None:
    a, b = Population(name="a", size=1, execution_instance=1), Population(name="b", size=1)
    network = Network.of(a, b, dense("a", "b", (1, 1), name="ab"), dense("b", "a", (1, 1), name="ba"))
    with pytest.raises(NetworkError, match=r"\['b'\] have no execution instance while others have"):
        _ = network.execution_instances


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Population(name="p", size=0), "Population 'p': size has to be in 1"),
        (lambda: Population(name="p", size=2.5), "size"),
        (lambda: Population(name="p", size=True), "size"),
        (lambda: Population(name="", size=1), "name"),
        (lambda: ExternalSource(name="e", size=-1), "ExternalSource 'e': size"),
        (lambda: ExternalSource(name="e", size=1, rate_hz=math.nan), "rate_hz"),
        (lambda: ExternalSource(name="e", size=1, rate_hz=-1.0), "rate_hz"),
        (lambda: Population(name="p", size=1, chip=-1), "chip"),
        (lambda: Population(name="p", size=1, execution_instance=-1), "execution_instance"),
        (lambda: BackgroundSource(name="b", size=3, period=1), "'b': size has to be a power of two, got 3"),
        (lambda: BackgroundSource(name="b", size=512, period=1), "size has to be in 1..256"),
        (lambda: BackgroundSource(name="b", size=1, period=1, seed=0), "seed"),
        (lambda: BackgroundSource.poisson("b", 256, 1e6), "256 neurons of 1e.06 Hz"),
        (lambda: dense(weights=np.full((4, 3), np.nan)), "Projection 'p': weights: 12 of 12 values are NaN"),
        (lambda: dense(weights=np.full((4, 3), np.inf)), "whole numbers"),
        (lambda: dense(weights=np.full((4, 3), 0.5)), "whole numbers"),
        (lambda: dense(weights=[["a"]]), "whole numbers"),
        (lambda: dense(weights=[[1], [1, 2]]), "rectangular"),
        (lambda: dense(weights=np.zeros((0, 3))), "dense weights"),
        (lambda: dense(weights=[1, 2]), "dense weights"),
        (lambda: dense(weights=[[64]]), "64..64, allowed for a signed projection: -63..63"),
        (lambda: dense(weights=[[-1]], receptor="inhibitory"), "allowed for a inhibitory projection: 0..63"),
        (lambda: dense(receptor="both"), "receptor"),
        (lambda: dense(weights=[1, 2], connections=[(0, 0)]), "2,.* for 1 connections"),
        (lambda: dense(weights=[1], connections=[(0, -1)]), "negative"),
        (lambda: dense(weights=[], connections=np.zeros((0, 2))), r"\[n, 2\] with n >= 1"),
        (lambda: dense(delay_us=-1.0), "delay_us"),
        (lambda: dense(max_weight=0), "max_weight"),
        (lambda: SpikeRecording(population="p", neurons=[]), "SpikeRecording of 'p': neurons"),
        (lambda: SpikeRecording(population="p", neurons=[1, 1]), "neuron 1 is listed twice"),
        (lambda: CADCRecording(population="p", neurons=[-1]), "neuron -1 is negative"),
        (lambda: InterExecutionProjection(name="r", source="a", target="b", neurons=[]), "at least one neuron"),
        (lambda: single_compartment(0), "1..256 circuits, got 0"),
        (lambda: single_compartment(129, expand_horizontally=True), "1..128 circuits"),
        (lambda: NeuronShape(LogicalNeuron()), "at least one circuit"),
        (lambda: NeuronShape(single_compartment(2).structure, {0: 2}), "circuit 2 of compartment 0"),
        (lambda: NeuronShape(single_compartment(2).structure, {1: 0}), "circuit 0 of compartment 1"),
        (lambda: Population(name="p", size=1, anchors=(AtomicNeuronOnDLS(0),)), "anchors are given without a shape"),
        (
            lambda: Population(name="p", size=2, shape=single_compartment(1), anchors=(AtomicNeuronOnDLS(0),)),
            "1 anchors for 2 neurons",
        ),
        (
            lambda: Population(name="p", size=2, shape=single_compartment(1), anchors=(AtomicNeuronOnDLS(7),) * 2),
            "given twice",
        ),
        (
            lambda: Population(
                name="p", size=3, shape=single_compartment(1), parameters=(single_compartment(1).structure,) * 2
            ),
            "2 parameters; give one for all or one for each of 3",
        ),
        (
            lambda: Population(
                name="p", size=3, shape=single_compartment(1), parameters=(single_compartment(2).structure,)
            ),
            "another shape",
        ),
        (lambda: Network.of("hidden"), "str is no entity"),  # type: ignore[arg-type]  # that is the point
        (lambda: Network(populations=(IN,)), "Population wanted"),  # type: ignore[arg-type]  # likewise
    ],
)
def test_bad_values_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        make()


def test_errors_of_the_layer_are_errors_of_the_package() -> None:
    from hxtwin import HxtwinError

    with pytest.raises(HxtwinError):
        Network.of(HIDDEN, HIDDEN)


def test_connections_with_weight_63_of_one_sign_are_taken_for_every_receptor() -> None:
    for receptor in Receptor:
        assert dense(weights=[[63]], receptor=receptor).weights.max() == 63

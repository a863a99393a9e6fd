"""Networks survive the way through bytes, and nothing else does."""

from __future__ import annotations

from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.containers import Morphology
from hxtwin.coord import AtomicNeuronOnDLS, AtomicNeuronOnLogicalNeuron
from hxtwin.graph.errors import GraphDecodeError, GraphError
from hxtwin.graph.network import (
    BackgroundSource,
    CADCRecording,
    ExternalSource,
    MADCRecording,
    Network,
    NeuronShape,
    Population,
    PopulationPart,
    Projection,
    SpikeRecording,
    from_bytes,
    single_compartment,
    to_bytes,
    with_relays,
)


def two_compartments() -> NeuronShape:
    morphology = Morphology()
    morphology.create_compartment([AtomicNeuronOnLogicalNeuron(0), AtomicNeuronOnLogicalNeuron(1)])
    morphology.create_compartment([AtomicNeuronOnLogicalNeuron(3)])
    morphology.connect_soma_line(1, 3, row=0)
    morphology.connect_to_soma(AtomicNeuronOnLogicalNeuron(1))
    morphology.connect_resistor_to_soma(AtomicNeuronOnLogicalNeuron(3))
    return NeuronShape(morphology.done()[1], {0: 1, 1: 0})


def everything() -> Network:
    shape = two_compartments()
    return with_relays(
        Network.of(
            ExternalSource(name="in", size=3, rate_hz=1e4),
            BackgroundSource(name="noise", size=8, period=12, random=False, execution_instance=0),
            Population(
                name="a",
                size=2,
                shape=shape,
                parameters=(shape.structure,),
                anchors=(AtomicNeuronOnDLS(0), AtomicNeuronOnDLS(140)),
                execution_instance=0,
            ),
            Population(
                name="b",
                size=2,
                shape=single_compartment(3),
                execution_instance=1,
                chip=1,
                part_of=PopulationPart(population="B", neurons=[4, 5]),
            ),
            Projection(name="p", source="in", target="a", weights=np.arange(6).reshape(3, 2), target_compartment=1),
            Projection(name="q", source="noise", target="a", weights=[5], connections=[(7, 1)], receptor="inhibitory"),
            Projection(
                name="r", source="a", target="b", weights=[[-1, 2], [3, -4]], delay_us=0.25, source_compartment=1
            ),
            SpikeRecording(population="a", compartment=1),
            CADCRecording(population="b", neurons=[1]),
            MADCRecording(population="b", neuron=0),
        )
    )


def test_a_network_with_every_entity_survives() -> None:
    network = everything()
    again = from_bytes(to_bytes(network))
    assert again == network
    assert to_bytes(again) == to_bytes(network)
    assert not again.projection("p").weights.flags.writeable


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    inputs=st.integers(1, 4),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    seed=st.integers(0, 1000),
    name=st.text(min_size=1, max_size=10),
)
def test_random_networks_survive(inputs: int, sizes: list[int], seed: int, name: str) -> None:
    random = np.random.default_rng(seed)
    widths = [inputs, *sizes]
    network = Network.of(
        ExternalSource(name=f"{name}0", size=inputs),
        *(Population(name=f"{name}{number + 1}", size=size) for number, size in enumerate(sizes)),
        *(
            Projection(
                name=f"p{number}",
                source=f"{name}{number}",
                target=f"{name}{number + 1}",
                weights=random.integers(-63, 64, (widths[number], size)),
            )
            for number, size in enumerate(sizes)
        ),
    )
    assert from_bytes(to_bytes(network)) == network


EVERYTHING = to_bytes(everything())


def changed(**values: Any) -> bytes:
    envelope = msgpack.unpackb(EVERYTHING)
    for path, value in values.items():
        place = envelope
        *outer, last = path.split("__")
        for step in outer:
            place = place[int(step) if step.isdigit() else step]
        place[last] = value
    packed: bytes = msgpack.packb(envelope)
    return packed


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "msgpack"),
        (b"\x01\x02", "msgpack"),
        (msgpack.packb({"format": "hxtwin-graph"}), "envelope"),
        (changed(format="pickle"), "format 'pickle'"),
        (changed(version=2), "version 2"),
        (changed(version=True), "version True"),
        (changed(type="Population"), "unknown type 'Population'"),
        (changed(data=[]), "Network"),
        (changed(data__populations__0__size=0), "size has to be in"),
        (changed(data__populations__0__size="2"), "int wanted"),
        (changed(data__populations__0__unknown=1), "Network"),
        (changed(data__projections__0__weights={"dtype": "<f8", "shape": [1], "data": b"\0" * 8}), "array of <i4"),
        (changed(data__projections__0__weights={"dtype": "<i4", "shape": [9], "data": b"\0" * 8}), "36 bytes"),
        (changed(data__projections__0__weights={"dtype": "<i4", "shape": [-1], "data": b""}), "array shape"),
        (changed(data__projections__0__weights=[1, 2]), "dtype, shape and data"),
        (changed(data__projections__0__source="nobody"), "no source 'nobody'"),
        (changed(data__projections__0__receptor="other"), "Network"),
        (changed(data__recordings__0___type="Path"), "Network"),
    ],
)
def test_other_bytes_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(GraphDecodeError, match=message):
        from_bytes(data)


def test_left_over_bytes_are_refused() -> None:
    with pytest.raises(GraphDecodeError, match="left over"):
        from_bytes(to_bytes(everything()) + b"\0")


def test_objects_of_other_classes_have_no_serialised_form() -> None:
    with pytest.raises(GraphError, match="ExternalSource has no serialised form"):
        to_bytes(ExternalSource(name="in", size=1))


def test_text_is_no_network() -> None:
    with pytest.raises(GraphDecodeError, match="bytes are wanted"):
        from_bytes("network")  # type: ignore[arg-type]  # that is the point


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 255))
def test_damaged_bytes_never_raise_anything_else(position: int, value: int) -> None:
    data = bytearray(EVERYTHING)
    data[position % len(data)] = value
    try:
        found = from_bytes(bytes(data))
    except GraphDecodeError:
        return
    assert isinstance(found, Network)

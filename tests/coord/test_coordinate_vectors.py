"""Known-good examples: ranges, components, conversions, texts, label fields, logical neurons."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hxtwin import coord
from hxtwin.coord import CoordinateError, Indexed

OWN_COPY = Path(__file__).resolve().parents[1] / "data" / "coordinates.json"
ORIGINAL = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "coordinates.json"
VECTORS: list[dict[str, Any]] = json.loads(OWN_COPY.read_text())


def _of_kind(kind: str) -> list[Any]:
    chosen = [vector for vector in VECTORS if vector["kind"] == kind]
    return [pytest.param(vector, id=f"{position}-{_subject(vector)}") for position, vector in enumerate(chosen)]


def _subject(vector: dict[str, Any]) -> str:
    return str(vector.get("type") or vector.get("from", {}).get("type") or vector["kind"])


def _snake(name: str) -> str:
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", words).replace(".", "_").lower()


def _indexed(name: str) -> type[Indexed]:
    kind = coord.types()[name]
    assert issubclass(kind, Indexed)
    return kind


@pytest.mark.skipif(not ORIGINAL.is_file(), reason="the folder of vectors is not there")
def test_own_copy_equals_the_original() -> None:
    assert OWN_COPY.read_bytes() == ORIGINAL.read_bytes()


def test_every_kind_of_example_is_tested() -> None:
    assert {vector["kind"] for vector in VECTORS} == {
        "range", "components", "conversion", "constant", "out_of_range", "string", "label_field", "interval",
        "logical_neuron",
    }  # fmt: skip


@pytest.mark.parametrize("vector", _of_kind("range"))
def test_range(vector: dict[str, Any]) -> None:
    kind = _indexed(vector["type"])
    assert (kind.min, kind.max, kind.size, int(kind())) == tuple(vector[k] for k in ("min", "max", "size", "default"))


@pytest.mark.parametrize("vector", _of_kind("components"))
def test_components(vector: dict[str, Any]) -> None:
    kind: Any = coord.types()[vector["from"]["type"]]
    components = vector["from"]["components"]
    if components.keys() == {"x", "y"}:
        axes, parts = [coord.X(components["x"]), coord.Y(components["y"])], {}
    else:
        axes, parts = [], {_snake(name): index for name, index in components.items()}
    if vector["to"].get("error"):
        with pytest.raises(CoordinateError):
            kind(*axes, **parts)
    else:
        assert int(kind(*axes, **parts)) == vector["to"]["index"]


@pytest.mark.parametrize("vector", _of_kind("conversion"))
def test_conversion(vector: dict[str, Any]) -> None:
    source, target = vector["from"], vector["to"]
    convert = getattr(_indexed(source["type"])(source["index"]), f"to_{_snake(target['type'])}")
    if target.get("error"):
        with pytest.raises(CoordinateError):
            convert()
    elif "indices" in target:
        assert convert() == tuple(_indexed(target["type"])(index) for index in target["indices"])
    elif target["index"] is None:
        assert convert() is None
    else:
        assert convert() == _indexed(target["type"])(target["index"])


@pytest.mark.parametrize("vector", _of_kind("constant"))
def test_constant(vector: dict[str, Any]) -> None:
    assert getattr(_indexed(vector["type"]), vector["name"]) == _indexed(vector["type"])(vector["index"])


@pytest.mark.parametrize("vector", _of_kind("out_of_range"))
def test_out_of_range(vector: dict[str, Any]) -> None:
    with pytest.raises(CoordinateError, match=vector["type"]):
        _indexed(vector["type"])(vector["index"])


@pytest.mark.parametrize("vector", _of_kind("string"))
def test_string(vector: dict[str, Any]) -> None:
    assert str(_indexed(vector["type"])(vector["index"])) == vector["string"]


@pytest.mark.parametrize("vector", _of_kind("label_field"))
def test_label_field(vector: dict[str, Any]) -> None:
    label = coord.SpikeLabel(vector["label"])
    assert int(getattr(label, vector["field"])) == vector["get"]
    changed = getattr(label, f"with_{vector['field']}")(vector["set"])
    assert changed == coord.SpikeLabel(vector["label_after_set"])
    assert int(label) == vector["label"]


@pytest.mark.parametrize("vector", _of_kind("interval"))
def test_interval(vector: dict[str, Any]) -> None:
    kind = coord.types()[vector["type"]]
    assert issubclass(kind, coord.Interval)
    assert len(kind(min=vector["min"], max=vector["max"])) == vector["length"]


def _shape(compartments: dict[str, list[list[int]]]) -> coord.LogicalNeuronCompartments:
    return coord.LogicalNeuronCompartments(
        {
            coord.CompartmentOnLogicalNeuron(int(number)): [
                coord.AtomicNeuronOnLogicalNeuron(coord.X(column), coord.Y(row)) for column, row in circuits
            ]
            for number, circuits in compartments.items()
        }
    )


def _as_indices(shape: coord.LogicalNeuronCompartments) -> dict[str, list[int]]:
    return {str(int(number)): [int(c) for c in circuits] for number, circuits in shape.get_compartments().items()}


@pytest.mark.parametrize("vector", _of_kind("logical_neuron"))
def test_logical_neuron(vector: dict[str, Any]) -> None:
    shape = _shape(vector["compartments_column_row"])
    column, row = vector["anchor_column_row"]
    anchor = coord.AtomicNeuronOnDLS(neuron_column_on_dls=column, neuron_row_on_dls=row)
    assert _as_indices(shape.flip_x()) == vector["flip_x_indices"]
    assert _as_indices(shape.flip_y()) == vector["flip_y_indices"]
    if vector["error"]:
        with pytest.raises(CoordinateError, match="does not fit"):
            coord.LogicalNeuronOnDLS(shape, anchor)
        return
    placed = coord.LogicalNeuronOnDLS(shape, anchor).get_placed_compartments()
    expected = vector["placed_atomic_neuron_indices"]
    assert {str(int(number)): [int(c) for c in circuits] for number, circuits in placed.items()} == expected

"""Worked vectors: containers with field values, addresses and words that were taken from the original encoders.

The repository carries its own copy, so that these tests run wherever it is cloned.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from hxtwin import containers, coord
from hxtwin.containers import Backend, Container

from .reference_files import ABSENT, REPOSITORY, SHARED

Vector = dict[str, Any]

VECTORS: list[Vector] = json.loads((REPOSITORY / "tests" / "data" / "containers.json").read_text())
_ELSEWHERE = ("LogicalNeuron", "VectorGenerator")


def _named(kind: str) -> pytest.MarkDecorator:
    chosen = [vector for vector in VECTORS if vector["kind"] in kind.split("|")]
    names = [f"{vector['container']}-{i}" for i, vector in enumerate(chosen)]
    return pytest.mark.parametrize("vector", chosen, ids=names)


def _class(vector: Vector) -> type[Container]:
    return containers.by_name(vector["container"])


def _place(vector: Vector) -> coord.Coordinate:
    stated = vector["coordinate"]
    type_ = coord.types()[stated["type"]]
    components = stated["components"]
    if {"min", "max"} <= components.keys():
        ends = [components["min"], components["max"]]
        return type_.from_plain([ends, components["ppu"]] if "ppu" in components else ends)
    return type_.from_plain(stated["index"])


def _paths(fields: Any, prefix: str = "") -> dict[str, Any]:
    """Fields of a vector as dotted paths; the keys of nested tables that are numbers count the records of an array."""
    found: dict[str, Any] = {}
    for key, value in fields.items():
        path = f"{prefix}[{key}]" if key.isdigit() else f"{prefix}.{key}" if prefix else key
        found.update(_paths(value, path) if isinstance(value, dict) else {path: value})
    return found


def test_copy_in_the_repository_is_that_of_the_shared_folder() -> None:
    original = SHARED / "vectors" / "containers.json"
    if not original.is_file():
        pytest.skip(ABSENT)
    stated = json.loads(original.read_text())
    assert [vector for vector in stated if not vector["container"].startswith(_ELSEWHERE)] == VECTORS


def test_there_are_vectors_of_every_kind() -> None:
    assert {vector["kind"] for vector in VECTORS} == {"encode", "decode", "encode_decode", "views"}
    assert len(VECTORS) == 180


@_named("encode|encode_decode")
def test_fields_are_encoded_to_the_words_of_the_vector(vector: Vector) -> None:
    container = _class(vector).from_fields(_paths(vector["fields"]))
    assert container.encode(_place(vector)).tolist() == vector["words"]
    enables = vector.get("byte_enables", [15] * len(vector["words"]))
    assert container.byte_enables(_place(vector)).tolist() == enables


@_named("decode|encode_decode")
def test_words_are_decoded_to_the_fields_of_the_vector(vector: Vector) -> None:
    cls = _class(vector)
    fields = {path: value for path, value in _paths(vector["fields"]).items() if path != "enables"}
    assert cls.decode(vector["words"], _place(vector)) == cls.from_fields(fields)


@_named("encode|decode|encode_decode")
def test_words_go_to_the_addresses_of_the_vector(vector: Vector) -> None:
    cls, where = _class(vector), _place(vector)
    way = Backend(vector["backend"]) if "backend" in vector else None
    assert cls.write_addresses(where, way).tolist() == vector["write_addresses"]
    if vector["read_addresses"]:
        way = Backend(vector["read_backend"]) if "read_backend" in vector else way
        assert cls.read_addresses(where, way).tolist() == vector["read_addresses"]
    else:
        assert cls.read_addresses(where).size == 0


@_named("encode|encode_decode")
def test_written_words_decode_to_what_was_written(vector: Vector) -> None:
    cls, where = _class(vector), _place(vector)
    container = cls.from_fields({k: v for k, v in _paths(vector["fields"]).items() if k != "enables"})
    assert cls.decode(container.encode(where), where) == container


@_named("views")
def test_views_of_a_spike_label(vector: Vector) -> None:
    assert vector["container"] == "SpikeLabel"
    label = coord.SpikeLabel(vector["words"][0])
    assert {name: int(getattr(label, name)) for name in vector["fields"]} == vector["fields"]

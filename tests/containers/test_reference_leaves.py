"""Every container with words of its own, against the reference: place, access, fields, and every single bit."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.containers import ContainerError, DecodeError
from hxtwin.containers.record import Column, members, schema

from .field_values import class_of, columns_of, plain_path, random_values, telling_values, values_of
from .reference_files import (
    ENTRIES,
    LEAVES,
    Components,
    Entry,
    addresses,
    backends,
    components,
    corner_places,
    each,
    index,
    place,
    random_places,
    some_places,
)
from .slow_codec import (
    OutOfRangeError,
    Values,
    after_transport,
    byte_enables,
    decode,
    default,
    defaults,
    elements,
    encode,
    is_array,
)

every_leaf = pytest.mark.parametrize("name", each(LEAVES))

_KINDS = {"SpikeLabel": "uint"}


def _columns(name: str) -> dict[str, Column]:
    return {column.path: column for column in schema(class_of(name))}


def _readable_then_writable(entry: Entry) -> list[bool]:
    return [read for read in (True, False) if entry["readable" if read else "writable"]]


# --- where it lives and how it travels -------------------------------------------------------------------------------


@every_leaf
def test_container_lives_at_the_coordinate_of_the_reference(name: str) -> None:
    assert class_of(name).coordinate_type.__name__ == ENTRIES[name]["coordinate"]["type"]


@every_leaf
def test_components_of_the_coordinate_and_their_significance_agree(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    assert set(cls.layout.components) == {component for component, *_ in components(entry)}
    for component, type_name, low, high in components(entry):
        type_ = cls.layout.components[component]
        assert (type_.__name__, type_.min, type_.max) == (type_name, low, high)
    rng = random.Random(name)
    for at in corner_places(entry) + random_places(entry, 20, rng):
        found = cls.components_of_indices(np.array([index(entry, at)]))
        assert {component: int(array[0]) for component, array in found.items()} == at


@every_leaf
def test_word_counts_follow_from_the_accesses(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    for access, count in (("write", cls.write_word_count()), ("read", cls.read_word_count())):
        stated = entry["addresses"][access]
        assert count == (0 if stated is None else stated["words"])
        assert count in {0, entry["word_count"]}
    assert (cls.is_readable(), cls.is_writable()) == (entry["readable"], entry["writable"])


@every_leaf
@pytest.mark.parametrize("read", [False, True], ids=["write", "read"])
def test_addresses_at_corners_and_random_places(name: str, read: bool) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    found_by = cls.read_addresses if read else cls.write_addresses
    for at in some_places(entry, random.Random(name), 20):
        found = found_by(place(entry, at))
        assert found.dtype == np.uint32
        assert found.tolist() == addresses(entry, at, read=read), at


@every_leaf
@pytest.mark.parametrize("read", [False, True], ids=["write", "read"])
def test_addresses_of_many_places_are_those_of_the_single_places(name: str, read: bool) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    if not components(entry):
        return
    places = random_places(entry, 50, random.Random(name))
    found = cls.addresses_of(np.array([index(entry, at) for at in places]), read=read)
    assert found.tolist() == [addresses(entry, at, read=read) for at in places]


def test_pll_registers_are_numbered_on_jtag_and_addressed_on_the_omnibus() -> None:
    at = coord.ADPLLOnDLS(1)
    jtag, omnibus = containers.Backend.JTAG_PLL_REGISTER, containers.Backend.OMNIBUS_CHIP_OVER_JTAG
    assert containers.ADPLL.write_addresses(at).tolist() == [2, 3]
    assert containers.ADPLL.write_addresses(at, jtag).tolist() == [2, 3]
    assert containers.ADPLL.write_addresses(at, omnibus).tolist() == [0x80002, 0x80003]
    assert containers.ADPLL.read_addresses(at).tolist() == [0x80002, 0x80003]


@every_leaf
def test_addresses_on_every_backend(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    at = corner_places(entry)[-1]
    for read in _readable_then_writable(entry):
        stated = entry["addresses"]["read" if read else "write"]
        for backend in backends(entry, read=read):
            expected = addresses({**entry, "backends": [backend], "read_backends": [backend]}, at, read=read)
            found = (cls.read_addresses if read else cls.write_addresses)(place(entry, at), containers.Backend(backend))
            assert found.tolist() == expected, (backend, stated)


@every_leaf
def test_ways_of_travel(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    assert [str(backend) for backend in cls.backends] == entry["backends"]
    assert cls.default_backend == entry["default_backend"]
    if entry["readable"]:
        assert [str(backend) for backend in cls.read_backends] == list(backends(entry, read=True))


@every_leaf
def test_differential_writes_and_refused_reads(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    assert cls.differential_write == entry.get("differential_write", False)
    refused = {str(target) for target in cls.unsupported_read_targets}
    assert refused == set(entry.get("unsupported_read_targets", ()))


@every_leaf
def test_payload_free_accesses_are_marked(name: str) -> None:
    assert class_of(name).layout.payload_free == ENTRIES[name].get("payload_free", False)


# --- fields ----------------------------------------------------------------------------------------------------------


@every_leaf
def test_field_names_are_those_of_the_reference_in_its_flat_form(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    names = {field["name"] for field in entry["fields"]}
    assert set(cls().to_fields()) == names
    assert set(members(cls)) == {path.split(".")[0].split("[")[0] for path in names}


@every_leaf
def test_kinds_ranges_units_and_access_of_fields(name: str) -> None:
    found = _columns(name)
    for field in ENTRIES[name]["fields"]:
        path, position = plain_path(field["name"])
        column = found[path]
        kind = str(field["type"]).removeprefix("array<").removesuffix(">")
        assert column.spec.kind == _KINDS.get(kind, kind), path
        assert (column.spec.minimum, column.spec.maximum) == (field["min"], field["max"]), path
        assert column.spec.access == field.get("access", "rw"), path
        assert column.spec.only_if == field.get("only_if"), path
        assert column.shape[len(position) :] == ((field["size"],) if is_array(field) else ()), path
        if "unit" in field:
            assert column.spec.unit == field["unit"], path


@every_leaf
def test_arrays_are_indexed_by_the_coordinate_of_the_reference(name: str) -> None:
    found = _columns(name)
    for field in ENTRIES[name]["fields"]:
        if is_array(field) and field["index_type"] in coord.types():
            column = found[plain_path(field["name"])[0]]
            assert [type_.__name__ for type_ in column.spec.index] == [field["index_type"]], field["name"]


@every_leaf
def test_enumerations_have_the_names_and_values_of_the_reference(name: str) -> None:
    found = _columns(name)
    for field in ENTRIES[name]["fields"]:
        if field["type"] == "enum":
            enum = found[plain_path(field["name"])[0]].spec.enum
            assert enum is not None
            stated = {text.upper(): value for text, value in field["enum"].items()}
            assert {member.name: member.value for member in enum} == stated


@every_leaf
def test_defaults_of_fields(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    assert cls().to_fields() == defaults(entry)


@every_leaf
def test_words_of_the_default_object(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    at = corner_places(entry)[0]
    expected = encode(entry, defaults(entry), at)
    assert expected == entry.get("default_words", expected)
    if entry["writable"]:
        assert cls().encode(place(entry, at)).tolist() == expected


# --- bits ------------------------------------------------------------------------------------------------------------


def _single_changes(entry: Entry) -> list[Values]:
    """Values that differ from a base in one element of one field, for every element and every telling value."""
    base = defaults(entry)
    for field in entry["fields"]:
        if field.get("transform") == "gate":
            base[field["name"]] = 1
    cases = [base, defaults(entry)]
    for field in entry["fields"]:
        for i, _ in elements(field, default(field)):
            for value in telling_values(field):
                changed: Any = value
                if i is not None:
                    changed = [value if k == i else other for k, other in enumerate(base[field["name"]])]
                cases.append({**base, field["name"]: changed})
    return cases


def _cases_with_places(entry: Entry) -> list[tuple[Values, Components]]:
    """The cases above, at every place among the corners and neighbours that could move the bits."""
    moving = any("lsb_expr" in piece for field in entry["fields"] for piece in field["bits"])
    name = entry["name"]
    places = random_places(entry, 12, random.Random(name)) if moving else corner_places(entry)[:1]
    return [(values, at) for at in places for values in _single_changes(entry)]


@every_leaf
def test_every_bit_of_every_field_element_goes_where_the_reference_says(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    if not entry["fields"]:
        assert cls.encode_columns({}, np.array([0])).tolist() == [[0] * entry["word_count"]]
        return
    cases = _cases_with_places(entry)
    indices = np.array([index(entry, at) for _, at in cases])
    words = cls.encode_columns(columns_of(cls, [values for values, _ in cases]), indices)
    assert words.dtype == np.uint32
    for (values, at), found in zip(cases, words.tolist(), strict=True):
        assert found == encode(entry, values, at), values


@every_leaf
def test_every_bit_of_every_word_is_read_as_the_reference_says(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    cases = [(after_transport(entry, values), at) for values, at in _cases_with_places(entry)]
    words = [encode(entry, values, at, answer=True) for values, at in _cases_with_places(entry)]
    if entry.get("write_ignores_fields"):
        cases = _cases_with_places(entry)
    columns = cls.decode_columns(words, np.array([index(entry, at) for _, at in cases]))
    for i, (values, _) in enumerate(cases):
        assert values_of(columns, entry, i) == values


@every_leaf
def test_random_fields_one_by_one_and_as_a_batch(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    rng = random.Random(name)
    places = some_places(entry, rng, 10)
    many = [random_values(name, rng) for _ in places]
    for values, at in zip(many, places, strict=True):
        container = cls.from_fields(values)
        assert container.to_fields() == values
        where = place(entry, at)
        if entry["writable"]:
            assert container.encode(where).tolist() == encode(entry, values, at)
            assert container.byte_enables(where).tolist() == byte_enables(entry, values, at)
        if entry["readable"]:
            assert container.encode_read(where).tolist() == encode(entry, values, at, answer=True)
    if entry["fields"]:
        indices = np.array([index(entry, at) for at in places])
        batch = cls.encode_columns(columns_of(cls, many), indices)
        assert batch.tolist() == [encode(entry, values, at) for values, at in zip(many, places, strict=True)]


@every_leaf
def test_words_with_a_single_bit_and_random_words_decode_as_the_reference_says(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    rng = random.Random(name)
    count = entry["word_count"]
    legal = encode(entry, random_values(name, rng), corner_places(entry)[0], answer=True)
    cases = [[rng.getrandbits(32) for _ in range(count)] for _ in range(40)]
    cases += [[word ^ (1 << bit if w == k else 0) for w, word in enumerate(legal)]
              for k in range(count) for bit in range(32)]  # fmt: skip
    cases += [[0] * count, [0xFFFFFFFF] * count]
    for words, at in zip(cases, random_places(entry, len(cases), rng), strict=True):
        try:
            expected = decode(entry, words, at)
        except OutOfRangeError:
            with pytest.raises(DecodeError, match=name):
                cls.decode(words, place(entry, at))
        else:
            assert cls.decode(words, place(entry, at)).to_fields() == expected, words


# --- worked examples -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", each([name for name in LEAVES if "example" in ENTRIES[name]]))
def test_worked_example(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    example = entry["example"]
    where = place(entry, example["coordinate"])
    assert int(where) == example.get("index", index(entry, example["coordinate"]))  # type: ignore[call-overload]
    container = cls.from_fields(example["fields"])
    if entry["readable"]:
        backend = containers.Backend(entry["backends"][-1]) if "read_backends" in entry else None
        assert cls.read_addresses(where, backend).tolist() == example["read_addresses"]
        assert cls.decode(example["words"], where) == cls.from_fields(after_transport(entry, container.to_fields()))
    else:
        assert example["read_addresses"] == []
    if entry["writable"]:
        omnibus = "read_backends" in entry  # the examples of the PLL give bus addresses
        backend = containers.Backend.OMNIBUS_CHIP_OVER_JTAG if omnibus else None
        assert cls.write_addresses(where, backend).tolist() == example["write_addresses"]
        assert container.encode(where).tolist() == example["words"]
        assert container.byte_enables(where).tolist() == example.get("byte_enables", [15] * entry["word_count"])
    else:
        assert example["write_addresses"] == []
        assert container.encode_read(where).tolist() == example["words"]
        with pytest.raises(ContainerError, match=name):
            container.encode(where)

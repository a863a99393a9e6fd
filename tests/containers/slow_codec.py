"""A second codec of the containers: slow, bit by bit, and driven by nothing but the reference files.

Values of a container are a dictionary of field name to int or list of ints, in the flat names of the files
(``clock_output[0].enable_bypass``); nested containers are dictionaries or lists of dictionaries.

===================  ==================================================================
`encode`, `decode`   words of a leaf and its values back
`expand`             addresses and words of a container with children
`after_transport`    what a decode gives back of values that were encoded
===================  ==================================================================
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .reference_files import ENTRIES, Components, Entry, address_expression, addresses, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Values = dict[str, Any]


class OutOfRangeError(Exception):
    """Words that the reference refuses to decode: a value outside its range, or constant bits that differ."""


def is_array(field: Entry) -> bool:
    """Whether a field of an entry is an array of plain values."""
    return str(field["type"]).startswith("array<") and "container<" not in field["type"] and "min" in field


def default(field: Entry) -> Any:
    """Default of a field; a scalar given for an array counts for every element."""
    value = field["default"]
    return [value] * field["size"] if is_array(field) and not isinstance(value, list) else value


def defaults(entry: Entry) -> Values:
    """Defaults of all fields of a leaf."""
    return {field["name"]: default(field) for field in entry["fields"]}


def elements(field: Entry, value: Any) -> Iterator[tuple[int | None, int]]:
    """Index (None for scalars) and value of each element of a field."""
    if is_array(field):
        yield from enumerate(value)
    else:
        yield None, value


def encode(entry: Entry, values: Values, at: Components, *, answer: bool = False) -> list[int]:
    """Words of a leaf: what a write sends, or, if `answer`, what a device answers to a read."""
    words = [0] * entry["word_count"]
    if entry.get("write_ignores_fields") and not answer:
        return words
    for constant in entry.get("constant_bits", ()):
        words[constant["word"]] |= constant["value"] << constant["lsb"]
    for field in entry["fields"]:
        gate = field.get("only_if")
        if gate is not None and not values[gate]:
            continue
        for i, value in elements(field, values[field["name"]]):
            raw = _stored(field, value)
            for piece in field["pieces"].get(i, ()):
                words[piece["word"]] |= _piece_of(piece, raw) << _lsb(piece, at)
    if entry.get("word_transform") == "gray_to_binary":
        words = [_gray_to_binary(word) for word in words]
    return words


def _stored(field: Entry, value: int) -> int:
    """Number whose bits the pieces carry."""
    value += int(field.get("offset", 0))
    match field.get("transform"):
        case "one_hot_reversed":
            return 1 << int(field["max"] - value)
        case "twos_complement" | "sign15_low12":
            return int(value % (1 << field["bits"][0]["width"]))
        case None | "gate":
            return int(value)
        case other:
            raise NotImplementedError(other)


def _piece_of(piece: Entry, raw: int) -> int:
    """Bits of one piece, at bit 0."""
    ones = (1 << int(piece["width"])) - 1
    part = raw >> int(piece["value_lsb"])
    if piece.get("transform") == "thermometer":
        part = (1 << part) - 1
    if piece["inverted"]:
        part = ~part
    return part & ones


def _lsb(piece: Entry, at: Components) -> int:
    return int(evaluate(piece["lsb_expr"], at)) if piece["lsb"] is None else int(piece["lsb"])


def _gray_to_binary(gray: int) -> int:
    binary = 0
    while gray:
        binary ^= gray
        gray >>= 1
    return binary


def decode(entry: Entry, words: list[int], at: Components) -> Values:
    """Values of a leaf from its words.

    Raises:
        OutOfRangeError: the reference says that such words are refused.
    """
    if entry.get("word_transform") == "gray_to_binary":
        words = [word ^ word >> 1 for word in words]
    for constant in entry.get("constant_bits", ()):
        if words[constant["word"]] >> constant["lsb"] & (1 << constant["width"]) - 1 != constant["value"]:
            raise OutOfRangeError(f"{entry['name']}: constant bits")
    values: Values = {}
    for field in entry["fields"]:
        if is_array(field):
            values[field["name"]] = [_decoded(field, i, words, at) for i in range(field["size"])]
        else:
            values[field["name"]] = _decoded(field, None, words, at)
    for field in entry["fields"]:
        gate = field.get("only_if")
        if gate is not None and not values[gate]:
            values[field["name"]] = default(field)
        for _, value in elements(field, values[field["name"]]):
            if not field["min"] <= value <= field["max"]:
                raise OutOfRangeError(f"{entry['name']}.{field['name']}: {value}")
    return values


def _decoded(field: Entry, i: int | None, words: list[int], at: Components) -> int:
    if "decode_default" in field:
        return int(field["decode_default"])
    if field.get("transform") == "gate" or field.get("any_bit"):
        return int(words[0] != 0)
    raw = 0
    for piece in field["pieces"].get(i, ()):
        ones = (1 << piece["width"]) - 1
        part = words[piece["word"]] >> _lsb(piece, at) & ones
        part = part ^ ones if piece["inverted"] else part
        part = part.bit_length() if piece.get("transform") == "thermometer" else part
        raw |= part << piece["value_lsb"]
    match field.get("transform"):
        case "one_hot_reversed":
            raw = field["max"] - (raw.bit_length() - 1)
        case "twos_complement":
            width = field["bits"][0]["width"]
            raw = raw - (1 << width) if raw >> width - 1 else raw
        case "sign15_low12":
            low = raw & 0xFFF
            raw = -((4096 - low) & 0xFFF) if raw >> 15 else low
    return raw - int(field.get("offset", 0))


def after_transport(entry: Entry, values: Values) -> Values:
    """Values that a decode of the encoded values gives back."""
    found = dict(values)
    for field in entry["fields"]:
        name = field["name"]
        gate = field.get("only_if")
        if (gate is not None and not values[gate]) or entry.get("write_ignores_fields"):
            found[name] = default(field)
        elif "decode_default" in field:
            found[name] = [field["decode_default"]] * field["size"]
    return found


def byte_enables(entry: Entry, values: Values, at: Components) -> list[int]:
    """Byte enables of each word as a mask, lane 0 in bit 0."""
    if "byte_enables" not in entry:
        return [15] * entry["word_count"]
    names = {**at, **values}
    return [
        sum(int(evaluate(enable, names)) << lane for lane, enable in enumerate(word)) for word in entry["byte_enables"]
    ]


# --- composites ------------------------------------------------------------------------------------------------------

_ELEMENT = re.compile(r"(.*)\[([^\[\]]*)\]")


class Expansion(NamedTuple):
    """What a container expands to, in the order of the accesses; no addresses where an access does not exist."""

    writes: list[int]
    reads: list[int]
    words: list[int]


def expand(name: str, values: Values, at: Components) -> Expansion:
    """Addresses and words of a container and everything it expands to."""
    found = Expansion([], [], [])
    _expand(name, values, at, found)
    return found


def _expand(name: str, values: Values, at: Components, found: Expansion) -> None:
    entry = ENTRIES[name]
    if not entry.get("children"):
        writes = addresses(entry, at, read=False)
        found.writes.extend(writes)
        alike = address_expression(entry, read=True) == address_expression(entry, read=False)
        found.reads.extend(writes if alike else addresses(entry, at, read=True))
        found.words.extend(encode(entry, values, at))
        return
    for child in entry["children"]:
        for names in _loops(child.get("foreach", ()), at):
            inner = {key: int(evaluate(expression, names)) for key, expression in child["coordinate"].items()}
            _expand(child["container"], _child_values(child, values, names), inner, found)


def _loops(foreach: Any, names: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Names of every turn of the nested loops of a child, outermost first in the list."""
    if not foreach:
        yield dict(names)
        return
    (variable, iterable), *rest = foreach
    turns = evaluate(iterable, names)
    for value in range(turns) if isinstance(turns, int) else turns:
        yield from _loops(rest, {**names, variable: value})


def _child_values(child: Entry, values: Values, names: Mapping[str, Any]) -> Values:
    """Values of a child: defaults, and what the map takes from its parent."""
    if "*" in child["map"]:
        whole: Values = _taken(child["map"]["*"], values, names)
        return whole
    entry = ENTRIES[child["container"]]
    found = defaults(entry)
    for target, source in child["map"].items():
        if isinstance(source, dict):
            value = source["table"][str(_taken(source["from"], values, names))]
        else:
            value = _taken(source, values, names)
        if target in found:
            found[target] = value
        else:
            array, element = _split(target)
            found[array] = list(found[array])
            found[array][int(element)] = value
    return found


def _taken(source: str, values: Values, names: Mapping[str, Any]) -> Any:
    """Field of the parent, or one element of it."""
    if source in values:
        return values[source]
    array, element = _split(source)
    return values[array][evaluate(element, names)]


@functools.cache
def _split(text: str) -> tuple[str, str]:
    match = _ELEMENT.fullmatch(text)
    if match is None:
        raise KeyError(text)
    return match[1], match[2]

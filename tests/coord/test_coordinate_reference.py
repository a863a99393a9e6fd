"""Every type of the reference: range, default, flags, constants, text and every conversion.

The reference states conversions as Python expressions; they are evaluated here by an interpreter of their own, so
that neither the declaration table nor the generated code takes part in the expected values.
"""

from __future__ import annotations

import ast
import json
import operator
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hxtwin import coord
from hxtwin.coord import Coordinate, CoordinateError, Indexed

if TYPE_CHECKING:
    from collections.abc import Callable

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "coordinates.json"
TYPES: list[dict[str, Any]] = json.loads(REFERENCE.read_text()) if REFERENCE.is_file() else []
NAMES = [one["name"] for one in TYPES]
INDEXED = [one for one in TYPES if one["kind"] in ("ranged", "label", "grid", "composite") and one["max"] is not None]
INDEXED = [one for one in INDEXED if "PPUMemoryBlockOnDLS" not in one["name"]]
INTERVALS = [one for one in TYPES if one["kind"] == "interval"]
FAMILY = [
    "HemisphereOnDLS",
    "SynapseBlockOnDLS",
    "SynapseWeightMatrixOnDLS",
    "SynapseLabelMatrixOnDLS",
    "SynapseCorrelationCalibMatrixOnDLS",
    "ColumnCorrelationRowOnDLS",
    "ColumnCurrentRowOnDLS",
    "PPUOnDLS",
    "CADCConfigOnDLS",
    "PADIEventOnDLS",
    "CommonSynramConfigOnDLS",
    "SynramOnDLS",
    "PADIBusBlockOnDLS",
    "CommonPADIBusConfigOnDLS",
    "CommonSTPConfigOnDLS",
    "PPUMemoryOnDLS",
    "PPUControlRegisterOnDLS",
    "PPUStatusRegisterOnDLS",
    "SynapseDriverBlockOnDLS",
    "SynapseDriverSRAMTimingConfigOnDLS",
    "CommonCorrelationConfigOnDLS",
    "NeuronRowOnDLS",
    "CommonSynapseDriverConfigOnDLS",
]
CONVERSIONS = [(one, conversion) for one in INDEXED for conversion in one["conversions"]]
EXHAUSTIVE_UP_TO = 4096


def _name(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("name", value.get("to")))
    return str(value)


def _snake(name: str) -> str:
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", words).replace(".", "_").lower()


def _indexed(name: str) -> type[Indexed]:
    kind = coord.types()[name]
    assert issubclass(kind, Indexed)
    return kind


def _indices(one: dict[str, Any]) -> list[int]:
    """Return all indices of small types, for large ones both ends and a reproducible sample."""
    low, high = one["min"], one["max"]
    if one["size"] <= EXHAUSTIVE_UP_TO:
        return list(range(low, high + 1))
    drawn = np.random.default_rng(1).integers(low, high, 300, dtype=np.uint64, endpoint=True)
    return sorted({low, low + 1, high - 1, high, *(int(index) for index in drawn)})


# -- interpreter of the reference's expressions ---------------------------------------------------------------------

_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}  # fmt: skip


class _NoResult(Exception):
    """The expression says ERROR."""


def _evaluated(node: ast.expr, names: dict[str, int]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name(id="ERROR"):
            raise _NoResult
        case ast.Name():
            return names[node.id]
        case ast.BinOp():
            return _OPERATORS[type(node.op)](_evaluated(node.left, names), _evaluated(node.right, names))
        case ast.Compare():
            sides = [_evaluated(side, names) for side in (node.left, *node.comparators)]
            return all(_OPERATORS[type(op)](a, b) for op, a, b in zip(node.ops, sides, sides[1:], strict=False))
        case ast.IfExp():
            return _evaluated(node.body if _evaluated(node.test, names) else node.orelse, names)
        case ast.List():
            return [_evaluated(element, names) for element in node.elts]
        case ast.Subscript():
            return _evaluated(node.value, names)[_evaluated(node.slice, names)]
        case ast.ListComp(generators=[ast.comprehension(iter=ast.Call(args=[ast.Constant(value=int(count))]))]):
            return [_evaluated(node.elt, {**names, "i": i}) for i in range(count)]
    raise AssertionError(f"the reference uses {ast.dump(node)}")


def _expected(formula: str, index: int) -> Any:
    return _evaluated(ast.parse(formula, mode="eval").body, {"e": index})


# -- tests ------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not TYPES, reason="the reference folder is not there")
def test_exactly_the_types_of_the_reference_exist() -> None:
    assert sorted(coord.types()) == sorted(NAMES)
    assert len(NAMES) == 270


@pytest.mark.parametrize("one", INDEXED + INTERVALS, ids=_name)
def test_range_default_and_flags(one: dict[str, Any]) -> None:
    kind = coord.types()[one["name"]]
    assert issubclass(kind, (Indexed, coord.Interval))
    assert (kind.min, kind.max, kind.size) == (one["min"], one["max"], one["size"])
    assert int(kind()) == one["default"]
    assert kind.__qualname__ == one["name"]


@pytest.mark.parametrize("one", TYPES, ids=_name)
def test_flags(one: dict[str, Any]) -> None:
    kind = coord.types()[one["name"]]
    assert kind.container_coordinate is one["container_coordinate"]
    assert kind.int_converts_implicitly is one.get("int_converts_implicitly", False)


@pytest.mark.parametrize("one", INDEXED, ids=_name)
def test_values_beyond_the_range_are_refused(one: dict[str, Any]) -> None:
    kind = _indexed(one["name"])
    for index in (one["min"] - 1, one["max"] + 1, -1 - one["max"], 2**64, -(2**70)):
        with pytest.raises(CoordinateError, match=re.escape(f"{one['min']}..{one['max']}")):
            kind(index)


@pytest.mark.parametrize("one", [one for one in INDEXED if "string_first" in one], ids=_name)
def test_text_of_the_first_value(one: dict[str, Any]) -> None:
    kind = _indexed(one["name"])
    assert str(kind(one["min"])) == repr(kind(one["min"])) == one["string_first"]


@pytest.mark.parametrize("one", [one for one in INDEXED if "string_last" in one], ids=_name)
def test_text_of_the_last_value(one: dict[str, Any]) -> None:
    kind = _indexed(one["name"])
    assert str(kind(one["max"])) == repr(kind(one["max"])) == one["string_last"]


@pytest.mark.parametrize("one", [*INTERVALS, *(t for t in TYPES if t["name"] == "PPUMemoryBlockOnDLS")], ids=_name)
def test_text_of_intervals(one: dict[str, Any]) -> None:
    kind = coord.types()[one["name"]]
    assert str(kind()) == one["string_first"]


@pytest.mark.parametrize("one", [one for one in TYPES if one["constants"]], ids=_name)
def test_constants(one: dict[str, Any]) -> None:
    kind = coord.types()[one["name"]]
    for name, value in one["constants"].items():
        constant = getattr(kind, name)
        if isinstance(value, dict):
            assert isinstance(constant, coord.Interval)
            assert constant.to_plain() == [value["min"], value["max"]]
        elif name == "fpga_clock_cycles_per_us":
            assert constant == value
        else:
            assert constant == kind(value)  # type: ignore[call-arg]  # every type with constants is built from an index


@pytest.mark.parametrize("one", [one for one in TYPES if "constants_components" in one], ids=_name)
def test_constants_lie_on_their_components(one: dict[str, Any]) -> None:
    columns = {"column": "CapMemColumnOnCapMemBlock", "row": "CapMemRowOnCapMemBlock", "block": "CapMemBlockOnDLS",
               "dac": "DACOnBoard", "channel": "DACChannelOnDAC"}  # fmt: skip
    for name, components in one["constants_components"].items():
        constant = getattr(coord.types()[one["name"]], name)
        for component, index in components.items():
            assert int(getattr(constant, f"to_{_snake(columns[component])}")()) == index, name


@pytest.mark.parametrize(("one", "conversion"), CONVERSIONS, ids=_name)
def test_conversion(one: dict[str, Any], conversion: dict[str, Any]) -> None:
    source, target = _indexed(one["name"]), _indexed(conversion["to"])
    convert = getattr(source, f"to_{_snake(conversion['to'])}")
    for index in _indices(one):
        try:
            expected = _expected(conversion["formula"], index)
        except _NoResult:
            with pytest.raises(CoordinateError, match=target.__name__):
                convert(source(index))
            continue
        if isinstance(expected, int) and not target.min <= expected <= target.max:
            with pytest.raises(CoordinateError, match=re.escape(target.__qualname__)):
                convert(source(index))
            continue
        given = convert(source(index))
        if expected is None:
            assert given is None
        elif isinstance(expected, list):
            assert given == tuple(target(element) for element in expected)
        else:
            assert given == target(expected)


@pytest.mark.parametrize(("one", "conversion"), CONVERSIONS, ids=_name)
def test_conversion_of_whole_arrays(one: dict[str, Any], conversion: dict[str, Any]) -> None:
    source, target = _indexed(one["name"]), _indexed(conversion["to"])
    wanted, indices = [], []
    for index in _indices(one):
        try:
            expected = _expected(conversion["formula"], index)
        except _NoResult:
            expected = None
        if isinstance(expected, int) and (expected > target.max or index >= 2**63):
            continue
        wanted.append(-7 if expected is None else expected)
        indices.append(index)
    given = coord.convert_indices(np.array(indices), source, target, missing=-7)
    assert given.dtype == np.int64
    np.testing.assert_array_equal(given, wanted)


@pytest.mark.skipif(not TYPES, reason="the reference folder is not there")
def test_the_hemisphere_family_is_that_of_the_reference() -> None:
    listed = {one["name"] for one in TYPES if "hemisphere_family" in one}
    assert listed == {*FAMILY, "CADCOnDLS", "HemisphereGlobal"}
    assert len(FAMILY) == 23


@pytest.mark.parametrize("source", [*FAMILY, "CADCOnDLS"])
def test_hemisphere_family_converts_among_itself(source: str) -> None:
    for target in [*FAMILY, "CADCOnDLS"]:
        for hemisphere in (0, 1):
            given = getattr(_indexed(source)(hemisphere), f"to_{_snake(target)}")()
            assert given == _indexed(target)(hemisphere)
        both = coord.convert_indices([0, 1], _indexed(source), _indexed(target))
        assert both.tolist() == [0, 1]


@pytest.mark.parametrize("target", [*FAMILY, "CADCOnDLS"])
def test_hemisphere_of_a_numbered_chip_converts_to_the_family(target: str) -> None:
    indices = range(coord.HemisphereGlobal.size)
    assert [int(getattr(h, f"to_{_snake(target)}")()) for h in coord.HemisphereGlobal.all()] == [i % 2 for i in indices]


@pytest.mark.parametrize("one", [one for one in TYPES if one["kind"] == "grid"], ids=_name)
def test_grids_take_their_axes_in_either_order(one: dict[str, Any]) -> None:
    x_type, y_type = _indexed(one["shape"]["x"]), _indexed(one["shape"]["y"])
    kind: Any = coord.types()[one["name"]]
    x_name, y_name = _snake(one["shape"]["x"]), _snake(one["shape"]["y"])
    for index in _indices(one):
        place = kind(index)
        x, y = getattr(place, f"to_{x_name}")(), getattr(place, f"to_{y_name}")()
        assert type(x) is x_type
        assert type(y) is y_type
        assert kind(x, y) == kind(y, x) == kind(**{x_name: int(x), y_name: y}) == place
        assert kind(coord.X(int(x)), coord.Y(int(y))) == kind(coord.Y(int(y)), x) == place


@pytest.mark.parametrize("one", [one for one in INDEXED if "parts" in one], ids=_name)
def test_composites_take_the_inner_part_first(one: dict[str, Any]) -> None:
    inner_type, outer_type = _indexed(one["parts"]["inner"]), _indexed(one["parts"]["outer"])
    kind: Any = coord.types()[one["name"]]
    inner_name, outer_name = _snake(one["parts"]["inner"]), _snake(one["parts"]["outer"])
    for index in _indices(one):
        outer, inner = divmod(index, inner_type.size)
        parts = (inner_type(inner), outer_type(outer))
        assert kind(*parts) == kind(**{inner_name: inner, outer_name: parts[1]}) == kind(index)
        assert (getattr(kind(index), f"to_{inner_name}")(), getattr(kind(index), f"to_{outer_name}")()) == parts
        if outer == 0:
            assert kind(parts[0]) == kind(**{inner_name: inner}) == kind(index)


@pytest.mark.parametrize("one", [one for one in INDEXED if "grid_axis" in one], ids=_name)
def test_axis_types_are_built_from_their_generic_axis_only(one: dict[str, Any]) -> None:
    kind = _indexed(one["name"])
    own, other = (coord.X, coord.Y) if one["grid_axis"] == "x" else (coord.Y, coord.X)
    assert kind(own(1)) == kind(1)
    with pytest.raises(coord.CoordinateTypeError, match=other.__name__):
        kind(other(1))


def test_every_type_is_a_coordinate_and_exported() -> None:
    for name, kind in coord.types().items():
        assert issubclass(kind, Coordinate)
        outer = name.split(".")[0]
        assert outer in coord.__all__
        assert hasattr(coord, outer)
    assert coord.TimerValue is coord.Timer.Value is coord.types()["Timer.Value"]

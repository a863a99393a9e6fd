"""Laws that every declared layout keeps: no bit and no address twice, a meaning for everything, addresses invert."""

from __future__ import annotations

import random
import re
from collections import defaultdict

import numpy as np
import numpy.typing as npt
import pytest

from hxtwin import containers, coord
from hxtwin.containers import Backend, Container
from hxtwin.containers.codec import leaves
from hxtwin.containers.expression import Expression, select, solve, variables
from hxtwin.containers.fields import FieldSpec
from hxtwin.containers.record import members, schema

from .reference_files import ABSENT, SHARED

LEAVES = {name: cls for name, cls in containers.types().items() if not cls.layout.children and name != "LogicalNeuron"}

every_leaf = pytest.mark.parametrize("name", list(LEAVES))

#: Larger address ranges are compared by their ends; only the DRAM is that large, and it is gapless.
_LISTED = 1 << 19


def _space(cls: type[Container]) -> str:
    """What numbers the addresses of a container: the chip's bus, the FPGA's bus, or a register file of its own."""
    on_chip = {Backend.OMNIBUS_CHIP, Backend.OMNIBUS_CHIP_OVER_JTAG}
    return "omnibus of the chip" if on_chip & set(cls.backends) else str(cls.default_backend)


def _ranges(cls: type[Container]) -> dict[str, tuple[int, int]]:
    """Range of every variable of the address expressions."""
    found = {name: (type_.min, type_.max) for name, type_ in cls.layout.components.items()}
    return {**found, "w": (0, cls.layout.words - 1)}


def _all_places(cls: type[Container]) -> npt.NDArray[np.int64]:
    kind = cls.coordinate_type
    assert issubclass(kind, coord.Indexed)
    return np.arange(kind.min, kind.max + 1)


def _expressions(cls: type[Container]) -> list[Expression]:
    layout = cls.layout
    found = [layout.write, layout.read, *layout.other_addresses.values()]
    return list(dict.fromkeys(expression for expression in found if expression is not None))


def _on_bus(cls: type[Container]) -> Backend | None:
    jtag = Backend.JTAG_PLL_REGISTER in cls.backends  # these are numbered apart from the bus that also reaches them
    return Backend.OMNIBUS_CHIP_OVER_JTAG if jtag else None


# --- bits ------------------------------------------------------------------------------------------------------------


def _positions(cls: type[Container], at: dict[str, int]) -> list[tuple[int, int, str]]:
    """(word, bit, owner) of every bit that a container places at a coordinate."""
    found = []
    for column in schema(cls):
        for position, piece in column.pieces:
            lsb = piece.lsb if isinstance(piece.lsb, int) else int(piece.lsb.evaluate(at))
            owner = f"{column.path}[{position}]"
            found += [(piece.word, bit, owner) for bit in range(lsb, lsb + piece.width)]
    for constant in cls.layout.constants:
        found += [(constant.word, constant.lsb + bit, "constant") for bit in range(constant.width)]
    return found


@every_leaf
def test_no_two_fields_share_a_bit(name: str) -> None:
    cls, rng = LEAVES[name], random.Random(name)
    moving = any(not isinstance(piece.lsb, int) for column in schema(cls) for _, piece in column.pieces)
    for _ in range(20 if moving else 1):
        at = {variable: rng.randint(*ends) for variable, ends in _ranges(cls).items()}
        owners: dict[tuple[int, int], set[str]] = defaultdict(set)
        for word, bit, owner in _positions(cls, at):
            assert 0 <= word < cls.layout.words, owner
            assert 0 <= bit < 32, owner
            assert not owners[word, bit] - {"constant"}, (word, bit, owner, owners[word, bit])
            owners[word, bit].add(owner)
        assert all(len(found) == 1 for found in owners.values())


@every_leaf
def test_pieces_of_a_field_carry_every_bit_of_its_value_once(name: str) -> None:
    for column in schema(LEAVES[name]):
        if column.spec.transform is not None:
            continue
        carried: dict[int, list[int]] = defaultdict(list)
        for position, piece in column.pieces:
            carried[position] += range(piece.value_lsb, piece.value_lsb + piece.width)
        for position, bits in carried.items():
            assert sorted(bits) == list(range(len(bits))), (column.path, position)
            assert column.spec.maximum < 1 << len(bits)
        if column.pieces:
            assert len(carried) == int(np.prod(column.shape, dtype=int))


@every_leaf
def test_switching_one_field_touches_its_own_bits_only(name: str) -> None:
    cls = LEAVES[name]
    if cls.layout.gray_coded or cls.layout.writes_zero:
        return  # there, one field moves all bits of the word, or none
    at = {variable: ends[0] for variable, ends in _ranges(cls).items()}
    where = getattr(cls.coordinate_type, "min")  # noqa: B009  # the coordinate types of leaves are all numbered
    owned: dict[str, npt.NDArray[np.uint32]] = {}
    for word, bit, owner in _positions(cls, at):
        path = owner.rpartition("[")[0]
        owned.setdefault(path, np.zeros(cls.layout.words, dtype=np.uint32))[word] |= np.uint32(1 << bit)
    for column in schema(cls):
        base = cls.default_columns(2)
        pair = np.array(base[column.path])
        pair[0], pair[1] = column.spec.minimum, column.spec.maximum
        words = cls.encode_columns({**base, column.path: pair}, np.array([where, where]))
        allowed = owned.get(column.path, np.zeros(cls.layout.words, dtype=np.uint32))
        gated = [owned[other.path] for other in schema(cls) if other.spec.only_if == column.path]
        for mask in gated:
            allowed = allowed | mask
        assert not ((words[0] ^ words[1]) & ~allowed).any(), column.path


# --- addresses -------------------------------------------------------------------------------------------------------

#: Places in a memory that single containers share with themselves or others, and what the reference says about them.
_SHARED_ADDRESSES = {
    ("ExternalPPUMemoryByte", "ExternalPPUMemoryByte"): "four bytes lie in one word, each in a lane of its own",
    ("ExternalPPUDRAMMemoryByte", "ExternalPPUDRAMMemoryByte"): "four bytes lie in one word, each in a lane of its own",
    ("ExternalPPUMemoryByte", "ExternalPPUMemoryQuad"): "the same memory by byte and by word",
    ("ExternalPPUDRAMMemoryByte", "ExternalPPUDRAMMemoryQuad"): "the same memory by byte and by word",
    ("SpikePack2ToChip", "SpikePack2ToChip"): "one message with two labels",
    ("SpikePack3ToChip", "SpikePack3ToChip"): "one message with three labels",
}


def _write_intervals(cls: type[Container]) -> npt.NDArray[np.int64]:
    """Written addresses as sorted rows (first, last), one for each address of small containers; row 0 only if huge."""
    expression = cls.layout.write
    assert expression is not None
    count = int(np.prod([type_.size for type_ in cls.layout.components.values()], dtype=np.int64)) * cls.layout.words
    if count > _LISTED:
        return np.array([expression.bounds(_ranges(cls))], dtype=np.int64)
    addresses = np.sort(cls.addresses_of(_all_places(cls), backend=_on_bus(cls)).ravel().astype(np.int64))
    return np.stack([addresses, addresses], axis=1)


def _overlap(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> bool:
    """Whether two sorted lists of intervals have an address in common."""
    after = np.searchsorted(other[:, 1], one[:, 0])  # first interval of `other` that does not end before
    inside = after < len(other)
    return bool((other[after[inside], 0] <= one[inside, 1]).any())


def test_no_two_containers_share_a_write_address_unless_the_reference_says_so() -> None:
    intervals = {name: _write_intervals(cls) for name, cls in LEAVES.items() if cls.layout.write is not None}
    names = sorted(intervals)
    found = set()
    for i, one in enumerate(names):
        addresses = intervals[one]
        if len(addresses) > 1 and (addresses[1:, 0] == addresses[:-1, 0]).any():
            found.add((one, one))
        for other in names[i + 1 :]:
            if _space(LEAVES[one]) == _space(LEAVES[other]) and _overlap(addresses, intervals[other]):
                found.add((one, other))
    found.add(("ExternalPPUDRAMMemoryByte", "ExternalPPUDRAMMemoryByte"))  # too large to list; see the next test
    assert found == set(_SHARED_ADDRESSES)


@pytest.mark.parametrize("cls", [containers.ExternalPPUMemoryByte, containers.ExternalPPUDRAMMemoryByte])
def test_bytes_of_one_word_have_lanes_of_their_own(cls: type[Container]) -> None:
    first = random.Random(cls.__name__).randrange(0, cls.coordinate_type.max, 4)  # type: ignore[attr-defined]
    places = [cls.coordinate_type.from_plain(first + i) for i in range(4)]
    assert len({int(cls.write_addresses(at)[0]) for at in places}) == 1
    assert [int(cls().byte_enables(at)[0]) for at in places] == [8, 4, 2, 1]


_ROW = re.compile(r"\| (0x[0-9a-f]{8})(?: \.\. (0x[0-9a-f]{8}))? \| (\d+) \| ([rw]+) \| (\w+) \(([AB])\) \|")


def test_address_map_of_the_reference_lists_exactly_the_addresses_of_the_containers() -> None:
    path = SHARED / "reference" / "omnibus-map.md"
    if not path.is_file():
        pytest.skip(ABSENT)
    rows: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    access: dict[str, str] = {}
    for first, last, words, ways, name, _ in _ROW.findall(path.read_text()):
        if name in LEAVES:
            low, high = int(first, 16), int(last or first, 16)
            rows[name].append((low, high, int(words)))
            access[name] = ways
            if 0x02000000 <= low < 0x03000000:  # the table shows the top hemisphere, the bottom one lies behind it
                rows[name].append((low + 0x01000000, high + 0x01000000, int(words)))
    assert len(rows) > 60
    for name, parts in rows.items():
        cls = LEAVES[name]
        assert access[name] == "r" * cls.is_readable() + "w" * cls.is_writable()
        kind = cls.coordinate_type
        assert issubclass(kind, coord.Indexed)
        if kind.size > _LISTED:
            (only,) = parts
            expression = cls.layout.write
            assert expression is not None
            assert expression.bounds(_ranges(cls)) == only[:2]
            continue
        read = not cls.is_writable()
        found = np.unique(cls.addresses_of(_all_places(cls), read=read, backend=None if read else _on_bus(cls)))
        counts = [int(((found >= low) & (found <= high)).sum()) for low, high, _ in parts]
        assert counts == [words for *_, words in parts], name
        assert sum(counts) == len(found), name


@every_leaf
def test_printed_address_can_be_computed_by_hand(name: str) -> None:
    cls, rng = LEAVES[name], random.Random(name)
    for expression in _expressions(cls):
        text = str(expression)
        assert text
        assert "object at" not in text
        if "table[" in text:
            continue  # long look-up tables are not printed
        for _ in range(20):
            values = {variable: rng.randint(*ends) for variable, ends in _ranges(cls).items()}
            assert eval(text, {"__builtins__": {}}, values) == expression.evaluate(values), text


@every_leaf
def test_every_address_tells_where_it_belongs(name: str) -> None:
    cls, rng = LEAVES[name], random.Random(name)
    ranges = _ranges(cls)
    cases = [{variable: rng.randint(*ends) for variable, ends in ranges.items()}]
    cases += [{variable: ends[k] for variable, ends in ranges.items()} for k in (0, 1)]
    for expression in _expressions(cls):
        for values in cases:
            address = int(expression.evaluate(values))
            solutions = list(solve(expression, address, ranges))
            assert values in solutions
            assert len(solutions) == len({tuple(solution.values()) for solution in solutions})
            assert all(expression.evaluate(solution) == address for solution in solutions)
            assert all(low <= solution[v] <= high for solution in solutions for v, (low, high) in ranges.items())


@every_leaf
def test_addresses_outside_a_container_have_no_solution(name: str) -> None:
    cls = LEAVES[name]
    for expression in _expressions(cls):
        low, high = expression.bounds(_ranges(cls))
        for address in (low - 1, high + 1, -5, 1 << 40):
            assert not list(solve(expression, address, _ranges(cls)))


@every_leaf
def test_bounds_enclose_all_addresses(name: str) -> None:
    cls, rng = LEAVES[name], random.Random(name)
    ranges = _ranges(cls)
    for expression in _expressions(cls):
        for _ in range(20):
            box = {v: tuple(sorted((rng.randint(*ends), rng.randint(*ends)))) for v, ends in ranges.items()}
            low, high = expression.bounds({v: (ends[0], ends[1]) for v, ends in box.items()})
            for _ in range(5):
                inside = {v: rng.randint(ends[0], ends[1]) for v, ends in box.items()}
                assert low <= expression.evaluate(inside) <= high


def test_expressions_compute_arrays_like_single_numbers() -> None:
    x, y = variables("x", "y")
    samples: list[tuple[Expression, str]] = [
        (7 - x + 3 * (y + 1) // 2, "7 - x + (3 * (y + 1)) // 2"),
        (select((5, x, 0x1000 + y), y % 3) - 4, "[5, x, 0x1000 + y][y % 3] - 4"),
        ((x + y) % 5 * (x - 2), "((x + y) % 5) * (x - 2)"),
    ]
    xs, ys = np.arange(12), np.arange(12)[::-1]
    for expression, text in samples:
        assert str(expression) == text
        found = expression.evaluate({"x": xs, "y": ys})
        assert found.tolist() == [expression.evaluate({"x": int(a), "y": int(b)}) for a, b in zip(xs, ys, strict=True)]
        assert found.tolist() == [eval(text, {}, {"x": int(a), "y": int(b)}) for a, b in zip(xs, ys, strict=True)]


def test_solve_finds_all_solutions_and_nothing_else() -> None:
    x, y = variables("x", "y")
    expression, ranges = (3 * x + 2 * y) % 17 + x // 4, {"x": (0, 30), "y": (-3, 9)}
    for wanted in range(25):
        expected = {(a, b) for a in range(31) for b in range(-3, 10) if expression.evaluate({"x": a, "y": b}) == wanted}
        assert {(s["x"], s["y"]) for s in solve(expression, wanted, ranges)} == expected


# --- meaning ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(containers.types()))
def test_everything_has_a_meaning(name: str) -> None:
    cls = containers.by_name(name)
    assert cls.__doc__
    assert cls.__doc__.split("\n")[0].endswith(".")
    waiting = [cls]
    while waiting:
        record = waiting.pop()
        for field, spec in members(record).items():
            assert re.fullmatch(r"[A-Z0-9(`~].*[.)]", spec.meaning, re.DOTALL), (record.__name__, field, spec.meaning)
            if not isinstance(spec, FieldSpec):
                waiting.append(spec.record)  # type: ignore[arg-type]  # records without a place have meanings too


@every_leaf
def test_every_bit_that_is_ever_set_belongs_to_a_field_with_a_meaning(name: str) -> None:
    cls, rng = LEAVES[name], np.random.default_rng(len(name))
    if cls.layout.gray_coded or not schema(cls):
        return
    meant = np.zeros((4, cls.layout.words), dtype=np.uint32)
    kind = cls.coordinate_type
    assert issubclass(kind, coord.Indexed)
    places = rng.integers(kind.min, kind.max, 4, endpoint=True)
    for i, at in enumerate(places):
        components = {v: int(array[0]) for v, array in cls.components_of_indices(np.array([at])).items()}
        for word, bit, owner in _positions(cls, components):
            path = owner.rpartition("[")[0]
            meaning = "constant" if owner == "constant" else next(c.spec.meaning for c in schema(cls) if c.path == path)
            assert meaning
            meant[i, word] |= np.uint32(1 << bit)
    columns = cls.default_columns(4)
    for column in schema(cls):
        low, high = column.spec.minimum, column.spec.maximum
        values = rng.integers(low, high, (4, *column.shape), endpoint=True, dtype=np.int64)
        columns[column.path] = values.astype(column.spec.dtype)
    assert not (cls.encode_columns(columns, places) & ~meant).any()


@pytest.mark.parametrize("name", [name for name, cls in containers.types().items() if cls.layout.children])
def test_trees_are_made_of_known_leaves(name: str) -> None:
    found = {leaf.__name__ for leaf in leaves(containers.by_name(name))}
    assert found
    assert found <= set(LEAVES)


@pytest.mark.parametrize("name", list(containers.types()))
def test_names_lead_to_classes_and_back(name: str) -> None:
    assert containers.by_name(name).__name__ == name
    assert containers.types()[name] is containers.by_name(name)
    assert getattr(containers, name) is containers.by_name(name)
    assert name in containers.__all__


def test_unknown_names_bring_suggestions() -> None:
    with pytest.raises(containers.ContainerError, match="NeuronConfig"):
        containers.by_name("NeuronConfg")
    with pytest.raises(containers.ContainerError, match="no container is called 'qqqqqq'"):
        containers.by_name("qqqqqq")


def test_a_tree_keeps_the_words_that_travel_on_another_bus() -> None:
    usual = containers.Chip.write_addresses()
    chosen = containers.Chip.write_addresses(backend=containers.Backend.OMNIBUS_CHIP)
    assert usual.size == 126842
    assert chosen.tolist() == usual.tolist()


def test_pll_registers_have_their_own_numbers_over_jtag() -> None:
    second = coord.ADPLLOnDLS(1)
    over_omnibus = containers.ADPLL.write_addresses(second, containers.Backend.OMNIBUS_CHIP_OVER_JTAG)
    assert containers.ADPLL.write_addresses(second).tolist() == [2, 3]
    assert over_omnibus.tolist() == containers.ADPLL.read_addresses(second).tolist() == [0x80002, 0x80003]

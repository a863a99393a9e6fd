"""Every container that expands to others, against the children that the reference lists, with random content."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.containers import AccessError, Chip
from hxtwin.containers.fields import PartSpec
from hxtwin.containers.memory_block import MemoryBlock
from hxtwin.containers.record import members, schema

from .field_values import class_of, flat, nested, plain_path, random_values
from .reference_files import (
    ENTRIES,
    TREES,
    Components,
    backends,
    components,
    corner_places,
    each,
    index,
    is_interval,
    place,
    random_places,
)
from .slow_codec import Values, default, expand, is_array

#: Words of the largest container that a quick test expands word by word.
_QUICK = 5000
#: The reference calls these plain numbers, and the fields of the containers that carry them an enumeration and cells.
_KINDS_OF_CARRIERS = {
    "refractory_period.input_clock": "enum",
    "stp_i_bias_readout": "capmem_value",
    "hagen_i_bias_dac": "capmem_value",
}
#: Made of nothing but composites that are expanded word by word on their own.
_SYSTEMS = ["ChipAndSinglechipFPGA", "ChipAndMultichipJboaLeafFPGA", "MultichipJboaLeafFPGA"]
_BLOCKS = [name for name in TREES if is_interval(ENTRIES[name])]
_FIXED = [name for name in TREES if name not in _BLOCKS]


def _size(name: str) -> int:
    return class_of(name).read_word_count() or class_of(name).write_word_count()


_EXPANDED = [
    pytest.param(name, marks=[pytest.mark.slow] if _size(name) > _QUICK else [])
    for name in _FIXED
    if name not in _SYSTEMS
] or each([])

every_tree = pytest.mark.parametrize("name", each(TREES))
every_fixed_tree = pytest.mark.parametrize("name", each(_FIXED))


# --- the class -------------------------------------------------------------------------------------------------------


@every_tree
def test_container_lives_at_the_coordinate_of_the_reference(name: str) -> None:
    assert class_of(name).coordinate_type.__name__ == ENTRIES[name]["coordinate"]["type"]


@every_fixed_tree
def test_components_of_the_coordinate_and_their_significance_agree(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    assert set(cls.layout.components) == {component for component, *_ in components(entry)}
    for component, type_name, low, high in components(entry):
        type_ = cls.layout.components[component]
        assert type_.__name__ in {type_name, entry["coordinate"]["type"]}  # the only component may be the coordinate
        assert (type_.min, type_.max) == (low, high)
    for at in corner_places(entry) + random_places(entry, 20, random.Random(name)):
        found = cls.components_of_indices(np.array([index(entry, at)]))
        assert {component: int(array[0]) for component, array in found.items()} == at


@every_tree
def test_ways_of_travel_differential_writes_and_refused_reads(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    assert [str(backend) for backend in cls.layout.backends] == entry["backends"]
    assert cls.default_backend == entry["default_backend"]
    if entry["readable"]:
        assert [str(backend) for backend in cls.read_backends] == list(backends(entry, read=True))
    assert cls.differential_write == entry.get("differential_write", False)
    assert {str(target) for target in cls.unsupported_read_targets} == set(entry.get("unsupported_read_targets", ()))
    assert (cls.is_readable(), cls.is_writable()) == (entry["readable"], entry["writable"])


@every_tree
def test_field_names_and_nested_containers_are_those_of_the_reference(name: str) -> None:
    declared = members(class_of(name))
    fields = ENTRIES[name]["fields"]
    assert list(declared) == list(dict.fromkeys(field["name"].split(".")[0].split("[")[0] for field in fields))
    for field in fields:
        if "min" not in field:
            part = declared[field["name"]]
            assert isinstance(part, PartSpec)
            assert part.record is class_of(nested(field))
            assert part.size == field.get("size")
            assert (part.index.__name__ if part.index else None) == field.get("index_type")


@every_tree
def test_kinds_ranges_and_defaults_of_own_fields(name: str) -> None:
    found = {column.path: column for column in schema(class_of(name))}
    for field in ENTRIES[name]["fields"]:
        if "min" not in field:
            continue
        path, position = plain_path(field["name"])
        column = found[path]
        kind = str(field["type"]).removeprefix("array<").removesuffix(">")
        assert column.spec.kind == _KINDS_OF_CARRIERS.get(path, kind), path
        assert (column.spec.minimum, column.spec.maximum) == (field["min"], field["max"]), path
        if field["type"] == "enum":
            assert column.spec.enum is not None
            stated = {text.upper(): value for text, value in field["enum"].items()}
            assert {member.name: member.value for member in column.spec.enum} == stated
        if name not in _BLOCKS:
            assert column.default[position].ravel().tolist() == np.ravel(default(field)).tolist(), path
            assert column.default[position].size == (field["size"] if is_array(field) else 1)


def test_order_of_the_unused_capmem_cells_is_that_of_the_reference() -> None:
    if not TREES:
        pytest.skip("the reference folder is absent")
    cells = [tuple(cell.values()) for cell in ENTRIES["CapMem"]["unused_cells_coordinates"]]
    expected = [0x140000 + 0x8000 * block + 32 * column + row for block, column, row in cells]
    assert containers.CapMem.write_addresses().tolist()[-90:] == expected


# --- expansion -------------------------------------------------------------------------------------------------------


def _assert_expands(name: str, values: Values, at: Components) -> None:
    """Addresses, words, and the way back of one container at one place."""
    entry, cls = ENTRIES[name], class_of(name)
    where = place(entry, at)
    container = cls.from_fields(flat(values))
    writes, reads, words = expand(name, values, at)
    assert cls.write_addresses(where).tolist() == writes
    assert cls.read_addresses(where).tolist() == reads
    assert (cls.write_word_count(), cls.read_word_count()) == (len(writes), len(reads))
    if entry["writable"]:
        assert container.encode(where).tolist() == words
    else:
        with pytest.raises(AccessError, match=name):
            container.encode(where)
    if entry["readable"]:
        assert container.encode_read(where).tolist() == words
    else:
        with pytest.raises(AccessError, match=name):
            container.encode_read(where)
    assert len(words) == (entry["word_count"] or len(words))
    assert cls.decode(words, where) == container


@pytest.mark.parametrize("name", _EXPANDED)
def test_random_content_expands_to_the_children_of_the_reference(name: str) -> None:
    entry, rng = ENTRIES[name], random.Random(name)
    large = _size(name) > _QUICK
    places = corner_places(entry) if components(entry) else [{}]
    if not large and components(entry):
        places += random_places(entry, 2, rng)
    for at in places[-1:] if large else places:
        _assert_expands(name, random_values(name, rng), at)


@pytest.mark.slow
@pytest.mark.parametrize("name", each([name for name in _SYSTEMS if name in TREES]))
def test_systems_are_their_parts_one_after_the_other(name: str) -> None:
    cls = class_of(name)
    system = cls().with_columns({path: values for path, values in _MARKS.items() if path in cls().columns()})
    assert system != cls()
    parts = {type(part).__name__: part for part in (getattr(system, field) for field in members(cls))}
    order = [parts[child["container"]] for child in ENTRIES[name]["children"]]
    assert len(order) == len(parts)
    addresses = np.concatenate([type(part).write_addresses() for part in order])
    np.testing.assert_array_equal(cls.write_addresses(), addresses)
    np.testing.assert_array_equal(cls.read_addresses(), addresses)
    words = system.encode()
    np.testing.assert_array_equal(words, np.concatenate([part.encode() for part in order]))
    assert cls.decode(words) == system


#: Some content for every part of a system.
_MARKS = {
    "chip.neuron_block.atomic_neurons.leak.v_leak": np.arange(512),
    "fpga.spikeio_input_routes.target": np.arange(256),
    "fpga.output_routing_table.entries.label": np.arange(65536) // 2,
    "fpga.input_routing_table.entries.label": np.arange(32768),
    "output_routing_table.entries.label": np.arange(65536) // 2,
    "input_routing_table.entries.label": np.arange(32768),
}


# --- the chip --------------------------------------------------------------------------------------------------------


def test_chip_has_126842_words_of_which_reads_and_writes_go_to_the_same_addresses() -> None:
    assert Chip.write_word_count() == 126842
    np.testing.assert_array_equal(Chip.read_addresses(), Chip.write_addresses())


def test_no_capmem_cell_belongs_to_two_members_of_the_chip() -> None:
    addresses = Chip.write_addresses()
    cells = addresses[(addresses >= 0x140000) & (addresses < 0x160000) & (addresses % 0x8000 < 32 * 130)]
    assert len(np.unique(cells)) == len(cells)
    assert len(cells) == 4 * 24 * 130


def test_default_chip_is_silent() -> None:
    chip = Chip()
    assert not chip.neuron_block.atomic_neurons["event_routing.enable_digital"].any()
    assert not chip.synapse_driver_blocks["synapse_drivers.enable_receiver"].any()
    assert not chip.synapse_blocks["matrix.weights"].any()
    assert (chip.synapse_blocks["i_bias_dac"] == 1022).all()
    assert not chip.crossbar.nodes["mask"].any()
    assert not chip.crossbar.nodes["target"].any()


def test_bypass_chip_changes_one_word_of_each_neuron_and_of_each_padi_bus_block_only() -> None:
    before, after = Chip().encode(), Chip.default_neuron_bypass().encode()
    changed = before != after
    found = dict(zip(Chip.write_addresses()[changed].tolist(), after[changed].tolist(), strict=True))
    neurons = {0x160000 + 0x8000 * block + 8 * neuron + 2 + 4: 0xC0 for block in range(4) for neuron in range(128)}
    assert found == {**neurons, 0x110001: 0xFFFF0000, 0x118001: 0xFFFF0000}


def test_bypass_chip_leaves_the_comparators_and_the_analog_output_off() -> None:
    neurons = Chip.default_neuron_bypass().neuron_block.atomic_neurons
    assert not neurons["threshold.enable"].any()
    assert not neurons["event_routing.analog_output"].any()
    assert neurons["event_routing.enable_bypass_excitatory"].all()
    assert neurons["event_routing.enable_bypass_inhibitory"].all()


# --- an atomic neuron reads back what the switches mean --------------------------------------------------------------


@pytest.mark.parametrize(
    ("fire", "strong", "expected"), [(0, 0, "OFF"), (0, 1, "OFF"), (1, 0, "NORMAL"), (1, 1, "STRONG")]
)
def test_analog_output_is_off_without_the_fire_bit_whatever_the_strong_bit_is(
    fire: int, strong: int, expected: str
) -> None:
    config = containers.NeuronConfig.from_fields({"enable_fire": fire, "enable_strong_fire": strong})
    words = containers.AtomicNeuron().encode()
    words[:6] = config.encode()
    assert containers.AtomicNeuron.decode(words).event_routing.analog_output.name == expected


@pytest.mark.parametrize(
    ("bit0", "bit1", "expected"), [(0, 0, "LOCAL"), (1, 0, "AND"), (0, 1, "XNOR"), (1, 1, "MULLER_C")]
)
def test_bayesian_operation_is_made_of_two_bits(bit0: int, bit1: int, expected: str) -> None:
    backend = containers.NeuronBackendConfig.from_fields({"enable_bayesian_0": bit0, "enable_bayesian_1": bit1})
    words = containers.AtomicNeuron().encode()
    words[-4:] = backend.encode()
    operation = containers.AtomicNeuron.decode(words).bayesian.operation
    assert operation.name == expected
    neuron = containers.AtomicNeuron.from_fields({"bayesian.operation": int(operation)})
    np.testing.assert_array_equal(neuron.encode()[-4:], containers.AtomicNeuron.decode(words).encode()[-4:])


# --- blocks of memory ------------------------------------------------------------------------------------------------

_SPANS = [(0, 0), (0, 3), (1, 1), (3, 3), (1, 2), (2, 5), (3, 4), (4, 11), (5, 20), (6, 6), (7, 64), (1021, 1033)]


def _block_places(name: str) -> list[Components]:
    """Small blocks of every alignment, the first and last ones of the memory, and random ones."""
    limits = {component: high for component, _, _, high in components(ENTRIES[name])}
    last, rng = limits["max"], random.Random(name)
    ends = [*_SPANS, (last, last), (last - 1, last), (last - 5, last)]
    for _ in range(5):
        first = rng.randint(0, last - 300)
        ends.append((first, first + rng.randint(0, 299)))
    ppus = range(limits["ppu"] + 1) if "ppu" in limits else [None]
    return [{"min": low, "max": high} | ({} if ppu is None else {"ppu": ppu}) for low, high in ends for ppu in ppus]


@pytest.mark.parametrize("name", each([name for name in _BLOCKS if name == "PPUMemoryBlock"]))
def test_blocks_of_words_expand_to_the_words_of_their_interval(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    for at in _block_places(name):
        values = random_values(name, random.Random(str(at)), at)
        where = place(entry, at)
        addresses, reads, words = expand(name, values, at)
        block = cls.from_fields(values)
        assert cls.write_addresses(where).tolist() == cls.read_addresses(where).tolist() == addresses == reads
        assert block.encode(where).tolist() == block.encode_read(where).tolist() == words
        assert block.byte_enables(where).tolist() == [15] * len(words)
        assert cls.decode(words, where) == block


def _byte_block(name: str, data: list[int], at: Components) -> tuple[list[int], list[int], list[int]]:
    """Addresses, words and byte enables of a block of bytes as its note says: word by word, byte by byte."""
    addresses, words, enables = [], [], []
    quad = ENTRIES[name]["children"][0]["container"]
    for k in range(at["min"] // 4, at["max"] // 4 + 1):
        inside = [4 * k + e for e in range(4)]
        quads = [data[byte - at["min"]] if at["min"] <= byte <= at["max"] else 0 for byte in inside]
        expansion = expand(quad, {"quad": quads, "enables": [1] * 4}, {"quad": k})
        addresses += expansion.writes
        words += expansion.words
        enables.append(sum(1 << 3 - e for e, byte in enumerate(inside) if at["min"] <= byte <= at["max"]))
    return addresses, words, enables


@pytest.mark.parametrize("name", each([name for name in _BLOCKS if ENTRIES[name].get("expansion") == "byte_block"]))
def test_blocks_of_bytes_expand_to_words_with_the_lanes_of_their_interval(name: str) -> None:
    entry, cls = ENTRIES[name], class_of(name)
    for at in _block_places(name):
        data = random_values(name, random.Random(str(at)), at)["bytes"]
        addresses, words, enables = _byte_block(name, data, at)
        where, block = place(entry, at), cls.from_fields({"bytes": data})
        assert cls.write_addresses(where).tolist() == cls.read_addresses(where).tolist() == addresses
        assert block.encode(where).tolist() == words
        assert block.byte_enables(where).tolist() == enables
        surroundings = random.Random(1).getrandbits
        answer = [word | _outside(enable, surroundings(32)) for word, enable in zip(words, enables, strict=True)]
        assert cls.decode(answer, where) == block


def _outside(enables: int, noise: int) -> int:
    """Bits of `noise` in the lanes that are not enabled."""
    return sum(noise & 0xFF << 8 * lane for lane in range(4) if not enables >> lane & 1)


def test_no_block_has_a_default_place() -> None:
    for cls in containers.types().values():
        if issubclass(cls, MemoryBlock):
            with pytest.raises(containers.ContainerError, match=cls.__name__):
                cls.write_addresses()


def test_size_of_a_block_and_its_coordinate_must_agree() -> None:
    at = coord.PPUMemoryBlockOnDLS(
        coord.PPUMemoryBlockOnPPU(coord.PPUMemoryWordOnPPU(3), coord.PPUMemoryWordOnPPU(5)), coord.PPUOnDLS(0)
    )
    assert containers.PPUMemoryBlock.of([1, 2, 3]).encode(at).tolist() == [1, 2, 3]
    for words in ([1, 2], [1, 2, 3, 4]):
        with pytest.raises(containers.CoordinateMismatchError, match="PPUMemoryBlock"):
            containers.PPUMemoryBlock.of(words).encode(at)

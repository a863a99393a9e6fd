"""Coordinates as values: immutable, ordered and equal within a type, numbers where they should be."""

from __future__ import annotations

import copy
import operator
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hxtwin import coord
from hxtwin.coord import Coordinate, CoordinateError, Indexed, Label, Ranged

if TYPE_CHECKING:
    from collections.abc import Callable

INDEXED = [kind for kind in coord.types().values() if issubclass(kind, Indexed)]
LABELS = [kind for kind in coord.types().values() if issubclass(kind, Label)]

SHAPE = coord.LogicalNeuronCompartments(
    {
        coord.CompartmentOnLogicalNeuron(0): [coord.AtomicNeuronOnLogicalNeuron(3)],
    }
)
SAMPLES: list[Coordinate] = [
    coord.NeuronColumnOnDLS(5),
    coord.SpikeLabel(5),
    coord.AtomicNeuronOnDLS(5),
    coord.SynapseRowOnDLS(5),
    coord.PPUMemoryBlockOnPPU(min=5, max=7),
    coord.PPUMemoryBlockOnDLS(coord.PPUMemoryBlockOnPPU(min=5, max=7), coord.PPUOnDLS(1)),
    coord.ExecutionInstanceOnExecutor(coord.ExecutionInstanceID(5), coord.ConnectionOnExecutor(1)),
    SHAPE,
    coord.LogicalNeuronOnDLS(SHAPE, coord.AtomicNeuronOnDLS(5)),
]


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_coordinates_are_immutable(value: Coordinate) -> None:
    before = str(value)
    changeable: Any = value
    for name in ("_index", "_key", "_first", "min", "value", "anything"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(changeable, name, 3)
        with pytest.raises(AttributeError, match="immutable"):
            delattr(changeable, name)
    assert not hasattr(value, "__dict__")
    assert str(value) == before


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_copies_are_the_same_object(value: Coordinate) -> None:
    assert copy.copy(value) is value
    assert copy.deepcopy([value])[0] is value


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_reduction_rebuilds_an_equal_object(value: Coordinate) -> None:
    build, arguments = value.__reduce__()
    again = build(*arguments)
    assert again == value
    assert hash(again) == hash(value)
    assert type(again) is type(value)


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_coordinates_are_no_ints_and_never_equal_to_one(value: Coordinate) -> None:
    assert not isinstance(value, int)
    for other in (5, 5.0, "5", None, [5], object()):
        assert value != other
        assert not (value == other)  # noqa: SIM201  # both operators


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_order_between_types_is_refused(value: Coordinate, compare: Callable[[Any, Any], bool]) -> None:
    for other in (*(sample for sample in SAMPLES if type(sample) is not type(value)), 5, None):
        with pytest.raises(TypeError, match="not supported"):
            compare(value, other)


@pytest.mark.parametrize("kind", INDEXED, ids=lambda kind: kind.__qualname__)
def test_order_equality_and_hash_within_a_type_follow_the_index(kind: type[Indexed]) -> None:
    indices = sorted({kind.min, (kind.min + kind.max) // 2, kind.max})
    for a in indices:
        for b in indices:
            x, y = kind(a), kind(b)
            assert (x == y, x != y, x < y, x <= y, x > y, x >= y) == (a == b, a != b, a < b, a <= b, a > b, a >= b)
            assert (hash(x) == hash(y)) is (a == b)
    assert sorted(kind(index) for index in reversed(indices)) == [kind(index) for index in indices]


def test_equal_numbers_of_all_types_are_different_keys() -> None:
    keys = {kind(kind.max): kind for kind in INDEXED}
    assert len(keys) == len(INDEXED)
    assert all(keys[kind(kind.max)] is kind for kind in INDEXED)


@pytest.mark.parametrize("kind", INDEXED, ids=lambda kind: kind.__qualname__)
def test_every_coordinate_is_its_index_as_int(kind: type[Indexed]) -> None:
    last = kind(kind.max)
    assert int(last) == operator.index(last) == kind.max
    assert type(int(last)) is int


def test_coordinates_index_lists_and_arrays() -> None:
    column = coord.NeuronColumnOnDLS(3)
    assert list(range(10))[column] == 3
    values = np.arange(512) * 2
    assert values[column] == 6
    assert values[coord.AtomicNeuronOnDLS(300)] == 600
    assert values.reshape(2, 256)[coord.NeuronRowOnDLS.bottom, column] == 2 * (256 + 3)
    assert range(column, coord.NeuronColumnOnDLS(5)) == range(3, 5)
    assert np.zeros(column).shape == (3,)
    assert np.array([column, column], dtype=np.int64).tolist() == [3, 3]


def test_ranged_and_labels_are_true_when_not_zero_places_always() -> None:
    assert coord.NeuronColumnOnDLS(1)
    assert not coord.NeuronColumnOnDLS(0)
    assert not coord.SpikeLabel(0)
    places = (coord.AtomicNeuronOnDLS(0), coord.SynapseRowOnDLS(0), coord.PPUMemoryBlockOnPPU(min=0, max=0))
    assert all(places)


# -- arithmetic -------------------------------------------------------------------------------------------------------

C = coord.NeuronColumnOnDLS


def test_arithmetic_stays_in_the_type() -> None:
    assert C(200) + C(55) == C(255)
    assert C(200) + 55 == 55 + C(200) == C(255)
    assert C(200) - 55 == C(145)
    assert 255 - C(200) == C(55)
    assert C(20) * 3 == 3 * C(20) == C(60)
    assert C(200) / C(7) == C(200) // 7 == C(28)
    assert C(200) % 7 == C(4)
    assert C(200) + np.int64(3) == np.int64(3) + C(200) == C(203)
    total = C(1)
    total += 4
    total *= C(3)
    assert total == C(15)
    assert type(total) is C


@pytest.mark.parametrize(
    "compute",
    [lambda: C(200) + 56, lambda: C(3) - 4, lambda: C(100) * 3, lambda: 2 - C(3), lambda: C(200) + C(56)],
)
def test_arithmetic_out_of_range_is_an_error(compute: Callable[[], object]) -> None:
    with pytest.raises(CoordinateError, match=r"NeuronColumnOnDLS has no index .*0\.\.255"):
        compute()


@pytest.mark.parametrize("other", [1.0, True, None, coord.NeuronRowOnDLS(1), np.float64(1), np.arange(3)])
@pytest.mark.parametrize("compute", [operator.add, operator.sub, operator.mul, operator.truediv, operator.mod])
def test_arithmetic_with_other_types_is_refused(compute: Callable[[Any, Any], object], other: object) -> None:
    with pytest.raises(TypeError):
        compute(C(3), other)
    with pytest.raises(TypeError):
        compute(other, C(3))


def test_division_by_zero_is_the_builtin_error() -> None:
    with pytest.raises(ZeroDivisionError):
        C(3) // 0


@pytest.mark.parametrize("kind", [coord.AtomicNeuronOnDLS, coord.SynapseRowOnDLS])
def test_places_have_no_arithmetic(kind: type[Indexed]) -> None:
    place: Any = kind(3)
    with pytest.raises(TypeError):
        place + 1
    with pytest.raises(TypeError):
        1 + place


WRAPPING = {
    coord.SpikeLabel: 16,
    coord.OmnibusAddress: 32,
    coord.OmnibusChipOverJTAGAddress: 32,
    coord.Timer.Value: 32,
}


@pytest.mark.parametrize("kind", LABELS, ids=lambda kind: kind.__qualname__)
def test_labels_wrap_only_where_they_fill_a_machine_word(kind: type[Label]) -> None:
    last = kind(kind.max)
    assert kind.wraps is (kind in WRAPPING)
    if kind.wraps:
        assert kind.size == 2 ** WRAPPING[kind]
        assert last + 1 == kind(0)
        assert kind(0) - 1 == last
        assert last * 2 == kind(kind.max - 1)
    else:
        with pytest.raises(CoordinateError):
            last + 1
        with pytest.raises(CoordinateError):
            kind(0) - 1


def test_construction_never_wraps() -> None:
    for kind, bits in WRAPPING.items():
        with pytest.raises(CoordinateError):
            kind(2**bits)


def test_time_beyond_the_width_of_its_target_is_an_error() -> None:
    assert coord.Time(2**32 - 1).to_timer_value() == coord.Timer.Value(2**32 - 1)
    with pytest.raises(CoordinateError, match=r"Timer\.Value has no index 4294967296"):
        coord.Time(2**32).to_timer_value()
    assert coord.Time(2**43 - 1).to_fpga_time() == coord.FPGATime(2**43 - 1)
    for convert in (coord.Time.to_fpga_time, coord.Time.to_chip_time):
        with pytest.raises(CoordinateError, match="has no index 8796093022208"):
            convert(coord.Time(2**43))
    assert coord.Time.fpga_clock_cycles_per_us == coord.Timer.Value.fpga_clock_cycles_per_us == 125


# -- small methods ----------------------------------------------------------------------------------------------------


def test_directions_sides_and_parity_print_as_words() -> None:
    words = [str(value) for kind in (coord.Direction, coord.Orientation, coord.Parity) for value in kind.all()]
    assert words == ["north", "east", "south", "west", "horizontal", "vertical", "even", "odd"]
    sides = [str(side) for side in (*coord.SideHorizontal.all(), *coord.SideVertical.all())]
    assert sides == ["left", "right", "top", "bottom"]
    assert str(coord.Unique()) == "unique"
    assert coord.Direction.north.to_orientation() == coord.Orientation.vertical
    assert coord.Direction.west.to_orientation() == coord.Orientation.horizontal


def test_parity_of_a_number() -> None:
    assert coord.Parity.from_number(6) == coord.Parity.even
    assert coord.Parity.from_number(-3) == coord.Parity.odd


def test_shared_capmem_cells_lie_in_the_last_two_columns() -> None:
    assert [int(column) for column in coord.CapMemColumnOnCapMemBlock.all() if column.is_shared()] == [128, 129]
    shared = [cell for cell in coord.CapMemCellOnCapMemBlock.all() if cell.is_shared()]
    assert len(shared) == 48
    assert all(cell.to_cap_mem_column_on_cap_mem_block().is_shared() for cell in shared)


def test_every_capmem_cell_has_one_use() -> None:
    neurons = {
        coord.CapMemCellOnDLS(cell, block)
        for block, cell in coord.product(coord.CapMemBlockOnDLS, coord.CapMemCellOnCapMemBlock)
        if not cell.is_shared()
    }
    everywhere = {
        coord.CapMemCellOnDLS(value, block)
        for value in vars(coord.CapMemCellOnCapMemBlock).values()
        if isinstance(value, coord.CapMemCellOnCapMemBlock)
        for block in coord.CapMemBlockOnDLS.all()
    }
    once = {value for value in vars(coord.CapMemCellOnDLS).values() if isinstance(value, coord.CapMemCellOnDLS)}
    unused = {cell.to_cap_mem_cell_on_dls() for cell in coord.UnusedCapMemCellOnDLS.all()}
    assert [len(cells) for cells in (neurons, everywhere, once, unused)] == [12288, 84, 18, 90]
    assert neurons | everywhere | once | unused == set(coord.CapMemCellOnDLS.all())


def test_conversions_beyond_the_reference() -> None:
    driver = coord.SynapseDriverOnDLS(200)
    assert driver.to_padi_bus_on_dls() == coord.PADIBusOnDLS(4)
    assert driver.to_crossbar_output_on_dls() == coord.CrossbarOutputOnDLS(4)
    sources = [source.to_background_spike_source_on_dls() for source in coord.CrossbarInputOnDLS.all()]
    assert sources == [None] * 12 + list(coord.BackgroundSpikeSourceOnDLS.all())
    assert coord.ExternalPPUMemoryByteOnFPGA(131071).to_external_ppu_memory_quad_on_fpga() == (
        coord.ExternalPPUMemoryQuadOnFPGA(32767)
    )
    assert int(coord.ExternalPPUDRAMMemoryByteOnFPGA(7).to_external_ppudram_memory_quad_on_fpga()) == 1
    assert coord.SpikeLabel(65535).to_output_routing_table_entry_on_fpga().to_spike_label() == coord.SpikeLabel(65535)
    for lane in coord.PhyConfigChipOnDLS.all():
        assert lane.to_jtag_phy_register_on_dls().to_phy_config_chip_on_dls() == lane
    synapse = coord.SynapseOnDLS(65536 + 256 * 145 + 44)
    assert synapse.to_synapse_row_on_dls() == coord.SynapseRowOnDLS(401)
    assert synapse.to_synapse_driver_on_dls() == coord.SynapseRowOnDLS(401).to_synapse_driver_on_dls() == driver
    assert synapse.to_synapse_quad_on_dls() == coord.SynapseQuadOnDLS(16384 + 64 * 145 + 5)


def test_one_neuron_circuit_has_many_indices() -> None:
    circuit = coord.AtomicNeuronOnDLS(300)
    assert (int(circuit.to_neuron_row_on_dls()), int(circuit.to_neuron_column_on_dls())) == (1, 44)
    assert int(circuit.to_hemisphere_on_dls()) == int(circuit.to_synram_on_dls()) == 1
    assert int(circuit.to_neuron_config_block_on_dls()) == int(circuit.to_cap_mem_block_on_dls()) == 2
    assert int(circuit.to_neuron_config_on_dls().to_neuron_config_on_neuron_config_block()) == 44
    assert int(circuit.to_neuron_event_output_on_dls()) == int(circuit.to_crossbar_input_on_dls()) == 1
    assert int(circuit.to_neuron_backend_config_block_on_dls()) == 0
    assert int(circuit.to_common_neuron_backend_config_on_dls()) == 0
    assert (int(circuit.to_synapse_quad_column_on_dls()), int(circuit.to_entry_on_quad())) == (5, 2)
    assert int(circuit.to_neuron_reset_quad_on_dls()) == int(circuit.to_column_current_quad_on_dls()) == 64 + 5
    assert int(circuit.to_synapse_on_synapse_row()) == 44


@pytest.mark.parametrize("name", ["neuron_backend_config", "neuron_reset", "spike_counter_read", "spike_counter_reset"])
def test_backend_order_leads_back_to_the_circuit(name: str) -> None:
    for circuit in coord.AtomicNeuronOnDLS.all():
        backend = getattr(circuit, f"to_{name}_on_dls")()
        column, row = int(circuit.to_neuron_column_on_dls()), int(circuit.to_neuron_row_on_dls())
        assert int(backend) == 256 * (column // 128) + 128 * row + column % 128
        assert backend.to_atomic_neuron_on_dls() == circuit


def test_reset_quad_and_circuit_agree() -> None:
    for circuit in coord.AtomicNeuronOnDLS.all():
        resets = circuit.to_neuron_reset_quad_on_dls().to_neuron_reset_on_dls()
        assert resets[circuit.to_entry_on_quad()] == circuit.to_neuron_reset_on_dls()


def test_driver_rows_come_in_two_orders() -> None:
    driver = coord.SynapseDriverOnDLS(200)
    top, bottom = driver.to_synapse_row_on_synram()
    assert (int(top), int(bottom)) == (145, 144)
    assert top.to_synapse_row_on_synapse_driver() == coord.SynapseRowOnSynapseDriver.top
    assert [int(row) for row in driver.to_synapse_row_on_dls()] == [400, 401]


def test_types_are_a_read_only_mapping() -> None:
    types: Any = coord.types()
    with pytest.raises(TypeError):
        types["X"] = coord.Y
    assert types["SpikeLabel.PADILabel"] is coord.SpikeLabel.PADILabel


def test_kinds_tell_what_a_type_is() -> None:
    assert issubclass(coord.NeuronColumnOnDLS, Ranged)
    assert issubclass(coord.SynapseRowOnDLS, coord.Composite)
    assert issubclass(coord.AtomicNeuronOnDLS, coord.Grid)
    assert issubclass(coord.SpikeLabel, Label)
    assert issubclass(coord.PPUMemoryBlockOnPPU, coord.Interval)


def test_importing_loads_no_compiler_and_no_solver() -> None:
    program = (
        "import sys, hxtwin.coord; print([m for m in ('numba', 'scipy', 'numpy', 'hxtwin.containers') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_hashes_are_the_same_in_every_process() -> None:
    program = (
        "import hxtwin.coord as c; print([hash(x) for x in (c.NeuronColumnOnDLS(3), c.SpikeLabel.PADILabel(3), "
        "c.PPUMemoryBlockOnPPU.mailbox, c.ExecutionInstanceOnExecutor())])"
    )
    here = [hash(x) for x in (coord.NeuronColumnOnDLS(3), coord.SpikeLabel.PADILabel(3),
                              coord.PPUMemoryBlockOnPPU.mailbox, coord.ExecutionInstanceOnExecutor())]  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(here)


def test_examples_of_the_package_documentation_hold() -> None:
    import doctest

    result = doctest.testmod(coord)
    assert result.attempted >= 5
    assert result.failed == 0

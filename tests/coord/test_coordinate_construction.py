"""What a coordinate can be made from, and what is refused with which error."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from hxtwin import coord
from hxtwin.coord import Coordinate, CoordinateError, CoordinateTypeError, Indexed
from hxtwin.errors import HxtwinError

INDEXED = [kind for kind in coord.types().values() if issubclass(kind, Indexed)]
NO_INTEGERS = [
    1.0, 1.5, math.nan, math.inf, True, False, None, "1", b"1", 1j, Fraction(1), [1], (1,), {1}, {"index": 1},
    np.float64(1), np.bool_(True), np.array(1), np.array([1]), np.float32("nan"), object(), int, Ellipsis,
]  # fmt: skip


def _text(value: object) -> str:
    return f"{type(value).__name__}-{value!r}"[:30]


def _built(kind: type[Coordinate], *parts: object, **named: object) -> Coordinate:
    """Build from arguments that mypy would rightly refuse."""
    build: Any = kind
    made = build(*parts, **named)
    assert isinstance(made, kind)
    return made


@pytest.mark.parametrize("kind", INDEXED, ids=lambda kind: kind.__qualname__)
def test_only_integers_are_linear_indices(kind: type[Indexed]) -> None:
    for value in NO_INTEGERS:
        with pytest.raises(CoordinateTypeError, match=kind.__qualname__):
            _built(kind, value)
    stranger = coord.SynapseLabel(1) if kind is not coord.SynapseLabel else coord.NeuronLabel(1)
    with pytest.raises(CoordinateTypeError, match=kind.__qualname__):
        _built(kind, stranger)


@pytest.mark.parametrize("kind", INDEXED, ids=lambda kind: kind.__qualname__)
def test_integers_of_any_kind_are_linear_indices(kind: type[Indexed]) -> None:
    index = kind.max if kind.max < 128 else 100
    expected = kind(index)
    assert type(expected) is kind
    for value in (np.int8(index), np.uint16(index), np.int64(index), np.uint64(index), coord.Enum(index), expected):
        assert kind(value) == expected


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_numpy_integers_are_integers(dtype: type[np.integer[Any]]) -> None:
    assert coord.NeuronColumnOnDLS(dtype(7)) == coord.NeuronColumnOnDLS(7)
    assert coord.SynapseRowOnDLS(synapse_row_on_synram=dtype(7)) == coord.SynapseRowOnDLS(7)


def test_errors_are_of_the_coordinate_family_and_of_the_builtin_kind() -> None:
    assert issubclass(CoordinateError, HxtwinError)
    assert issubclass(CoordinateError, ValueError)
    assert issubclass(CoordinateTypeError, CoordinateError)
    assert issubclass(CoordinateTypeError, TypeError)


def test_out_of_range_names_type_value_and_range() -> None:
    with pytest.raises(CoordinateError, match=r"SynapseRowOnDLS has no index 512: the range is 0\.\.511"):
        coord.SynapseRowOnDLS(512)
    with pytest.raises(CoordinateError, match=r"NeuronColumnOnDLS has no index -1: the range is 0\.\.255"):
        coord.NeuronColumnOnDLS(-1)


def test_a_huge_integer_is_described_instead_of_printed() -> None:
    with pytest.raises(CoordinateError, match="an integer of 33220 bits"):
        coord.NeuronColumnOnDLS(10**10000)


def test_a_long_argument_is_shortened_in_the_message() -> None:
    with pytest.raises(CoordinateTypeError) as caught:
        _built(coord.NeuronColumnOnDLS, "x" * 100_000)
    assert len(str(caught.value)) < 300


def test_wrong_type_message_says_what_to_give() -> None:
    with pytest.raises(CoordinateTypeError, match=r"of type float; give an integer of 0\.\.255"):
        _built(coord.NeuronColumnOnDLS, 1.5)
    with pytest.raises(CoordinateTypeError, match=r"SynapseDriverOnDLS; give .*SynapseRowOnSynram, SynramOnDLS"):
        _built(coord.SynapseRowOnDLS, coord.SynapseDriverOnDLS(3))


INNER, OUTER = coord.SynapseRowOnSynram(17), coord.SynramOnDLS.bottom
COLUMN, ROW = coord.NeuronColumnOnDLS(3), coord.NeuronRowOnDLS(1)


@pytest.mark.parametrize(
    ("kind", "parts", "named"),
    [
        (coord.SynapseRowOnDLS, (OUTER, INNER), {}),
        (coord.SynapseRowOnDLS, (17, 1), {}),
        (coord.SynapseRowOnDLS, (INNER, 1), {}),
        (coord.SynapseRowOnDLS, (INNER, True), {}),
        (coord.SynapseRowOnDLS, (OUTER,), {}),
        (coord.SynapseRowOnDLS, (INNER, OUTER, OUTER), {}),
        (coord.SynapseRowOnDLS, (INNER, coord.HemisphereOnDLS(1)), {}),
        (coord.SynapseRowOnDLS, (coord.Enum(3), coord.Enum(3)), {}),
        (coord.SynapseRowOnDLS, (INNER,), {"synram_on_dls": OUTER}),
        (coord.SynapseRowOnDLS, (), {"synram_on_dls": 1}),
        (coord.SynapseRowOnDLS, (), {"synapse_row": 1}),
        (coord.SynapseRowOnDLS, (), {"synapse_row_on_synram": 1, "synram": 1}),
        (coord.SynapseRowOnDLS, (), {"synapse_row_on_synram": OUTER}),
        (coord.SynapseRowOnDLS, (), {"synapse_row_on_synram": 1.0}),
        (coord.SynapseRowOnDLS, (), {"synapse_row_on_synram": True}),
        (coord.SynapseRowOnDLS, (), {"synapse_row_on_synram": 1, "synram_on_dls": None}),
        (coord.SynapseRowOnDLS, (coord.X(3),), {}),
        (coord.AtomicNeuronOnDLS, (COLUMN,), {}),
        (coord.AtomicNeuronOnDLS, (COLUMN, COLUMN), {}),
        (coord.AtomicNeuronOnDLS, (3, 1), {}),
        (coord.AtomicNeuronOnDLS, (COLUMN, coord.X(1)), {}),
        (coord.AtomicNeuronOnDLS, (coord.SynapseOnSynapseRow(3), ROW), {}),
        (coord.AtomicNeuronOnDLS, (COLUMN, ROW, ROW), {}),
        (coord.AtomicNeuronOnDLS, (), {"neuron_column_on_dls": 3}),
        (coord.AtomicNeuronOnDLS, (), {"x": 3, "y": 1}),
        (coord.AtomicNeuronOnDLS, (COLUMN,), {"neuron_row_on_dls": ROW}),
        (coord.NeuronColumnOnDLS, (1, 2), {}),
        (coord.NeuronColumnOnDLS, (), {"value": 1}),
        (coord.NeuronColumnOnDLS, (1,), {"neuron_column_on_dls": 1}),
        (coord.CapMemBlockOnDLS, (coord.CapMemBlockOnHemisphere(1),), {}),
        (coord.CapMemBlockOnDLS, (), {"hemisphere_on_dls": 1}),
        (coord.CapMemBlockOnDLS, (coord.HemisphereOnDLS(1), coord.CapMemBlockOnHemisphere(1)), {}),
        (coord.SynapseOnSynapseRow, (coord.EntryOnQuad(1), 3), {}),
        (coord.CADCSampleQuadOnSynram, (coord.SynapseQuadOnSynram(1),), {}),
        (coord.PPUMemoryBlockOnPPU, (coord.PPUMemoryWordOnPPU(1), 3), {}),
        (coord.PPUMemoryBlockOnPPU, (1, 3), {}),
        (coord.PPUMemoryBlockOnPPU, (), {"min": 1}),
        (coord.PPUMemoryBlockOnPPU, (), {"min": 1, "max": 2.0}),
        (coord.PPUMemoryBlockOnPPU, (), {"min": 1, "max": 2, "step": 1}),
        (coord.PPUMemoryBlockOnPPU, (coord.PPUMemoryWordOnPPU(1), coord.ExternalPPUMemoryByteOnFPGA(3)), {}),
        (coord.PPUMemoryBlockOnDLS, (coord.PPUOnDLS(1),), {}),
        (coord.PPUMemoryBlockOnDLS, (coord.PPUMemoryBlockOnPPU(), coord.SynramOnDLS(1)), {}),
        (coord.PPUMemoryBlockOnDLS, (coord.PPUMemoryBlockOnPPU(), coord.PPUOnDLS(1), coord.PPUOnDLS(1)), {}),
        (coord.PPUMemoryBlockOnDLS, (), {"ppu_on_dls": 1}),
        (coord.PPUMemoryBlockOnDLS, (), {"ppu_memory_block_on_ppu": 3}),
        (coord.PPUMemoryBlockOnDLS, (coord.PPUMemoryBlockOnPPU(),), {"ppu_on_dls": 1}),
        (coord.ExecutionInstanceOnExecutor, (coord.ConnectionOnExecutor(1),), {}),
        (coord.ExecutionInstanceOnExecutor, (1, 2), {}),
        (coord.ExecutionInstanceOnExecutor, (), {"connection_on_executor": 1}),
        (coord.ExecutionInstanceOnExecutor, (coord.ExecutionInstanceID(1),), {"connection_on_executor": 1}),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_components_are_refused(kind: type[Coordinate], parts: tuple[object, ...], named: dict[str, Any]) -> None:
    with pytest.raises(CoordinateTypeError, match=r"cannot be made from|has no component|needs the component"):
        _built(kind, *parts, **named)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (coord.SynapseRowOnDLS, {"synapse_row_on_synram": 256}),
        (coord.SynapseRowOnDLS, {"synapse_row_on_synram": -1}),
        (coord.SynapseRowOnDLS, {"synapse_row_on_synram": 1, "synram_on_dls": 2}),
        (coord.AtomicNeuronOnDLS, {"neuron_column_on_dls": 256, "neuron_row_on_dls": 0}),
        (coord.CrossbarNodeOnDLS, {"crossbar_output_on_dls": 1, "crossbar_input_on_dls": 0}),
        (coord.PPUMemoryBlockOnPPU, {"min": 4, "max": 3}),
        (coord.PPUMemoryBlockOnPPU, {"min": 4, "max": 4096}),
        (coord.ExecutionInstanceOnExecutor, {"execution_instance_id": -1}),
    ],
)
def test_components_out_of_range_are_refused(kind: type[Coordinate], named: dict[str, int]) -> None:
    with pytest.raises(CoordinateError):
        _built(kind, **named)


def test_generic_axes_out_of_range_are_refused() -> None:
    with pytest.raises(CoordinateError, match=r"NeuronColumnOnDLS has no index 256"):
        coord.AtomicNeuronOnDLS(coord.X(256), coord.Y(0))


def test_only_76_crossbar_nodes_exist() -> None:
    built = {}
    for output, source in coord.product(coord.CrossbarOutputOnDLS, coord.CrossbarInputOnDLS):
        try:
            built[output, source] = int(coord.CrossbarNodeOnDLS(output, source))
        except CoordinateError as error:
            assert "has no pair" in str(error)  # noqa: PT017  # most pairs do not exist
    assert sorted(built.values()) == list(range(76))
    reachable = [(int(output), int(source)) for output, source in built]
    for neuron in range(8):
        assert [x for x, y in reachable if y == neuron] == [neuron % 4, 4 + neuron % 4, 8 + neuron % 4]
    for external in range(8, 12):
        assert [x for x, y in reachable if y == external] == [*range(8), external]
    for background in range(12, 20):
        assert [x for x, y in reachable if y == background] == [background - 12, 8 + background % 4]


def test_capmem_block_from_side_and_hemisphere() -> None:
    for block in coord.CapMemBlockOnDLS.all():
        side, half = block.to_cap_mem_block_on_hemisphere(), block.to_hemisphere_on_dls()
        assert coord.CapMemBlockOnDLS(side, half) == block
        assert coord.CapMemBlockOnDLS(cap_mem_block_on_hemisphere=int(side), hemisphere_on_dls=half) == block


def test_synapse_column_from_entry_and_quad() -> None:
    for column in coord.SynapseOnSynapseRow.all():
        entry, quad = column.to_entry_on_quad(), column.to_synapse_quad_column_on_dls()
        assert coord.SynapseOnSynapseRow(entry, quad) == column
        assert quad.to_neuron_column_on_dls()[entry] == column.to_neuron_column_on_dls()
        named = coord.SynapseOnSynapseRow(entry_on_quad=int(entry), synapse_quad_column_on_dls=int(quad))
        assert named == column


def test_cadc_sample_quad_from_quad_channel_and_readout() -> None:
    quad = coord.SynapseQuadOnSynram(4464)
    sample = coord.CADCSampleQuadOnSynram(quad, coord.CADCChannelType.causal)
    assert int(sample) == 4464
    assert sample.to_cadc_readout_type() == coord.CADCReadoutType.trigger_read
    other = coord.CADCSampleQuadOnSynram(quad, coord.CADCChannelType.acausal, coord.CADCReadoutType.buffered)
    assert int(other) == 32768 + 16384 + 4464
    assert coord.CADCSampleQuadOnSynram(synapse_quad_on_synram=quad, cadc_channel_type=1, cadc_readout_type=1) == other
    assert coord.CADCSampleQuadOnSynram(other.to_cadc_sample_quad_unspecified_readout_on_synram()) != other


def test_abstract_kinds_have_no_values() -> None:
    for kind in (coord.Ranged, coord.Label):
        with pytest.raises(CoordinateError):
            kind(0)


def test_constructing_is_fast_enough() -> None:
    # Budget: 100 000 coordinates in 0.2 s. Here 1/50 of both, best of many attempts, since the machine may be busy.
    import time

    def seconds(build: Any) -> float:
        begin = time.process_time()
        for index in range(2_000):
            build(index & 255)
        return time.process_time() - begin

    builders: list[Any] = [
        coord.NeuronColumnOnDLS,
        coord.SynapseRowOnDLS,
        coord.AtomicNeuronOnDLS,
        lambda index: coord.SynapseRowOnDLS(INNER, OUTER),
    ]
    for build in builders:
        assert min(seconds(build) for _ in range(40)) < 0.2 / 50

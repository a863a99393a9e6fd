"""Correlation bits on the chip: what a calibration stores is what the memory of the synapses holds behind `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import pytest

import hxtwin
from hxtwin import coord
from hxtwin.calib.correlation_target import CorrelationCalibOptions, CorrelationCalibTarget
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.calib.routines.correlation import CorrelationCalibResult
from hxtwin.calib.spiking_result import SpikingCalibrationResult
from hxtwin.containers import Chip, SynapseBlock, SynapseCorrelationCalibQuad
from hxtwin.runtime import PlaybackProgramBuilder, SystemInit, generate, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hxtwin.runtime import Connection

QUADS = 8
MATRIX = "synapse_blocks.matrix."


@pytest.fixture(name="calibrated", scope="module")
def _calibrated() -> SpikingCalibrationResult:
    """A calibration with random bits for every synapse, as a file gives it."""
    rng = np.random.default_rng(5)
    options = CorrelationCalibOptions(calibrate_synapses=True)
    plain = nominal_calibration()
    result = attrs.evolve(
        plain,
        target=attrs.evolve(plain.target, correlation=CorrelationCalibTarget()),
        options=attrs.evolve(plain.options, correlation=options),
        correlation=CorrelationCalibResult(
            i_bias_ramp=np.array([80, 81, 82, 83]),
            i_bias_store=np.array([70, 71, 72, 73]),
            amplitude=np.full(4, 0.5),
            time_constant=np.full(4, 5e-6),
            success=np.ones(4, dtype=bool),
            amp_calib=rng.integers(0, 4, (512, 256), dtype=np.uint8),
            time_calib=rng.integers(0, 4, (512, 256), dtype=np.uint8),
            synapse_score=np.full((2, 4), np.nan),
            options=options,
        ),
    )
    return SpikingCalibrationResult.from_bytes(result.to_bytes())


@pytest.fixture(name="chip", scope="module")
def _chip() -> Chip:
    """A network that uses all bits of the words that hold the correlation bits, too."""
    rng = np.random.default_rng(6)
    shape = (2, 256, 256)
    return Chip().with_columns(
        {f"{MATRIX}weights": rng.integers(0, 64, shape), f"{MATRIX}labels": rng.integers(0, 64, shape)}
    )


@pytest.fixture(name="connection", scope="module")
def _connection(calibrated: SpikingCalibrationResult, chip: Chip) -> Iterator[Connection]:
    """A twin with mismatch to which the calibration has been applied."""
    with hxtwin.connect("sim://?chip=7") as connection:
        builder, _ = generate(SystemInit())
        calibrated.apply(builder, chip)
        builder.barrier(omnibus=True)
        run(connection, builder.done())
        yield connection


def bits(calibrated: SpikingCalibrationResult, kind: str) -> NDArray[np.uint8]:
    """Stored bits, ``uint8[512, 256]``."""
    assert calibrated.correlation is not None
    stored: NDArray[np.uint8] = getattr(calibrated.correlation, f"{kind}_calib")
    return stored


def test_the_memory_of_all_synapses_holds_the_stored_bits(
    connection: Connection, calibrated: SpikingCalibrationResult, chip: Chip
) -> None:
    builder = PlaybackProgramBuilder()
    tickets = [builder.read(at, SynapseBlock) for at in coord.SynapseBlockOnDLS.all()]
    builder.barrier(omnibus=True)
    run(connection, builder.done())
    blocks = [ticket.get() for ticket in tickets]
    for kind in ("amp", "time"):
        read = np.concatenate([getattr(block.matrix, f"{kind}_calibs") for block in blocks])
        assert np.array_equal(read, bits(calibrated, kind))
    for name in ("weights", "labels"):
        read = np.concatenate([getattr(block.matrix, name) for block in blocks])
        assert np.array_equal(read, chip.columns()[f"{MATRIX}{name}"].reshape(512, 256)), "the network is untouched"


def test_the_window_of_the_correlation_bits_shows_them_quad_by_quad(
    connection: Connection, calibrated: SpikingCalibrationResult
) -> None:
    rng = np.random.default_rng(7)
    chosen = rng.choice(coord.SynapseCorrelationCalibQuadOnDLS.size, QUADS, replace=False)
    builder = PlaybackProgramBuilder()
    tickets = [
        builder.read(coord.SynapseCorrelationCalibQuadOnDLS(int(at)), SynapseCorrelationCalibQuad) for at in chosen
    ]
    builder.barrier(omnibus=True)
    run(connection, builder.done())
    for at, ticket in zip(chosen, tickets, strict=True):
        row, quad = divmod(int(at), 64)
        columns = 8 * (quad % 32) + 2 * np.arange(4) + quad // 32
        read = ticket.get()
        assert np.array_equal(read.amp_calibs, bits(calibrated, "amp")[row, columns])
        assert np.array_equal(read.time_calibs, bits(calibrated, "time")[row, columns])


def test_a_calibration_without_sensors_leaves_the_bits_of_the_chip(
    connection: Connection, calibrated: SpikingCalibrationResult
) -> None:
    builder = PlaybackProgramBuilder()
    attrs.evolve(calibrated, correlation=None).apply(builder)
    builder.barrier(omnibus=True)
    ticket = builder.read(coord.SynapseBlockOnDLS(1), SynapseBlock)
    builder.barrier(omnibus=True)
    run(connection, builder.done())
    assert np.array_equal(ticket.get().matrix.amp_calibs, bits(calibrated, "amp")[256:])

"""Registers of a chip that containers are written to, without links in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.chipsim.elaborate.cap_mem import SHAPE, SHARED_CELLS, CellValues
from hxtwin.chipsim.readout.neuron_output import NeuronOutput
from hxtwin.chipsim.registers.register_file import Accesses, RegisterFile
from hxtwin.containers import NeuronConfig

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.containers import Container
    from hxtwin.coord import Coordinate


def write(registers: RegisterFile, container: Container, at: Coordinate | None = None) -> None:
    words = container.encode(at)
    addresses = container.write_addresses(at)
    n = len(words)
    flags, numbers = np.full(n, 15, np.uint8), np.full(n, -1, np.int64)
    done, _, unmapped, _ = registers.apply(Accesses(np.zeros(n, np.int64), addresses, words, flags, numbers), 0, 0)
    assert done == n
    assert not unmapped


def cells_with(**shared: ArrayLike) -> CellValues:
    """Cells at 0 but for shared cells of all quadrants."""
    codes = np.zeros(SHAPE)
    for name, value in shared.items():
        row, column = SHARED_CELLS[name]
        codes[:, row, column] = value
    return CellValues(codes)


READOUT_CELLS = {"neuron_i_bias_readout_amp": 110, "neuron_i_bias_synin_drop": 300}


def neuron_columns(**fields: ArrayLike) -> dict[str, NDArray[np.int64]]:
    """Columns of all circuits: a default configuration but for some fields, each for all circuits or ``[512]``."""
    columns = {name: np.asarray(column).astype(np.int64) for name, column in NeuronConfig.default_columns(512).items()}
    for name, value in fields.items():
        columns[name] = np.broadcast_to(np.asarray(value, dtype=np.int64), (512,))
    return columns


def shown(**fields: ArrayLike) -> NeuronOutput:
    """Readout amplifiers that work, for circuits with some fields."""
    return NeuronOutput.of(neuron_columns(enable_readout_amplifier=1, **fields), cells_with(**READOUT_CELLS))

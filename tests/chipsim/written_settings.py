"""A register file that containers are written to, and the settings of the analog core that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.elaborate.cap_mem import NEURON_CELLS, SHARED_CELLS
from hxtwin.chipsim.elaborate.settings import Settings
from hxtwin.chipsim.registers.register_file import Accesses, RegisterFile

from .written_registers import write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from hxtwin import coord
    from hxtwin.chipsim.elaborate.cap_mem import RewriteNoise
    from hxtwin.chipsim.personality import Personality


class Written:
    """A register file, written to by containers, and its settings."""

    def __init__(
        self, personality: Personality | None = None, *, instant: bool = True, noise: RewriteNoise | None = None
    ) -> None:
        self.registers = RegisterFile()
        self.settings = Settings(self.registers, personality, instant_settling=instant, noise=noise)
        self.settings.refresh(0)

    def words(self, addresses: NDArray[np.uint32], words: NDArray[np.uint32]) -> None:
        n = addresses.size
        accesses = Accesses(
            np.zeros(n, np.int64),
            addresses.ravel().astype(np.uint32),
            words.ravel().astype(np.uint32),
            np.full(n, 15, np.uint8),
            np.full(n, -1, np.int64),
        )
        self.registers.apply(accesses, 0, 0)

    def one(self, container: containers.Container, at: coord.Coordinate) -> None:
        write(self.registers, container, at)

    def all(self, container: type[containers.Container], indices: ArrayLike, **columns: ArrayLike) -> None:
        places = np.asarray(indices, dtype=np.int64)
        filled = dict(container.default_columns(places.size))
        for name, column in columns.items():
            shape = filled[name].shape
            filled[name] = np.broadcast_to(np.asarray(column), shape).astype(filled[name].dtype)
        self.words(container.addresses_of(places), container.encode_columns(filled, places))

    def cells(self, codes: Mapping[str, ArrayLike]) -> None:
        """Codes of cells of circuits, ``[512]``, or of quadrants, ``[4]``; other cells stay as they are."""
        for name, code in codes.items():
            if name in SHARED_CELLS:
                row, column = SHARED_CELLS[name]
                index = 3120 * np.arange(4) + 130 * row + column
            else:
                circuit = np.arange(512)
                index = 3120 * (circuit // 128) + 130 * NEURON_CELLS[name] + circuit % 128
            self.all(containers.CapMemCell, index, value=code)

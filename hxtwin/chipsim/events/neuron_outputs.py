"""Neuron event outputs: fires become counts and events.

The parameters come from the registers when they are first needed after a change: `NeuronConfig` (enable_fire),
`NeuronBackendConfig` (address, spike output, refractory time and clock) and `CommonNeuronBackendConfig` (clocks, event
registers, forced reset). Reference: containers-a.md 4; simulator-decisions.md 29, 33, 34, 42.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.elaborate.neurons import BACKEND_OF_CIRCUIT
from hxtwin.chipsim.elaborate.recent import Recent
from hxtwin.chipsim.events import neuron_output_kernel
from hxtwin.chipsim.loop_kernel import Outputs
from hxtwin.chipsim.registers.register_file import Consumer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.registers.register_file import RegisterFile

NEURONS: Final = 512
_BLOCK_NEURONS: Final = 256
_COLUMNS: Final = 128
_NOBODY: Final = np.empty((0, 2), dtype=np.int64)
_TURN_OF: Final = neuron_output_kernel.turns_of_neurons()
_NEURON_OF: Final = np.argsort(_TURN_OF).astype(np.int64)
_CLASSES: Final[tuple[type[containers.Container], ...]] = (
    containers.NeuronConfig,
    containers.NeuronBackendConfig,
    containers.CommonNeuronBackendConfig,
)


class NeuronOutputs:
    """Backend of 512 neurons, numbered ``256 (column // 128) + column % 128 + 128 row``.

    Attributes:
        arrays: what the loop over steps takes.
    """

    arrays: Outputs

    def __init__(self, registers: RegisterFile, parameters: Parameters) -> None:
        self._registers = registers
        self._counter_cells = registers.map.cells_of(containers.SpikeCounterRead)[:, 0].copy()
        registers.concern(Consumer.NEURON_OUTPUTS, [container.__name__ for container in _CLASSES])
        self._requests = np.zeros(neuron_output_kernel.EVENT_OUTPUTS, dtype=np.uint64)
        self._turns = np.zeros(neuron_output_kernel.EVENT_OUTPUTS, dtype=np.int64)
        self._to_crossbar = np.array([parameters.fire_to_crossbar], dtype=np.int64)
        self._recent: Recent[Outputs] = Recent()
        self.arrays = self._elaborated(_NOBODY)

    def reset(self) -> None:
        """As after a chip reset."""
        self._requests[:] = 0
        self._turns[:] = 0

    def reset_counter(self, neuron: int) -> None:
        """Clears counter and overflow bit of a neuron."""
        self._registers.cells[self._counter_cells[neuron]] = 0

    def refresh(self, followers: NDArray[np.int64]) -> None:
        """Takes over what was written.

        Args:
            followers: pairs of a circuit and another one that fires with it, ascending, ``int64[n, 2]``.
        """
        if self._registers.take_changes(Consumer.NEURON_OUTPUTS).blocks.any():
            self.arrays = self._elaborated(followers)

    def _elaborated(self, followers: NDArray[np.int64]) -> Outputs:
        words = [self._registers.words_of(container) for container in _CLASSES]
        key = (*(part.tobytes() for part in words), followers.tobytes())
        return self._recent.get(key, lambda: self._elaborate(words, followers))

    def _elaborate(self, words: list[NDArray[np.uint32]], followers: NDArray[np.int64]) -> Outputs:
        number = np.arange(NEURONS)
        block, in_block = np.divmod(number, _BLOCK_NEURONS)
        row, column = np.divmod(in_block, _COLUMNS)
        quadrant_order = _COLUMNS * (2 * row + block) + column  # places of NeuronConfig: row, half, column
        config, backend, common = (
            container.decode_columns(part) for container, part in zip(_CLASSES, words, strict=True)
        )
        counts = (
            config["enable_fire"][quadrant_order] & common["enable_clocks"][block] & ~common["force_reset"][block]
        ).astype(np.bool_)
        registers_on = common["enable_event_registers"][block].astype(np.bool_)
        sends = backend["enable_spike_out"].astype(np.bool_) & registers_on & counts
        output = 4 * block + column // 32
        labels = (output << 8 | backend["address_out"]).astype(np.int64)
        return Outputs(
            counts,
            sends,
            labels,
            self._counter_cells,
            self._requests,
            self._turns,
            _TURN_OF,
            _NEURON_OF,
            self._to_crossbar,
            BACKEND_OF_CIRCUIT,
            np.searchsorted(followers[:, 0], np.arange(NEURONS + 1)).astype(np.int64),
            followers[:, 1].copy(),
        )

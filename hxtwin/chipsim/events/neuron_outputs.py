"""Neuron event outputs: fires become counts and events.

The parameters come from the registers when they are first needed after a change: `NeuronConfig` (enable_fire),
`NeuronBackendConfig` (address, spike output, refractory time and clock) and `CommonNeuronBackendConfig` (clocks, event
registers, forced reset). Reference: containers-a.md 4; simulator-decisions.md 29, 33, 34, 42.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.events import neuron_output_kernel
from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.registers.register_file import Consumer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.registers.register_file import RegisterFile

NEURONS: Final = 512
_BLOCK_NEURONS: Final = 256
_COLUMNS: Final = 128
_WHOLE_COUNTER: Final = 256
_CONCERNED: Final = ("NeuronConfig", "NeuronBackendConfig", "CommonNeuronBackendConfig")


class NeuronOutputs:
    """Backend of 512 neurons, numbered ``256 (column // 128) + column % 128 + 128 row``."""

    def __init__(self, registers: RegisterFile, parameters: Parameters) -> None:
        self._registers = registers
        self._to_crossbar = parameters.fire_to_crossbar
        self._counter_cells = registers.map.cells_of(containers.SpikeCounterRead)[:, 0]
        self._concerned = np.array([name.split("@")[0] in _CONCERNED for name in registers.map.block_names])
        self._fire_cycles = np.empty(0, dtype=np.int64)
        self._fire_neurons = np.empty(0, dtype=np.int64)
        self._now = 0
        self._latches = np.zeros(NEURONS, dtype=np.bool_)
        self._turns = np.zeros(neuron_output_kernel.EVENT_OUTPUTS, dtype=np.int64)
        self._refractory_until = np.zeros(NEURONS, dtype=np.int64)
        self._elaborate()

    @property
    def busy(self) -> bool:
        """Whether fires or requests wait."""
        return bool(len(self._fire_cycles) or self._latches.any())

    @property
    def next_cycle(self) -> int:
        """No fire or request is served before this cycle; `NEVER` if there is none."""
        if self._latches.any():
            return self._now
        return int(self._fire_cycles[0]) if len(self._fire_cycles) else NEVER

    def reset(self) -> None:
        """As after a chip reset."""
        self._fire_cycles = self._fire_cycles[:0]
        self._fire_neurons = self._fire_neurons[:0]
        self._latches[:] = False
        self._turns[:] = 0
        self._refractory_until[:] = 0

    def fire(self, cycles: NDArray[np.int64], neurons: NDArray[np.int64]) -> None:
        """Neurons fire in chip cycles that have not been passed."""
        if len(cycles):
            cycles = np.concatenate([self._fire_cycles, cycles])
            order = np.argsort(cycles, kind="stable")
            self._fire_cycles = cycles[order]
            self._fire_neurons = np.concatenate([self._fire_neurons, neurons])[order]

    def reset_counter(self, neuron: int) -> None:
        """Clears counter and overflow bit of a neuron."""
        self._registers.cells[self._counter_cells[neuron]] = 0

    def advance(self, until: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Events at the crossbar that follow from the fires up to a chip cycle: cycles, 11-bit labels."""
        if not self.busy:
            self._now = max(self._now, until + 1)
            return self._fire_cycles[:0], self._fire_neurons[:0]
        if self._registers.take_changes(Consumer.NEURON_OUTPUTS).blocks[self._concerned].any():
            self._elaborate()
        room = len(self._fire_cycles) + NEURONS
        cycles, labels = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
        first, n, now = neuron_output_kernel.fire_neurons(
            until,
            self._now,
            self._fire_cycles,
            self._fire_neurons,
            0,
            self._counts,
            self._sends,
            self._labels,
            self._refractory,
            self._counter_cells,
            self._registers.cells,
            self._refractory_until,
            self._latches,
            self._turns,
            self._to_crossbar,
            cycles,
            labels,
        )
        self._now = int(now)
        self._fire_cycles = self._fire_cycles[first:]
        self._fire_neurons = self._fire_neurons[first:]
        return cycles[:n], labels[:n]

    def _elaborate(self) -> None:
        registers = self._registers
        number = np.arange(NEURONS)
        block, in_block = np.divmod(number, _BLOCK_NEURONS)
        row, column = np.divmod(in_block, _COLUMNS)
        quadrant_order = _COLUMNS * (2 * row + block) + column  # places of NeuronConfig: row, half, column
        config = containers.NeuronConfig.decode_columns(registers.words_of(containers.NeuronConfig))
        backend = containers.NeuronBackendConfig.decode_columns(registers.words_of(containers.NeuronBackendConfig))
        common = containers.CommonNeuronBackendConfig.decode_columns(
            registers.words_of(containers.CommonNeuronBackendConfig)
        )
        self._counts = (
            config["enable_fire"][quadrant_order] & common["enable_clocks"][block] & ~common["force_reset"][block]
        ).astype(np.bool_)
        registers_on = common["enable_event_registers"][block].astype(np.bool_)
        self._sends = backend["enable_spike_out"].astype(np.bool_) & registers_on & self._counts
        output = 4 * block + column // 32
        self._labels = (output << 8 | backend["address_out"]).astype(np.int64)
        fast = backend["select_input_clock"].astype(np.bool_)
        scale = np.where(fast, common["clock_scale_fast"][block], common["clock_scale_slow"][block]).astype(np.int64)
        counts = np.where(backend["refractory_time"] == 0, _WHOLE_COUNTER, backend["refractory_time"]).astype(np.int64)
        self._refractory = counts << (scale + 1)

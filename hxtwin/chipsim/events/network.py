"""The event network of the chip: state of crossbar, PADI buses and background sources, and their advance in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.events import crossbar_kernel as kernel
from hxtwin.chipsim.parameters import NEVER
from hxtwin.coord import CrossbarInputOnDLS, CrossbarNodeOnDLS, CrossbarOutputOnDLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.registers.register_file import RegisterFile

_BUSES: Final = 4
_SOURCES: Final = 8
_SOURCE_WORDS: Final = 3
_OUTPUT_ROOM: Final = 1 << 15
_NO_CYCLES: Final = np.empty(0, dtype=np.int64)
_NO_LABELS: Final = np.empty(0, dtype=np.uint16)


class EventNetwork:
    """Crossbar, PADI buses, background sources and the way of events to the FPGA. Times are chip cycles."""

    def __init__(self, registers: RegisterFile, parameters: Parameters) -> None:
        self._registers = registers
        cells = registers.map
        self._numbers = np.array(
            [
                parameters.crossbar_cycles,
                parameters.crossbar_to_link,
                parameters.padi_to_synapse,
                parameters.crossbar_queue,
                parameters.crossbar_slow_cycles,
                parameters.padi_cycles,
                parameters.padi_extended_cycles,
                parameters.padi_queue,
                parameters.link_queue,
            ],
            dtype=np.int64,
        )
        padi = cells.cells_of(containers.CommonPADIBusConfig)[:, 0]
        sources = cells.cells_of(containers.BackgroundSpikeSource)
        self._source_cells = sources.min(axis=1)
        self._places = np.array(
            [
                cells.cells_of(containers.CrossbarOutputConfig)[0, 0],
                self._source_cells[0],
                cells.cells_of(containers.CrossbarNode)[0, 0],
                cells.cells_of(containers.CrossbarInputDropCounter)[0, 0],
                cells.cells_of(containers.CrossbarOutputEventCounter)[0, 0],
                *padi,
            ],
            dtype=np.int64,
        )
        self._driver_cells = cells.cells_of(containers.SynapseDriverConfig)[:, 0].copy()
        self._input_nodes, self._output_nodes = node_tables()
        self._state = np.zeros(kernel.STATE_SIZE, dtype=np.int64)
        self._sources = np.zeros((_SOURCES, kernel.SOURCE_SIZE), dtype=np.int64)
        self._queues = np.zeros((CrossbarNodeOnDLS.size, parameters.crossbar_queue), dtype=np.int64)
        self._heads = np.zeros(CrossbarNodeOnDLS.size, dtype=np.int64)
        self._counts = np.zeros(CrossbarNodeOnDLS.size, dtype=np.int64)
        self._recorded_room = np.empty((_OUTPUT_ROOM, 3), dtype=np.int64)
        self._synaptic_room = np.empty((_OUTPUT_ROOM, 5), dtype=np.int64)
        self._link_cycles, self._link_labels = _NO_CYCLES, _NO_LABELS
        self._neuron_cycles, self._neuron_labels = _NO_CYCLES, _NO_CYCLES
        self._injected: list[NDArray[np.int64]] = []
        self.reset(0)

    @property
    def busy(self) -> bool:
        """Whether anything moves or will move without a further access."""
        return bool(
            len(self._link_cycles)
            or len(self._neuron_cycles)
            or self._state[kernel.QUEUED]
            or self._sources[:, kernel.RUNNING].any()
        )

    @property
    def next_cycle(self) -> int:
        """No event moves before this cycle; `NEVER` if none will without a further access."""
        if self._state[kernel.QUEUED]:
            return int(self._state[kernel.NOW])
        cycle = NEVER
        if len(self._link_cycles):
            cycle = int(self._link_cycles[0])
        if len(self._neuron_cycles):
            cycle = min(cycle, int(self._neuron_cycles[0]))
        running = self._sources[self._sources[:, kernel.RUNNING] == 1]
        if len(running):
            cycle = min(cycle, int(np.minimum(running[:, kernel.EVENT_CYCLE], running[:, kernel.NEXT_BIN]).min()))
        return cycle

    @property
    def lost(self) -> tuple[int, int]:
        """Events lost since the last reset in front of PADI buses and in front of the link to the FPGA."""
        return int(self._state[kernel.PADI_DROPPED]), int(self._state[kernel.LINK_DROPPED])

    def reset(self, cycle: int) -> None:
        """All queues empty, background sources off; time goes on."""
        now = max(int(self._state[kernel.NOW]), cycle)
        self._state[:] = 0
        self._state[kernel.NOW] = now
        self._sources[:] = 0
        self._sources[:, kernel.EVENT_CYCLE] = NEVER
        self._counts[:] = 0
        self._heads[:] = 0
        self._link_cycles, self._link_labels = _NO_CYCLES, _NO_LABELS
        self._neuron_cycles, self._neuron_labels = _NO_CYCLES, _NO_CYCLES
        self._injected = []

    def take_link_events(self, cycles: NDArray[np.int64], labels: NDArray[np.uint16]) -> None:
        """Labels from the FPGA and the ascending chip cycles in which they reach the crossbar."""
        if not len(cycles):
            return
        in_order = not len(self._link_cycles) or self._link_cycles[-1] <= cycles[0]
        self._link_cycles = np.concatenate([self._link_cycles, cycles])
        self._link_labels = np.concatenate([self._link_labels, labels])
        if not in_order:
            order = np.argsort(self._link_cycles, kind="stable")
            self._link_cycles, self._link_labels = self._link_cycles[order], self._link_labels[order]

    def take_neuron_events(self, cycles: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        """Events of neurons and the ascending chip cycles in which they reach the crossbar."""
        if len(cycles):
            self._neuron_cycles = np.concatenate([self._neuron_cycles, cycles])
            self._neuron_labels = np.concatenate([self._neuron_labels, labels])

    def source_written(self, cycle: int, cell: int) -> None:
        """The register of a background source has been written (rule 32)."""
        source, word = divmod(cell - int(self._source_cells[0]), _SOURCE_WORDS)
        if word != 0:
            return
        control = int(self._registers.cells[cell])
        state = self._sources[source]
        enabled = control & 1
        if enabled and not state[kernel.RUNNING]:
            period = control >> 16
            state[kernel.GENERATOR] = int(self._registers.cells[cell + 1]) or 1
            state[kernel.NEXT_BIN] = cycle + period + 1
            state[kernel.EVENT_CYCLE] = NEVER
        state[kernel.RUNNING] = enabled

    def inject(self, cycle: int, hemisphere: int, word: int) -> None:
        """PADIEvent: one event on all selected buses that do not listen to the crossbar (rule 31)."""
        rows = np.empty((_BUSES, 5), dtype=np.int64)
        config = int(self._registers.cells[self._places[kernel.PADI_CONFIG + hemisphere]])
        n = 0
        for bus in range(_BUSES):
            if word >> bus & 1 and not config >> bus & 1:
                n = int(
                    kernel.to_bus(
                        cycle,
                        hemisphere,
                        bus,
                        word >> 16 & 0x7FF,
                        self._state,
                        self._numbers,
                        self._places,
                        self._driver_cells,
                        self._registers.cells,
                        rows,
                        n,
                    )
                )
        self._injected.append(rows[:n])

    def advance(self, until: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Runs up to and including a chip cycle.

        Returns:
            Recorded spikes (chip cycle at the output, FPGA cycle of arrival, label), ``int64[n, 3]``, and synaptic
            events (chip cycle, hemisphere, bus, drivers, address), ``int64[m, 5]``, not sorted over buses.
        """
        recorded: list[NDArray[np.int64]] = []
        synaptic, self._injected = self._injected, []
        while self._state[kernel.NOW] <= until:
            if not self.busy:
                self._state[kernel.NOW] = until + 1
                break
            links, neurons, n_recorded, n_synaptic = kernel.route(
                until,
                self._state,
                self._numbers,
                self._places,
                self._input_nodes,
                self._output_nodes,
                self._driver_cells,
                self._registers.cells,
                self._sources,
                self._queues,
                self._heads,
                self._counts,
                self._link_cycles,
                self._link_labels,
                0,
                self._neuron_cycles,
                self._neuron_labels,
                0,
                self._recorded_room,
                self._synaptic_room,
            )
            self._link_cycles, self._link_labels = self._link_cycles[links:], self._link_labels[links:]
            self._neuron_cycles, self._neuron_labels = self._neuron_cycles[neurons:], self._neuron_labels[neurons:]
            recorded.append(self._recorded_room[:n_recorded].copy())
            synaptic.append(self._synaptic_room[:n_synaptic].copy())
        return _rows(recorded, 3), _rows(synaptic, 5)


def node_tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes of each crossbar input, ``int64[20, 9]``, and of each output, ``int64[12, 20]``; filled with -1."""
    inputs = np.full((CrossbarInputOnDLS.size, 9), -1, dtype=np.int64)
    outputs = np.full((CrossbarOutputOnDLS.size, CrossbarInputOnDLS.size), -1, dtype=np.int64)
    for node in CrossbarNodeOnDLS.all():
        of_input = inputs[int(node.to_crossbar_input_on_dls())]
        of_output = outputs[int(node.to_crossbar_output_on_dls())]
        of_input[np.argmin(of_input)] = int(node)
        of_output[np.argmin(of_output)] = int(node)
    return inputs, outputs


def _rows(parts: list[NDArray[np.int64]], columns: int) -> NDArray[np.int64]:
    if not parts:
        return np.empty((0, columns), dtype=np.int64)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)

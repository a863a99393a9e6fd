"""The event network of the chip: state of crossbar, PADI buses and background sources, and their advance in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.events import crossbar_kernel as kernel
from hxtwin.chipsim.loop_kernel import Network
from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.probe import LINK
from hxtwin.coord import CrossbarInputOnDLS, CrossbarNodeOnDLS, CrossbarOutputOnDLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.probe import Probe
    from hxtwin.chipsim.registers.register_file import RegisterFile

_BUSES: Final = 4
_SOURCES: Final = 8
_SOURCE_WORDS: Final = 3
_RECORDED: Final = 1 << 15
_SYNAPTIC: Final = 1 << 14
_NEURON_EVENTS: Final = 1 << 14
_NO_CYCLES: Final = np.empty(0, dtype=np.int64)
_NO_LABELS: Final = np.empty(0, dtype=np.uint16)


class EventNetwork:
    """Crossbar, PADI buses, background sources and the way of events to the FPGA. Times are chip cycles.

    Attributes:
        link_cycles: chip cycles at which labels from the FPGA reach the crossbar, ascending; those not taken yet.
        link_labels: their 16-bit labels.
        arrays: what the loop over steps takes.
    """

    def __init__(self, registers: RegisterFile, parameters: Parameters, probe: Probe | None = None) -> None:
        self._registers = registers
        self._probe = probe
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
        self._state: Final = np.zeros(kernel.STATE_SIZE, dtype=np.int64)
        self._sources = np.zeros((_SOURCES, kernel.SOURCE_SIZE), dtype=np.int64)
        self._queues = np.zeros((CrossbarNodeOnDLS.size, parameters.crossbar_queue), dtype=np.int64)
        self._heads = np.zeros(CrossbarNodeOnDLS.size, dtype=np.int64)
        self._counts = np.zeros(CrossbarNodeOnDLS.size, dtype=np.int64)
        self.link_cycles, self.link_labels = _NO_CYCLES, _NO_LABELS
        self.reset(0)
        self.arrays: Final = Network(
            self._state,
            self._numbers,
            self._places,
            self._input_nodes,
            self._output_nodes,
            self._driver_cells,
            registers.cells,
            self._sources,
            self._queues,
            self._heads,
            self._counts,
            np.empty((_RECORDED, 3), dtype=np.int64),
            np.empty((_SYNAPTIC, 5), dtype=np.int64),
            np.empty(_NEURON_EVENTS, dtype=np.int64),
            np.empty(_NEURON_EVENTS, dtype=np.int64),
        )

    @property
    def next_cycle(self) -> int:
        """No event moves before this cycle; `NEVER` if none will without a further access."""
        if self._state[kernel.QUEUED]:
            return int(self._state[kernel.NOW])
        cycle = int(self.link_cycles[0]) if len(self.link_cycles) else NEVER
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
        self.link_cycles, self.link_labels = _NO_CYCLES, _NO_LABELS

    def take_link_events(self, cycles: NDArray[np.int64], labels: NDArray[np.uint16]) -> None:
        """Labels from the FPGA and the ascending chip cycles in which they reach the crossbar."""
        if not len(cycles):
            return
        if self._probe is not None:
            self._probe.crossbar_inputs(LINK, cycles, labels)
        in_order = not len(self.link_cycles) or self.link_cycles[-1] <= cycles[0]
        self.link_cycles = np.concatenate([self.link_cycles, cycles])
        self.link_labels = np.concatenate([self.link_labels, labels])
        if not in_order:
            order = np.argsort(self.link_cycles, kind="stable")
            self.link_cycles, self.link_labels = self.link_cycles[order], self.link_labels[order]

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

    def inject(self, cycle: int, hemisphere: int, word: int) -> NDArray[np.int64]:
        """PADIEvent: one event on all selected buses that do not listen to the crossbar (rule 31).

        Returns:
            Synaptic events: chip cycle, hemisphere, bus, drivers, address; ``int64[n, 5]``.
        """
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
        return rows[:n]


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

"""Spikes that leave the chip and come back: serial spike interface in loop-back, and routing between FPGAs.

=====================  =======================================================================================
way                    what happens to a spike with label L
=====================  =======================================================================================
SpikeIO                ``OutputRoute[L]`` = serial address, 255 = none; ``InputRoute[address]`` = label, 65535 =
                       none; only with transmitter, receiver and internal loop-back enabled
multi-chip             ``OutputRoutingTable[L]`` enabled: inter-chip label; ``InputRoutingTable[label]`` enabled:
                       label for the chip. Every FPGA hears every label, itself included
=====================  =======================================================================================

A twin is alone: nothing reaches other boards. Recording does not matter (reference: containers-b.md 5,
simulator-decisions.md 23). The sources give no delays: see `Parameters`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.fpga.memories import Memories
    from hxtwin.chipsim.parameters import Parameters

_NO_ADDRESS: Final = 0xFF
_NO_LABEL: Final = 0xFFFF
_LOOP: Final = 0b111 << 16
"""Transmitter, receiver and internal loop-back."""
_SCALER: Final = 0xFFFF
_OUTPUT_ENABLE: Final = 1 << 15
_INPUT_ENABLE: Final = 1 << 16


class SpikeRouting:
    """Decides which spikes come back to the chip, and when."""

    def __init__(self, parameters: Parameters, memories: Memories) -> None:
        self._parameters = parameters
        self._config = memories.table(containers.SpikeIOConfig)
        self._serial_out = memories.table(containers.SpikeIOOutputRoute)
        self._serial_in = memories.table(containers.SpikeIOInputRoute)
        self._chips_out = memories.table(containers.OutputRoutingTableEntry)
        self._chips_in = memories.table(containers.InputRoutingTableEntry)
        self._serial_free = 0
        self.active = False
        self.look()

    def look(self) -> None:
        """The tables may have been written: finds out whether any spike can come back."""
        self._serial = int(self._config[0]) & _LOOP == _LOOP
        self._chips = bool((self._chips_out & _OUTPUT_ENABLE).any() and (self._chips_in & _INPUT_ENABLE).any())
        self.active = self._serial or self._chips

    def returns(self, spikes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Spikes that come back.

        Args:
            spikes: chip cycle, FPGA cycle of arrival, label; ``int64[n, 3]``, by ascending arrival.

        Returns:
            FPGA cycles in which labels enter the link to the chip, ascending, ``int64[m]``; labels, ``uint16[m]``.
        """
        arrivals, labels = spikes[:, 1], spikes[:, 2]
        cycles: list[NDArray[np.int64]] = []
        back: list[NDArray[np.int64]] = []
        if self._chips:
            sent = self._chips_out[labels].astype(np.int64)
            heard = self._chips_in[sent & (_OUTPUT_ENABLE - 1)].astype(np.int64)
            through = (sent & _OUTPUT_ENABLE != 0) & (heard & _INPUT_ENABLE != 0)
            cycles.append(arrivals[through] + self._parameters.routing_cycles)
            back.append(heard[through] & _NO_LABEL)
        if self._serial:
            addresses = self._serial_out[labels].astype(np.int64)
            targets = self._serial_in[addresses].astype(np.int64)
            ends, taken = self._shift(arrivals[addresses != _NO_ADDRESS])
            targets = targets[addresses != _NO_ADDRESS][taken]
            cycles.append(ends[targets != _NO_LABEL] + self._parameters.routing_cycles)
            back.append(targets[targets != _NO_LABEL])
        if not cycles:
            return np.empty(0, np.int64), np.empty(0, np.uint16)
        at, labels_back = np.concatenate(cycles), np.concatenate(back)
        order = np.argsort(at, kind="stable")
        return at[order], labels_back[order].astype(np.uint16)

    def _shift(self, arrivals: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Ends of the serial frames of those spikes that find a place in the queue, and which these are."""
        frame = self._parameters.serial_frame_bits * max(int(self._config[0]) & _SCALER, 1)
        taken = np.zeros(len(arrivals), dtype=np.bool_)
        ends = []
        for i, arrival in enumerate(arrivals.tolist()):  # a serial line: each frame depends on the one before
            begin = max(arrival, self._serial_free)
            if begin - arrival < self._parameters.link_queue * frame:
                self._serial_free = begin + frame
                ends.append(self._serial_free)
                taken[i] = True
        return np.array(ends, dtype=np.int64), taken

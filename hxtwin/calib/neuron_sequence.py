"""Instructions that are executed for one neuron after the other, written once for all of them.

======================  ====================================================================
``write_each(..)``      words of their own for every neuron
``write(at, ..)``       the same container for every neuron
``reset_timer()``       the time of every neuron begins at 0
``wait_until(t)``       seconds after the last reset of the timer
``append_to(builder)``  neuron 0, then neuron 1, ..
======================  ====================================================================

Arrays all the way: the length of the sequence decides how much work the host has, not the number of neurons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.calib.constants import cycles
from hxtwin.containers import Backend
from hxtwin.runtime import PlaybackProgramBuilder, access

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hxtwin.containers import Container
    from hxtwin.coord import Coordinate


class NeuronSequence:
    """A sequence for `count` neurons."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._codes: list[NDArray[np.uint8]] = []
        self._payloads: list[NDArray[np.uint64]] = []

    def write_each(self, addresses: NDArray[np.uint32], words: NDArray[np.uint32]) -> None:
        """Writes words of their own for every neuron, both ``uint32[count, k]``, over the omnibus of the chip."""
        messages = access.write_messages(Backend.OMNIBUS_CHIP, addresses.reshape(-1), words.reshape(-1))
        self._codes.append(messages.codes.reshape(self._count, -1))
        self._payloads.append(messages.payloads.reshape(self._count, -1))

    def write(self, at: Coordinate, container: Container) -> None:
        """Writes the same container for every neuron."""
        self._same(lambda builder: builder.write(at, container))

    def reset_timer(self) -> None:
        """Sets the playback timer to 0."""
        self._same(lambda builder: builder.reset_timer())

    def wait_until(self, time_s: float) -> None:
        """Waits until the timer has reached a time in seconds."""
        self._same(lambda builder: builder.wait_until(cycles(time_s)))

    def barrier(self) -> None:
        """Waits for all writes."""
        self._same(lambda builder: builder.barrier(omnibus=True))

    def append_to(self, builder: PlaybackProgramBuilder) -> None:
        """Appends the sequences of all neurons."""
        if not self._codes:
            return
        codes = np.concatenate(self._codes, axis=1).reshape(-1)
        payloads = np.concatenate(self._payloads, axis=1).reshape(-1)
        # the class of the arrays is taken from an empty program: this layer does not import the transport
        messages = type(PlaybackProgramBuilder().done().messages)("to_fpga", codes, payloads)
        builder.append(messages)

    def _same(self, write: Callable[[PlaybackProgramBuilder], None]) -> None:
        builder = PlaybackProgramBuilder()
        write(builder)
        messages = builder.done().messages
        shape = (self._count, len(messages))
        self._codes.append(np.broadcast_to(messages.codes, shape))
        self._payloads.append(np.broadcast_to(messages.payloads, shape))

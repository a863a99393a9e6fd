"""Filters of the crossbar nodes, and the label bits that they look at.

================  ==============================================================================================
input             filters
================  ==============================================================================================
event output o    top bus: bit 6 of the address is 0; bottom bus: bit 7 is 1 (both before the flip), or all open;
                  output to the host open if something is recorded
channel n         bus n only. Top: bit 13 is 0; bottom: bit 13 is 1. On *wide* channels, which carry events for both
                  hemispheres, top: bit 11 is 0. To the host: bit 12 is 1
generator g       its bus open where it has targets; to the host: bit 11 is 1
================  ==============================================================================================

Source: reference graph.md 6.5 (step 6 and 8) and 7; wide channels are an addition: they halve the input events of
sources with targets in both hemispheres.
"""

from __future__ import annotations

import numpy as np

from hxtwin.graph.routing.geometry import (
    BOTTOM,
    GENERATOR_RECORDED,
    NODES,
    NOT_TOP,
    RECORDED,
    crossbar_node,
)


class Filters:
    """Crossbar nodes while a routing is written; nodes that are not set let nothing pass.

    Attributes:
        mask, target: ``int64[76]``.
    """

    def __init__(self) -> None:
        self.mask = np.zeros(NODES, dtype=np.int64)
        self.target = np.ones(NODES, dtype=np.int64)

    def _set(self, source: int, sink: int, mask: int, target: int) -> None:
        node = crossbar_node(source, sink)
        self.mask[node], self.target[node] = mask, target

    def event_output(self, output: int, *, heard: list[bool], recorded: bool, flip: int | None) -> None:
        """Filters of an event output.

        Args:
            output: 0..7.
            heard: whether the top and the bottom bus need its events.
            recorded: whether the host needs them.
            flip: exclusive or on the reach bits; None: all events pass to the buses that need some.
        """
        bus = output % 4
        for half in range(2):
            if heard[half]:
                bit = 1 << (6 + half)
                code = (0, 2)[half] if flip is None else (0, 2)[half] ^ flip
                self._set(output, bus + 4 * half, 0 if flip is None else bit, 0 if flip is None else code << 6 & bit)
        if recorded:
            self._set(output, 8 + bus, 0, 0)

    def input_channel(self, channel: int, *, halves: list[bool], wide: bool) -> None:
        """Filters of a channel from the FPGA towards its buses and the host."""
        if halves[0]:
            self._set(8 + channel, channel, NOT_TOP if wide else BOTTOM, 0)
        if halves[1]:
            self._set(8 + channel, channel + 4, BOTTOM, BOTTOM)
        self._set(8 + channel, 8 + channel, RECORDED, RECORDED)

    def external_label(
        self, channel: int, *, code: int, wide: bool, recorded: bool, row_select: int, label: int
    ) -> int:
        """16-bit label of an external event; `code`: 0 top, 2 both, 3 bottom."""
        value = channel << 14 | row_select << 6 | label
        if code & 2:
            value |= BOTTOM
        if code == 3 and wide:
            value |= NOT_TOP
        return value | (RECORDED if recorded else 0)

    def quiet_label(self, channel: int, number: int) -> int:
        """16-bit label of an external event that only returns to the host, 0..2047 on each (wide) channel."""
        return channel << 14 | NOT_TOP | RECORDED | number

    def generator(self, unit: int, *, heard: bool, recorded: bool) -> int:
        """Opens the nodes of a background generator; returns the steering bits of its label."""
        if heard:
            self._set(12 + unit, unit, 0, 0)
        if recorded:
            self._set(12 + unit, 8 + unit % 4, GENERATOR_RECORDED, GENERATOR_RECORDED)
        return GENERATOR_RECORDED if recorded else 0


def external_label(channel: int, *, bottom: bool, recorded: bool, row_select: int, synapse_label: int) -> int:
    """Label of an external event for one hemisphere on a channel that is not wide.

    >>> external_label(2, bottom=True, recorded=True, row_select=5, synapse_label=9)
    45385
    """
    return Filters().external_label(
        channel, code=3 if bottom else 0, wide=False, recorded=recorded, row_select=row_select, label=synapse_label
    )

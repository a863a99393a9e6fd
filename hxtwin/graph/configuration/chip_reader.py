"""Connections of a chip, read from the words of its configuration and nothing else.

This reader shares no code with the router, the configuration or the codecs of the containers: it follows an event from
its label to the synapses by the tables of the reference, with addresses and bits as they stand there (sections are
those of containers-b.md).

==================================  ================================================================  =================
words                               content                                                         reference
==================================  ================================================================  =================
0x130019 + node                     crossbar node: mask bits 13..0, target 29..16                     section 2.3
0x130001 + 3 s, + 0 / 1 / 2         generator s: enable bit 0; seed; mask 7..0, label 29..16          section 2.6
0x110001, 0x118001                  PADI buses take events of the crossbar: bits 3..0                 section 2.4
0x110400, 0x118400 + 4 d + 0        driver d: receiver bit 15, no address out bit 14, mask 13..9      containers-b.json
0x110400, 0x118400 + 4 d + 1        row modes: bottom bits 4 (exc), 6 (inh); top bits 5, 7            containers-b.json
0x2cf0000 + 2^24 h + 128 r + q      weight bytes of a quad; + 64: label bytes                         omnibus-map.md 2
0x2c14000 + 2^24 h + q              synaptic current switches: exc bit 0, inh bit 1 of each byte      containers-b.json
0x160000 + 0x8000 b + 8 n + 6       fire bit 2, inputs bits 5 (exc), 4 (inh), bypasses 7, 6           containers-a.json
0x1a1000, 0x1a9000 + 4 n + 0, 1, 3  address out (inverted, in two words), spike out bit 4 of word 3  containers-a.json
==================================  ================================================================  =================
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_HALF = 1 << 24
_NODES = np.array(
    [(o, o % 4 + 4 * k) for o in range(8) for k in range(3)]
    + [(8 + n, x) for n in range(4) for x in (0, 1, 2, 3, 4, 5, 6, 7, 8 + n)]
    + [(12 + s, x) for s in range(4) for x in (s, 8 + s)]
    + [(16 + s, x) for s in range(4) for x in (4 + s, 8 + s)]
)


@attrs.frozen(eq=False)
class Deliveries:
    """Synapses that events reach: one element for each (event, synapse, line).

    Args:
        event: ``int64[n]``, position of the event among those asked for.
        row: ``int64[n]``, synapse row, 256 * hemisphere + row.
        circuit: ``int64[n]``, neuron circuit below the synapse.
        receptor: ``int64[n]``, 0 excitatory line, 1 inhibitory line.
        weight: ``int64[n]``, 1..63.
    """

    event: Ints
    row: Ints
    circuit: Ints
    receptor: Ints
    weight: Ints


class ChipReader:
    """The event network of one chip, as its configuration words state it.

    Args:
        addresses, words: ``uint32[n]``, what is written to the chip; of several words to one address the last counts.

    Attributes:
        sent_address: ``int64[512]``, address that each circuit sends with its events; -1: it sends none.
        generator_label, generator_mask: ``int64[8]``; label -1: the generator is off.
    """

    def __init__(self, addresses: npt.ArrayLike, words: npt.ArrayLike) -> None:
        given = np.asarray(addresses, dtype=np.int64)
        order = np.argsort(given, kind="stable")
        self._addresses, self._words = given[order], np.asarray(words, dtype=np.int64)[order]
        node = self._read(0x130019 + np.arange(len(_NODES)))
        self._node_mask, self._node_target = node & 0x3FFF, node >> 16 & 0x3FFF
        unit = 0x130001 + 3 * np.arange(8)
        shape = self._read(unit + 2)
        self.generator_label = np.where(self._read(unit) & 1, shape >> 16 & 0x3FFF, -1)
        self.generator_mask = np.where(self._read(unit) & 2, shape & 0xFF, 0)
        self._buses_on = self._read(np.array([0x110001, 0x118001]))
        self._read_drivers()
        self._read_synapses()
        self._read_neurons()

    def _read(self, addresses: Ints) -> Ints:
        place = np.searchsorted(self._addresses, addresses, side="right") - 1
        missing = self._addresses[place] != addresses
        if missing.any():
            raise ValueError(f"no word for address {int(addresses[missing].reshape(-1)[0]):#x} in the configuration")
        return self._words[place]

    def _read_drivers(self) -> None:
        base = np.array([[0x110400], [0x118400]]) + 4 * np.arange(128)
        first, second = self._read(base), self._read(base + 1)
        self._listens = first >> 15 & 1 == 1
        self._all_bits = first >> 14 & 1 == 0
        self._driver_mask = first >> 9 & 31
        # lines by hemisphere, driver, (bottom, top), receptor
        bits = np.array([[4, 6], [5, 7]])
        self._lines = second[:, :, np.newaxis, np.newaxis] >> bits & 1 == 1

    def _read_synapses(self) -> None:
        half, row, column = np.ogrid[0:2, 0:256, 0:256]
        quad, shift = column % 2 * 32 + column // 8, 24 - 8 * (column // 2 % 4)
        at = 0x02CF0000 + _HALF * half + 128 * row + quad
        stored = self._read(at) >> shift & 0x3F
        value = stored & 0x20
        for bit in range(5):
            value |= (stored >> bit & 1) << (4 - bit)
        self._weights = value
        self._labels = self._read(at + 64) >> shift & 0x3F
        half, column = np.ogrid[0:2, 0:256]
        switches = self._read(0x02C14000 + _HALF * half + column % 2 * 32 + column // 8)
        here = switches >> (24 - 8 * (column // 2 % 4))
        self._connected = np.stack([here & 1, here >> 1 & 1]) == 1

    def _read_neurons(self) -> None:
        circuit = np.arange(512)
        column, row = circuit % 256, circuit // 256
        switches = self._read(0x160000 + 0x8000 * (2 * row + column // 128) + 8 * (column % 128) + 6)
        backend = np.where(column // 128, 0x1A9000, 0x1A1000) + 4 * (column % 128 + 128 * row)
        low, high, output = self._read(backend), self._read(backend + 1), self._read(backend + 3)
        address = (~low & 0x3F) << 2 | (~high >> 4 & 3)
        self.sent_address = np.where((output >> 4 & 1) & (switches >> 2 & 1), address, -1)
        inputs = np.stack([switches >> 5 & 1 | switches >> 7 & 1, switches >> 4 & 1 | switches >> 6 & 1]) == 1
        self._connected &= inputs.reshape(2, 2, 256)

    def deliveries(self, inputs: npt.ArrayLike, labels: npt.ArrayLike) -> Deliveries:
        """Synapses that events reach.

        Args:
            inputs: ``int[n]``, crossbar input of each event.
            labels: ``int[n]``, its 14-bit label there.
        """
        source, label = np.asarray(inputs, dtype=np.int64), np.asarray(labels, dtype=np.int64)
        found: list[Ints] = []
        for sink in range(8):
            half, bus = divmod(sink, 4)
            if not self._buses_on[half] >> bus & 1:
                continue
            events = np.flatnonzero(self._passes(source, label, sink))
            if len(events):
                found += self._on_bus(half, bus, events, label[events])
        merged = np.concatenate([np.empty((5, 0), dtype=np.int64), *found], axis=1)
        return Deliveries(*merged)

    def reaches_host(self, inputs: npt.ArrayLike, labels: npt.ArrayLike) -> Ints:
        """Label under which the host records events, ``int64[n]``; -1: it does not."""
        source, label = np.asarray(inputs, dtype=np.int64), np.asarray(labels, dtype=np.int64)
        seen = np.full(len(label), -1, dtype=np.int64)
        for output in range(4):
            passing = self._passes(source, label, 8 + output)
            seen[passing] = output << 14 | label[passing]
        return seen

    def _passes(self, source: Ints, label: Ints, sink: int) -> npt.NDArray[np.bool_]:
        node = np.full(20, -1)
        at = np.flatnonzero(_NODES[:, 1] == sink)
        node[_NODES[at, 0]] = at
        mine = node[source]
        passing: npt.NDArray[np.bool_] = (mine >= 0) & (label & self._node_mask[mine] == self._node_target[mine])
        return passing

    def _on_bus(self, half: int, bus: int, events: Ints, label: Ints) -> list[Ints]:
        found = []
        select, low = label >> 6 & 31, label & 63
        for index in range(32):
            driver = 4 * index + bus
            mask = self._driver_mask[half, driver]
            hears = (select & mask) == (index & mask)
            if not self._listens[half, driver] or not hears.any():
                continue
            sent = low[hears] if self._all_bits[half, driver] else low[hears] & 0x20
            for side in range(2):
                row = 2 * driver + side
                weights = self._weights[half, row]
                for receptor in np.flatnonzero(self._lines[half, driver, side]):
                    open_ = (weights > 0) & self._connected[receptor, half]
                    event, column = np.nonzero((sent[:, np.newaxis] == self._labels[half, row]) & open_)
                    found.append(
                        np.stack(
                            [
                                events[hears][event],
                                np.full(len(event), 256 * half + row),
                                256 * half + column,
                                np.full(len(event), receptor),
                                weights[column],
                            ]
                        )
                    )
        return found

"""Event network, cycle by cycle where something happens: background sources, crossbar, PADI buses, L2 outputs.

======================  =============================================================================
step of a chip cycle    rule (simulator-decisions.md)
======================  =============================================================================
inputs                  neuron outputs, background sources, link: one event each (28, 30)
nodes                   ``(label & mask) == target`` copies into a queue of 8; no place: dropped, counted (30)
outputs                 one event each, round robin over the nodes; every 8th cycle if slow (30)
PADI bus                one event in 2 cycles, 4 with extended timing, 8 in front; overflow dropped (31)
driver match            ``(row select & mask) == (index on the bus & mask)`` and receiver enabled
L2 output               label with the number of the output in bits 15..14; link queue of 64 (22)
======================  =============================================================================

All configuration is read from the register cells, so that nothing has to be elaborated. A bus looks at its registers
when the event leaves the crossbar, not when it leaves the queue of the bus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.compiled import inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.compiled import Integer

NEVER: Final = 1 << 62

# --- places in the state, int64[STATE_SIZE] ---
NOW: Final = 0
"""Next chip cycle."""
QUEUED: Final = 1
"""Events in all node queues."""
LINK_SLOT: Final = 2
"""Chip cycle in which the link to the FPGA is free."""
BUS_FREE: Final = 3
"""Cycle in which each of the eight PADI buses takes its next event; 8 places."""
OUTPUT_READY: Final = 11
"""Cycle in which each of the twelve outputs may send again; 12 places."""
TURN: Final = 23
"""Node of each output that is asked first; 12 places."""
PADI_DROPPED: Final = 35
"""Events lost in front of PADI buses."""
LINK_DROPPED: Final = 36
"""Events lost in front of the link to the FPGA."""
STATE_SIZE: Final = 37

# --- places in the numbers, int64[NUMBERS_SIZE] ---
CROSSBAR: Final = 0
TO_FPGA: Final = 1
TO_SYNAPSE: Final = 2
NODE_QUEUE: Final = 3
SLOW: Final = 4
BUS: Final = 5
BUS_EXTENDED: Final = 6
BUS_QUEUE: Final = 7
LINK_QUEUE: Final = 8
NUMBERS_SIZE: Final = 9

# --- places of registers, int64[PLACES_SIZE]: first cell of ---
OUTPUT_CONFIG: Final = 0
BACKGROUND: Final = 1
NODES: Final = 2
DROP_COUNTERS: Final = 3
EVENT_COUNTERS: Final = 4
PADI_CONFIG: Final = 5
"""Two places: top, bottom."""
PLACES_SIZE: Final = 7

# --- columns of the sources, int64[8, SOURCE_SIZE] ---
RUNNING: Final = 0
NEXT_BIN: Final = 1
GENERATOR: Final = 2
EVENT_CYCLE: Final = 3
EVENT_LABEL: Final = 4
SOURCE_SIZE: Final = 5

N_OUTPUTS: Final = 12
N_INPUTS: Final = 20
FIRST_LINK_INPUT: Final = 8
FIRST_BACKGROUND_INPUT: Final = 12
_ROOM: Final = 16


@inner_kernel
def run_source(source: NDArray[np.int64], first_cell: Integer, cells: NDArray[np.uint32], until: Integer) -> None:
    """Advances one background source to its next event or past a cycle (reference: simulator-decisions.md 32)."""
    control = np.int64(cells[first_cell])
    shape = np.int64(cells[first_cell + 2])
    period = (control >> 16) & 0xFFFF
    is_random = (control >> 1) & 1
    rate = (shape >> 8) & 0xFF
    mask = shape & 0xFF
    label = (shape >> 16) & 0x3FFF
    if is_random == 0:
        if source[NEXT_BIN] <= until:
            source[EVENT_CYCLE] = source[NEXT_BIN]
            source[EVENT_LABEL] = label
            source[NEXT_BIN] += period + 1
            source[GENERATOR] = advance_generator(source[GENERATOR])
        return
    x = source[GENERATOR]
    bin_cycle = source[NEXT_BIN]
    while bin_cycle <= until:
        x = advance_generator(x)
        cycle = bin_cycle
        bin_cycle += period + 1
        if x & 0xFF <= rate:
            source[EVENT_CYCLE] = cycle
            source[EVENT_LABEL] = (label & ~mask) | ((x >> 8) & mask)
            break
    source[GENERATOR] = x
    source[NEXT_BIN] = bin_cycle


@inner_kernel
def advance_generator(x: Integer) -> Integer:
    """One step of xorshift32."""
    x ^= (x << 13) & 0xFFFFFFFF
    x ^= x >> 17
    x ^= (x << 5) & 0xFFFFFFFF
    return x


@inner_kernel
def drivers_reached(
    hemisphere: Integer, bus: Integer, row_select: Integer, driver_cells: NDArray[np.int64], cells: NDArray[np.uint32]
) -> np.uint32:
    """Drivers of a PADI bus that react to a row select address: bit i = driver ``4 i + bus``; ``uint32``."""
    reached = 0
    for index in range(32):
        word = np.int64(cells[driver_cells[128 * hemisphere + 4 * index + bus]])
        compare = (word >> 9) & 31
        if (word >> 15) & 1 and row_select & compare == index & compare:
            reached |= 1 << index
    return np.uint32(reached)


@inner_kernel
def to_bus(
    cycle: Integer,
    hemisphere: Integer,
    bus: Integer,
    label: Integer,
    state: NDArray[np.int64],
    numbers: NDArray[np.int64],
    places: NDArray[np.int64],
    driver_cells: NDArray[np.int64],
    cells: NDArray[np.uint32],
    synaptic: NDArray[np.int64],
    n_synaptic: Integer,
) -> Integer:
    """Puts an event (11-bit label) in front of a PADI bus; returns the number of synaptic events written so far.

    Columns of `synaptic`: chip cycle, hemisphere, bus, reached drivers, event address.
    """
    config = np.int64(cells[places[PADI_CONFIG + hemisphere]])
    period = numbers[BUS_EXTENDED] if (config >> (4 + bus)) & 1 else numbers[BUS]
    free = BUS_FREE + 4 * hemisphere + bus
    take = max(cycle, state[free])
    if (take - cycle + period - 1) // period > numbers[BUS_QUEUE]:
        state[PADI_DROPPED] += 1
        return n_synaptic
    state[free] = take + period
    synaptic[n_synaptic, 0] = take + numbers[TO_SYNAPSE]
    synaptic[n_synaptic, 1] = hemisphere
    synaptic[n_synaptic, 2] = bus
    synaptic[n_synaptic, 3] = np.int64(drivers_reached(hemisphere, bus, (label >> 6) & 31, driver_cells, cells))
    synaptic[n_synaptic, 4] = label & 63
    return n_synaptic + 1


@inner_kernel
def offer(
    crossbar_input: Integer,
    label: Integer,
    state: NDArray[np.int64],
    numbers: NDArray[np.int64],
    places: NDArray[np.int64],
    input_nodes: NDArray[np.int64],
    queues: NDArray[np.int64],
    heads: NDArray[np.int64],
    counts: NDArray[np.int64],
    cells: NDArray[np.uint32],
) -> None:
    """Offers an event to all nodes of a crossbar input."""
    for k in range(input_nodes.shape[1]):
        node = input_nodes[crossbar_input, k]
        if node < 0:
            break
        word = np.int64(cells[places[NODES] + node])
        if label & word & 0x3FFF != (word >> 16) & 0x3FFF:
            continue
        if counts[node] == numbers[NODE_QUEUE]:
            if word >> 31:
                counter = places[DROP_COUNTERS] + crossbar_input
                cells[counter] = np.uint32((np.int64(cells[counter]) + 1) & 0xFFFF)
            continue
        queues[node, (heads[node] + counts[node]) % numbers[NODE_QUEUE]] = label
        counts[node] += 1
        state[QUEUED] += 1


@inner_kernel
def route(
    until: int,
    state: NDArray[np.int64],
    numbers: NDArray[np.int64],
    places: NDArray[np.int64],
    input_nodes: NDArray[np.int64],
    output_nodes: NDArray[np.int64],
    driver_cells: NDArray[np.int64],
    cells: NDArray[np.uint32],
    sources: NDArray[np.int64],
    queues: NDArray[np.int64],
    heads: NDArray[np.int64],
    counts: NDArray[np.int64],
    link_cycles: NDArray[np.int64],
    link_labels: NDArray[np.uint16],
    link_first: int,
    neuron_cycles: NDArray[np.int64],
    neuron_labels: NDArray[np.int64],
    neuron_first: int,
    recorded: NDArray[np.int64],
    synaptic: NDArray[np.int64],
) -> tuple[int, int, int, Integer]:
    """Runs the network up to and including a chip cycle, or until an output array is full.

    Args:
        until: last chip cycle.
        state: see the places above; changed, as are `cells` (counters), `sources`, `queues`, `heads` and `counts`.
        numbers: latencies and depths.
        places: first cells of registers.
        input_nodes: nodes of each crossbar input, ``int64[20, 9]``, filled with -1.
        output_nodes: nodes of each crossbar output, ``int64[12, 20]``, filled with -1.
        driver_cells: cell of word 0 of each synapse driver, ``int64[256]``.
        cells: words of the register file.
        sources: background sources, ``int64[8, SOURCE_SIZE]``.
        queues: labels in front of each node, ``int64[76, depth]``; `heads`, `counts`: ``int64[76]``.
        link_cycles: chip cycles at which labels from the FPGA reach the crossbar; `link_labels` their 16-bit labels;
            `link_first` the first that has not been taken.
        neuron_cycles: chip cycles at which events of neurons reach the crossbar; `neuron_labels`: 11-bit labels with
            the neuron event output in bits 10..8; `neuron_first` the first that has not been taken.
        recorded: receives chip cycle at the output, arrival at the FPGA (FPGA cycles), 16-bit label; ``int64[n, 3]``.
        synaptic: receives synaptic events, see `to_bus`; ``int64[m, 5]``.

    Returns:
        First link event and first neuron event not taken, number of recorded and of synaptic events. If
        ``state[NOW] <= until`` the arrays were full.
    """
    n_recorded = 0
    n_synaptic: Integer = 0
    while True:
        cycle = NEVER
        for s in range(sources.shape[0]):
            if sources[s, RUNNING] == 1:
                if sources[s, EVENT_CYCLE] == NEVER:
                    run_source(sources[s], places[BACKGROUND] + 3 * s, cells, until)
                cycle = min(cycle, sources[s, EVENT_CYCLE])
        if link_first < link_cycles.size:
            cycle = min(cycle, link_cycles[link_first])
        if neuron_first < neuron_cycles.size:
            cycle = min(cycle, neuron_cycles[neuron_first])
        if state[QUEUED] > 0:
            cycle = min(cycle, state[NOW])
        cycle = max(cycle, state[NOW])
        if cycle > until:
            state[NOW] = max(state[NOW], until + 1)
            break
        if n_recorded + _ROOM > recorded.shape[0] or n_synaptic + _ROOM > synaptic.shape[0]:
            state[NOW] = cycle
            break
        while neuron_first < neuron_cycles.size and neuron_cycles[neuron_first] <= cycle:
            label = neuron_labels[neuron_first]
            offer((label >> 8) & 7, label, state, numbers, places, input_nodes, queues, heads, counts, cells)
            neuron_first += 1
        for s in range(sources.shape[0]):
            if sources[s, RUNNING] == 1 and sources[s, EVENT_CYCLE] <= cycle:
                offer(
                    FIRST_BACKGROUND_INPUT + s,
                    sources[s, EVENT_LABEL],
                    state,
                    numbers,
                    places,
                    input_nodes,
                    queues,
                    heads,
                    counts,
                    cells,
                )
                sources[s, EVENT_CYCLE] = NEVER
        while link_first < link_cycles.size and link_cycles[link_first] <= cycle:
            label = np.int64(link_labels[link_first])
            offer(
                FIRST_LINK_INPUT + (label >> 14),
                label & 0x3FFF,
                state,
                numbers,
                places,
                input_nodes,
                queues,
                heads,
                counts,
                cells,
            )
            link_first += 1
        output_config = np.int64(cells[places[OUTPUT_CONFIG]])
        leaves = cycle + numbers[CROSSBAR]
        for output in range(N_OUTPUTS):
            if state[QUEUED] == 0:
                break
            if state[OUTPUT_READY + output] > cycle:
                continue
            n_nodes = 0
            waiting = 0
            while n_nodes < output_nodes.shape[1] and output_nodes[output, n_nodes] >= 0:
                waiting += counts[output_nodes[output, n_nodes]]
                n_nodes += 1
            if waiting == 0:
                continue
            for k in range(n_nodes):
                turn = (state[TURN + output] + k) % n_nodes
                node = output_nodes[output, turn]
                if counts[node] == 0:
                    continue
                label = queues[node, heads[node]]
                heads[node] = (heads[node] + 1) % numbers[NODE_QUEUE]
                counts[node] -= 1
                state[QUEUED] -= 1
                state[TURN + output] = (turn + 1) % n_nodes
                slow = output >= 8 and (output_config >> (output - 8)) & 1
                state[OUTPUT_READY + output] = cycle + (numbers[SLOW] if slow else 1)
                if (output_config >> (4 + output)) & 1:
                    counter = places[EVENT_COUNTERS] + output
                    cells[counter] = np.uint32((np.int64(cells[counter]) + 1) & 0xFFFFFF)
                if output >= 8:
                    slot = max(leaves, state[LINK_SLOT])
                    if slot - leaves > numbers[LINK_QUEUE] + 1:
                        state[LINK_DROPPED] += 1
                    else:
                        state[LINK_SLOT] = slot + 1
                        recorded[n_recorded, 0] = leaves
                        recorded[n_recorded, 1] = (slot + numbers[TO_FPGA]) // 2
                        recorded[n_recorded, 2] = label | (output - 8) << 14
                        n_recorded += 1
                else:
                    hemisphere = output // 4
                    bus = output % 4
                    if (np.int64(cells[places[PADI_CONFIG + hemisphere]]) >> bus) & 1:
                        n_synaptic = to_bus(
                            leaves,
                            hemisphere,
                            bus,
                            label & 0x7FF,
                            state,
                            numbers,
                            places,
                            driver_cells,
                            cells,
                            synaptic,
                            n_synaptic,
                        )
                break
        state[NOW] = cycle + 1
    return link_first, neuron_first, n_recorded, n_synaptic

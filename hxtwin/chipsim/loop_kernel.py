"""Event network and analog core in lockstep: the loop over steps of the chip.

One turn is one step of the neuron circuits, ``n * h`` to ``(n + 1) * h`` chip cycles:

================  =========================================================================================
part              how far
================  =========================================================================================
event network     to cycle ``n * h + 3``: what fires in the step enters the crossbar at ``n * h + 4`` or later
synaptic events   those that arrive before ``(n + 1) * h``; they come at most one step late, which costs no charge
accesses          of cycles c with ``c + 1 < (n + 1) * h``; those to the network when it has come to their cycle,
                  so at most one step late, and all that follow them
neuron circuits   step n
neuron outputs    fires of the step: spike counters, requests, events for the crossbar
================  =========================================================================================

Hence every event and every access meets the same step however the time is cut into calls: what waits at the end of a
call waits for the next one, unless the caller wants all accesses made, which it may in cycles that the program alone
determines. While all neurons sleep and nothing moves, the loop jumps, but not past an access.
Reference: simulator-decisions.md 26-34; ARCHITECTURE section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hxtwin.chipsim.analog import driver_kernel, rest_kernel, step_kernel
from hxtwin.chipsim.compiled import inner_kernel
from hxtwin.chipsim.events import crossbar_kernel
from hxtwin.chipsim.events.neuron_output_kernel import fire_neurons
from hxtwin.chipsim.registers import access_kernel
from hxtwin.chipsim.registers.cell_map import PAGE_BITS, PAGE_WORDS, WATCH_ALWAYS, WATCH_BUSY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import Coefficients, Fires, Rest, RowEvents, Scratch, State
    from hxtwin.chipsim.compiled import Integer
    from hxtwin.chipsim.elaborate.drivers import DriverParameters
    from hxtwin.chipsim.registers.access_kernel import AccessList, Found, Registers

NEVER: Final = 1 << 62

#: Why the loop returns.
DONE: Final = 0
FULL: Final = 1
"""Logs must be taken away first."""
SETTINGS: Final = 2
"""Synaptic events arrive, and registers have changed since the settings were looked at."""
WRITTEN: Final = 3
"""An access has changed settings."""
CONCERN: Final = 4
"""The next access concerns another unit."""

# --- places in the clock, int64[CLOCK_SIZE] ---
STEP: Final = 0
"""Next step of the neuron circuits."""
AWAKE: Final = 1
"""Nodes that are awake."""
OUTPUT_NOW: Final = 2
"""Next chip cycle of the neuron outputs."""
WAITING: Final = 3
"""Requests at the neuron outputs."""
SYNAPTIC_FIRST: Final = 4
SYNAPTIC_LAST: Final = 5
NEURON_FIRST: Final = 6
NEURON_LAST: Final = 7
LINK_FIRST: Final = 8
FORCED_FIRST: Final = 9
FORCED_LAST: Final = 10
RECORDED: Final = 11
ROWS: Final = 12
"""Row events in the log."""
FIRES: Final = 13
"""Fires in the log."""
STALE: Final = 14
"""1: registers have changed since the settings were looked at."""
TRACED: Final = 15
"""Rows of the trace."""
CHIP_RESET: Final = 16
"""Cycle of the last chip reset, from which the recovery of the drivers is counted."""
ACCESS: Final = 17
"""First access that has not been made."""
ANSWERS: Final = 18
"""Words that were read."""
UNMAPPED: Final = 19
"""Addresses without a register that were found."""
LAST_WRITE: Final = 20
"""Cycle of the last write."""
LOOKING: Final = 21
"""1: what is written acts at once."""
COMPLETE: Final = 22
"""1: at the end of the call all accesses up to its last cycle are made, also those that would wait for the network."""
CLOCK_SIZE: Final = 23

_ROOM: Final = 1024
_MOST_ROWS_OF_EVENT: Final = 64
_MOST_FOLLOWERS: Final = 1024


class Network(NamedTuple):
    """Arrays of the event network, see `hxtwin.chipsim.events.crossbar_kernel.route`.

    Attributes:
        state: ``int64[STATE_SIZE]``.
        numbers: ``int64[NUMBERS_SIZE]``.
        places: ``int64[PLACES_SIZE]``.
        input_nodes: ``int64[20, 9]``.
        output_nodes: ``int64[12, 20]``.
        driver_cells: ``int64[256]``.
        cells: words of the register file.
        sources: ``int64[8, SOURCE_SIZE]``.
        queues: ``int64[76, depth]``.
        heads: ``int64[76]``.
        counts: ``int64[76]``.
        recorded: log of recorded spikes, ``int64[n, 3]``.
        synaptic: events on their way to synapses, by cycle, ``int64[n, 5]``.
        neuron_cycles: cycles at which events of neurons reach the crossbar, ``int64[n]``.
        neuron_labels: their labels, ``int64[n]``.
    """

    state: NDArray[np.int64]
    numbers: NDArray[np.int64]
    places: NDArray[np.int64]
    input_nodes: NDArray[np.int64]
    output_nodes: NDArray[np.int64]
    driver_cells: NDArray[np.int64]
    cells: NDArray[np.uint32]
    sources: NDArray[np.int64]
    queues: NDArray[np.int64]
    heads: NDArray[np.int64]
    counts: NDArray[np.int64]
    recorded: NDArray[np.int64]
    synaptic: NDArray[np.int64]
    neuron_cycles: NDArray[np.int64]
    neuron_labels: NDArray[np.int64]


class Outputs(NamedTuple):
    """Arrays of the neuron outputs, see `hxtwin.chipsim.events.neuron_output_kernel.fire_neurons`.

    Attributes:
        counts: ``bool[512]``.
        sends: ``bool[512]``.
        labels: ``int64[512]``.
        counter_cells: ``int64[512]``.
        requests: ``uint64[8]``.
        turns: ``int64[8]``.
        turn_of: ``int64[512]``.
        neuron_of: ``int64[512]``.
        to_crossbar: chip cycles, ``int64[1]``.
        neuron_of_circuit: number in the backend of each circuit, ``int64[512]``.
        follower_begin: first entry of `followers` of each circuit, and their end, ``int64[513]``.
        followers: circuits that fire with others, ``int64[n]``.
    """

    counts: NDArray[np.bool_]
    sends: NDArray[np.bool_]
    labels: NDArray[np.int64]
    counter_cells: NDArray[np.int64]
    requests: NDArray[np.uint64]
    turns: NDArray[np.int64]
    turn_of: NDArray[np.int64]
    neuron_of: NDArray[np.int64]
    to_crossbar: NDArray[np.int64]
    neuron_of_circuit: NDArray[np.int64]
    follower_begin: NDArray[np.int64]
    followers: NDArray[np.int64]


class Synapses(NamedTuple):
    """Synapse drivers and synapses.

    Attributes:
        v: V_stp of the drivers, ``float64[256]``.
        since: cycles since the chip reset, ``int64[256]``.
        efficacy: ``float32[512, 256]``.
        labels: ``uint8[512, 256]``.
        listening: events of a row with other addresses concern nobody, see `driver_kernel.drive`, ``uint64[512]``.
    """

    v: NDArray[np.float64]
    since: NDArray[np.int64]
    efficacy: NDArray[np.float32]
    labels: NDArray[np.uint8]
    listening: NDArray[np.uint64]


@inner_kernel
def _next_arrival(clock: NDArray[np.int64], network: Network, link_cycles: NDArray[np.int64]) -> int:
    """No event moves in the network before this cycle."""
    if network.state[crossbar_kernel.QUEUED] > 0:
        return int(network.state[crossbar_kernel.NOW])
    due = NEVER
    if clock[LINK_FIRST] < link_cycles.size:
        due = min(due, link_cycles[clock[LINK_FIRST]])
    if clock[NEURON_FIRST] < clock[NEURON_LAST]:
        due = min(due, network.neuron_cycles[clock[NEURON_FIRST]])
    for s in range(network.sources.shape[0]):
        if network.sources[s, crossbar_kernel.RUNNING] == 1:
            due = min(
                due, network.sources[s, crossbar_kernel.EVENT_CYCLE], network.sources[s, crossbar_kernel.NEXT_BIN]
            )
    return int(max(due, network.state[crossbar_kernel.NOW]))


@inner_kernel
def _route(
    until: int,
    clock: NDArray[np.int64],
    network: Network,
    link_cycles: NDArray[np.int64],
    link_labels: NDArray[np.uint16],
) -> bool:
    """Runs the event network up to and including a cycle; False if a log is full."""
    first = clock[SYNAPTIC_LAST]
    link, neuron, recorded, synaptic = crossbar_kernel.route(
        until,
        network.state,
        network.numbers,
        network.places,
        network.input_nodes,
        network.output_nodes,
        network.driver_cells,
        network.cells,
        network.sources,
        network.queues,
        network.heads,
        network.counts,
        link_cycles,
        link_labels,
        clock[LINK_FIRST],
        network.neuron_cycles[: clock[NEURON_LAST]],
        network.neuron_labels[: clock[NEURON_LAST]],
        clock[NEURON_FIRST],
        network.recorded[clock[RECORDED] :],
        network.synaptic[first:],
    )
    clock[LINK_FIRST] = link
    clock[NEURON_FIRST] = neuron
    clock[RECORDED] += recorded
    # by cycle: buses hold events back for different times
    rows = network.synaptic
    for new in range(first, first + synaptic):
        place = new
        while place > clock[SYNAPTIC_FIRST] and rows[place - 1, 0] > rows[place, 0]:
            for column in range(rows.shape[1]):
                rows[place - 1, column], rows[place, column] = rows[place, column], rows[place - 1, column]
            place -= 1
    clock[SYNAPTIC_LAST] = first + synaptic
    return bool(network.state[crossbar_kernel.NOW] > until)


@inner_kernel
def _drive(
    last: int,
    clock: NDArray[np.int64],
    network: Network,
    drivers: DriverParameters,
    synapses: Synapses,
    rows: RowEvents,
) -> None:
    """Turns the synaptic events up to an index into row events at the end of the log."""
    origin = clock[CHIP_RESET]
    begin = end = clock[ROWS]
    for e in range(clock[SYNAPTIC_FIRST], last):
        end = driver_kernel.pulse(
            network.synaptic[e, 0] - origin,
            network.synaptic[e, 1],
            network.synaptic[e, 2],
            network.synaptic[e, 3],
            network.synaptic[e, 4],
            synapses.v,
            synapses.since,
            drivers,
            synapses.listening,
            rows.cycles,
            rows.rows,
            rows.addresses,
            rows.lines,
            rows.amplitudes,
            end,
        )
    for e in range(begin, end):
        rows.cycles[e] += origin
    clock[ROWS] = end
    clock[SYNAPTIC_FIRST] = last


@inner_kernel
def _send_fires(
    begin: int,
    until: int,
    first: int,
    clock: NDArray[np.int64],
    network: Network,
    outputs: Outputs,
    circuits: NDArray[np.int64],
    fired: NDArray[np.int64],
) -> None:
    """Fires from index `first` of the log, brought into order, to counters and crossbar.

    Forced ones that come late count from the first cycle of the step, `begin`: the network may have passed theirs.
    """
    for new in range(first, clock[FIRES]):
        fired[1, new] = circuits[fired[1, new]]
        place = new
        while place > first and fired[0, place - 1] > fired[0, place]:
            fired[0, place - 1], fired[0, place] = fired[0, place], fired[0, place - 1]
            fired[1, place - 1], fired[1, place] = fired[1, place], fired[1, place - 1]
            place -= 1
    last = clock[FIRES]
    for f in range(first, last):
        fired[2, f] = outputs.neuron_of_circuit[fired[1, f]]
    events, now, waiting = fire_neurons(
        until,
        max(clock[OUTPUT_NOW], begin),
        fired[0],
        fired[2],
        first,
        last,
        clock[WAITING],
        outputs.counts,
        outputs.sends,
        outputs.labels,
        outputs.counter_cells,
        network.cells,
        outputs.requests,
        outputs.turns,
        outputs.turn_of,
        outputs.neuron_of,
        outputs.to_crossbar[0],
        network.neuron_cycles[clock[NEURON_LAST] :],
        network.neuron_labels[clock[NEURON_LAST] :],
    )
    clock[NEURON_LAST] += events
    clock[OUTPUT_NOW] = now
    clock[WAITING] = waiting


@inner_kernel
def _lead_followers(
    first: int,
    clock: NDArray[np.int64],
    outputs: Outputs,
    circuits: NDArray[np.int64],
    fired: NDArray[np.int64],
    artificial: Fires,
) -> None:
    """Fires from index `first` of the log make other circuits fire in the same cycle; these do in the next step."""
    for f in range(first, clock[FIRES]):
        circuit = circuits[fired[1, f]]
        for j in range(outputs.follower_begin[circuit], outputs.follower_begin[circuit + 1]):
            follower = np.searchsorted(circuits, outputs.followers[j])
            known = follower < circuits.size and circuits[follower] == outputs.followers[j]
            if not known or clock[FORCED_LAST] == artificial.cycles.size:
                continue
            place = clock[FORCED_LAST]
            while place > clock[FORCED_FIRST] and artificial.cycles[place - 1] > fired[0, f]:
                artificial.cycles[place] = artificial.cycles[place - 1]
                artificial.circuits[place] = artificial.circuits[place - 1]
                place -= 1
            artificial.cycles[place] = fired[0, f]
            artificial.circuits[place] = follower
            clock[FORCED_LAST] += 1


@inner_kernel
def _step_of_access(cycle: Integer, h: float) -> int:
    """Step before which an access is made at the earliest: the one that cannot be over when the cycle is."""
    return int((cycle + 1) // h)


@inner_kernel
def _is_due(
    clock: NDArray[np.int64], accesses: AccessList, registers: Registers, step: int, h: float, reached: int
) -> bool:
    """Whether the next access is made before a step; if only the network cares, when that has reached its cycle."""
    i = clock[ACCESS]
    if i == accesses.cycles.size or _step_of_access(accesses.cycles[i], h) > step:
        return False
    if accesses.cycles[i] <= reached:
        return True
    address = np.int64(accesses.addresses[i])
    if access_kernel.watch_of(address, np.int64(accesses.flags[i]), registers.pages, registers.watches) != WATCH_BUSY:
        return True
    page = registers.pages[address >> PAGE_BITS]
    return bool(page < 0 or registers.concerns[registers.blocks[page + address % PAGE_WORDS]] != 0)


@inner_kernel
def _access(
    clock: NDArray[np.int64],
    accesses: AccessList,
    registers: Registers,
    found: Found,
) -> int:
    """Makes the next access; returns `DONE`, `WRITTEN` or `CONCERN`."""
    first = clock[ACCESS]
    changes = registers.marks[0]
    nothing = found.numbers[:0]
    last, answers, unmapped, why = access_kernel.apply_accesses(
        accesses,
        first,
        first + 1,
        accesses.cycles[first],
        WATCH_ALWAYS,
        registers,
        nothing,
        nothing,
        registers.cadc[:0],
        found,
        clock[ANSWERS],
        clock[UNMAPPED],
    )
    for i in range(first, last):
        if accesses.flags[i] & access_kernel.READ == 0:
            clock[LAST_WRITE] = accesses.cycles[i]
    clock[ACCESS] = last
    clock[ANSWERS] = answers
    clock[UNMAPPED] = unmapped
    if why == access_kernel.WATCHED:
        return CONCERN
    if registers.marks[0] != changes and (clock[STALE] == 0 or clock[LOOKING] != 0):
        clock[STALE] = 1
        return WRITTEN
    return DONE


@inner_kernel
def _undisturbed(
    step: int,
    last: int,
    due: int,
    lead: int,
    h: float,
    clock: NDArray[np.int64],
    network: Network,
    artificial: Fires,
    accesses: AccessList,
) -> int:
    """End of the steps from one on in which nothing reaches the neurons and nobody looks whether they may sleep."""
    end = min(last, (step // rest_kernel.REST_STEPS + 1) * rest_kernel.REST_STEPS)
    if clock[ACCESS] < accesses.cycles.size:
        end = min(end, _step_of_access(accesses.cycles[clock[ACCESS]], h))
    if due < NEVER:
        end = min(end, int(np.ceil((due - lead) / h)))
    if clock[SYNAPTIC_FIRST] < clock[SYNAPTIC_LAST]:
        end = min(end, int(network.synaptic[clock[SYNAPTIC_FIRST], 0] / h))
    if clock[FORCED_FIRST] < clock[FORCED_LAST]:
        end = min(end, int(artificial.cycles[clock[FORCED_FIRST]] / h))
    return end


@inner_kernel
def run(
    until: int,
    clock: NDArray[np.int64],
    network: Network,
    outputs: Outputs,
    link_cycles: NDArray[np.int64],
    link_labels: NDArray[np.uint16],
    state: State,
    coefficients: Coefficients,
    scratch: Scratch,
    rest: Rest,
    drivers: DriverParameters,
    synapses: Synapses,
    rows: RowEvents,
    artificial: Fires,
    fired: NDArray[np.int64],
    probes: NDArray[np.int64],
    trace: NDArray[np.float32],
    trace_ends: NDArray[np.int64],
    accesses: AccessList,
    registers: Registers,
    found: Found,
) -> int:
    """Runs the chip up to and including a chip cycle: whole steps of the neurons, and the network as far as it may.

    Args:
        until: last chip cycle.
        clock: where everything stands; see the places above; changed.
        network: changed.
        outputs: changed.
        link_cycles: chip cycles at which labels from the FPGA reach the crossbar.
        link_labels: their 16-bit labels.
        state: of the neuron circuits, advanced.
        coefficients: settings.
        scratch: room for intermediate results.
        rest: which neurons sleep, changed.
        drivers: settings of the drivers.
        synapses: state of the drivers, and the synapses.
        rows: log of row events.
        artificial: fires that the comparator does not cause, by cycle; circuits as indices 0..N-1.
        fired: log of fires: chip cycle, circuit 0..511, number of the neuron in the backend, ``int64[3, n]``.
        probes: what to record, see `step_kernel.record`.
        trace: values of the probes at the end of each step that is not jumped over, ``float32[n, p]``.
        trace_ends: number of the next step of each row, ``int64[n]``.
        accesses: to make on the way, as far as they concern nobody else.
        registers: read and changed by them.
        found: receives what they read.

    Returns:
        `DONE`, `FULL`, `SETTINGS`, `WRITTEN` or `CONCERN`.
    """
    h = coefficients.step_cycles
    lead = outputs.to_crossbar[0] - 1
    last = int((until + 1) // h)
    circuits, nodes = coefficients.circuits.size, state.v.size
    step = clock[STEP]
    due = _next_arrival(clock, network, link_cycles)
    result = DONE
    while step < last:
        if (
            clock[ROWS] + _ROOM > rows.cycles.size
            or clock[FIRES] + 4 * circuits + _ROOM > fired.shape[1]
            or clock[RECORDED] + _ROOM > network.recorded.shape[0]
            or clock[SYNAPTIC_LAST] + _ROOM > network.synaptic.shape[0]
            or clock[NEURON_LAST] + 2 * circuits + _ROOM > network.neuron_cycles.size
            or clock[FORCED_LAST] + _MOST_FOLLOWERS > artificial.cycles.size
            or (probes.size > 0 and clock[TRACED] == trace.shape[0])
        ):
            result = FULL
            break
        horizon = int(step * h) + lead
        while result == DONE and _is_due(clock, accesses, registers, step, h, horizon):
            reach = min(accesses.cycles[clock[ACCESS]], horizon)
            if due <= reach and not _route(reach, clock, network, link_cycles, link_labels):
                result = FULL
                break
            result = _access(clock, accesses, registers, found)
            due = _next_arrival(clock, network, link_cycles)
        if result != DONE:
            break
        if due <= horizon:
            if not _route(horizon, clock, network, link_cycles, link_labels):
                result = FULL
                break
            due = _next_arrival(clock, network, link_cycles)
        end = (step + 1) * h
        taken = clock[SYNAPTIC_FIRST]
        before = end
        if clock[ACCESS] < accesses.cycles.size:
            before = min(before, accesses.cycles[clock[ACCESS]])  # what is written before an event acts on it
        while taken < clock[SYNAPTIC_LAST] and network.synaptic[taken, 0] < before:
            taken += 1
        begin_rows = clock[ROWS]
        if taken > clock[SYNAPTIC_FIRST]:
            if clock[STALE] != 0:
                result = SETTINGS
                break
            if (taken - clock[SYNAPTIC_FIRST]) * _MOST_ROWS_OF_EVENT + clock[ROWS] > rows.cycles.size:
                if clock[ROWS] > 0:
                    result = FULL
                    break
                taken = clock[SYNAPTIC_FIRST] + rows.cycles.size // _MOST_ROWS_OF_EVENT
            _drive(taken, clock, network, drivers, synapses, rows)
            if clock[AWAKE] < nodes:
                clock[AWAKE] += rest_kernel.wake_reached(
                    step,
                    begin_rows,
                    clock[ROWS],
                    state,
                    coefficients,
                    rest,
                    rows,
                    synapses.efficacy,
                    synapses.labels,
                )
        forced_due = clock[FORCED_FIRST] < clock[FORCED_LAST] and artificial.cycles[clock[FORCED_FIRST]] < end
        if forced_due:
            forced = clock[FORCED_FIRST]
            while forced < clock[FORCED_LAST] and artificial.cycles[forced] < end:
                k = coefficients.node_of[artificial.circuits[forced]]
                if rest.asleep[k]:
                    rest_kernel.wake(k, step, state, coefficients, rest)
                    clock[AWAKE] += 1
                forced += 1
        first_fire = clock[FIRES]
        following = step + 1
        if clock[AWAKE] > 0:
            if probes.size == 0 and clock[WAITING] == 0 and not forced_due:
                following = max(following, _undisturbed(step, last, due, lead, h, clock, network, artificial, accesses))
            following, _, forced, fires = step_kernel.take_steps(
                step,
                following,
                state,
                coefficients,
                scratch,
                rows,
                begin_rows,
                clock[ROWS],
                artificial,
                clock[FORCED_FIRST],
                clock[FORCED_LAST],
                synapses.efficacy,
                synapses.labels,
                fired,
                first_fire,
            )
            end = following * h
            clock[FORCED_FIRST] = forced
            clock[FIRES] = fires
            if outputs.followers.size > 0 and fires > first_fire:
                _lead_followers(first_fire, clock, outputs, coefficients.circuits, fired, artificial)
        if clock[FIRES] > first_fire or clock[WAITING] > 0:
            before = clock[NEURON_LAST]
            begin, over = int((following - 1) * h), int(np.ceil(end)) - 1
            _send_fires(begin, over, first_fire, clock, network, outputs, coefficients.circuits, fired)
            if clock[NEURON_LAST] > before:
                due = min(due, network.neuron_cycles[before])
        if probes.size > 0:
            step_kernel.record(state, coefficients.node_of, probes, trace[clock[TRACED]])
            trace_ends[clock[TRACED]] = step + 1
            clock[TRACED] += 1
        step = following
        if clock[AWAKE] > 0:
            if step % rest_kernel.REST_STEPS == 0:
                clock[AWAKE] = rest_kernel.fall_asleep(step, state, coefficients, rest)
        elif clock[WAITING] == 0 and clock[SYNAPTIC_FIRST] == clock[SYNAPTIC_LAST]:
            # everybody sleeps: to the step before which the next event arrives
            target = last
            if due < NEVER:
                target = min(target, max(int(np.ceil((due - lead) / h)), step))
            if clock[FORCED_FIRST] < clock[FORCED_LAST]:
                target = min(target, max(int(artificial.cycles[clock[FORCED_FIRST]] / h), step))
            if clock[ACCESS] < accesses.cycles.size:
                target = min(target, max(_step_of_access(accesses.cycles[clock[ACCESS]], h), step))
            step = target
    clock[STEP] = step
    horizon = min(until, int(step * h) + lead)
    while result == DONE and clock[ACCESS] < accesses.cycles.size and accesses.cycles[clock[ACCESS]] <= until:
        if clock[COMPLETE] == 0 and not _is_due(clock, accesses, registers, step, h, horizon):
            break
        reach = min(accesses.cycles[clock[ACCESS]], horizon)
        if due <= reach and not _route(reach, clock, network, link_cycles, link_labels):
            result = FULL
            break
        result = _access(clock, accesses, registers, found)
        due = _next_arrival(clock, network, link_cycles)
    if result == DONE and due <= horizon and not _route(horizon, clock, network, link_cycles, link_labels):
        result = FULL
    return result

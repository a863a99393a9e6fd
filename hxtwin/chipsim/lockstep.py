"""Event network and analog core, advanced together; registers act on the analog core when something can tell.

==========================  ======================================================================================
moment                      what was written until then acts
==========================  ======================================================================================
a synaptic event arrives    before it
a neuron is reset           before it
a half is held in reset     0.1 us after it, so that short pulses are not lost and both halves act together
a converter or probe looks  at the next step
otherwise                   1 us after the last write of a burst
cells settle                as often as `Settings.next_settling` says
==========================  ======================================================================================

All moments follow from the program alone, so that answers do not depend on how time is cut into calls.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import numpy as np

from hxtwin.chipsim import loop_kernel as kernel
from hxtwin.chipsim.analog.arrays import Fires, RowEvents
from hxtwin.chipsim.analog.integration import joined_fires, joined_rows, no_events, no_fires
from hxtwin.chipsim.analog_core import AnalogCore, TracePiece
from hxtwin.chipsim.events.network import EventNetwork
from hxtwin.chipsim.events.neuron_outputs import NeuronOutputs
from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.probe import NEURON
from hxtwin.chipsim.registers.access_kernel import AccessList, Found
from hxtwin.chipsim.registers.register_file import MOST_UNMAPPED, Accesses, Consumer, Reads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.options import TwinOptions
    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.probe import Probe
    from hxtwin.chipsim.readout.triggers import CorrelationResetTarget
    from hxtwin.chipsim.registers.register_file import RegisterFile

BURST_CYCLES: Final = 250
"""Writes that follow each other faster belong to one burst; 1 us."""
PROMPT_CYCLES: Final = 25
"""So long after a write neurons are held in reset, or released; 0.1 us."""
_ROWS: Final = 1 << 15
_FIRES: Final = 1 << 15
_ARTIFICIAL: Final = 1 << 12
_NO_ACCESSES: Final = Accesses.none().listed
_NOTHING_FOUND: Final = Found(np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0, np.int64))
_LOGS: Final = [kernel.RECORDED, kernel.ROWS, kernel.FIRES, kernel.TRACED, kernel.LINK_FIRST]
"""Places of the clock that begin anew when the logs have been taken."""
_TRACE_VALUES: Final = 1 << 20
_MOST_TRACE_ROWS: Final = 1 << 14


class Follower(Protocol):
    """Who looks at the analog core and must know when its settings change."""

    def before_refresh(self) -> None:
        """Settings are about to change; everything has been advanced to the begin of the next step."""
        ...

    def after_refresh(self) -> None:
        """Settings of the readout have changed."""
        ...


class Lockstep:
    """Events and neurons of one chip. Times are chip cycles.

    Attributes:
        events: crossbar, buses, background sources.
        outputs: backend of the neurons.
        analog: circuits, drivers, sensors.
        pieces: readout quantities of watched circuits, for the converters to take.
        follower: is told of new settings.
        looking: somebody looks at this moment: what is written acts at once.
    """

    def __init__(
        self, registers: RegisterFile, parameters: Parameters, options: TwinOptions, probe: Probe | None = None
    ) -> None:
        self._registers = registers
        self._probe = probe
        self.events: Final = EventNetwork(registers, parameters, probe)
        self.outputs: Final = NeuronOutputs(registers, parameters)
        self.analog: Final = AnalogCore(registers, options)
        self.pieces: list[TracePiece] = []
        self.follower: Follower | None = None
        self.looking = False
        self._shown = np.empty(0, dtype=np.int64) if probe is None else probe.circuits
        self._clock = np.zeros(kernel.CLOCK_SIZE, dtype=np.int64)
        self._rows = RowEvents(
            np.empty(_ROWS, np.int64),
            np.empty(_ROWS, np.int64),
            np.empty(_ROWS, np.uint8),
            np.empty(_ROWS, np.uint8),
            np.empty(_ROWS, np.float32),
        )
        self._fired = np.empty((3, _FIRES), dtype=np.int64)
        self._artificial = Fires(np.empty(_ARTIFICIAL, np.int64), np.empty(_ARTIFICIAL, np.int64))
        self._recorded: list[NDArray[np.int64]] = []
        self._late_rows = [no_events()]
        self._late_fires = [no_fires()]
        self._late_clears: list[tuple[int, CorrelationResetTarget]] = []
        self._last_write = -NEVER
        self._reached = -1
        self._settled = NEVER
        self._prompt = NEVER
        self.reset(0)

    # --- lifetime -------------------------------------------------------------------------------------------------

    def reset(self, cycle: int) -> None:
        """As after a chip reset in a cycle up to which everything has been advanced."""
        self.events.reset(cycle + 1)
        self.outputs.reset()
        step = self._clock[kernel.STEP]
        now = self._clock[kernel.OUTPUT_NOW]
        self._clock[:] = 0
        self._clock[kernel.STEP] = step
        self._clock[kernel.OUTPUT_NOW] = now
        self._clock[kernel.CHIP_RESET] = cycle
        self._recorded.clear()
        self._late_rows = [no_events()]
        self._late_fires = [no_fires()]
        self._late_clears.clear()
        self.analog.reset(cycle)
        self._after_refresh()

    def start_session(self, cycle: int) -> None:
        """A connection begins in a cycle, a multiple of `session_cycles`."""
        self.analog.start_session(cycle)

    # --- what leaves ----------------------------------------------------------------------------------------------

    def take_recorded(self) -> NDArray[np.int64]:
        """Spikes on their way to the FPGA: chip cycle, FPGA cycle of arrival, label; ``int64[n, 3]``."""
        recorded, self._recorded = self._recorded, []
        return np.concatenate(recorded) if recorded else np.empty((0, 3), dtype=np.int64)

    @property
    def next_cycle(self) -> int:
        """Nothing moves before this cycle."""
        clock = self._clock
        waits = clock[kernel.WAITING] or clock[kernel.NEURON_LAST] or clock[kernel.SYNAPTIC_LAST]
        if self.analog.awake or waits or clock[kernel.FORCED_LAST]:
            return -1
        return self.events.next_cycle

    @property
    def reached(self) -> int:
        """Cycle up to which and including everything has been advanced."""
        return self._reached

    @property
    def step(self) -> int:
        """Next step of the neuron circuits."""
        return int(self._clock[kernel.STEP])

    @property
    def step_begin(self) -> float:
        """Its first chip cycle."""
        return self.step * self.analog.step_cycles

    # --- what arrives ---------------------------------------------------------------------------------------------

    def written(self, cycle: int) -> None:
        """Registers were written, the last in a cycle."""
        self._last_write = cycle

    def written_promptly(self, cycle: int) -> None:
        """A register that acts soon was written in a cycle; all that was written before acts with it."""
        if self.is_stale:
            self._prompt = min(self._prompt, cycle + PROMPT_CYCLES)

    def prompt_cycle(self, cycle: int) -> int:
        """Cycle before which a register that is written in a cycle acts, if it is one of those that act soon."""
        return self._border(min(self._prompt, cycle + (0 if self.looking else PROMPT_CYCLES)))

    def inject(self, cycle: int, hemisphere: int, word: int) -> None:
        """A write to PADIEvent."""
        rows = self.events.inject(cycle, hemisphere, word)
        first, last = self._clock[kernel.SYNAPTIC_FIRST], self._clock[kernel.SYNAPTIC_LAST]
        waiting = np.concatenate([self.events.arrays.synaptic[first:last], rows])
        end = first + len(waiting)
        self.events.arrays.synaptic[first:end] = waiting[np.argsort(waiting[:, 0], kind="stable")]
        self._clock[kernel.SYNAPTIC_LAST] = end

    def fire(self, cycle: int, circuits: NDArray[np.int64]) -> None:
        """Circuits fire in a cycle that has not been passed, whatever their membranes do."""
        if self.is_stale:
            self.refresh()
        index = self.analog.indices(circuits)
        index = index[index >= 0]
        first, last = int(self._clock[kernel.FORCED_FIRST]), int(self._clock[kernel.FORCED_LAST])
        if first == last:
            first = last = 0
        end = last + len(index)
        cycles, which = self._artificial
        cycles[last:end] = cycle
        which[last:end] = index
        order = first + np.argsort(cycles[first:end], kind="stable")
        cycles[first:end], which[first:end] = cycles[order], which[order]
        self._clock[kernel.FORCED_FIRST], self._clock[kernel.FORCED_LAST] = first, end

    def _forced_circuits(self) -> NDArray[np.int64]:
        """Circuits of the fires that wait; which indices they have may change with the settings."""
        first, last = int(self._clock[kernel.FORCED_FIRST]), int(self._clock[kernel.FORCED_LAST])
        circuits: NDArray[np.int64] = self.analog.coefficients.circuits[self._artificial.circuits[first:last]]
        return circuits

    def _force_again(self, circuits: NDArray[np.int64]) -> None:
        """The waiting fires get the indices that their circuits have now; nobody else's circuits fire for them."""
        first, last = int(self._clock[kernel.FORCED_FIRST]), int(self._clock[kernel.FORCED_LAST])
        index = self.analog.indices(circuits)
        kept = np.flatnonzero(index >= 0)
        end = first + len(kept)
        self._artificial.cycles[first:end] = self._artificial.cycles[first:last][kept]
        self._artificial.circuits[first:end] = index[kept]
        self._clock[kernel.FORCED_LAST] = end

    def post(self, cycle: int, circuits: NDArray[np.int64]) -> None:
        """Post pulses reach the correlation sensors of circuits without a fire."""
        self._late_fires.append(Fires(np.full(len(circuits), cycle, np.int64), circuits))

    def correlation(self) -> NDArray[np.float32]:
        """Storage of the correlation sensors now, ``float32[2, 512, 256]``."""
        self._correlate(NEVER)
        return self.analog.storage

    def clear_correlation(self, cycle: int, sensors: CorrelationResetTarget) -> None:
        """Sensors are emptied in a cycle; pulses before it, some of which are still to come, leave nothing."""
        self._late_clears.append((cycle, sensors))
        if not self.analog.remembers:
            self._correlate(NEVER)

    # --- settings -------------------------------------------------------------------------------------------------

    @property
    def is_stale(self) -> bool:
        """Whether registers have been written since the settings were looked at."""
        return self._registers.has_changes(Consumer.ELABORATION)

    def refresh(self) -> None:
        """Takes over what was written, from the next step on."""
        self._correlate(NEVER)
        if self.follower is not None:
            self.follower.before_refresh()
        forced = self._forced_circuits()
        refreshed = self.analog.refresh(self.step, math.ceil(self.step_begin))
        self._force_again(forced)
        self.outputs.refresh(self.analog.settings.wires.followers)
        self._after_refresh()
        if self.follower is not None and refreshed.readout:
            self.follower.after_refresh()

    def _after_refresh(self) -> None:
        self._prompt = NEVER
        self._clock[kernel.AWAKE] = self.analog.awake
        cycle = math.ceil(self.step_begin)
        self._settled = self.analog.settings.next_settling(cycle + 1, observed=self.analog.awake > 0)

    def watch(self, circuits: NDArray[np.bool_]) -> None:
        """Circuits whose readout quantities are recorded from now on, ``bool[512]``."""
        if self.is_stale:
            self.refresh()
        forced = self._forced_circuits()
        if not self.analog.watch(self.step, circuits):
            return
        self._force_again(forced)
        self._clock[kernel.AWAKE] = self.analog.awake
        if circuits.any():
            now = np.array([self.step], dtype=np.int64)
            self.pieces.append(TracePiece(now, self.analog.watched, self.analog.quantities()[None, :]))

    @property
    def refresh_cycle(self) -> int:
        """Cycle before which everything that was written acts, and moving cells are looked at; `NEVER` if none."""
        if not self.is_stale:
            return self.settled_cycle
        delay = 0 if self.looking else BURST_CYCLES
        return min(self.settled_cycle, self._border(self._last_write + delay))

    @property
    def settled_cycle(self) -> int:
        """Cycle before which moving cells are looked at, written or not, or neurons are held or released."""
        return self._border(min(self._settled, self._prompt))

    def _border(self, cycle: int) -> int:
        """First cycle of the first step that begins in a cycle or later."""
        if cycle >= NEVER:
            return NEVER
        return math.ceil(math.ceil(cycle / self.analog.step_cycles) * self.analog.step_cycles)

    # --- time -----------------------------------------------------------------------------------------------------

    def advance(self, until: int) -> None:
        """Runs up to and including a chip cycle: all whole steps, and the network as far as it may."""
        is_short = until + 1 < (self.step + 1) * self.analog.step_cycles
        is_still = not self._clock[kernel.NEURON_LAST] and until < min(self.refresh_cycle, self.events.next_cycle)
        if is_short and is_still:
            self._reached = max(self._reached, until)
            return
        self._advance(until, _NO_ACCESSES, _NOTHING_FOUND)

    def make_accesses(self, accesses: Accesses, until: int, *, complete: bool) -> tuple[int, Reads, list[int], bool]:
        """Runs up to a cycle and makes accesses on the way; only up to one that concerns another unit, if there is any.

        Args:
            accesses: all that have not been made.
            until: last cycle.
            complete: those that wait for the network are made early, too; the program alone must determine `until`.

        Returns:
            Number of accesses made, what they read, unmapped addresses, whether the next one concerns another unit.
        """
        due = accesses.part(slice(int(np.searchsorted(accesses.cycles, until, side="right"))))
        found = Found(np.empty(len(due), np.uint32), np.empty(len(due), np.int64), np.empty(MOST_UNMAPPED, np.int64))
        self._clock[kernel.ACCESS : kernel.UNMAPPED + 1] = 0
        self._clock[kernel.COMPLETE] = complete
        is_concern = self._advance(until, due.listed, found)
        made, answers, unmapped = self._clock[kernel.ACCESS : kernel.UNMAPPED + 1].tolist()
        self._clock[kernel.ACCESS] = 0
        reads = Reads(found.numbers[:answers], found.words[:answers])
        if self._probe is not None:
            self._probe.accesses(due.part(slice(made)), reads.words)
        return made, reads, found.unmapped[:unmapped].tolist(), is_concern

    def _advance(self, until: int, accesses: AccessList, found: Found) -> bool:
        """Runs up to a cycle; True: it has stopped in front of an access that concerns another unit."""
        while True:
            border = self.refresh_cycle
            if border <= math.ceil(self.step_begin):
                self.refresh()
                continue
            reach = min(until, border - 1)
            result = self._run(reach, accesses, found)
            self._last_write = max(self._last_write, int(self._clock[kernel.LAST_WRITE]))
            if result == kernel.CONCERN:
                return True
            if result == kernel.SETTINGS:
                self.refresh()
            elif result == kernel.DONE and reach == until:
                break
        self._reached = max(self._reached, until)
        return False

    def _run(self, until: int, accesses: AccessList, found: Found) -> int:
        analog, clock = self.analog, self._clock
        watched, probes, shown = analog.watched, analog.probes(), self._shown
        if len(shown):
            shown = analog.membranes(shown)
            probes = np.concatenate([probes, analog.indices(shown)])
        rows = 0
        if len(probes):
            steps = int((until + 1) // analog.step_cycles) - self.step
            rows = min(max(steps, 1), max(_TRACE_VALUES // len(probes), 1), _MOST_TRACE_ROWS)
        trace, ends = np.empty((rows, len(probes)), dtype=np.float32), np.empty(rows, dtype=np.int64)
        clock[kernel.STALE] = self.is_stale
        clock[kernel.LOOKING] = self.looking
        clock[kernel.LAST_WRITE] = self._last_write
        clock[kernel.AWAKE] = analog.awake
        result = kernel.run(
            until,
            clock,
            self.events.arrays,
            self.outputs.arrays,
            self.events.link_cycles,
            self.events.link_labels,
            analog.state,
            analog.coefficients,
            analog.scratch,
            analog.rest,
            analog.settings.drivers,
            analog.synapses,
            self._rows,
            self._artificial,
            self._fired,
            probes,
            trace,
            ends,
            accesses,
            self._registers.tables,
            found,
        )
        analog.awake = int(clock[kernel.AWAKE])
        n = int(clock[kernel.TRACED])
        if n and len(watched):
            self.pieces.append(TracePiece(ends[:n], watched, trace[:n, : len(watched)]))
        if n and self._probe is not None:
            self._probe.membranes(ends[:n] * analog.step_cycles, shown, trace[:n, len(watched) :])
        self._take_logs()
        return int(result)

    def _take_logs(self) -> None:
        clock, arrays = self._clock, self.events.arrays
        places = clock.tolist()
        recorded = arrays.recorded[: places[kernel.RECORDED]].copy()
        if len(recorded):
            self._recorded.append(recorded)
        if self._probe is not None or self.analog.remembers:
            self._show_logs(places, recorded)
        # what has not been taken moves to the front
        for queue, first, last in (
            ((arrays.synaptic,), kernel.SYNAPTIC_FIRST, kernel.SYNAPTIC_LAST),
            ((arrays.neuron_cycles, arrays.neuron_labels), kernel.NEURON_FIRST, kernel.NEURON_LAST),
            (self._artificial, kernel.FORCED_FIRST, kernel.FORCED_LAST),
        ):
            begin, end = places[first], places[last]
            if begin:
                for column in queue:
                    column[: end - begin] = column[begin:end].copy()
                clock[first], clock[last] = 0, end - begin
        taken = places[kernel.LINK_FIRST]
        if taken:
            self.events.link_cycles = self.events.link_cycles[taken:]
            self.events.link_labels = self.events.link_labels[taken:]
        clock[_LOGS] = 0

    def _show_logs(self, places: list[int], recorded: NDArray[np.int64]) -> None:
        """Probe and correlation sensors get what has happened."""
        arrays = self.events.arrays
        fires = Fires(*self._fired[:2, : places[kernel.FIRES]].copy())
        if self._probe is not None:
            taken = places[kernel.NEURON_FIRST]
            self._probe.crossbar_outputs(recorded, arrays.synaptic[: places[kernel.SYNAPTIC_FIRST]])
            self._probe.crossbar_inputs(NEURON, arrays.neuron_cycles[:taken], arrays.neuron_labels[:taken])
            self._probe.fires(fires.cycles, self.outputs.arrays.neuron_of_circuit[fires.circuits])
        if self.analog.remembers:
            self._late_rows.append(self._rows.part(np.arange(places[kernel.ROWS])))
            self._late_fires.append(fires)
            self._correlate(math.ceil(self.step_begin - 2 * self.analog.step_cycles))

    def _correlate(self, before: int) -> None:
        """Hands pulses and resets earlier than a cycle to the sensors; later ones may still be overtaken."""
        due = [clear for clear in self._late_clears if clear[0] < before]
        for cycle, sensors in due:
            self._hand_over(cycle)
            self.analog.storage[:, sensors.row, sensors.columns] = 0
        del self._late_clears[: len(due)]
        self._hand_over(before)

    def _hand_over(self, before: int) -> None:
        count = sum(part.cycles.size for part in self._late_rows) + sum(part.cycles.size for part in self._late_fires)
        if not count:
            return
        rows, fires = _by_cycle(joined_rows(self._late_rows)), _by_cycle(joined_fires(self._late_fires))
        n, m = np.searchsorted(rows.cycles, before), np.searchsorted(fires.cycles, before)
        self.analog.correlate(rows.part(slice(n)), fires.part(slice(m)))
        self._late_rows = [rows.part(slice(n, None))]
        self._late_fires = [fires.part(slice(m, None))]


_T = TypeVar("_T", RowEvents, Fires)


def _by_cycle(pulses: _T) -> _T:
    return pulses.part(np.argsort(pulses.cycles, kind="stable"))

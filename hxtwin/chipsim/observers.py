"""Who looks at the analog core: column ADC and membrane ADC; which circuits they watch, and what they get to see.

A conversion of the column ADC needs the readout quantities from its begin to its end, and its circuits stay watched for
a while, so that many conversions in a row cost little; a recording of the membrane ADC needs them as long as it lasts.
While anybody looks at a circuit it is integrated and awake. Times are chip cycles.
Reference: simulator-decisions.md 27, 35-37.
"""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS
from hxtwin.chipsim.readout.analog_nets import AnalogNets
from hxtwin.chipsim.readout.board_voltages import BoardVoltages
from hxtwin.chipsim.readout.cadc_conversion import CadcCells, CadcConverter
from hxtwin.chipsim.readout.laws import READOUT
from hxtwin.chipsim.readout.madc import Madc, MadcSamples
from hxtwin.chipsim.readout.sources import SourceMultiplexers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hxtwin.chipsim.lockstep import Lockstep
    from hxtwin.chipsim.options import TwinOptions
    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.registers.register_file import RegisterFile


HOLD_CYCLES: Final = 2500
"""Circuits stay watched so long after a conversion, 10 us, since another one is likely to follow."""


@attrs.frozen
class Conversion:
    """A conversion of the column ADC.

    Attributes:
        hemisphere: 0 top, 1 bottom.
        row: row that the trigger read addressed, 0..255.
        begin: first cycle.
        end: cycle in which the results are latched.
    """

    hemisphere: int
    row: int
    begin: int
    end: int


class Observers:
    """The converters of one chip.

    Attributes:
        board: voltages that the board puts on the chip.
    """

    def __init__(
        self,
        registers: RegisterFile,
        parameters: Parameters,
        options: TwinOptions,
        lockstep: Lockstep,
    ) -> None:
        self._lockstep = lockstep
        self._cadc: Final = CadcConverter(
            registers, lockstep.analog.personality, options.constants, parameters=parameters, noise=options.noise
        )
        self._madc: Final = Madc(registers, lockstep.analog.personality, options.constants, noise=options.noise)
        self._nets: Final = AnalogNets(registers, options.constants)
        self._multiplexers: Final = SourceMultiplexers(registers)
        self.board: Final = BoardVoltages()
        self._samples: list[MadcSamples] = []
        self._origin = 0
        self._conversions: list[Conversion] = []
        self._held = np.zeros(CIRCUITS, dtype=np.bool_)
        self._hold_until = NEVER
        lockstep.follower = weakref.proxy(self)  # no circle: the memory of a twin that is dropped is free at once
        self.after_refresh()

    def reset(self) -> None:
        """Chip reset: nothing is converted any more."""
        self._conversions.clear()
        self._held[:] = False
        self._hold_until = NEVER
        self._samples.clear()
        self._madc.reset()
        self.after_refresh()

    def start_session(self, cycle: int) -> None:
        """Noise counts from this cycle on."""
        self._origin = cycle
        self._madc.origin = cycle

    # --- settings -------------------------------------------------------------------------------------------------

    def before_refresh(self) -> None:
        """Takes the samples that belong to the settings that end here."""
        self._take(math.floor(self._lockstep.step_begin))

    def after_refresh(self) -> None:
        """Follows registers and biases of the readout."""
        analog = self._lockstep.analog
        self._cells = CadcCells.of(analog.settings.cells)
        self._columns: list[NDArray[np.bool_] | None] = [None, None]
        self._voltages = self._nets.voltages(analog.settings.cells, self.board)
        self._madc.connect(self._multiplexers.mixtures(analog.output, self._voltages), analog.settings.cells)
        self._madc.configured(math.ceil(self._lockstep.step_begin))
        self._look()

    def board_changed(self) -> None:
        """The voltages of the board are others, from the next step on."""
        res_meas = self.board.res_meas
        if res_meas is not None:
            self._lockstep.analog.settings.set_v_res_meas(res_meas)
        self._lockstep.refresh()
        self.after_refresh()

    # --- membrane ADC ---------------------------------------------------------------------------------------------

    def control_madc(self, cycle: int, word: int) -> None:
        """`MADCControl` was written; the chip has been advanced to this cycle."""
        if self._lockstep.is_stale:
            self._lockstep.refresh()
        self._take(cycle)
        self._madc.written(cycle, word)
        self._look()

    def set_madc_clock(self, cycle: int, hertz: float) -> None:
        """The clock of the membrane ADC; 0: it stands still."""
        self._take(cycle)
        self._madc.set_clock(cycle, hertz)
        self._look()

    @property
    def recording(self) -> bool:
        """Whether samples of the membrane ADC come without a further access."""
        return min(self._madc.next_sample_cycle, self._madc.end_cycle) < NEVER

    @property
    def observation_end(self) -> int:
        """Cycle in which a recording under way is over, or the circuits of past conversions are released."""
        return min(self._madc.end_cycle, self._hold_until)

    def end_observation(self, cycle: int) -> None:
        """The chip has been advanced to the end of an observation."""
        self._take(cycle)
        self._madc.end(cycle)
        if self._hold_until <= cycle:
            self._hold_until = NEVER
            self._held[:] = False
        self._look()

    def take_samples(self) -> list[MadcSamples]:
        """Samples of the membrane ADC that are known by now and were not taken."""
        self._take(min(math.floor(self._lockstep.step_begin), self._lockstep.reached))
        samples, self._samples = self._samples, []
        return samples

    def _take(self, until: int) -> None:
        if self._madc.next_sample_cycle > until:
            return
        samples = self._madc.take(until, self._voltage)
        if len(samples):
            self._samples.append(samples)
        self._forget()

    def _voltage(self, circuit: int, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Voltage at the readout amplifier of a watched circuit; linear between ends of steps."""
        analog = self._lockstep.analog
        steps, values = [], []
        for piece in self._lockstep.pieces:
            (place,) = np.nonzero(piece.circuits == circuit)
            if place.size:
                steps.append(piece.steps)
                values.append(piece.values[:, place[0]])
        if not steps:
            return np.zeros(len(times))
        raw = np.interp(times, np.concatenate(steps) * analog.step_cycles, np.concatenate(values))
        return analog.output.volts(circuit, raw)

    # --- column ADC -----------------------------------------------------------------------------------------------

    def sees(self, hemisphere: int) -> bool:
        """Whether a conversion may begin without that further circuits have to be watched."""
        columns = self._columns_of(hemisphere)
        return not (columns & ~self._held_of(hemisphere)).any()

    @property
    def may_run_ahead(self) -> bool:
        """Whether the chip may be advanced beyond the end of a conversion before its results are made."""
        return not self._lockstep.analog.remembers and not self.recording

    def begin_conversion(self, conversion: Conversion) -> None:
        """A conversion begins; its columns are seen, or the chip has been advanced to this cycle."""
        if self._lockstep.is_stale:
            self._lockstep.refresh()
        seen = self.sees(conversion.hemisphere)
        self._conversions.append(conversion)
        self._hold_until = NEVER
        self._lockstep.looking = True
        if not seen:
            self._look()

    def finish_conversions(self, conversions: Sequence[Conversion]) -> NDArray[np.uint8]:
        """Results of conversions whose settings are the present ones; the chip has been advanced to their ends.

        Args:
            conversions: by ascending end; some that are seen need not have been begun.

        Returns:
            ``uint8[n, 2, 256]``.
        """
        analog = self._lockstep.analog
        correlation, v_reset = self._lockstep.correlation(), self.board.correlation_reset
        results = np.empty((len(conversions), 2, COLUMNS), dtype=np.uint8)
        for hemisphere in range(2):
            chosen = [k for k, conversion in enumerate(conversions) if conversion.hemisphere == hemisphere]
            if not chosen:
                continue
            own = [conversions[k] for k in chosen]
            first, trace = self._trace(hemisphere, min(c.begin for c in own), max(c.end for c in own))
            results[chosen] = self._cadc.convert(
                hemisphere,
                [c.row for c in own],
                [c.begin - self._origin for c in own],
                first - self._origin,
                analog.step_cycles,
                trace,
                correlation[:, COLUMNS * hemisphere : COLUMNS * (hemisphere + 1)],
                self._cells,
                analog.output,
                ends=[c.end - self._origin for c in own],
                debug=self._voltages.cadc_debug,
                v_reset=READOUT.correlation_v_reset if v_reset is None else v_reset,
            )
        ended = {(conversion.hemisphere, conversion.begin) for conversion in conversions}
        self._conversions = [c for c in self._conversions if (c.hemisphere, c.begin) not in ended]
        if not self._conversions:
            self._hold_until = conversions[-1].end + HOLD_CYCLES
            self._lockstep.looking = self.recording
            self._forget()
        return results

    def _columns_of(self, hemisphere: int) -> NDArray[np.bool_]:
        """Columns whose neuron is connected to a channel, ``bool[256]``."""
        if self._columns[hemisphere] is None or self._lockstep.is_stale:
            self._columns[hemisphere] = self._cadc.uses_neurons(hemisphere, self._voltages.cadc_debug)
        columns = self._columns[hemisphere]
        assert columns is not None
        return columns

    def _trace(self, hemisphere: int, begin: int, end: int) -> tuple[float, NDArray[np.float32]]:
        """Readout quantities of the columns of a hemisphere from a cycle to another, and the cycle of the first."""
        step = self._lockstep.analog.step_cycles
        first, last = int(begin // step), int((end + 1) // step)
        trace = np.zeros((last - first + 1, COLUMNS), dtype=np.float32)
        low = COLUMNS * hemisphere
        for piece in self._lockstep.pieces:
            if piece.steps[-1] < first or piece.steps[0] > last:
                continue
            rows = slice(*np.searchsorted(piece.steps, [first, last + 1]).tolist())
            columns = slice(*np.searchsorted(piece.circuits, [low, low + COLUMNS]).tolist())
            if rows.start == rows.stop or columns.start == columns.stop:
                continue
            place = int(piece.steps[rows.start]) - first  # steps of watched circuits are never jumped over
            places = slice(place, place + rows.stop - rows.start)
            trace[places, piece.circuits[columns] - low] = piece.values[rows, columns]
        return first * step, trace

    # --- who watches whom -----------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Watches what has to be watched: for a while after the last conversion, too."""
        for conversion in self._conversions:
            low = COLUMNS * conversion.hemisphere
            self._held[low : low + COLUMNS] |= self._columns_of(conversion.hemisphere)
        watched = self._held.copy()
        watched[self._madc.observed(NEVER - 1)] = True
        self._lockstep.looking = bool(self._conversions) or self.recording
        self._forget()
        self._lockstep.watch(watched)

    def _held_of(self, hemisphere: int) -> NDArray[np.bool_]:
        return self._held[COLUMNS * hemisphere : COLUMNS * (hemisphere + 1)]

    def _forget(self) -> None:
        """Drops the traces that nobody needs any more."""
        step = self._lockstep.analog.step_cycles
        needed = [conversion.begin // step for conversion in self._conversions]
        if self._hold_until < NEVER:  # of what has been watched since, conversions may want to know
            needed.append((self._hold_until - HOLD_CYCLES) // step)
        if self.recording:
            needed.append(self._madc.next_sample_cycle // step - 1)
        first = min(needed, default=self._lockstep.step + 1)
        pieces = self._lockstep.pieces
        self._lockstep.pieces = [piece for piece in pieces if piece.steps[-1] >= first]

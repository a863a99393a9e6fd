"""Membrane ADC: state machine, sampling times, channels.

==========  =====================================================================================================
state       leaves by
==========  =====================================================================================================
OFF         wake_up: WAKE_UP
WAKE_UP     powerup_wait_value clocks: READY
READY       start_recording, also if it is still set: RECORDING
RECORDING   number_of_samples samples unless sampling is continuous, or stop_recording: READY, or OFF with
            enable_power_down_after_sampling
==========  =====================================================================================================

Sample n is taken at t0 + n (12 + sample_duration_adjust) clocks, t0 being the cycle of the write that started the
recording. Its channel bit names the source of sample n - 1. Values: `hxtwin.chipsim.readout.madc_conversion`.
Reference: containers-a.md 6.1 and 6.2, analog-model.md 7.2, simulator-decisions.md 35-37 and 43.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Protocol

import attrs
import numpy as np

from hxtwin import containers
from hxtwin.chipsim.analog.constants import CYCLE_S, NOMINAL
from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.readout.laws import READOUT
from hxtwin.chipsim.readout.madc_clock import DEFAULT_HZ
from hxtwin.chipsim.readout.madc_conversion import MadcConversion
from hxtwin.chipsim.readout.neuron_output import ON_CODE
from hxtwin.chipsim.readout.register_fields import RegisterFields
from hxtwin.chipsim.readout.sources import Mixture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues
    from hxtwin.chipsim.personality import Personality
    from hxtwin.chipsim.readout.laws import ReadoutLaws
    from hxtwin.chipsim.registers.register_file import RegisterFile

_WAKE_UP: Final = 1 << 0
_START: Final = 1 << 1
_STOP: Final = 1 << 2
_POWER_DOWN: Final = 1 << 3
_CONTINUOUS: Final = 1 << 4
_PRE_AMPLIFIER: Final = 1 << 5
_SHORTEST_SAMPLE: Final = 12
_BIAS_CELLS: Final = ((12, 129), (13, 129), (14, 129))
"""ac_mux_i_bias, madc_in_500na, sc_amp_i_bias of quadrant 0."""
_DUMMY_MASK: Final = 0x3FF
_TIME_TOLERANCE: Final = 1e-6
_AT_ONCE: Final = 1 << 13
"""Samples converted at once: their arrays stay in the cache."""


class VoltageOf(Protocol):
    """Where the membrane ADC gets voltages from."""

    def __call__(self, circuit: int, times: NDArray[np.float64], /) -> NDArray[np.float64]:
        """Voltage at the readout amplifier of a circuit (V) at ascending times in chip cycles; ``float64[n]`` both."""
        ...


class MadcState(IntEnum):
    """States of the state machine."""

    OFF = 0
    WAKE_UP = 1
    READY = 2
    RECORDING = 3


@attrs.frozen(eq=False)
class MadcSamples:
    """Samples by ascending time.

    Attributes:
        cycles: chip cycle of the sample, rounded down, ``int64[n]``.
        values: ``uint16[n]``, 0..1023.
        channels: channel bit, ``uint8[n]``.
    """

    cycles: NDArray[np.int64]
    values: NDArray[np.uint16]
    channels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.cycles)


@attrs.frozen
class _Settings:
    """What `MADCConfig` says."""

    first_input: int
    input_length: int
    cycles: float
    number: int
    dummy: bool
    connected: bool


class Madc:
    """The membrane ADC of a chip. Cycles are chip cycles; samples are taken by `take`, in order of time.

    Args:
        registers: `MADCConfig` is read from here.
        personality: gain and offset; None for the ideal chip.
        constants: laws.
        laws: laws of the readout.
        noise: False switches temporal noise off.

    Attributes:
        origin: chip cycle from which noise counts time.
    """

    def __init__(
        self,
        registers: RegisterFile,
        personality: Personality | None = None,
        constants: AnalogConstants = NOMINAL,
        laws: ReadoutLaws = READOUT,
        *,
        noise: bool = True,
    ) -> None:
        self._fields = RegisterFields(registers, containers.MADCConfig)
        self._conversion = MadcConversion(personality, constants, laws, noise=noise)
        self._clock_hz = DEFAULT_HZ
        self._powered = False
        self._sources = (Mixture.silent(), Mixture.silent())
        self.origin = 0
        self.reset()

    def reset(self) -> None:
        """As after a chip reset: OFF."""
        self._state = MadcState.OFF
        self._control = 0
        self._settings = self._read_settings()
        self._since = 0  # cycle in which READY was reached
        self._ready_at = math.inf
        self._start = 0
        self._base_time = 0.0
        self._base_index = 0
        self._next_index = 0

    # --- what the lines and registers say -------------------------------------------------------------------------

    @property
    def state(self) -> MadcState:
        """State up to the last cycle passed to `written` or `take`."""
        return self._state

    def connect(self, sources: tuple[Mixture, Mixture], cells: CellValues) -> None:
        """New sources or biases, from the next sample on.

        Args:
            sources: what the source multiplexers see, see `SourceMultiplexers.mixtures`.
            cells: CapMem cells with mismatch; without bias of multiplexer, input or amplifier 0 V are converted.
        """
        self._sources = sources
        self._powered = all(cells.codes[0, row, column] >= ON_CODE for row, column in _BIAS_CELLS)

    def written(self, cycle: int, word: int) -> None:
        """`MADCControl` was written; all samples up to this cycle have been taken."""
        self._pass(cycle)
        self._control = word
        if self._state is MadcState.OFF and word & _WAKE_UP:
            self._state = MadcState.WAKE_UP
            clocks = self._fields.get("powerup_wait_value")
            self._ready_at = cycle + (clocks / (self._clock_hz * CYCLE_S) if self._clock_hz else math.inf)
        elif self._state is MadcState.RECORDING and word & _STOP:
            self._end(cycle)
        elif self._state is MadcState.READY:
            self._since = cycle
        self._pass(cycle)

    def configured(self, cycle: int) -> None:
        """`MADCConfig` was written; all samples up to this cycle have been taken, the next ones follow it."""
        self._pass(cycle)
        self._rebase(cycle)
        self._settings = self._read_settings()
        if self._state is MadcState.READY:
            self._since = cycle

    def set_clock(self, cycle: int, hertz: float) -> None:
        """The clock has another frequency, see `hxtwin.chipsim.readout.madc_clock`; 0: it stands still."""
        if hertz != self._clock_hz:
            self._clock_hz = hertz
            self.configured(cycle)

    def _read_settings(self) -> _Settings:
        get = self._fields.get
        clocks = float(_SHORTEST_SAMPLE + get("sample_duration_adjust"))
        if get("enable_madc_clock_scaling"):
            clocks *= 2 * (get("madc_clock_scale_value") + 1)
        path = (
            "enable_active_mux_amplifiers",
            "signal_selection_connect_active_mux",
            "signal_selection_connect_preamp",
            "connect_preamp_to_madc",
        )
        return _Settings(
            first_input=get("active_mux_initially_selected_input"),
            input_length=get("active_mux_input_select_length"),
            cycles=clocks / (self._clock_hz * CYCLE_S) if self._clock_hz else math.inf,
            number=get("number_of_samples"),
            dummy=bool(get("enable_dummy_data")),
            connected=all(get(name) for name in path),
        )

    # --- the state machine ----------------------------------------------------------------------------------------

    @property
    def next_sample_cycle(self) -> int:
        """First cycle at which `take` has a sample to give; `NEVER` if none is under way."""
        if not math.isfinite(self._settings.cycles):
            return NEVER
        match self._state:
            case MadcState.RECORDING:
                if self._next_index < self._limit:
                    return self._first_cycle_after(self._time_of(self._next_index))
                restarts = self._wants_recording and not self._control & _POWER_DOWN
                return self._first_cycle_after(self._time_of(self._next_index)) if restarts else NEVER
            case MadcState.READY:
                return self._since if self._wants_recording else NEVER
            case MadcState.WAKE_UP:
                return self._first_cycle_after(self._ready_at) if self._wants_recording else NEVER
            case _:
                return NEVER

    @property
    def end_cycle(self) -> int:
        """Cycle in which the recording under way, or the next one, is over; `NEVER` if none is, or it has no end.

        A recording is under way until `take` or `end` has come to this cycle, also when all its samples are known.
        """
        if self._limit >= NEVER or not math.isfinite(self._settings.cycles):
            return NEVER
        if self._state is MadcState.RECORDING:
            return self._first_cycle_after(self._time_of(max(self._limit, self._next_index)))
        begin = self.next_sample_cycle
        if begin >= NEVER:
            return NEVER
        return begin + self._recording_cycles

    def observed(self, until: int) -> NDArray[np.int64]:
        """Circuits that samples up to a cycle, or any under way, show; ascending, ``int64[n]``."""
        if min(self.next_sample_cycle, self.end_cycle) > until:
            return np.empty(0, np.int64)
        first = self._settings.first_input
        inputs = (first, 1 - first) if self._settings.input_length else (first,)
        return np.unique(np.concatenate([self._sources[source].circuits for source in inputs]))

    @property
    def _wants_recording(self) -> bool:
        """A recording begins as soon as the converter is ready."""
        starts = self._control & (_START | _STOP) == _START
        return starts and (bool(self._control & _CONTINUOUS) or self._settings.number > 0)

    @property
    def _limit(self) -> int:
        return NEVER if self._control & _CONTINUOUS else self._settings.number

    def _time_of(self, index: int) -> float:
        ahead = index - self._base_index
        return self._base_time + ahead * self._settings.cycles if ahead else self._base_time

    @staticmethod
    def _first_cycle_after(time: float) -> int:
        return math.ceil(time - _TIME_TOLERANCE) if time < NEVER else NEVER

    def _rebase(self, cycle: int) -> None:
        """The next sample comes when it would have come; the spacing may change after it."""
        if self._state is MadcState.RECORDING:
            time = self._time_of(self._next_index)
            self._base_time = time if math.isfinite(time) else float(cycle)
            self._base_index = self._next_index

    def _pass(self, cycle: int) -> None:
        """Changes of state up to a cycle that no register write causes, as far as samples allow."""
        while True:
            if self._state is MadcState.WAKE_UP and self._ready_at <= cycle:
                self._state = MadcState.READY
                self._since = self._first_cycle_after(self._ready_at)
            elif self._state is MadcState.READY and self._wants_recording and self._since <= cycle:
                self._state = MadcState.RECORDING
                self._start = self._since
                self._base_time, self._base_index, self._next_index = float(self._since), 0, 0
            elif self._is_complete and (end := self._first_cycle_after(self._time_of(self._next_index))) <= cycle:
                self._end(end)
            else:
                return

    @property
    def _is_complete(self) -> bool:
        return self._state is MadcState.RECORDING and self._next_index >= self._limit

    def _end(self, cycle: int) -> None:
        self._state = MadcState.OFF if self._control & _POWER_DOWN else MadcState.READY
        self._since = cycle

    # --- samples --------------------------------------------------------------------------------------------------

    def end(self, cycle: int) -> None:
        """Time has come to a cycle; all samples up to it have been taken."""
        self._pass(cycle)

    def take(self, until: int, voltage: VoltageOf) -> MadcSamples:
        """Samples up to and including a cycle that have not been taken yet.

        Args:
            until: chip cycle.
            voltage: voltages of the circuits that `observed` names, for times up to `until`.
        """
        parts: list[MadcSamples] = []
        while True:
            self._pass(until)
            if self._state is not MadcState.RECORDING or not math.isfinite(self._settings.cycles):
                break
            repeats = self._whole_recordings(until)
            if repeats > 1:
                parts.append(self._repeat(repeats, voltage))
                continue
            first = self._next_index
            due = math.floor((until - self._base_time + _TIME_TOLERANCE) / self._settings.cycles) + 1
            last = min(self._base_index + due, self._limit, first + _AT_ONCE)
            if last <= first:
                break
            indices = np.arange(first, last)
            times: NDArray[np.float64] = (
                self._base_time + (indices - self._base_index).astype(np.float64) * self._settings.cycles
            )
            parts.append(self._convert(indices, times, times - self._start, voltage))
            self._next_index = last
        return _joined(parts)

    def _whole_recordings(self, until: int) -> int:
        """Recordings that follow one another up to a cycle because the start bit stays set, from a fresh one on."""
        if self._next_index or self._base_index or self._limit in (0, NEVER) or self._control & _POWER_DOWN:
            return 0
        fitting = (until - self._start) // self._recording_cycles if self._wants_recording else 0
        return min(fitting, max(_AT_ONCE // self._limit, 1))

    @property
    def _recording_cycles(self) -> int:
        return self._first_cycle_after(self._limit * self._settings.cycles)

    def _repeat(self, repeats: int, voltage: VoltageOf) -> MadcSamples:
        length, number = self._recording_cycles, self._limit
        indices = np.tile(np.arange(number), repeats)
        elapsed: NDArray[np.float64] = indices.astype(np.float64) * self._settings.cycles
        starts: NDArray[np.int64] = (self._start + length * np.arange(repeats)).repeat(number)
        samples = self._convert(indices, starts + elapsed, elapsed, voltage)
        self._start += repeats * length
        self._base_time = float(self._start)
        return samples

    def _convert(
        self,
        indices: NDArray[np.int64],
        times: NDArray[np.float64],
        elapsed: NDArray[np.float64],
        voltage: VoltageOf,
    ) -> MadcSamples:
        """Samples of some numbers in their recording, at times, so long after the start of the recording."""
        settings = self._settings
        cycles = np.floor(times + _TIME_TOLERANCE).astype(np.int64)
        if settings.dummy:
            values = (indices & _DUMMY_MASK).astype(np.uint16)
        else:
            volts = np.zeros(indices.size)
            if settings.connected and self._powered and self._control & _PRE_AMPLIFIER:
                if settings.input_length:
                    inputs = self._input_of(indices)
                    for number, mixture in enumerate(self._sources):
                        chosen = inputs == number
                        volts[chosen] = _mixed(mixture, times[chosen], voltage)
                else:
                    volts = _mixed(self._sources[settings.first_input], times, voltage)
            values = self._conversion.codes(volts, elapsed, cycles - self.origin)
        return MadcSamples(cycles, values, self._input_of(indices - 1).astype(np.uint8))

    def _input_of(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Multiplexer that samples see; before the first sample it was the other one."""
        if not self._settings.input_length:
            return np.full(indices.size, self._settings.first_input)
        turns = np.where(indices < 0, 1, indices // self._settings.input_length)
        return self._settings.first_input ^ (turns & 1)


def _mixed(mixture: Mixture, times: NDArray[np.float64], voltage: VoltageOf) -> NDArray[np.float64]:
    volts = np.full(times.size, mixture.constant)
    for circuit, weight in zip(mixture.circuits.tolist(), mixture.weights.tolist(), strict=True):
        volts += weight * voltage(circuit, times)
    return volts


def _joined(parts: list[MadcSamples]) -> MadcSamples:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return MadcSamples(np.empty(0, np.int64), np.empty(0, np.uint16), np.empty(0, np.uint8))
    return MadcSamples(
        np.concatenate([part.cycles for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.channels for part in parts]),
    )

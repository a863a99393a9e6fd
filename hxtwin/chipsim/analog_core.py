"""The analog core: state of neuron circuits, synapse drivers and correlation sensors, and what they follow.

======================  ===========================================================================================
part                    follows
======================  ===========================================================================================
settings                registers and CapMem cells, when something needs them (`Settings`)
circuits                those that somebody can observe; others stay as after a reset until they are
trace                   readout quantities at the ends of steps, while a converter or a probe looks
correlation sensors     row events and fires of the loop, once they are asked for or many
======================  ===========================================================================================

Times are chip cycles. Reference: ARCHITECTURE section 4, simulator-decisions.md 6 and 7, analog-model.md 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.analog import discretisation, layout, rest_kernel
from hxtwin.chipsim.analog.arrays import Coefficients, Fires, Rest, RowEvents, Scratch, State
from hxtwin.chipsim.analog.correlation_kernel import correlate
from hxtwin.chipsim.analog.drivers import EVERY_ADDRESS, DriverState
from hxtwin.chipsim.elaborate.cap_mem import RewriteNoise
from hxtwin.chipsim.elaborate.recent import Recent
from hxtwin.chipsim.elaborate.settings import Refreshed, Settings
from hxtwin.chipsim.loop_kernel import Synapses
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS
from hxtwin.chipsim.readout.neuron_output import NeuronOutput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.elaborate.neurons import NeuronParameters
    from hxtwin.chipsim.options import TwinOptions
    from hxtwin.chipsim.registers.register_file import RegisterFile

_NO_PULSE: Final = -1
_LEAST_BIAS: Final = 1.0


@attrs.frozen(eq=False)
class TracePiece:
    """Readout quantities of circuits at ends of steps.

    Attributes:
        steps: number of the step that begins there, ascending, ``int64[rows]``.
        circuits: 0..511, ascending, ``int64[n]``.
        values: raw quantity that the readout of each circuit shows, ``float32[rows, n]``.
    """

    steps: NDArray[np.int64]
    circuits: NDArray[np.int64]
    values: NDArray[np.float32]


@attrs.frozen(eq=False)
class _Discretised:
    """Coefficients and what belongs to them; the settings are kept, so that none has the number of another one."""

    neurons: NeuronParameters
    gain: NDArray[np.float64]
    coefficients: Coefficients
    scratch: Scratch
    rest: Rest


class AnalogCore:
    """Analog half of a chip; `hxtwin.chipsim.loop_kernel` moves it.

    Args:
        registers: what is written.
        options: chip, noise, step.

    Attributes:
        settings: what the registers mean.
        coefficients: settings of a step.
        state: of the integrated circuits.
        scratch: room of a step.
        rest: which of them sleep.
        synapses: state of the drivers, and the synapses.
        output: readout amplifiers.
        watched: circuits whose readout quantities are recorded, ascending, ``int64[n]``.
        awake: nodes that are awake.
        remembers: the correlation sensors have their biases, so that pulses leave traces.
    """

    coefficients: Coefficients
    state: State
    scratch: Scratch
    rest: Rest
    watched: NDArray[np.int64]

    def __init__(self, registers: RegisterFile, options: TwinOptions) -> None:
        self._registers = registers
        self.personality: Final = options.personality()
        self._key = self.personality.noise_key if options.noise else None
        self._constants = options.constants
        self.step_cycles: Final = options.step_cycles
        self.settings: Final = Settings(
            registers,
            self.personality,
            options.constants,
            instant_settling=options.settle == "instant",
            noise=None if self._key is None else RewriteNoise(self._key),
        )
        self._noise_origin = 0
        self._recent: Recent[_Discretised] = Recent()
        self._drivers = DriverState.recovered(self.settings.drivers)
        self.storage: Final = np.zeros((2, CIRCUITS, COLUMNS), dtype=np.float32)
        self._last_pre = np.full((CIRCUITS, COLUMNS), _NO_PULSE, dtype=np.int64)
        self._last_post = np.full(CIRCUITS, _NO_PULSE, dtype=np.int64)
        self._watched = np.zeros(CIRCUITS, dtype=np.bool_)
        self._probes: NDArray[np.int64] | None = None
        self.awake = 0
        self.reset(0)

    # --- lifetime -------------------------------------------------------------------------------------------------

    def start_session(self, cycle: int) -> None:
        """Begins the count of the noise anew, at a border of `session_cycles`."""
        self._noise_origin = round(cycle / self.step_cycles)
        if self._key is not None:
            self.settings.noise = RewriteNoise(self._key, cycle)
        self.coefficients = self.coefficients._replace(noise_origin=self._noise_origin)

    @property
    def session_cycles(self) -> int:
        """Sessions begin at multiples of so many cycles, so that steps and looks at sleepers meet them alike."""
        return round(rest_kernel.REST_STEPS * self.step_cycles)

    def reset(self, cycle: int) -> None:
        """Chip reset (simulator-decisions.md 7)."""
        self.settings.reset(cycle)
        self.settings.refresh(cycle)
        self.reset_cycle = cycle
        self._drivers = DriverState.recovered(self.settings.drivers)
        self.storage[:] = 0
        self._last_pre[:] = _NO_PULSE
        self._last_post[:] = _NO_PULSE
        self._watched[:] = False
        self.output = NeuronOutput.of(self.settings.config, self.settings.cells)
        self._discretise()
        self.state = discretisation.initial_state(self.settings.neurons, self.coefficients)
        self._settle(round(cycle / self.step_cycles))

    def refresh(self, step: int, cycle: int) -> Refreshed:
        """Takes over what was written, and how far CapMem cells got.

        Args:
            step: that begins.
            cycle: its first cycle.
        """
        drivers = self.settings.drivers
        refreshed = self.settings.refresh(cycle)
        if refreshed.drivers:
            self._drivers.adopt(drivers, cycle - self.reset_cycle)
        if refreshed.readout:
            self._listen()
            self.output = NeuronOutput.of(self.settings.config, self.settings.cells)
            self._probes = None
        if refreshed.neurons or refreshed.observed:
            rest_kernel.wake_all(step, self.state, self.coefficients, self.rest)
            old, before = self.coefficients, self.state
            self._discretise()
            new = self.coefficients
            if np.array_equal(old.circuits, new.circuits) and np.array_equal(old.node_of, new.node_of):
                discretisation.adopt(self.state, self.settings.neurons, self.coefficients)
            else:
                self.state = self._continued(before, old.circuits)
            self._settle(step)
        return refreshed

    def _discretise(self) -> None:
        settings = self.settings
        integrated = discretisation.observable(settings.neurons, settings.observed | self._watched)
        neurons, gain = settings.neurons, settings.column_gain
        key = (id(neurons), id(gain), integrated.tobytes(), self._noise_origin)
        known = self._recent.get(key, lambda: self._discretised(neurons, gain, integrated))
        self.coefficients, self.scratch, self.rest = known.coefficients, known.scratch, known.rest
        self._index = np.full(CIRCUITS, -1, dtype=np.int64)
        self._index[self.coefficients.circuits] = np.arange(self.coefficients.circuits.size)
        self._probes = None
        self._listen()

    def _discretised(
        self, neurons: NeuronParameters, gain: NDArray[np.float64], integrated: NDArray[np.bool_]
    ) -> _Discretised:
        coefficients = discretisation.discretise(
            neurons,
            gain,
            integrated=integrated,
            step_cycles=self.step_cycles,
            noise_key=self._key,
            noise_origin=self._noise_origin,
            constants=self._constants,
        )
        rest = discretisation.rest(coefficients)
        return _Discretised(neurons, gain, coefficients, discretisation.scratch(coefficients), rest)

    def _listen(self) -> None:
        """Sensors that remember care for every event of their row."""
        settings = self.settings
        biased = (settings.cells.shared(name) >= _LEAST_BIAS for name in ("syn_i_bias_store", "syn_i_bias_ramp"))
        self.remembers = bool(np.logical_and(*biased).any())
        listening = EVERY_ADDRESS if self.remembers else settings.listening
        self.synapses = Synapses(self._drivers.v, self._drivers.since, settings.efficacy, settings.labels, listening)

    def _continued(self, before: State, circuits: NDArray[np.int64]) -> State:
        """State of the circuits that are integrated now; those that were before go on."""
        state = discretisation.initial_state(self.settings.neurons, self.coefficients)
        both, old, new = np.intersect1d(circuits, self.coefficients.circuits, return_indices=True)
        del both
        n_old, n_new = circuits.size, self.coefficients.circuits.size
        # the last assignment stays: a node has the membrane of its first circuit
        state.v[self.coefficients.node_of[new[::-1]]] = before.v[before.digital[old[::-1], layout.DIGITAL_NODE]]
        state.w[new] = before.w[old]
        for line in range(2):
            state.x[line * n_new + new] = before.x[line * n_old + old]
        for column in layout.DIGITAL_OF_BACKEND:
            state.digital[new, column] = before.digital[old, column]
        busy = np.flatnonzero(state.digital[:, layout.DIGITAL_PHASE] != layout.READY)
        state.digital[busy, layout.DIGITAL_LISTED] = 1 + np.arange(busy.size)
        state.busy[0] = busy.size
        state.busy[1 : busy.size + 1] = busy
        discretisation.adopt(state, self.settings.neurons, self.coefficients)
        return state

    def _settle(self, step: int) -> None:
        """Everybody is awake; those sleep again that may."""
        self._wake_up()
        self._show_watched()
        self.awake = rest_kernel.fall_asleep(step, self.state, self.coefficients, self.rest)

    def _wake_up(self) -> None:
        """Nobody sleeps, and nobody has been looked at; fixed points that were found stay."""
        self.rest.asleep[:] = False
        self.rest.decays[:] = False
        self.rest.seen[:] = 0.0

    def _sleep_on(self, rest: Rest, old: Coefficients) -> None:
        """Further circuits have come, which are awake; those that sleep do not notice."""
        sleepers = np.flatnonzero(rest.asleep)
        firsts = old.circuits[old.members[old.member_begin[sleepers]]]
        places = self.coefficients.node_of[self._index[firsts]]
        self._wake_up()
        for name in ("asleep", "since", "v", "decays", "point", "rate", "known"):
            getattr(self.rest, name)[places] = getattr(rest, name)[sleepers]
        everybody = self._index[old.circuits]
        for name in ("x", "seen"):  # of both lines; who is awake must not notice, either
            before, now = (getattr(one, name).reshape(2, -1) for one in (rest, self.rest))
            now[:, everybody[everybody >= 0]] = before[:, everybody >= 0]
        self.awake = self.state.v.size - sleepers.size

    # --- observers ------------------------------------------------------------------------------------------------

    def watch(self, step: int, circuits: NDArray[np.bool_]) -> bool:
        """Keeps exactly these circuits awake from a step on, ``bool[512]``; returns whether these are others."""
        if np.array_equal(circuits, self._watched):
            return False
        unknown = circuits & (self._index < 0)
        self._watched = circuits.copy()
        if unknown.any():
            old, before, rest = self.coefficients, self.state, self.rest
            self._discretise()
            self.state = self._continued(before, old.circuits)
            self._sleep_on(rest, old)
        self._show_watched()
        self.awake += rest_kernel.hold(step, self.state, self.coefficients, self.rest)
        return True

    def _show_watched(self) -> None:
        self.rest.watched[:] = False
        watched = self._watched[self.coefficients.circuits]
        self.rest.watched[self.coefficients.node_of[watched]] = True
        self.watched = np.flatnonzero(self._watched).astype(np.int64)
        self._probes = None

    def membranes(self, circuits: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the circuits that are integrated; their indices number their membranes as probes."""
        return circuits[self._index[circuits] >= 0]

    def probes(self) -> NDArray[np.int64]:
        """Numbers of the readout quantities of the watched circuits, see `step_kernel.record`."""
        if self._probes is None:
            n = self.coefficients.circuits.size
            self._probes = self._index[self.watched] + n * self.output.kind[self.watched].astype(np.int64)
        return self._probes

    def quantities(self) -> NDArray[np.float32]:
        """Readout quantities of the watched circuits now, ``float32[n]``."""
        state = self.state
        every = np.concatenate([state.v[self.coefficients.node_of], state.x, state.w])
        return every[self.probes()].astype(np.float32)

    # --- triggers and sensors -------------------------------------------------------------------------------------

    def indices(self, circuits: NDArray[np.int64]) -> NDArray[np.int64]:
        """Indices of circuits among those that are integrated; -1 for others."""
        return self._index[circuits]

    def correlate(self, rows: RowEvents, fires: Fires) -> None:
        """Row events and fires of circuits 0..511 reach the correlation sensors; both ascending."""
        if not (fires.cycles.size or rows.cycles.size):
            return
        wires = self.settings.wires
        posts = fires
        if not wires.separate and fires.cycles.size:
            first = np.searchsorted(wires.posts[:, 0], fires.circuits)
            count = np.searchsorted(wires.posts[:, 0], fires.circuits, side="right") - first
            which = np.repeat(np.arange(count.size), count)
            place = first[which] + np.arange(which.size) - np.repeat(np.cumsum(count) - count, count)
            posts = Fires(fires.cycles[which], wires.posts[place, 1])
        correlate(
            rows,
            posts,
            self.settings.labels,
            self.settings.correlation,
            self._last_pre,
            self._last_post,
            self.storage,
        )

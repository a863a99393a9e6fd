"""Conductance based synaptic inputs.

==================  ========================  ==================================================================
calibration         parameter                 observable
==================  ========================  ==================================================================
`COBAReference`     e_synin_*_rev             amplitude of an event; target: that without modulation
`COBABias`          i_bias_synin_*_coba       amplitude at a second potential minus what the law asks for there
==================  ========================  ==================================================================

The amplitude falls linearly from that at the reference potential to nothing at the reversal potential. Every step of
`COBABias` finds the reference anew. Reference: calibration.md 4, note COBA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin.calib.constants import LARGEST_CODE, NEURONS
from hxtwin.calib.errors import CalibNotSupported
from hxtwin.calib.measurement_chip import INPUTS, NEURON, drivers, every
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.routines.potentials import LeakPotential, read_rest
from hxtwin.calib.routines.synaptic_strength import SIGN, find_events, measure_amplitudes
from hxtwin.calib.routines.synaptic_time_constant import MODES
from hxtwin.calib.search import NoisyBinarySearch
from hxtwin.calib.stateful_connection import settle
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_V_LEAK: Final = f"{NEURON}leak.v_leak"
LEAK_LIMITS: Final = (60.0, 165.0)
_SEPARATION: Final = 60.0
_DEVIATION: Final = 15.0
_RELIABLE: Final = 30.0
_STEP: Final = 80
_SIGNIFICANT: Final = 0.1
_LARGEST_BIAS: Final = 255


@attrs.frozen
class COBALaw:
    """How strong an input shall be at which potential, CADC values.

    Attributes:
        kind: ``"excitatory"`` or ``"inhibitory"``.
        reference: potential of unchanged strength.
        reversal: potential of vanishing strength.

    Raises:
        CalibNotSupported: a reference outside 60..165, or no second potential inside.
    """

    kind: str
    reference: float
    reversal: float

    def __attrs_post_init__(self) -> None:
        if not LEAK_LIMITS[0] <= self.reference <= LEAK_LIMITS[1]:
            raise CalibNotSupported(f"COBA reference {self.reference:g}: {LEAK_LIMITS[0]:g}..165 are possible")
        if self.reversal == self.reference:
            raise CalibNotSupported("COBA: the reversal potential equals the reference; let them differ")
        self.second_potential()

    def second_potential(self) -> tuple[float, bool]:
        """Where the bias is measured, and whether that lies on the other side of the reference."""
        low, high = LEAK_LIMITS
        second = float(np.clip(self.reference + 0.8 * (self.reversal - self.reference), low, high))
        if abs(second - self.reference) >= _SEPARATION:
            return second, False
        second = self.reference - _SEPARATION * SIGN[self.kind]
        if not low <= second <= high:
            raise CalibNotSupported(
                f"COBA: neither side of the reference {self.reference:g} has room for a measurement; "
                f"{low:g}..{high:g} are possible"
            )
        return second, True

    def amplitude(self, at_reference: NDArray[np.float64], potential: NDArray[np.float64]) -> NDArray[np.float64]:
        """Wanted amplitudes at a potential."""
        return at_reference * (1 - (potential - self.reference) / (self.reversal - self.reference))


class COBAReference(NeuronCodeCalib):
    """Reference potential of a conductance based input.

    Args:
        kind: input.
        amplitudes: wanted amplitudes, those of the input without modulation, ``float64[512]``.
        rest: resting potential of the measurement.
        events: events of a burst.
    """

    def __init__(self, kind: str, amplitudes: NDArray[np.float64], rest: float, events: int) -> None:
        super().__init__(f"{kind}_input.v_rev_coba", inverted=kind == "inhibitory", target=amplitudes)
        self._kind, self._rest, self._events = kind, rest, events
        self._tested = np.zeros(NEURONS, dtype=np.int64)

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the codes."""
        self._tested = parameters
        super().configure_parameters(connection, builder, parameters)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Amplitudes; infinite where the modulation drives the rest away."""
        amplitudes = measure_amplitudes(connection, builder, self._kind, self._events)
        away = np.abs(read_rest(connection) - self._rest) > _DEVIATION
        if not away.any():
            return amplitudes
        return np.where(away, self._direction(connection), amplitudes)

    def _direction(self, connection: StatefulConnection) -> NDArray[np.float64]:
        """Infinite amplitudes that lead the search back to where the rest is right."""
        rests = []
        around = [np.clip(self._tested + step, 0, LARGEST_CODE) for step in (-_STEP, _STEP)]
        for codes in around:
            self.write(connection, codes)
            rests.append(read_rest(connection))
        self.write(connection, self._tested)
        slope = (rests[1] - rests[0]) / (around[1] - around[0])
        excess = read_rest(connection) - self._rest
        # the rest approaches its value along -excess / slope; without a slope the code of the leak tells the side
        v_leak = connection.columns(_V_LEAK)[_V_LEAK].astype(np.float64)
        by_code = np.where(self._tested > v_leak, -1.0, 1.0)
        upwards = np.where(np.abs(slope) > _SIGNIFICANT, -np.sign(excess * slope), by_code)
        # a result below the target raises the parameter, unless the calibration is inverted
        sign = -1.0 if not self.inverted else 1.0
        return sign * upwards * np.inf


class COBABias(NeuronCodeCalib):
    """Strength of the modulation of a conductance based input.

    The membrane time constant must be 30 us. Afterwards the input is conductance based, and the leak as before.

    Args:
        law: what the input shall do.
    """

    def __init__(self, law: COBALaw) -> None:
        super().__init__(f"{law.kind}_input.i_bias_coba", upper=_LARGEST_BIAS, inverted=True, target=0)
        self._law = law
        self._second, self._other_side = law.second_potential()
        self._rest = law.reference - _DEVIATION * SIGN[law.kind]
        self._events = 1
        self._amplitudes = np.zeros(NEURONS)
        self._codes: NDArray[np.int64] = np.zeros(NEURONS, dtype=np.int64)
        self._before: dict[str, Any] = {}

    def prelude(self, connection: StatefulConnection) -> None:
        """Amplitudes without modulation near the reference."""
        kind = self._law.kind
        mode = f"{INPUTS[kind]}enable_coba_mode"
        self._before = connection.columns(_V_LEAK)
        others = {f"{prefix}enable": every(name == kind) for name, prefix in INPUTS.items()}
        builder = PlaybackProgramBuilder()
        connection.configure(builder, {**drivers(MODES[kind]), **others, mode: every(0)})
        settle(builder)
        connection.run(builder)
        self._codes = LeakPotential(self._rest).run(connection, NoisyBinarySearch()).calibrated_parameters
        self._events, self._amplitudes = find_events(connection, kind, _RELIABLE)
        builder = PlaybackProgramBuilder()
        connection.configure(builder, {mode: every(1)})
        connection.run(builder)

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the bias at the first potential, and finds the reference for it."""
        connection.configure(builder, {_V_LEAK: self._codes})
        super().configure_parameters(connection, builder, parameters)
        connection.run(builder)
        reference = COBAReference(self._law.kind, self._amplitudes, self._rest, self._events)
        reference.run(connection, NoisyBinarySearch())

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Amplitude at the second potential minus the wanted one; -infinite where that potential is not reached."""
        del builder  # nothing is left in it
        LeakPotential(self._second).run(connection, NoisyBinarySearch())
        reached = read_rest(connection)
        amplitudes = measure_amplitudes(connection, PlaybackProgramBuilder(), self._law.kind, self._events)
        difference = amplitudes - self._law.amplitude(self._amplitudes, reached)
        if self._other_side:
            difference = -difference
        return np.where(np.abs(reached - self._second) > _DEVIATION, -np.inf, difference)

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores the leak."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, self._before)
        settle(builder)
        connection.run(builder)

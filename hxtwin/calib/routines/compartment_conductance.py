"""Inter-compartment conductance: how fast two neighbours equilibrate.

Neighbours rest at 80 and 110. The measured one opens its conductance to the soma line; the neighbour (n+1 of even n,
n-1 of odd n) joins its membrane to the line; the line between them is closed by the even one. The trace then follows ::

    1 / tau_total = 2 / tau_icc + 1 / tau_leak

The wanted tau_icc is compared with tau_total, as the reference does. Reference: calibration.md 4, ICC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin.calib.constants import NEURONS, TAU_ICC_RANGE_S
from hxtwin.calib.errors import CalibNotSuccessful
from hxtwin.calib.exponential_fit import FitBounds, fit_decays
from hxtwin.calib.madc_recording import MADCRecorder, unseen, write_changes
from hxtwin.calib.measurement_chip import INPUTS, NEURON, every
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.routines.membrane_time_constant import MembraneTimeConstDecay
from hxtwin.calib.routines.potentials import LeakPotential
from hxtwin.calib.search import NoisyBinarySearch, ProportionalSearch
from hxtwin.calib.stateful_connection import settle
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.exponential_fit import ExponentialFit
    from hxtwin.calib.madc_recording import RecordedNeurons, Recording
    from hxtwin.calib.stateful_connection import StatefulConnection

_RESTS: Final = (80.0, 110.0)
_SAMPLING_S: Final = 110e-6
_BEFORE_S: Final = 10e-6
_TAU_MEM_S: Final = 60e-6
_LOW, _HIGH = 200, 959
_MULTI: Final = "multicompartment."
_DIVISION, _MULTIPLICATION = (f"{NEURON}{_MULTI}enable_conductance_{name}" for name in ("division", "multiplication"))
_WINDOW_TAUS: Final = 8
_LEAST_WINDOW: Final = 100
_TAIL_PART: Final = 8


class CompartmentConductance(NeuronCodeCalib):
    """Bias of the inter-compartment conductance of all neurons.

    Args:
        target: wanted time constant, seconds; feasible 0.1 .. 30 us.
    """

    def __init__(self, target: ArrayLike = 2e-6) -> None:
        super().__init__("multicompartment.i_bias_nmda", inverted=True, target=target)
        self._before: dict[str, Any] = {}
        self.fit: ExponentialFit | None = None

    def prelude(self, connection: StatefulConnection) -> None:
        """Lets neighbours rest apart with long time constants, and chooses division and multiplication.

        Raises:
            CalibNotSuccessful: a neuron needs both.
        """
        leak = ("v_leak", "i_bias", "enable_division", "enable_multiplication")
        paths = [
            *(f"{NEURON}leak.{name}" for name in leak),
            f"{NEURON}reset.v_reset",
            f"{NEURON}threshold.enable",
            *(f"{prefix}enable" for prefix in INPUTS.values()),
        ]
        self._before = connection.columns(*paths)
        rest = np.where(np.arange(NEURONS) % 2, *reversed(_RESTS))
        self._configure(
            connection,
            {
                **{f"{prefix}enable": every(0) for prefix in INPUTS.values()},
                f"{NEURON}threshold.enable": every(0),
                f"{NEURON}leak.enable_division": every(0),
                f"{NEURON}leak.i_bias": connection.spread(1017),
                _DIVISION: every(0),
                _MULTIPLICATION: every(0),
            },
        )
        LeakPotential(rest).run(connection, NoisyBinarySearch())
        self._configure(connection, {f"{NEURON}leak.enable_division": every(1)})
        MembraneTimeConstDecay(_TAU_MEM_S, repeats=2).run(connection, ProportionalSearch(measurements=2))
        LeakPotential(rest).run(connection, NoisyBinarySearch())
        division = self.evaluate(connection, connection.spread(_LOW)) < self.wanted()
        multiplication = self.evaluate(connection, connection.spread(_HIGH)) > self.wanted()
        if (division & multiplication).any():
            both = np.flatnonzero(division & multiplication)
            raise CalibNotSuccessful(
                f"{len(both)} neurons, the first is {both[0]}, seem too fast at code {_LOW} and too slow at {_HIGH}; "
                "their traces cannot be trusted"
            )
        self._configure(connection, {_DIVISION: division, _MULTIPLICATION: multiplication})

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Time constant of the equilibration, seconds."""
        neurons = connection.chip.neuron_block.atomic_neurons
        neighbour = np.arange(NEURONS) ^ 1
        even = np.arange(NEURONS) % 2 == 0
        alone = unseen(neurons)
        # the even one of two neighbours closes the line, whichever of them is measured
        joined = alone.with_columns({f"{_MULTI}connect_soma": every(1), f"{_MULTI}connect_soma_right": even})

        def connect(neuron: RecordedNeurons) -> None:
            write_changes(neuron.sequence, neighbour[neuron.which], alone, joined)
            neuron.switch({f"{_MULTI}enable_conductance": True, f"{_MULTI}connect_soma_right": even})

        def disconnect(neuron: RecordedNeurons) -> None:
            write_changes(neuron.sequence, neighbour[neuron.which], joined, alone)

        recorder = MADCRecorder(sampling_s=_SAMPLING_S, between_s=5 * _SAMPLING_S, before_stimulus_s=_BEFORE_S)
        self.fit = _fit(recorder.record(connection, builder, connect, disconnect), float(self.wanted().max()))
        return self.fit.tau_s

    def usable_fits(self) -> NDArray[np.bool_] | None:
        """Fits that follow the traces, ``bool[512]``."""
        return None if self.fit is None else self.fit.usable

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores leak, reset, inputs and comparators."""
        self._configure(connection, self._before)

    @staticmethod
    def _configure(connection: StatefulConnection, changes: dict[str, Any]) -> None:
        builder = PlaybackProgramBuilder()
        connection.configure(builder, changes)
        settle(builder)
        connection.run(builder)


def _fit(recording: Recording, tau_s: float) -> ExponentialFit:
    """Fit of the equilibration, from the connection on.

    Behind some time constants the fit ends: then both membranes drift together towards their common rest.

    Args:
        recording: traces.
        tau_s: wanted time constant.
    """
    traces = recording.samples
    first = round(_BEFORE_S / recording.interval_s) + 1
    window = max(round(_WINDOW_TAUS * tau_s / recording.interval_s), _LEAST_WINDOW)
    stop = min(first + window, recording.count)
    end = traces[:, stop - window // _TAIL_PART : stop].mean(axis=1)
    bounds = FitBounds(tau_s=TAU_ICC_RANGE_S)
    return fit_decays(traces, recording.interval_s, np.full(NEURONS, first), np.full(NEURONS, stop), end, bounds)

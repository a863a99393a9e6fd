"""Strength of the synaptic inputs: the transconductance that gives every neuron the same deflection.

A burst of events deflects the membrane; a read 1 us behind the last event minus the baseline is the amplitude, mean of
5 runs. The number of events is reduced until the median deflection is reliable. Every step finds the reference shift
anew. The inhibitory input can be matched to the amplitudes and the number of events of the excitatory one. Reference:
calibration.md 4.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.constants import NEURONS, cycles
from hxtwin.calib.errors import CalibNotSuccessful
from hxtwin.calib.measurement_chip import INPUTS, drivers, every, synaptic_inputs
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.routines.synaptic_reference import SynReference
from hxtwin.calib.routines.synaptic_time_constant import MODES
from hxtwin.calib.search import NoisyBinarySearch
from hxtwin.calib.stateful_connection import settle
from hxtwin.calib.stimulus import send_events
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_log = logging.getLogger(__name__)

_SPACING_S: Final = 1e-6
_RUNS: Final = 5
_BETWEEN_S: Final = 300e-6  # five time constants; every burst has a baseline of its own
_MOST_EVENTS: Final = 15
_REDUCTION: Final = 0.8
_RETRIES: Final = 50
RELIABLE_AMPLITUDE: Final = 60.0
"""Median deflection below which an amplitude is trusted, CADC values."""
SIGN: Final = {"excitatory": 1.0, "inhibitory": -1.0}
"""Direction in which an input moves the membrane."""


def upper_gm(wanted: int) -> int:
    """Largest transconductance that a spiking calibration tries for a wanted code."""
    return min(round(1.8 * wanted + 100), 1022)


def measure_amplitudes(
    connection: StatefulConnection,
    builder: PlaybackProgramBuilder,
    kind: str,
    events: int,
    after_s: float = 0.0,
) -> NDArray[np.float64]:
    """Deflection by a burst in the direction of the input, CADC values, ``float64[512]``.

    Args:
        connection: the chip.
        builder: what comes before.
        kind: ``"excitatory"`` or ``"inhibitory"``.
        events: events of a burst, 1 us apart; the read follows 1 us behind the last.
        after_s: further wait before the read.
    """
    before, after = [], []
    for _ in range(_RUNS):
        before.append(cadc_read.read_chip(builder))
        builder.barrier(omnibus=True)
        send_events(builder, events, _SPACING_S)
        if after_s:
            builder.wait_for(cycles(after_s))
        after.append(cadc_read.read_chip(builder))
        builder.barrier(omnibus=True)
        builder.wait_for(cycles(_BETWEEN_S))
    connection.run(builder)
    baseline = np.mean([cadc_read.neurons(ticket) for ticket in before], axis=0)
    reached = np.mean([cadc_read.neurons(ticket) for ticket in after], axis=0)
    amplitudes: NDArray[np.float64] = (reached - baseline) * SIGN[kind]
    return amplitudes


def find_events(
    connection: StatefulConnection, kind: str, reliable: float = RELIABLE_AMPLITUDE
) -> tuple[int, NDArray[np.float64]]:
    """Largest number of events whose median deflection is reliable, and the amplitudes.

    Raises:
        CalibNotSuccessful: a single event is too much.
    """
    events = _MOST_EVENTS
    for _ in range(_RETRIES):
        amplitudes = measure_amplitudes(connection, PlaybackProgramBuilder(), kind, events)
        if np.median(amplitudes) < reliable:
            return events, amplitudes
        if events == 1:
            break
        events = max(1, int(events * _REDUCTION))
    raise CalibNotSuccessful(
        f"one event deflects the membranes by {np.median(amplitudes):.0f} CADC values, less than {reliable:g} are "
        f"reliable; use smaller weights or a smaller {kind} transconductance"
    )


class SynBias(NeuronCodeCalib):
    """Transconductance of one synaptic input of all neurons.

    Args:
        kind: ``"excitatory"`` or ``"inhibitory"``.
        code: transconductance at which the median of the chip defines the target.
        rest: read at rest with the input off, ``float64[512]``.
        target: wanted amplitudes; measured at `code` unless given.
        events: events of a burst; found unless given.
    """

    def __init__(
        self,
        kind: str,
        code: int,
        rest: ArrayLike,
        *,
        target: ArrayLike | None = None,
        events: int | None = None,
    ) -> None:
        super().__init__(f"{kind}_input.i_bias_gm", upper=upper_gm(code), target=target)
        self._kind, self._code, self.events = kind, code, events
        self._rest = np.broadcast_to(np.asarray(rest, dtype=np.float64), NEURONS)

    def prelude(self, connection: StatefulConnection) -> None:
        """Switches the other input off; measures the target and the number of events if they are not given."""
        # the other input keeps its code: it is only disconnected
        others = {f"{prefix}enable": every(0) for name, prefix in INPUTS.items() if name != self._kind}
        builder = PlaybackProgramBuilder()
        connection.configure(
            builder,
            {**drivers(MODES[self._kind]), **others, **synaptic_inputs(connection, **{self._kind: self._code})},
        )
        settle(builder)
        connection.run(builder)
        if self.target is not None and self.events is not None:
            return
        self._find_reference(connection)
        self.events, amplitudes = find_events(connection, self._kind)
        if self.target is None:
            self.set_target(int(np.median(amplitudes)))
        _log.info("%s: %d events, target amplitude %s", self._kind, self.events, self.target)

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the codes and finds the reference for them."""
        super().configure_parameters(connection, builder, parameters)
        connection.run(builder)
        self._find_reference(connection)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Amplitudes of a burst."""
        assert self.events is not None
        return measure_amplitudes(connection, builder, self._kind, self.events)

    def _find_reference(self, connection: StatefulConnection) -> None:
        SynReference(self._kind, self._rest).run(connection, NoisyBinarySearch())

"""Measurement of correlation sensors: pairs of a row event and a fire, in both orders, and what their reads tell.

======================  ==================================================================================
`read_sensors`          reads below the baseline at all delays, of the first rows and one group of columns
`measure_sensors`       what they tell
`SensorEstimate`        amplitude at zero delay and time constant of every sensor, without a fit
`sensor_columns`        the columns of a group: 4 quads of each side
======================  ==================================================================================

All measured rows get the same events, each synapse has a sensor of its own. Neurons of 16 quads fire one after the
other around the wanted time, hence the groups: eight of them are all columns. Reference: calibration.md 5.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.calib.constants import QUADRANTS
from hxtwin.calib.errors import CalibNotSuccessful
from hxtwin.calib.neuron_sequence import NeuronSequence
from hxtwin.calib.stateful_connection import wait
from hxtwin.calib.stimulus import send_event
from hxtwin.containers import CADCSampleRow, CorrelationResetRow, NeuronResetQuad

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection
    from hxtwin.runtime import PlaybackProgramBuilder

GROUPS: Final = 8
"""Groups of columns that are measured one after the other."""
_LEAST_BASELINE: Final = 120
_QUADS: Final = np.add.outer([0, 16], [0, 4, 8, 12])  # side, quad
_NEXT_PARITY: Final = 32
_MIDDLE_S: Final = 60e-6
_PAUSE_S: Final = 500e-6
_RELIABLE: Final = (8.0, 160.0)
_OUTLIER: Final = (0.2, 5.0)
_WORD_S: Final = 16e-9


@attrs.frozen(eq=False)
class SensorEstimate:
    """Amplitude and time constant of sensors by quadrant, causal and acausal; n = 16 for each measured row.

    Attributes:
        amplitude: read of one pair at zero delay, CADC values, ``float64[2, 4, n]``; nan: undetermined.
        tau_s: seconds, ``float64[2, 4, n]``; nan: undetermined.
    """

    amplitude: NDArray[np.float64]
    tau_s: NDArray[np.float64]


def measure_sensors(
    connection: StatefulConnection,
    builder: PlaybackProgramBuilder,
    delays_s: NDArray[np.float64],
    events: int,
    *,
    rows: int = 1,
    group: int = 0,
) -> SensorEstimate:
    """Measures sensors at all delays, in both orders of the pair; arguments and errors as of `read_sensors`."""
    return _estimate(read_sensors(connection, builder, delays_s, events, rows=rows, group=group), delays_s, events)


def read_sensors(
    connection: StatefulConnection,
    builder: PlaybackProgramBuilder,
    delays_s: NDArray[np.float64],
    events: int,
    *,
    rows: int = 1,
    group: int = 0,
) -> NDArray[np.float64]:
    """Reads sensors at all delays, in both orders of the pair.

    Args:
        connection: a chip whose sensors are connected to the column ADC.
        builder: what comes before.
        delays_s: ascending, seconds.
        events: pairs.
        rows: number of measured rows, the first of both hemispheres; labels of the others are not 0.
        group: columns, see `sensor_columns`.

    Returns:
        Reads below the baseline, ``float64[2, delays, 4, n]``.

    Raises:
        CalibNotSuccessful: the baseline of the sensors is too low to be lowered.
    """
    tickets = []
    for delay in [*delays_s, *-delays_s]:
        for row in _rows(rows):
            builder.write(coord.CorrelationResetRowOnDLS(row), CorrelationResetRow())
        wait(builder, _PAUSE_S)
        before = [builder.read(coord.CADCSampleRowOnDLS(row), CADCSampleRow) for row in _rows(rows)]
        builder.barrier(omnibus=True)
        _pairs(delay, events, group).append_to(builder)
        wait(builder, _PAUSE_S)
        after = [builder.read(coord.CADCSampleRowOnDLS(row), CADCSampleRow) for row in _rows(rows)]
        builder.barrier(omnibus=True)
        tickets.append((before, after))
    connection.run(builder)
    lowered = np.empty((2, len(delays_s), QUADRANTS, rows * _sensors()))
    for i, (before, after) in enumerate(tickets):
        branch, number = divmod(i, len(delays_s))
        name = ("causal", "acausal")[branch]
        reads = np.stack([[getattr(ticket.get(), name) for ticket in part] for part in (before, after)]).astype(float)
        if np.median(reads[0]) < _LEAST_BASELINE:
            raise CalibNotSuccessful(
                f"correlation sensors read {np.median(reads[0]):.0f} after a reset, at least {_LEAST_BASELINE} are "
                "wanted; check v_reset of the board"
            )
        lowered[branch, number] = _of_quadrants(reads[0] - reads[1], group)
    return lowered


def _estimate(lowered: NDArray[np.float64], delays_s: NDArray[np.float64], events: int) -> SensorEstimate:
    """Time constants from neighbouring delays, amplitudes from the first reliable delays.

    Args:
        lowered: reads below the baseline, ``float64[2, delays, 4, n]``.
        delays_s: ascending.
        events: pairs that were sent.
    """
    trusted = (lowered > _RELIABLE[0]) & (lowered < _RELIABLE[1])
    values = np.where(trusted, lowered, np.nan)
    distance = np.diff(delays_s)[:, np.newaxis, np.newaxis]
    ratio = values[:, :-1] / values[:, 1:]
    tau = _mean(np.where(ratio > 1, distance / np.log(np.where(ratio > 1, ratio, 2)), np.nan))
    typical = np.nanmedian(tau) if np.isfinite(tau).any() else np.nan
    tau = np.where((tau < _OUTLIER[0] * typical) | (tau > _OUTLIER[1] * typical), typical, tau)
    at_zero = values * np.exp(delays_s[:, np.newaxis, np.newaxis] / tau[:, np.newaxis])
    return SensorEstimate(_mean(at_zero[:, :2]) / events, tau)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the delays without missing values; nan where all are missing."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=1)
    count = known.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _pairs(delay_s: float, events: int, group: int) -> NeuronSequence:
    """Pairs of an event on the measured rows and fires; negative delays: the fire comes first."""
    sequence = NeuronSequence(events)
    quads = [int(64 * hemisphere + quad) for quad in _quads(group) for hemisphere in range(2)]
    fire_s = _MIDDLE_S + delay_s - len(quads) / 2 * _WORD_S
    sequence.reset_timer()
    if delay_s > 0:
        sequence.wait_until(_MIDDLE_S)
        send_event(sequence)
    sequence.wait_until(fire_s)
    for quad in quads:
        sequence.write(coord.NeuronResetQuadOnDLS(quad), NeuronResetQuad())
    if delay_s < 0:
        sequence.wait_until(_MIDDLE_S)
        send_event(sequence)
    sequence.wait_until(_MIDDLE_S + _PAUSE_S)
    return sequence


def sensor_columns(group: int) -> NDArray[np.int64]:
    """Columns of a group, ``int64[32]``: 16 west, 16 east; the same in both hemispheres.

    Args:
        group: 0 .. 7; group 0 has the columns that stand for their quadrant.
    """
    parity, quad = np.divmod(_quads(group), _NEXT_PARITY)
    found: NDArray[np.int64] = ((8 * quad + parity)[:, np.newaxis] + 2 * np.arange(4)).reshape(-1)
    return found


def _quads(group: int) -> NDArray[np.int64]:
    """Quads of a group, ``int64[8]``: west, east."""
    parity, shift = divmod(group, _QUADS.shape[1])
    found: NDArray[np.int64] = _QUADS.reshape(-1) + shift + _NEXT_PARITY * parity
    return found


def _rows(rows: int) -> list[int]:
    """The first rows of both hemispheres."""
    return [*range(rows), *range(256, 256 + rows)]


def _sensors() -> int:
    return int(4 * _QUADS.shape[1])


def _of_quadrants(reads: NDArray[np.float64], group: int) -> NDArray[np.float64]:
    """Measured columns of all rows sorted by quadrant, ``float64[4, n]``; the columns of a row follow each other."""
    chosen = reads[:, sensor_columns(group)].reshape(2, -1, 2, _sensors())  # hemisphere, row, side, sensor
    return chosen.swapaxes(1, 2).reshape(QUADRANTS, -1)

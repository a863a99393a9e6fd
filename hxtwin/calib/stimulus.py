"""Stimuli: events on all rows of the synapse arrays, and artificial resets of neurons.

One PADI event of address 0 on all buses activates every row whose labels are 0, as long as the drivers accept all row
addresses (`hxtwin.calib.measurement_chip`). Reference: calibration.md 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from hxtwin import coord
from hxtwin.calib.constants import NEURONS, cycles
from hxtwin.containers import NeuronResetQuad, PADIEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from hxtwin.containers import Container
    from hxtwin.coord import Coordinate
    from hxtwin.runtime import PlaybackProgramBuilder

_EVENT: Final = PADIEvent(fire_bus=np.ones(4, dtype=bool))
_QUADS: Final = 128
_WRITE_CYCLES: Final = 2  # address and data
CADC_SAMPLING_DELAY_S: Final = 1.0e-6
"""From the trigger of a conversion to the crossing of the ramp (reference: simulator-decisions.md 27)."""


class _Writer(Protocol):
    def write(self, at: Coordinate, container: Container) -> None: ...


def send_event(writer: _Writer, hemispheres: Iterable[int] = (0, 1)) -> None:
    """Sends one event to all rows of the hemispheres."""
    for hemisphere in hemispheres:
        writer.write(coord.PADIEventOnDLS(hemisphere), _EVENT)


def send_events(builder: PlaybackProgramBuilder, count: int, spacing_s: float) -> None:
    """Sends events to all rows of both hemispheres, the first at once, and waits one spacing behind the last."""
    builder.reset_timer()
    for k in range(count):
        builder.wait_until(cycles(k * spacing_s))
        send_event(builder)
    builder.wait_until(cycles(count * spacing_s))


def reset_neurons(builder: PlaybackProgramBuilder) -> None:
    """Resets all neurons, one quad after the other, both hemispheres by turns; see `reset_delays`."""
    builder.write_columns(NeuronResetQuad, np.arange(_QUADS).reshape(2, -1).T.reshape(-1), {})


def reset_delays() -> NDArray[np.float64]:
    """Time from the first reset of `reset_neurons` to that of each neuron, seconds, ``float64[512]``."""
    row, column = np.divmod(np.arange(NEURONS), 256)
    quad = (column % 2) * 32 + column // 8
    delays: NDArray[np.float64] = (2 * quad + row) * _WRITE_CYCLES * cycles_s()
    return delays


def cycles_s() -> float:
    """Length of a cycle of the playback timer in seconds."""
    return 1 / cycles(1.0)

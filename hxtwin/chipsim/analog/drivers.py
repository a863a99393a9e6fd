"""Synapse drivers: their state, and the call that turns synaptic events into row events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.analog import driver_kernel
from hxtwin.chipsim.analog.arrays import RowEvents
from hxtwin.chipsim.personality import CIRCUITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.elaborate.drivers import DriverParameters


EVERY_ADDRESS: Final = np.full(CIRCUITS, np.uint64(0xFFFFFFFFFFFFFFFF))
"""All rows listen to all addresses, see `hxtwin.chipsim.analog.driver_kernel.drive`."""


@attrs.frozen(eq=False)
class DriverState:
    """State of the 256 drivers; the arrays are advanced in place.

    Attributes:
        v: V_stp in codes of voltage cells, ``float64[256]``.
        since: chip cycle up to which recovery is contained in it, ``int64[256]``.
    """

    v: NDArray[np.float64]
    since: NDArray[np.int64]

    @classmethod
    def recovered(cls, parameters: DriverParameters, cycle: int = 0) -> DriverState:
        """State of a chip reset: V_stp at V_recover (reference: simulator-decisions.md 7)."""
        return cls(parameters.recover.copy(), np.full(parameters.recover.shape, cycle, dtype=np.int64))

    def adopt(self, parameters: DriverParameters, cycle: int) -> None:
        """Brings recovery up to a chip cycle with the settings that held until then, before new ones act."""
        for d in range(self.v.size):
            self.v[d] = driver_kernel.recovered(
                self.v[d],
                parameters.recover[d],
                parameters.tick_factor[d],
                int(parameters.tick_cycles[d]),
                int(self.since[d]),
                cycle,
            )
        self.since[:] = cycle


def drive(
    cycles: NDArray[np.int64],
    hemispheres: NDArray[np.uint8],
    buses: NDArray[np.uint8],
    drivers: NDArray[np.uint32],
    addresses: NDArray[np.uint8],
    state: DriverState,
    parameters: DriverParameters,
) -> RowEvents:
    """Row events of synaptic events, ``[n]`` each; see `hxtwin.chipsim.analog.driver_kernel.drive`."""
    bits = drivers.astype(np.uint32)
    room = 2 * int(np.bitwise_count(bits).sum())
    rows = RowEvents(
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.uint8),
        np.empty(room, np.uint8),
        np.empty(room, np.float32),
    )
    n = driver_kernel.drive(
        cycles.astype(np.int64),
        hemispheres.astype(np.uint8),
        buses.astype(np.uint8),
        bits,
        addresses.astype(np.uint8),
        state.v,
        state.since,
        parameters,
        EVERY_ADDRESS,
        *rows,
    )
    assert n == room
    return rows

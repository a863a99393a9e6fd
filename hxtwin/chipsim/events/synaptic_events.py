"""Seam towards the analog core: what reaches the synapses, and where fires of neurons come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.once_log import OnceLog


@attrs.frozen(eq=False)
class SynapticEvents:
    """Events that arrive at synapse drivers, by ascending chip cycle.

    Attributes:
        cycles: chip cycle at the synapses, ``int64[n]``.
        hemispheres: 0 top, 1 bottom, ``uint8[n]``.
        buses: PADI bus 0..3, ``uint8[n]``.
        drivers: drivers that react: bit i = driver ``4 i + bus`` of the hemisphere, ``uint32[n]``.
        addresses: 6-bit event address, compared with the labels of the synapses, ``uint8[n]``.
    """

    cycles: NDArray[np.int64]
    hemispheres: NDArray[np.uint8]
    buses: NDArray[np.uint8]
    drivers: NDArray[np.uint32]
    addresses: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.cycles)

    @classmethod
    def of_rows(cls, rows: NDArray[np.int64]) -> SynapticEvents:
        """From rows of the kernel: cycle, hemisphere, bus, drivers, address."""
        return cls(
            rows[:, 0].copy(),
            rows[:, 1].astype(np.uint8),
            rows[:, 2].astype(np.uint8),
            rows[:, 3].astype(np.uint32),
            rows[:, 4].astype(np.uint8),
        )


@attrs.frozen(eq=False)
class Triggers:
    """Writes to trigger registers that concern the analog core, in order.

    Attributes:
        cycles: chip cycle, ``int64[n]``.
        addresses: address of the register, ``uint32[n]``.
        words: what was written, ``uint32[n]``.
    """

    cycles: NDArray[np.int64]
    addresses: NDArray[np.uint32]
    words: NDArray[np.uint32]


class AnalogCore(Protocol):
    """What the digital part needs from the analog one."""

    def deliver(self, events: SynapticEvents) -> None:
        """Takes synaptic events of the time up to the next `advance`."""
        ...

    def trigger(self, triggers: Triggers) -> None:
        """Takes writes to trigger registers, see `Triggers`."""
        ...

    def advance(self, until: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Advances to a chip cycle; returns chip cycles (ascending) and backend numbers of the neurons that fired."""
        ...

    def reset(self, cycle: int) -> None:
        """The chip has been reset in a chip cycle."""
        ...


class NoAnalogCore:
    """Stands where the analog core will be: synapses and neurons do nothing, which is said once in the log."""

    def __init__(self, log: OnceLog) -> None:
        self._log = log
        self._nothing = np.empty(0, dtype=np.int64)

    def deliver(self, events: SynapticEvents) -> None:
        """Forgets events."""
        if np.any(events.drivers):
            self._log.once("analog", "the analog core is not simulated: synaptic events have no effect")

    def trigger(self, triggers: Triggers) -> None:
        """Forgets triggers."""
        self._log.once("trigger", f"the analog core is not simulated: trigger {int(triggers.addresses[0]):#010x}")

    def advance(self, until: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """No fires."""
        del until
        return self._nothing, self._nothing

    def reset(self, cycle: int) -> None:
        """Nothing to reset."""
        del cycle

"""A connection that knows what the chip is configured to.

=============================  ================================================================================
``connection.chip``            configuration on the device, as far as it was written through here
``configure(builder, {..})``   appends the words in which the changed chip differs
``run(builder)``               a barrier behind everything, then runs the program
``reinit()``                   brings a device that was used by others into this state again
``spread(code)``               one code for all neurons, with noise so that neighbours differ
=============================  ================================================================================

Opening brings the machine up and writes a default chip with everything a measurement needs. Reference: calibration.md
1.1, 1.2.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin import coord
from hxtwin.calib.constants import CAPMEM_SETTLING_S, CODE_NOISE, LARGEST_CODE, LONG_SETTLING_S, NEURONS, cycles
from hxtwin.containers import Chip, FPGADeviceDNA
from hxtwin.runtime import PlaybackProgramBuilder, SystemInit, generate, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hxtwin.containers import Container
    from hxtwin.coord import Coordinate
    from hxtwin.runtime import Connection, PlaybackProgram

_log = logging.getLogger(__name__)

#: Members of a chip by their name, in the order of bus accesses, and where each of their elements lives.
_PLACES: Final[dict[str, tuple[Coordinate, ...]]] = {
    "crossbar": (coord.CrossbarOnDLS(),),
    "background_spike_sources": tuple(coord.BackgroundSpikeSourceOnDLS.all()),
    "capmem": (coord.CapMemOnDLS(),),
    "synapse_driver_blocks": tuple(coord.SynapseDriverBlockOnDLS.all()),
    "synapse_blocks": tuple(coord.SynapseBlockOnDLS.all()),
    "neuron_block": (coord.NeuronBlockOnDLS(),),
    "cadc_readout_chains": tuple(coord.CADCOnDLS.all()),
    "readout_chain": (coord.ReadoutChainOnDLS(),),
}


class StatefulConnection:
    """A chip under calibration.

    Args:
        connection: open connection; it stays the caller's.
        chip: configuration to begin with; a default chip unless given. Its structural switches are kept by routines.
        seed: of the noise that searches put on codes.
        init: bring-up of the machine; None if the chip is up already.

    Attributes:
        chip: configuration of the device; replaced by `configure`.
        identity: device DNA, 57 bits.
        rng: generator of all random codes.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        chip: Chip | None = None,
        seed: int = 0,
        init: SystemInit | None = None,
    ) -> None:
        self.connection: Final = connection
        self.chip = Chip() if chip is None else chip
        self.rng = np.random.default_rng(seed)
        self._init = SystemInit() if init is None else init
        self._words: dict[Coordinate, NDArray[np.uint32]] = {}
        builder, _ = generate(self._init)
        dna = builder.read(coord.FPGADeviceDNAOnFPGA(), FPGADeviceDNA)
        builder.barrier(omnibus=True)
        builder.merge_back(self.reinit())
        wait(builder, CAPMEM_SETTLING_S)
        self.run(builder)
        self.identity: Final[int] = dna.get().value

    def configure(self, builder: PlaybackProgramBuilder, changes: Mapping[str, Any]) -> None:
        """Changes the configuration and appends the words that differ.

        The builder must be run: from here on the chip counts as changed.

        Args:
            builder: program.
            changes: columns of `Chip` by dotted path, e.g. ``{"neuron_block.atomic_neurons.leak.v_leak": codes}``.

        Raises:
            hxtwin.containers.ContainerError: no such path, or values that do not fit.
        """
        self.become(builder, self.chip.with_columns(dict(changes)), {path.split(".")[0] for path in changes})

    def columns(self, *paths: str) -> dict[str, Any]:
        """Columns of the present configuration by dotted path; `configure` takes them back."""
        found = {}
        for path in paths:
            name, rest = path.split(".", maxsplit=1)
            found[path] = getattr(self.chip, name).columns()[rest]
        return found

    def become(self, builder: PlaybackProgramBuilder, chip: Chip, members: set[str] | None = None) -> None:
        """Appends the words in which another configuration differs from the present one.

        Args:
            builder: program.
            chip: wanted configuration.
            members: top-level members that differ; all are compared unless given.
        """
        self.chip = chip
        for name, places in _PLACES.items():
            if members is not None and name.split("[", maxsplit=1)[0] not in members:
                continue
            for i, place in enumerate(places):
                part = _part(chip, name, i, len(places))
                words = part.encode(place)
                known = self._words.get(place)
                changed = slice(None) if known is None else np.flatnonzero(words != known)
                builder.write_words(type(part).write_addresses(place)[changed], words[changed])
                self._words[place] = words

    def reinit(self) -> PlaybackProgramBuilder:
        """A program that writes the whole present configuration and waits until its analog values have settled."""
        builder = PlaybackProgramBuilder()
        self._words.clear()
        self.become(builder, self.chip)
        wait(builder, LONG_SETTLING_S)
        return builder

    def run(self, builder: PlaybackProgramBuilder) -> PlaybackProgram:
        """Runs a program behind whose instructions all writes are waited for; it holds the results then.

        Raises:
            hxtwin.runtime.RunError: the program or the connection failed.
        """
        builder.barrier(omnibus=True)
        program = builder.done()
        run(self.connection, program)
        return program

    def spread(self, code: int, count: int = NEURONS) -> NDArray[np.int64]:
        """One code for many cells: 0 stays exactly 0, others get a uniform integer noise of -5 .. 5, clipped.

        Source: reference calibration.md 1.2.
        """
        if code == 0:
            return np.zeros(count, dtype=np.int64)
        noisy = code + self.rng.integers(-CODE_NOISE, CODE_NOISE + 1, count)
        return np.clip(noisy, 0, LARGEST_CODE)


def wait(builder: PlaybackProgramBuilder, duration_s: float) -> None:
    """Appends a wait of hardware seconds behind all writes so far."""
    builder.barrier(omnibus=True)
    builder.wait_for(cycles(duration_s))


def settle(builder: PlaybackProgramBuilder) -> None:
    """Appends the wait until written analog cells are effective."""
    wait(builder, CAPMEM_SETTLING_S)


def _part(chip: Chip, name: str, index: int, count: int) -> Container:
    member = getattr(chip, name)
    part: Container = member[index] if count > 1 else member
    return part

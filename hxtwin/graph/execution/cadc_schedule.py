"""When the column ADC is read, so that a few neurons are sampled as often as possible.

One trigger read starts the conversion of all channels of a hemisphere and returns one quad of four neurons; further
quads are read from the latches. Both hemispheres work independently; each is busy for

=====================  ============================================================================  ==================
access                 FPGA cycles                                                                   default
=====================  ============================================================================  ==================
trigger read           conversion, at least 95: (sense_delay + 2 (reset_wait + dead_time) + 128)/2   185 = 1.48 us
buffered read          95                                                                            0.76 us
=====================  ============================================================================  ==================

so that q quads of a hemisphere are sampled every ``185 + 95 (q - 1)`` cycles: 1.48, 2.24, 3.00 us. Neurons in more
quads than fit the wanted interval are recorded in further *passes*: the batch is repeated. A value was taken when the
ramp crossed it: ``sense_delay + 2 reset_wait + count / 2`` chip cycles after the begin of the conversion.

Source: reference simulator-decisions.md 13, 27; containers-a.md 6.3. A quad is four columns of one parity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.containers import CADCSampleQuad
from hxtwin.graph.errors import InputDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.containers import Chip

READ_CYCLES: Final = 95
"""A read of results occupies its hemisphere so long, FPGA cycles."""
REQUEST_CYCLES: Final = 35
"""From the execution of a read to the begin of what it does on the chip, FPGA cycles."""
ANSWER_CYCLES: Final = 25
"""From the end of a conversion to the answer of the read that triggered it, FPGA cycles."""
RAMP_CYCLES: Final = 128
"""Length of the ramp, chip cycles: 256 counts at 500 MHz."""
WAIT_SCALE: Final = 2
"""Chip cycles of one count of reset_wait and dead_time."""
LARGEST: Final = 255
"""Largest result of a conversion."""
_CHIP_CYCLES: Final = 2  # in an FPGA cycle
_HEMISPHERES: Final = coord.HemisphereOnDLS.size


@attrs.frozen(eq=False)
class Conversion:
    """Duration of a conversion, by hemisphere.

    Attributes:
        cycles: from its begin to the latched results, FPGA cycles, ``int64[2]``.
        ramp_start: from its begin to the crossing of count 0, FPGA cycles, ``float64[2]``.
        offsets: added to the counts of the causal channels, ``int64[2, 256]``.
    """

    cycles: NDArray[np.int64]
    ramp_start: NDArray[np.float64]
    offsets: NDArray[np.int64]

    @classmethod
    def of_chip(cls, chip: Chip) -> Conversion:
        """The conversion that the configuration of a chip makes."""
        chains = chip.cadc_readout_chains.columns()
        reset, dead, sense = (
            chains[path].astype(np.int64) for path in ("ramp.reset_wait", "ramp.dead_time", "correlation.sense_delay")
        )
        chip_cycles = sense + WAIT_SCALE * (reset + dead) + RAMP_CYCLES
        return cls(
            cycles=-(-chip_cycles // _CHIP_CYCLES),
            ramp_start=(sense + WAIT_SCALE * reset) / _CHIP_CYCLES,
            offsets=chains["channels_causal.offset"].astype(np.int64),
        )


@attrs.frozen(eq=False)
class CadcPass:
    """Reads of one sample in one pass over the batch.

    Attributes:
        positions: positions of the recorded neurons in the list of all, ``int64[k]``.
        addresses: address of each read, ``uint32[r]``; the triggers first.
        offsets: when each read is executed, FPGA cycles since the begin of the sample, ``int64[r]``.
        triggers: position among the reads of the trigger of each neuron's hemisphere, ``int64[k]``.
        reads: position among the reads of each neuron's quad, ``int64[k]``.
        entries: place of each neuron in its quad, ``int64[k]``.
        cycles: time that the reads of one sample take, FPGA cycles.
    """

    positions: NDArray[np.int64]
    addresses: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    triggers: NDArray[np.int64]
    reads: NDArray[np.int64]
    entries: NDArray[np.int64]
    cycles: int


@attrs.frozen(eq=False)
class CadcSchedule:
    """How a list of neuron circuits is sampled.

    Attributes:
        circuits: linear indices of the circuits (`AtomicNeuronOnDLS`), ``int64[n]``.
        conversion: duration of a conversion.
        passes: the batch is run once for each of them.
        interval: time between two samples of a neuron, FPGA cycles.
    """

    circuits: NDArray[np.int64]
    conversion: Conversion
    passes: tuple[CadcPass, ...]
    interval: int

    @property
    def hemispheres(self) -> NDArray[np.int64]:
        """Hemisphere of each circuit, ``int64[n]``."""
        return coord.convert_indices(self.circuits, coord.AtomicNeuronOnDLS, coord.HemisphereOnDLS)

    def sample_starts(self, begin: int, runtime: int) -> NDArray[np.int64]:
        """Times at which samples begin so that all values are taken within a real-time section, ``int64[s]``.

        Args:
            begin: begin of the section.
            runtime: its length; FPGA cycles, like the result.
        """
        earliest = REQUEST_CYCLES + float(self.conversion.ramp_start.min())
        latest = REQUEST_CYCLES + float(self.conversion.ramp_start.max()) + RAMP_CYCLES / _CHIP_CYCLES
        first = begin - int(earliest)
        count = max(0, int((begin + runtime - latest - first) // self.interval) + 1)
        return first + self.interval * np.arange(count, dtype=np.int64)

    def value_times(
        self, answers: NDArray[np.int64], values: NDArray[np.uint8], circuits: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """When values were taken.

        Args:
            answers: FPGA times of the answers to the triggers, ``int64[..., k]``.
            values: the results, ``uint8[..., k]``.
            circuits: the circuits they belong to, ``int64[k]``.

        Returns:
            FPGA cycles, ``float64[..., k]``, with the resolution of the ramp.
        """
        hemispheres, columns = circuits // 256, circuits % 256
        begins = answers - ANSWER_CYCLES - self.conversion.cycles[hemispheres]
        counts = np.clip(values - self.conversion.offsets[hemispheres, columns], 0, LARGEST)
        times: NDArray[np.float64] = begins + self.conversion.ramp_start[hemispheres] + counts / (2 * _CHIP_CYCLES)
        return times


def cadc_schedule(chip: Chip, circuits: NDArray[np.int64], longest_interval: int | None) -> CadcSchedule:
    """Distributes circuits over passes and lays out the reads of a sample.

    Args:
        chip: configuration of the chip.
        circuits: linear indices of the circuits, ``int64[n]``, n >= 1.
        longest_interval: longest time allowed between two samples, FPGA cycles; None: as long as one pass needs.

    Raises:
        InputDataError: the column ADC of a hemisphere in use is switched off, or the interval is shorter than the
            shortest one possible.
    """
    conversion = Conversion.of_chip(chip)
    hemispheres = coord.convert_indices(circuits, coord.AtomicNeuronOnDLS, coord.HemisphereOnDLS)
    enabled = chip.cadc_readout_chains.columns()["ramp.enable"]
    for hemisphere in np.unique(hemispheres):
        if not enabled[hemisphere]:
            raise InputDataError(
                f"CADC recording of circuit {circuits[hemispheres == hemisphere][0]}: the column ADC of hemisphere "
                f"{hemisphere} is switched off; set cadc_readout_chains.ramp.enable in the configuration of the chip"
            )
    trigger = np.maximum(conversion.cycles, READ_CYCLES)
    quads = coord.convert_indices(circuits, coord.AtomicNeuronOnDLS, coord.SynapseQuadColumnOnDLS)
    used = [np.unique(quads[hemispheres == hemisphere]) for hemisphere in range(_HEMISPHERES)]
    most = max(map(len, used))
    if longest_interval is not None:
        shortest = max(int(trigger[hemisphere]) for hemisphere in range(_HEMISPHERES) if len(used[hemisphere]))
        if longest_interval < shortest:
            raise InputDataError(
                f"CADC interval of {longest_interval / 125:g} us: a conversion alone takes {shortest / 125:g} us"
            )
        most = min(most, 1 + (longest_interval - shortest) // READ_CYCLES)
    passes = []
    for first in range(0, max(map(len, used)), most):
        chosen = [of_hemisphere[first : first + most] for of_hemisphere in used]
        passes.append(_pass(circuits, quads, hemispheres, chosen, trigger))
    return CadcSchedule(circuits, conversion, tuple(passes), max(each.cycles for each in passes))


def _pass(
    circuits: NDArray[np.int64],
    quads: NDArray[np.int64],
    hemispheres: NDArray[np.int64],
    chosen: list[NDArray[np.int64]],
    trigger: NDArray[np.int64],
) -> CadcPass:
    """Reads of the chosen quads of both hemispheres; the first of each hemisphere triggers."""
    where = np.concatenate([np.full(len(of_hemisphere), h) for h, of_hemisphere in enumerate(chosen)])
    which = np.concatenate(chosen)
    rank = np.concatenate([np.arange(len(of_hemisphere)) for of_hemisphere in chosen])
    order = np.lexsort((where, rank))
    where, which, rank = where[order], which[order], rank[order]
    # a buffered read arrives just when the hemisphere is free, so that reads do not wait in the executor
    offsets = np.where(rank == 0, 0, trigger[where] + READ_CYCLES * (rank - 1))
    indices = coord.CADCSampleQuadOnDLS.size // 2 * where + _quad_index(buffered=rank > 0) + which
    addresses = CADCSampleQuad.addresses_of(indices.astype(np.int64), read=True).reshape(-1)
    in_time = np.argsort(offsets, kind="stable")
    place = {(int(where[read]), int(which[read])): position for position, read in enumerate(in_time)}
    recorded = [n for n, pair in enumerate(zip(hemispheres.tolist(), quads.tolist(), strict=True)) if pair in place]
    positions = np.array(recorded, dtype=np.int64)
    first = {h: place[h, int(of_hemisphere[0])] for h, of_hemisphere in enumerate(chosen) if len(of_hemisphere)}
    return CadcPass(
        positions=positions,
        addresses=addresses[in_time],
        offsets=offsets[in_time].astype(np.int64),
        triggers=np.array([first[h] for h in hemispheres[positions].tolist()], dtype=np.int64),
        reads=np.array(
            [place[h, q] for h, q in zip(hemispheres[positions].tolist(), quads[positions].tolist(), strict=True)],
            dtype=np.int64,
        ),
        entries=coord.convert_indices(circuits[positions], coord.AtomicNeuronOnDLS, coord.EntryOnQuad),
        cycles=max(
            int(trigger[h]) + READ_CYCLES * (len(of_hemisphere) - 1)
            for h, of_hemisphere in enumerate(chosen)
            if len(of_hemisphere)
        ),
    )


def _quad_index(*, buffered: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Linear index of quad 0, row 0, causal, in its hemisphere: readout type outside channel type outside row."""
    each = coord.CADCSampleQuadUnspecifiedReadoutOnSynram.size
    kinds = np.where(buffered, int(coord.CADCReadoutType.buffered), int(coord.CADCReadoutType.trigger_read))
    index: NDArray[np.int64] = each * kinds.astype(np.int64)
    return index

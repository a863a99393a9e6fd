"""A window into the twin: internal signals as arrays, and as VCD for a waveform viewer.

=================  ========================================================  ===================================
signal             fields behind ``cycle``                                   recorded when
=================  ========================================================  ===================================
``executor``       ``end``, ``index``, ``code``, ``payload``                 an instruction executes
``bus``            ``address``, ``word``, ``is_read``, ``lanes``             a register of chip or FPGA is accessed
``crossbar_in``    ``source`` (0 neuron, 1 link), ``label``                  an event reaches the crossbar
``crossbar_out``   ``label``                                                 an event leaves towards the FPGA
``padi``           ``hemisphere``, ``bus``, ``drivers``, ``address``         an event reaches the synapse drivers
``fires``          ``neuron``                                                a neuron fires
membranes          see `Probe.membrane`                                      each step of the analog core
=================  ========================================================  ===================================

All cycles are chip cycles (4 ns) since the power-up of the twin. ``drivers`` has bit i set if driver ``4 i + bus`` of
the hemisphere reacts; ``neuron`` is the number of the backend entry. Background sources are seen where their events
leave the crossbar. Accesses to memories of the FPGA are seen as instructions of the executor.

A probe only looks: the answers of a twin with a probe are those of a twin without. It exists in the process of the
twin alone, and a twin without a probe pays nothing for it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.parameters import CHIP_CYCLES
from hxtwin.chipsim.registers.access_kernel import LANES, READ
from hxtwin.coord import AtomicNeuronOnDLS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from hxtwin.chipsim.registers.register_file import Accesses

_LOG: Final = logging.getLogger("hxtwin.chipsim")

SIGNALS: Final[dict[str, np.dtype[np.void]]] = {
    "executor": np.dtype(
        [("cycle", np.int64), ("end", np.int64), ("index", np.int64), ("code", np.uint8), ("payload", np.uint64)]
    ),
    "bus": np.dtype(
        [
            ("cycle", np.int64),
            ("address", np.uint32),
            ("word", np.uint32),
            ("is_read", np.bool_),
            ("lanes", np.uint8),
        ]
    ),
    "crossbar_in": np.dtype([("cycle", np.int64), ("source", np.uint8), ("label", np.uint16)]),
    "crossbar_out": np.dtype([("cycle", np.int64), ("label", np.uint16)]),
    "padi": np.dtype(
        [
            ("cycle", np.int64),
            ("hemisphere", np.uint8),
            ("bus", np.uint8),
            ("drivers", np.uint32),
            ("address", np.uint8),
        ]
    ),
    "fires": np.dtype([("cycle", np.int64), ("neuron", np.uint16)]),
}
"""Signals and the fields of their rows."""

NEURON: Final = 0
LINK: Final = 1
_MOST_ROWS: Final = 1 << 32


class Probe:
    """Records signals of one twin; hand it to ``Twin(probe=...)``.

    Args:
        signals: names of the signals to record, see the table of this module; all by default.
        circuits: neuron circuits whose membranes are recorded, 0..511 = 256 * row + column.
        most: rows of each signal, and samples of all membranes, that are kept at most; the first ones stay.

    Raises:
        TwinArgumentError: a signal or circuit does not exist, or `most` is out of range.
    """

    def __init__(
        self, signals: Iterable[str] = tuple(SIGNALS), circuits: Iterable[int] = (), *, most: int = 1_000_000
    ) -> None:
        self._wanted = frozenset(signals)
        unknown = sorted(self._wanted - set(SIGNALS))
        if unknown:
            raise TwinArgumentError(f"no signal {unknown[0]!r}; there are {', '.join(SIGNALS)}")
        numbers = list(circuits)
        bad = [number for number in numbers if not 0 <= number < AtomicNeuronOnDLS.size]
        if bad:
            raise TwinArgumentError(f"no neuron circuit {bad[0]!r}; there are 0..{AtomicNeuronOnDLS.size - 1}")
        if not 0 < most <= _MOST_ROWS:
            raise TwinArgumentError(f"most = {most!r}: give a number in 1..{_MOST_ROWS}")
        self._circuits = np.unique(np.array(numbers, dtype=np.int64))
        self._most = most
        self.clear()

    @property
    def circuits(self) -> NDArray[np.int64]:
        """Circuits whose membranes are recorded, ascending, ``int64[n]``; the analog core has to integrate them."""
        return self._circuits

    @property
    def truncated(self) -> frozenset[str]:
        """Signals of which rows were not kept, for want of room."""
        return frozenset(self._truncated)

    def wants(self, signal: str) -> bool:
        """Whether a signal is recorded."""
        return signal in self._wanted

    def clear(self) -> None:
        """Forgets what has been recorded."""
        self._tables = {name: _Table(dtype, self._most) for name, dtype in SIGNALS.items()}
        self._samples = 0
        self._truncated: set[str] = set()
        self._traces: list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float32]]] = []

    # --- what has been recorded -----------------------------------------------------------------------------------

    def rows(self, signal: str) -> NDArray[np.void]:
        """What has been recorded of a signal.

        Args:
            signal: its name.

        Returns:
            Structured array with the fields of `SIGNALS`, by ascending cycle.

        Raises:
            TwinArgumentError: the signal does not exist or is not recorded.
        """
        if signal not in self._wanted:
            raise TwinArgumentError(f"signal {signal!r} is not recorded; recorded: {', '.join(sorted(self._wanted))}")
        found = self._tables[signal].rows()
        return found[np.argsort(found["cycle"], kind="stable")]

    def membrane(self, circuit: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Membrane of a circuit.

        Args:
            circuit: one of `circuits`.

        Returns:
            Chip cycles of the samples, ascending, ``float64[n]``; voltages, V, ``float32[n]``.

        Raises:
            TwinArgumentError: the membrane is not recorded.
        """
        if circuit not in self._circuits:
            raise TwinArgumentError(f"the membrane of circuit {circuit!r} is not recorded; see Probe(circuits=...)")
        cycles, volts = [np.empty(0)], [np.empty(0, dtype=np.float32)]
        for times, circuits, block in self._traces:
            (places,) = np.nonzero(circuits == circuit)
            if len(places):
                cycles.append(times)
                volts.append(block[:, places[0]])
        return np.concatenate(cycles), np.concatenate(volts)

    def write_vcd(self, path: Path, *, first_cycle: int | None = None, last_cycle: int | None = None) -> None:
        """Writes everything recorded as a value change dump (IEEE 1364), time unit 1 ns, for GTKWave and the like.

        Needs the extra ``cosim``.

        Args:
            path: file to write; replaced if it exists.
            first_cycle: chip cycle from which to write; None: from the first one recorded.
            last_cycle: chip cycle up to which to write; None: to the last one.
        """
        from hxtwin.chipsim.waveform import write_vcd

        write_vcd(self, path, first_cycle=first_cycle, last_cycle=last_cycle)

    # --- hooks: called by the units of the twin -------------------------------------------------------------------

    def instruction(self, begin: int, end: int, index: int, code: int, payload: int) -> None:
        """An instruction was executed from FPGA cycle `begin` to before `end`."""
        if "executor" in self._wanted:
            self._keep_one("executor", (CHIP_CYCLES * begin, CHIP_CYCLES * end, index, code, payload))

    def accesses(self, accesses: Accesses, words_read: NDArray[np.uint32]) -> None:
        """Accesses to registers of the chip were made; `words_read` are the words of the reads, in order."""
        if "bus" in self._wanted and len(accesses):
            rows = np.empty(len(accesses), dtype=SIGNALS["bus"])
            rows["cycle"], rows["address"], rows["word"] = accesses.cycles, accesses.addresses, accesses.words
            rows["is_read"], rows["lanes"] = (accesses.flags & READ) != 0, accesses.flags & LANES
            rows["word"][rows["is_read"]] = words_read
            self._keep("bus", rows)

    def fpga_access(self, cycle: int, address: int, word: int, lanes: int, *, is_read: bool) -> None:
        """A register of the FPGA was accessed in an FPGA cycle."""
        if "bus" in self._wanted:
            self._keep_one("bus", (CHIP_CYCLES * cycle, address, word, is_read, lanes))

    def crossbar_inputs(self, source: int, cycles: NDArray[np.int64], labels: NDArray[np.integer]) -> None:
        """Events reach the crossbar in chip cycles, from neurons (`NEURON`) or the FPGA (`LINK`)."""
        if "crossbar_in" in self._wanted and len(cycles):
            rows = np.empty(len(cycles), dtype=SIGNALS["crossbar_in"])
            rows["cycle"], rows["source"], rows["label"] = cycles, source, labels
            self._keep("crossbar_in", rows)

    def crossbar_outputs(self, recorded: NDArray[np.int64], synaptic: NDArray[np.int64]) -> None:
        """Events left the crossbar: rows towards the FPGA and rows at the synapses, see `EventNetwork.advance`."""
        if "crossbar_out" in self._wanted and len(recorded):
            rows = np.empty(len(recorded), dtype=SIGNALS["crossbar_out"])
            rows["cycle"], rows["label"] = recorded[:, 0], recorded[:, 2]
            self._keep("crossbar_out", rows)
        if "padi" in self._wanted and len(synaptic):
            rows = np.empty(len(synaptic), dtype=SIGNALS["padi"])
            for column, name in enumerate(("cycle", "hemisphere", "bus", "drivers", "address")):
                rows[name] = synaptic[:, column]
            self._keep("padi", rows)

    def fires(self, cycles: NDArray[np.int64], neurons: NDArray[np.int64]) -> None:
        """Neurons (backend entries) fired in chip cycles."""
        if "fires" in self._wanted and len(cycles):
            rows = np.empty(len(cycles), dtype=SIGNALS["fires"])
            rows["cycle"], rows["neuron"] = cycles, neurons
            self._keep("fires", rows)

    def membranes(
        self, cycles: NDArray[np.floating], circuits: NDArray[np.integer], volts: NDArray[np.floating]
    ) -> None:
        """Membranes at ends of steps of the analog core.

        Args:
            cycles: chip cycles of the rows, ascending, ``float64[rows]``.
            circuits: circuits of the columns, ``int[n]``; those not asked for are left out.
            volts: membrane voltages, V, ``[rows, n]``.
        """
        asked = np.isin(circuits, self._circuits)
        if not asked.any() or not len(volts):
            return
        kept = np.asarray(circuits[asked], dtype=np.int64)
        rows = min(len(volts), (self._most - self._samples) // len(kept))
        if rows < len(volts):
            self._truncate("membranes")
        if rows:
            self._samples += rows * len(kept)
            self._traces.append((cycles[:rows].astype(np.float64), kept, volts[:rows, asked].astype(np.float32)))

    # --- bounds ---------------------------------------------------------------------------------------------------

    def _keep(self, signal: str, rows: NDArray[np.void]) -> None:
        if not self._tables[signal].append(rows):
            self._truncate(signal)

    def _keep_one(self, signal: str, row: tuple[int | bool, ...]) -> None:
        self._keep(signal, np.array([row], dtype=SIGNALS[signal]))

    def _truncate(self, signal: str) -> None:
        if signal not in self._truncated:
            self._truncated.add(signal)
            _LOG.warning("the probe keeps the first %d rows of %s and forgets later ones", self._most, signal)


class _Table:
    """Rows of one signal in an array that grows up to a bound."""

    def __init__(self, dtype: np.dtype[np.void], most: int) -> None:
        self._array = np.empty(0, dtype=dtype)
        self._most = most
        self._count = 0

    def rows(self) -> NDArray[np.void]:
        return self._array[: self._count].copy()

    def append(self, rows: NDArray[np.void]) -> bool:
        """Adds rows as far as there is room; whether all found place."""
        room = min(len(rows), self._most - self._count)
        if self._count + room > len(self._array):
            grown = np.empty(min(max(2 * len(self._array), self._count + room, 1024), self._most), self._array.dtype)
            grown[: self._count] = self._array[: self._count]
            self._array = grown
        self._array[self._count : self._count + room] = rows[:room]
        self._count += room
        return room == len(rows)

"""Settings of the analog core: registers and personality to parameter arrays, recomputed only for what changed.

==================  ==========================================================  ===================================
what is written     where it is found                                           what is recomputed
==================  ==========================================================  ===================================
synapse rows        ``RegisterFile.synapses``, rows 0..255                      ``efficacy``, ``labels``, trims
column switches     rows 256, 257                                               ``column_gain``, ``switches``
neuron circuits     `NeuronConfig`, `NeuronBackendConfig`, common registers     ``neurons``, ``wires``, ``observed``
drivers             `SynapseDriverConfig`, `CommonSTPConfig`, PADI buses        ``drivers``
CapMem cells        `CapMemCell`, `CapMemBlockConfig`, time                     what reads the cells that moved
readout             converters, multiplexers, correlation timing                nothing here, flag alone
==================  ==========================================================  ===================================

Reference: containers-a.md 3-5, containers-b.md 2-3, simulator-decisions.md 16, 34.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import containers
from hxtwin.chipsim.analog.constants import CYCLE_S, NOMINAL
from hxtwin.chipsim.elaborate import synapses
from hxtwin.chipsim.elaborate.cap_mem import (
    ANY_SHARED,
    NEURON_CELLS,
    SETTLED_CODES,
    SHAPE,
    SHARED_CELLS,
    CapMemState,
    CellValues,
    RewriteNoise,
)
from hxtwin.chipsim.elaborate.correlation import CorrelationParameters, elaborate_correlation
from hxtwin.chipsim.elaborate.drivers import DriverParameters, elaborate_drivers
from hxtwin.chipsim.elaborate.fire_wires import FireWires
from hxtwin.chipsim.elaborate.neurons import NeuronParameters, elaborate_neurons
from hxtwin.chipsim.elaborate.recent import Recent
from hxtwin.chipsim.elaborate.synapse_memory import (
    LABEL_MASK,
    ROWS,
    TRIM_SHIFT,
    WEIGHT_OF_BYTE,
    column_bytes,
    current_switches,
)
from hxtwin.chipsim.elaborate.written_columns import WrittenColumns
from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS
from hxtwin.chipsim.registers.register_file import Consumer

if TYPE_CHECKING:
    from collections.abc import Set

    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.personality import Personality
    from hxtwin.chipsim.registers.register_file import RegisterFile
    from hxtwin.containers.record import Columns

_OBSERVED_EVERY_S: Final = 50e-6

# Names of container classes and CapMem cells: what reads them.
_CAP_MEM: Final = frozenset({"CapMemCell", "CapMemBlockConfig", "SynapseBiasSelection"})
_NEURONS: Final = frozenset({"NeuronConfig", "NeuronBackendConfig", "CommonNeuronBackendConfig"})
_OBSERVED: Final = frozenset({"NeuronConfig"})
_DRIVERS: Final = frozenset({"SynapseDriverConfig", "CommonSTPConfig", "CommonPADIBusConfig"})
_READOUT: Final = frozenset(
    {
        "CADCConfig",
        "CADCChannelConfig",
        "CommonCorrelationConfig",
        "CurrentDAC",
        "MADCConfig",
        "NeuronConfig",
        "PadMultiplexerConfig",
        "ReadoutSourceSelection",
    }
)
_NEURON_CELLS: Final = NEURON_CELLS.keys() | {"neuron_i_bias_spike_comparator", "neuron_i_bias_synin_drop"}
_DRIVER_CELLS: Final = frozenset(name for name in SHARED_CELLS if name.startswith(("stp_", "hagen_")))
_CORRELATION_CELLS: Final = frozenset({"syn_i_bias_ramp", "syn_i_bias_store"})
_SELECTED_BIASES: Final = {
    "enable_internal_dac_bias": "syn_i_bias_dac",
    "enable_internal_ramp_bias": "syn_i_bias_ramp",
    "enable_internal_store_bias": "syn_i_bias_store",
    "enable_internal_output_bias": "syn_i_bias_corout",
}


@attrs.frozen(kw_only=True)
class Refreshed:
    """What a refresh recomputed.

    Attributes:
        neurons: ``neurons``, ``column_gain`` or ``wires``; whoever integrates must `discretise` again.
        drivers: ``drivers``.
        synapses: ``efficacy`` or ``labels``.
        correlation: ``correlation``.
        readout: registers, column switches or CapMem cells that the converters and multiplexers read.
        observed: ``observed``.
    """

    neurons: bool = False
    drivers: bool = False
    synapses: bool = False
    correlation: bool = False
    readout: bool = False
    observed: bool = False


class Settings:
    """What the registers of a chip mean for its analog core. All cycles are chip cycles.

    Args:
        registers: what is written; this object takes the changes of `Consumer.ELABORATION`.
        personality: mismatch; None for the ideal chip.
        constants: laws.
        instant_settling: CapMem cells have their value at once.
        noise: trial-to-trial variation of rewritten CapMem cells; None for none.

    Attributes:
        cells: CapMem cells with mismatch, as of the last time that cells were looked at.
        neurons: the 512 circuits.
        wires: circuits that fire together, and where post pulses go.
        drivers: the 256 synapse drivers.
        efficacy: of the synapses, ``float32[512, 256]``, row 256 * hemisphere + row; changed in place.
        labels: of the synapses, 0..63, ``uint8[512, 256]``; changed in place.
        listening: bit a of a row: one of its synapses with label a has a weight, ``uint64[512]``; changed in place.
        column_gain: line deflection for efficacy 1, ``float64[2, 512]``, V.
        connected: synaptic lines that reach their circuits, excitatory and inhibitory, ``bool[2, 512]``.
        correlation: of the sensors; replaced, or changed in place in some rows.
        observed: circuits that somebody can observe, ``bool[512]``: their fire output or readout is on.
    """

    neurons: NeuronParameters
    wires: FireWires
    drivers: DriverParameters
    column_gain: NDArray[np.float64]
    connected: NDArray[np.bool_]
    correlation: CorrelationParameters
    observed: NDArray[np.bool_]

    def __init__(
        self,
        registers: RegisterFile,
        personality: Personality | None = None,
        constants: AnalogConstants = NOMINAL,
        *,
        instant_settling: bool = False,
        noise: RewriteNoise | None = None,
    ) -> None:
        self._registers = registers
        self._personality = personality
        self._constants = constants
        self._instant = instant_settling
        self.noise = noise
        self._looks = 0  # number of times that the cells were looked at
        self._neurons: Recent[NeuronParameters] = Recent()
        self._gains: Recent[NDArray[np.float64]] = Recent()
        self.cells = CellValues(np.zeros(SHAPE))
        self.efficacy: Final = np.zeros((CIRCUITS, COLUMNS), dtype=np.float32)
        self.labels: Final = np.zeros((CIRCUITS, COLUMNS), dtype=np.uint8)
        self.listening: Final = np.zeros(CIRCUITS, dtype=np.uint64)
        self.observed = np.zeros(CIRCUITS, dtype=np.bool_)
        self._trims = np.zeros((2, CIRCUITS, COLUMNS), dtype=np.uint8)  # time, amplitude
        self._v_res_meas = constants.correlation_v_res_meas
        self._cap_mem = registers.map.cells_of(containers.CapMemCell).reshape(SHAPE)
        self._cap_mem_block = WrittenColumns(registers, containers.CapMemBlockConfig)
        self._bias_selection = WrittenColumns(registers, containers.SynapseBiasSelection)
        self._config = WrittenColumns(registers, containers.NeuronConfig)
        self._backend = WrittenColumns(registers, containers.NeuronBackendConfig)
        self._common_backend = WrittenColumns(registers, containers.CommonNeuronBackendConfig)
        self._driver = WrittenColumns(registers, containers.SynapseDriverConfig)
        self._stp = WrittenColumns(registers, containers.CommonSTPConfig)
        self._padi = WrittenColumns(registers, containers.CommonPADIBusConfig)
        registers.concern(Consumer.ELABORATION, _CAP_MEM | _NEURONS | _OBSERVED | _DRIVERS | _READOUT)
        self._classes = tuple(name.split("@")[0] for name in registers.map.block_names)
        self.reset(0)
        self.refresh(0)
        self._everything = True

    def reset(self, cycle: int) -> None:
        """Chip reset: all CapMem cells hold nothing. The next refresh recomputes everything."""
        self._state = CapMemState.after_reset(cycle)
        self._looked, self._distance = cycle, 0.0
        self._everything = True

    @property
    def config(self) -> Columns:
        """Columns of `NeuronConfig` as of the last refresh, ``[512]``, circuits in the order 256 * row + column."""
        return self._config.columns

    def set_v_res_meas(self, volts: float) -> None:
        """Board voltage that scales the amplitudes of the correlation sensors; V. Acts with the next refresh."""
        self._everything |= volts != self._v_res_meas
        self._v_res_meas = volts

    def refresh(self, cycle: int) -> Refreshed:
        """Takes over what was written since the last call, as of a chip cycle, and how far CapMem cells got."""
        changes = self._registers.take_changes(Consumer.ELABORATION)
        written = {self._classes[block] for block in np.flatnonzero(changes.blocks).tolist()}
        synapse_rows = changes.synapse_rows
        everything, self._everything = self._everything, False
        if everything:
            written.update(self._classes)
            synapse_rows = np.ones_like(synapse_rows)
        moved = self._refresh_cells(cycle, written)
        if everything:
            moved = _NEURON_CELLS | SHARED_CELLS.keys() | {ANY_SHARED}
        switched = bool(synapse_rows[:, ROWS:].any())
        neurons = self._refresh_neurons(written, moved, switched)
        rows = np.flatnonzero(synapse_rows[:, :ROWS])
        trimmed = self._refresh_rows(rows)
        return Refreshed(
            neurons=neurons,
            drivers=self._refresh_drivers(written, moved),
            synapses=bool(rows.size),
            correlation=self._refresh_correlation(trimmed, moved),
            readout=switched or _meet(written, _READOUT) or ANY_SHARED in moved,
            observed=(_meet(written, _OBSERVED) and self._refresh_observed()) or everything,
        )

    def next_settling(self, cycle: int, *, observed: bool) -> int:
        """Chip cycle, not before `cycle`, at which cells have moved so far that a refresh is due.

        Unobserved: whenever the largest distance has fallen by a factor of e, and once all have settled. Observed:
        whenever a cell may have moved by `SETTLED_CODES`, but at most every 50 us.

        Args:
            cycle: now.
            observed: whether membranes are integrated.

        Returns:
            `NEVER` if all cells have settled.
        """
        if self._distance <= 0:
            return NEVER
        tau = self._constants.cell_settling_s
        wait = tau * math.log(max(self._distance / SETTLED_CODES, 1.0))
        if observed:
            moved = -tau * math.log1p(-SETTLED_CODES / max(self._distance, 2 * SETTLED_CODES))
            wait = min(wait, max(moved, _OBSERVED_EVERY_S))
        else:
            wait = min(wait, tau)
        return max(cycle, self._looked + math.ceil(wait / CYCLE_S) + 1)

    def _refresh_cells(self, cycle: int, written: Set[str]) -> Set[str]:
        """Looks at the CapMem cells if need be; names of those whose value moved on any quadrant or circuit."""
        self._cap_mem_block.follow(written)
        self._bias_selection.follow(written)
        if not _meet(written, _CAP_MEM) and cycle < self.next_settling(0, observed=True):
            return frozenset()
        codes = self._registers.cells[self._cap_mem]
        enable = self._cap_mem_block.columns["enable_capmem"]
        self._state = self._state.written(codes, cycle, enable=enable, noise=self.noise, constants=self._constants)
        if self._instant:
            self._state = self._state.at_once()
        values = self._state.values(cycle, self._constants)
        self._looked = cycle
        self._distance = self._state.distance(values)
        old, self.cells = self.cells, CellValues.of(values, self._personality, self._constants)
        self._looks += 1
        self._connect_biases(self.cells)
        return self.cells.moved(old)

    def _connect_biases(self, cells: CellValues) -> None:
        """Biases of the synapses come from CapMem cells only where that is selected; the pins carry nothing."""
        selection = self._bias_selection.columns
        for name, cell in _SELECTED_BIASES.items():
            cells.shared(cell)[~selection[name][0].astype(np.bool_)] = 0.0

    def _refresh_neurons(self, written: Set[str], moved: Set[str], switched: bool) -> bool:
        elaborated = _meet(written, _NEURONS) or _meet(moved, _NEURON_CELLS)
        parts = (self._config, self._backend, self._common_backend)
        if elaborated:
            for part in parts:
                part.follow(written)
        key = (self._looks, *(part.words for part in parts))
        if elaborated:
            self.neurons = self._neurons.get(
                key,
                lambda: elaborate_neurons(
                    self._config.columns,
                    self._backend.columns,
                    self._common_backend.columns,
                    self.cells,
                    self._personality,
                    self._constants,
                ),
            )
        if "NeuronBackendConfig" in written:
            self.wires = FireWires.of(self._backend.columns)
        if switched:
            self.connected = current_switches(self._registers.synapses)
        if not (elaborated or switched or "syn_i_bias_dac" in moved):
            return False
        self.column_gain = self._gains.get(
            (key, self.connected.tobytes()),
            lambda: synapses.column_gain(self.cells, self.neurons, self.connected, self._personality, self._constants),
        )
        return True

    def _refresh_observed(self) -> bool:
        config = self._config.columns
        readout = config["enable_readout_amplifier"] | config["enable_readout"] | config["enable_unbuffered_access"]
        observed = (config["enable_fire"] | readout).astype(np.bool_)  # what is held in reset goes on from there
        if np.array_equal(observed, self.observed):
            return False
        self.observed = observed
        return True

    def _refresh_drivers(self, written: Set[str], moved: Set[str]) -> bool:
        if not (_meet(written, _DRIVERS) or _meet(moved, _DRIVER_CELLS)):
            return False
        for part in (self._driver, self._stp, self._padi):
            part.follow(written)
        extension = self._padi.columns["dacen_pulse_extension"]
        self.drivers = elaborate_drivers(
            self._driver.columns, self._stp.columns, extension, self.cells, self._personality, self._constants
        )
        return True

    def _refresh_rows(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Takes over synapse rows, numbered 256 * hemisphere + row; those whose trims changed."""
        if not rows.size:
            return rows
        words = self._registers.synapses[rows // ROWS, rows % ROWS]
        both = column_bytes(words)
        weight_bytes, label_bytes = both
        self.efficacy[rows] = synapses.efficacy(WEIGHT_OF_BYTE[weight_bytes], rows, self._personality)
        self.labels[rows] = labels = label_bytes & LABEL_MASK
        heard = np.where(self.efficacy[rows] != 0, np.uint64(1) << labels.astype(np.uint64), np.uint64(0))
        self.listening[rows] = np.bitwise_or.reduce(heard, axis=1)
        trims = both >> TRIM_SHIFT
        differs = trims != self._trims[:, rows]
        if not differs.any():
            return rows[:0]
        self._trims[:, rows] = trims
        return np.compress(differs.any(axis=(0, 2)), rows)

    def _refresh_correlation(self, trimmed: NDArray[np.intp], moved: Set[str]) -> bool:
        cells_moved = _meet(moved, _CORRELATION_CELLS)
        if not (trimmed.size or cells_moved):
            return False
        rows = slice(None) if cells_moved else trimmed
        time_calib, amp_calib = self._trims[:, rows]
        found = elaborate_correlation(
            amp_calib, time_calib, self.cells, self._v_res_meas, self._personality, self._constants, rows
        )
        if cells_moved:
            self.correlation = found
        else:
            self.correlation.amplitude[:, rows] = found.amplitude
            self.correlation.rate[:, rows] = found.rate
        return True


def _meet(some: Set[str], others: Set[str]) -> bool:
    return not some.isdisjoint(others)

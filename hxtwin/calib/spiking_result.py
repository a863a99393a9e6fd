"""The result of a spiking calibration.

=====================  ==================================================================================
``usable``             circuits of which every counted step was successful, ``bool[512]``
``success``            the same by step
``measured``           what the steps measured at their end, by quantity
``to_chip(chip)``      the chip with these settings; pure
``apply(builder)``     writes that chip
``to_bytes()``         one archive, see `hxtwin.calib.archive`
=====================  ==================================================================================

Merged circuits: leak, reset and threshold come from the master, synaptic biases from every circuit; the master carries
the capacitance, less what the other circuits bring along unasked. Reference: calibration.md 5.5, 6.2.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin import __version__, coord
from hxtwin.calib import archive
from hxtwin.calib.constants import CADC_CHANNELS, COLUMNS, LARGEST_CODE, NEURONS, QUADRANTS
from hxtwin.calib.errors import CalibDataError
from hxtwin.calib.measurement_chip import DRIVER, NEURON
from hxtwin.calib.merged_circuits import masters
from hxtwin.calib.provenance import Origin
from hxtwin.calib.routines.cadc import CADCCalibResult
from hxtwin.calib.routines.correlation import CorrelationCalibResult
from hxtwin.calib.target import SpikingCalibOptions, SpikingCalibTarget
from hxtwin.calib.target_archive import from_plain, to_plain
from hxtwin.containers import Chip
from hxtwin.containers.record import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hxtwin.calib.correlation_target import CorrelationCalibOptions
    from hxtwin.runtime import PlaybackProgramBuilder

_log = logging.getLogger(__name__)

KIND: Final = "spiking"

COUNTED: Final = (
    "tau_syn_excitatory",
    "tau_syn_inhibitory",
    "gm_excitatory",
    "gm_inhibitory",
    "shift_excitatory",
    "shift_inhibitory",
    "reset",
    "leak",
    "icc",
)
"""Steps that decide whether a neuron is successful; threshold, time constant, COBA and DAC do not."""

_INPUT = ("i_bias_tau", "i_bias_coba", "i_shift_reference", "i_bias_gm", "v_rev_coba")
_INPUT_SWITCHES = ("enable", "enable_small_capacitance", "enable_high_resistance", "enable_coba_mode")
_MASTER: Final = (
    "leak.v_leak",
    "leak.i_bias",
    "leak.enable_division",
    "leak.enable_multiplication",
    "leak.enable_degeneration",
    "reset.v_reset",
    "reset.i_bias",
    "reset.enable_division",
    "reset.enable_multiplication",
    "reset.enable_degeneration",
    "threshold.v_threshold",
    "threshold.enable",
    "membrane_capacitance.capacitance",
    "refractory_period.refractory_time",
    "refractory_period.reset_holdoff",
    "refractory_period.input_clock",
)
NEURON_COLUMNS: Final = (
    *(f"{kind}_input.{name}" for kind in ("excitatory", "inhibitory") for name in _INPUT + _INPUT_SWITCHES),
    *_MASTER,
    "multicompartment.i_bias_nmda",
    "multicompartment.enable_conductance_division",
    "multicompartment.enable_conductance_multiplication",
    "readout.enable_amplifier",
)
"""Columns of `AtomicNeuron` that a calibration sets."""
CHIP_COLUMNS: Final = (
    "neuron_block.backends.clock_scale_fast",
    "neuron_block.backends.clock_scale_slow",
    "neuron_block.current_rows.enable_synaptic_current_excitatory",
    "neuron_block.current_rows.enable_synaptic_current_inhibitory",
    "neuron_block.v_bias_casc_n",
    "neuron_block.i_bias_readout_amp",
    "neuron_block.i_bias_leak_source_follower",
    "neuron_block.i_bias_threshold_comparator",
    "neuron_block.i_bias_synin_drop",
    "synapse_blocks.i_bias_dac",
    "cadc_readout_chains.channels_causal.enable_connect_correlation",
    "cadc_readout_chains.channels_acausal.enable_connect_correlation",
    "cadc_readout_chains.channels_causal.enable_connect_neuron",
    "cadc_readout_chains.channels_acausal.enable_connect_neuron",
    "cadc_readout_chains.channels_causal.enable_connect_debug",
    "cadc_readout_chains.channels_acausal.enable_connect_debug",
    f"{DRIVER}offset",
    "synapse_driver_blocks.stp_v_charge_0",
    "synapse_driver_blocks.stp_v_recover_0",
    "synapse_driver_blocks.stp_v_charge_1",
    "synapse_driver_blocks.stp_v_recover_1",
    "synapse_driver_blocks.stp_i_ramp",
    "synapse_driver_blocks.stp_i_calib",
    "synapse_driver_blocks.stp_i_bias_comparator",
)
"""Further columns of `Chip` that it sets, beside those of the column ADC."""
CORRELATION_ARRAYS: Final[dict[str, type[np.generic]]] = {
    "i_bias_ramp": np.int64,
    "i_bias_store": np.int64,
    "amplitude": np.float64,
    "time_constant": np.float64,
    "success": np.bool_,
    "amp_calib": np.uint8,
    "time_calib": np.uint8,
    "synapse_score": np.float64,
}
"""Arrays of a `CorrelationCalibResult`: one value for each quadrant, bits of each synapse, two scores of a quadrant."""
_SYNAPSE_BITS: Final = {"amp_calib": 3, "time_calib": 3}
_CORRELATION_SHAPES: Final = {**dict.fromkeys(_SYNAPSE_BITS, (NEURONS, COLUMNS)), "synapse_score": (2, QUADRANTS)}
_COMPARATOR: Final = f"{NEURON}threshold.enable"
_PATHS: Final = (*(NEURON + path for path in NEURON_COLUMNS), *CHIP_COLUMNS)


@attrs.frozen(kw_only=True, eq=False)
class SpikingCalibrationResult:
    """Calibration of a chip for spiking experiments.

    Attributes:
        identity: device DNA of the chip.
        version: of the package that made it.
        target, options: what was asked for.
        cadc: the column ADC.
        settings: columns of `Chip` by dotted path, neurons as single circuits.
        success: steps by name, ``bool[512]``.
        measured: what every step achieved, ``float64[512]``: seconds for tau_mem, tau_syn_.. and icc, else CADC values;
            nan: a fit that cannot be trusted.
        parasitics: capacitance that each circuit has beside its code, in codes, ``float64[512]``; None: not measured.
        correlation: the correlation sensors; None: not calibrated.
        origin: when and where it was made; no part of the content.
    """

    identity: int
    version: str
    target: SpikingCalibTarget
    options: SpikingCalibOptions
    cadc: CADCCalibResult
    settings: Mapping[str, NDArray[Any]]
    success: Mapping[str, NDArray[np.bool_]]
    measured: Mapping[str, NDArray[np.float64]]
    parasitics: NDArray[np.float64] | None
    correlation: CorrelationCalibResult | None = None
    origin: Origin

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Circuits that experiments can be placed on, ``bool[512]``."""
        counted = [success for name, success in self.success.items() if name in COUNTED]
        found: NDArray[np.bool_] = np.logical_and.reduce(counted) if counted else np.ones(NEURONS, dtype=bool)
        return found

    def to_chip(self, chip: Chip | None = None) -> Chip:
        """A chip with these settings.

        Args:
            chip: configuration to begin with; merges and masters are read from it, and everything that is no matter of
                calibration stays as it is. So do the comparators: who shall not fire, such as readout neurons, does
                not. Unless given, a default chip whose comparators are all on.

        Returns:
            A new chip; nothing is changed.
        """
        start = Chip() if chip is None else chip
        settings: dict[str, NDArray[Any]] = {**self.cadc.columns(), **self.settings}
        if self.correlation is not None:
            settings |= self.correlation.columns()
        if chip is not None:
            settings[_COMPARATOR] = chip.neuron_block.atomic_neurons["threshold.enable"]
        settings.update(self._merged(start, settings))
        return start.with_columns(settings)

    def apply(self, builder: PlaybackProgramBuilder, chip: Chip | None = None) -> None:
        """Appends the writes of all members of `to_chip` that a calibration touches; analog cells then need 20 ms.

        With calibrated correlation sensors the voltages of the board and the synapses are written, too: their bits
        share words with weights and labels, which are those of `chip`.
        """
        configured = self.to_chip(chip)
        for at in coord.CADCOnDLS.all():
            builder.write(at, configured.cadc_readout_chains[int(at)])
        for block in coord.SynapseDriverBlockOnDLS.all():
            builder.write(block, configured.synapse_driver_blocks[int(block)])
        builder.write(coord.NeuronBlockOnDLS(), configured.neuron_block)
        if self.correlation is not None:
            self.correlation.write_board(builder)
            for array in coord.SynapseBlockOnDLS.all():
                builder.write(array, configured.synapse_blocks[int(array)])
        dac = coord.CapMemCellOnCapMemBlock.syn_i_bias_dac
        for quadrant in coord.CapMemBlockOnDLS.all():
            hemisphere, side = divmod(int(quadrant), 2)
            from hxtwin.containers import CapMemCell

            value = int(configured.synapse_blocks[hemisphere].i_bias_dac[side])
            builder.write(coord.CapMemCellOnDLS(dac, quadrant), CapMemCell(value=value))

    def _merged(self, chip: Chip, settings: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Settings of circuits that share a membrane with others."""
        master = masters(chip)
        index = np.arange(NEURONS)
        follows = master != index
        if not follows.any():
            return {}
        changes: dict[str, NDArray[Any]] = {}
        # the master works for all: the others neither leak nor fire, and bring no capacitance of their own choice
        for path in ("leak.i_bias", "threshold.enable", "membrane_capacitance.capacitance"):
            changes[NEURON + path] = np.where(follows, 0, settings[NEURON + path])
        if self.parasitics is not None:
            extra = np.bincount(master[follows], self.parasitics[follows], minlength=NEURONS)
            path = f"{NEURON}membrane_capacitance.capacitance"
            wanted = np.rint(settings[path] - extra).astype(np.int64)
            changes[path] = np.where(follows, 0, np.clip(wanted, 0, settings[path]))
        return changes

    # --- as bytes -------------------------------------------------------------------------------------------------

    def content(self) -> dict[str, Any]:
        """Everything but the origin, as plain data and arrays."""
        return {
            "identity": self.identity,
            "version": self.version,
            "target": to_plain(self.target),
            "options": to_plain(self.options),
            "cadc": {name: np.asarray(value) for name, value in attrs.asdict(self.cadc, recurse=False).items()},
            "settings": {path: np.asarray(self.settings[path]).astype(np.int64) for path in sorted(self.settings)},
            "success": {name: np.asarray(self.success[name], dtype=bool) for name in sorted(self.success)},
            "measured": {name: np.asarray(self.measured[name], dtype=float) for name in sorted(self.measured)},
            "parasitics": None if self.parasitics is None else np.asarray(self.parasitics, dtype=float),
            "correlation": None
            if self.correlation is None
            else {name: np.asarray(getattr(self.correlation, name)) for name in CORRELATION_ARRAYS},
        }

    def content_hash(self) -> str:
        """SHA-256 of the content, hex: the same chip and target give the same one."""
        return archive.content_hash(self.content())

    def to_bytes(self) -> bytes:
        """One archive."""
        return archive.pack(KIND, self.content(), self.origin.to_plain())

    @classmethod
    def from_bytes(cls, data: bytes, *, identity: int | None = None) -> SpikingCalibrationResult:
        """The result in an archive.

        Args:
            data: what `to_bytes` gave.
            identity: device DNA of the chip that it is wanted for; None: any.

        Raises:
            CalibDataError: other bytes, changed content, another version of it, or another chip.
        """
        return cls.from_archive(archive.unpack(data, KIND), identity=identity)

    @classmethod
    def from_archive(cls, opened: archive.Archive, *, identity: int | None = None) -> SpikingCalibrationResult:
        """The result in an opened archive; errors as of `from_bytes`."""
        content = opened.content
        names = {"identity", "version", "target", "options", "cadc", "settings", "success", "measured"}
        names |= {"parasitics", "correlation"}
        if content.keys() != names or type(content["identity"]) is not int or not isinstance(content["version"], str):
            raise CalibDataError("the calibration does not have the parts of a spiking calibration; calibrate anew")
        if identity is not None and content["identity"] != identity:
            raise CalibDataError(
                f"the calibration belongs to chip {content['identity']:#x}, the connected chip is {identity:#x}; "
                "calibrate this one"
            )
        if content["version"] != __version__:
            _log.warning(
                "the calibration was made by version %s, this is %s; `hxtwin calib verify` tells whether it holds",
                content["version"],
                __version__,
            )
        parasitics = content["parasitics"]
        options = from_plain(SpikingCalibOptions, content["options"])
        return cls(
            identity=content["identity"],
            version=content["version"],
            target=from_plain(SpikingCalibTarget, content["target"]),
            options=options,
            cadc=_cadc(content["cadc"]),
            settings=_settings(content["settings"]),
            success=_by_neuron(content["success"], np.bool_),
            measured=_by_neuron(content["measured"], np.float64),
            parasitics=None if parasitics is None else _checked("parasitics", parasitics, (NEURONS,), np.float64),
            correlation=_correlation(content["correlation"], options.correlation),
            origin=Origin.from_plain(opened.origin),
        )


def settings_of(chip: Chip) -> dict[str, NDArray[np.int64]]:
    """The calibrated columns of a chip by dotted path."""
    columns = chip.columns()
    return {path: columns[path].astype(np.int64) for path in _PATHS}


def _cadc(data: Any) -> CADCCalibResult:
    shapes = {
        "v_ramp_offset": ((QUADRANTS,), np.int64),
        "i_ramp_slope": ((QUADRANTS,), np.int64),
        "channel_offset": ((CADC_CHANNELS,), np.int64),
        "success": ((CADC_CHANNELS,), np.bool_),
    }
    if not isinstance(data, dict) or data.keys() != shapes.keys():
        raise CalibDataError("the calibration of the column ADC has other parts; calibrate anew")
    return CADCCalibResult(**{name: _checked(name, data[name], *form) for name, form in shapes.items()})


def _correlation(data: Any, options: CorrelationCalibOptions) -> CorrelationCalibResult | None:
    if data is None:
        return None
    if not isinstance(data, dict) or data.keys() != CORRELATION_ARRAYS.keys():
        raise CalibDataError("the calibration of the correlation sensors has other parts; calibrate anew")
    arrays = {
        name: _checked(name, data[name], _CORRELATION_SHAPES.get(name, (QUADRANTS,)), dtype)
        for name, dtype in CORRELATION_ARRAYS.items()
    }
    for name, most in _SYNAPSE_BITS.items():
        if arrays[name].max() > most:
            raise CalibDataError(f"{name}: bits outside 0..{most}; calibrate anew")
    for name in ("i_bias_ramp", "i_bias_store"):
        if arrays[name].min() < 0 or arrays[name].max() > LARGEST_CODE:
            raise CalibDataError(f"{name}: codes outside 0..{LARGEST_CODE}; calibrate anew")
    return CorrelationCalibResult(**arrays, options=options)


def _settings(data: Any) -> dict[str, NDArray[np.int64]]:
    if not isinstance(data, dict) or data.keys() != set(_PATHS):
        raise CalibDataError("the calibration has other settings than this version; calibrate anew")
    columns = {column.path: column for column in schema(Chip)}
    for path, array in data.items():
        column = columns[path]
        _checked(path, array, column.shape, np.int64)
        # a cell of code 1023 is not refreshed: no calibration asks for that
        most = min(column.spec.maximum, LARGEST_CODE)
        if array.min() < column.spec.minimum or array.max() > most:
            raise CalibDataError(f"{path}: values {array.min()}..{array.max()}, allowed: {column.spec.minimum}..{most}")
    return data


def _by_neuron(data: Any, dtype: type[np.generic]) -> dict[str, NDArray[Any]]:
    if not isinstance(data, dict):
        raise CalibDataError("the calibration lists no steps; calibrate anew")
    return {str(name): _checked(str(name), array, (NEURONS,), dtype) for name, array in data.items()}


def _checked(name: str, array: Any, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != dtype:
        raise CalibDataError(f"{name}: an array of {np.dtype(dtype).name} of shape {shape} is wanted; calibrate anew")
    return array

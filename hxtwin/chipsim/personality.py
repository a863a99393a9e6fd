"""The serial number of a chip: a frozen, seeded draw of all device mismatch.

Every array is drawn from its own stream, keyed by the seed and the name of the array: a new array changes no other.
Factors are log-normal with median 1, offsets are normal, see the spreads of `hxtwin.chipsim.analog.constants`.

======================  ==================  ==========================================
index                   shape               order
======================  ==================  ==========================================
neuron circuit          ``[512]``           256 * row + column = 128 * quadrant + entry
synapse                 ``[512, 256]``      256 * hemisphere + row, column
synapse driver          ``[256]``           128 * hemisphere + driver
CapMem cell             ``[4, 24, 130]``    quadrant, row, column
======================  ==================  ==========================================
"""

# ruff: noqa: RUF009  # declarations call field functions in class bodies
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, TypeVar

import attrs
import numpy as np
from scipy.special import ndtri

from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.chipsim.errors import TwinArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants

_T = TypeVar("_T", bound=np.generic)

CIRCUITS: Final = 512
COLUMNS: Final = 256
DRIVERS: Final = 256
QUADRANTS: Final = 4
CELL_ROWS: Final = 24
CELL_COLUMNS: Final = 130
MOST_SEEDS: Final = 1 << 64

_CIRCUIT: Final = (CIRCUITS,)
_LINE: Final = (2, CIRCUITS)
_CELL: Final = (QUADRANTS, CELL_ROWS, CELL_COLUMNS)
_SYNAPSE: Final = (CIRCUITS, COLUMNS)


def _factor(spread: str, *shape: int) -> NDArray[np.float64]:
    """Declares log-normal factors whose spread is the named constant."""
    metadata = {"spread": spread, "shape": shape, "kind": "factor"}
    field: NDArray[np.float64] = attrs.field(metadata=metadata)
    return field


def _offset(sigma: str, *shape: int) -> NDArray[np.float64]:
    """Declares normal offsets whose sigma, and unit, is that of the named constant."""
    metadata = {"spread": sigma, "shape": shape, "kind": "offset"}
    field: NDArray[np.float64] = attrs.field(metadata=metadata)
    return field


@attrs.frozen(kw_only=True, eq=False)
class Personality:
    """Mismatch of one chip; all arrays are read-only. `Personality.draw` makes one, `Personality.ideal` has none.

    Attributes:
        seed: serial number, None for the ideal chip.
        noise_key: 64-bit key of all temporal noise.
        synapse_works: synapses whose correlation sensors work, ``bool[512, 256]``.
    """

    seed: int | None
    noise_key: int
    synapse_works: NDArray[np.bool_]

    # CapMem
    cell_current: NDArray[np.float64] = _factor("cell_current_spread", *_CELL)
    cell_voltage: NDArray[np.float64] = _offset("cell_voltage_sigma", *_CELL)
    quadrant_current: NDArray[np.float64] = _factor("quadrant_current_spread", QUADRANTS)
    quadrant_voltage: NDArray[np.float64] = _offset("quadrant_voltage_sigma", QUADRANTS)
    # membrane
    capacitance: NDArray[np.float64] = _factor("capacitance_spread", *_CIRCUIT)
    parasitic: NDArray[np.float64] = _offset("capacitance_parasitic_sigma", *_CIRCUIT)
    leak: NDArray[np.float64] = _factor("leak_spread", *_CIRCUIT)
    reset: NDArray[np.float64] = _factor("reset_spread", *_CIRCUIT)
    v_leak: NDArray[np.float64] = _offset("v_leak_sigma", *_CIRCUIT)
    v_leak_bias_shift: NDArray[np.float64] = _offset("v_leak_bias_shift_sigma", *_CIRCUIT)
    v_reset: NDArray[np.float64] = _offset("v_reset_sigma", *_CIRCUIT)
    v_threshold: NDArray[np.float64] = _offset("v_threshold_sigma", *_CIRCUIT)
    offset_current: NDArray[np.float64] = _factor("offset_spread", *_CIRCUIT)
    drift: NDArray[np.float64] = _offset("drift_sigma", *_CIRCUIT)
    compartment: NDArray[np.float64] = _factor("compartment_spread", *_CIRCUIT)
    # exponential and adaptation
    v_exp: NDArray[np.float64] = _offset("v_exp_sigma", *_CIRCUIT)
    exponential: NDArray[np.float64] = _factor("exponential_spread", *_CIRCUIT)
    adaptation_tau: NDArray[np.float64] = _factor("adaptation_spread", *_CIRCUIT)
    adaptation_a: NDArray[np.float64] = _factor("adaptation_spread", *_CIRCUIT)
    adaptation_b: NDArray[np.float64] = _factor("adaptation_spread", *_CIRCUIT)
    v_adapt_ref: NDArray[np.float64] = _offset("v_adapt_sigma", *_CIRCUIT)
    v_adapt_leak: NDArray[np.float64] = _offset("v_adapt_sigma", *_CIRCUIT)
    # synaptic inputs: excitatory, inhibitory
    line_tau: NDArray[np.float64] = _factor("line_tau_spread", *_LINE)
    ota_gm: NDArray[np.float64] = _factor("ota_gm_spread", *_LINE)
    ota_offset: NDArray[np.float64] = _offset("ota_offset_sigma", *_LINE)
    coba: NDArray[np.float64] = _factor("coba_spread", *_LINE)
    coba_reference: NDArray[np.float64] = _offset("coba_reference_sigma", *_LINE)
    # synapses and drivers
    dac: NDArray[np.float64] = _factor("dac_quadrant_spread", QUADRANTS)
    synapse: NDArray[np.float64] = _factor("synapse_spread", *_SYNAPSE)
    driver: NDArray[np.float64] = _offset("driver_sigma", DRIVERS)
    utilization: NDArray[np.float64] = _factor("utilization_spread", DRIVERS)
    recovery: NDArray[np.float64] = _factor("recovery_spread", DRIVERS)
    # correlation sensors
    correlation_amplitude: NDArray[np.float64] = _factor("correlation_amplitude_spread", *_SYNAPSE)
    correlation_tau: NDArray[np.float64] = _factor("correlation_tau_spread", *_SYNAPSE)
    correlation_asymmetry: NDArray[np.float64] = _factor("correlation_asymmetry_spread", *_SYNAPSE)
    # converters: hemisphere, causal and acausal, column
    cadc_offset: NDArray[np.float64] = _offset("cadc_offset_sigma", 2, 2, COLUMNS)
    madc_gain: NDArray[np.float64] = _factor("madc_gain_spread", 1)
    madc_offset: NDArray[np.float64] = _offset("madc_offset_sigma", 1)

    @classmethod
    def draw(cls, seed: int, constants: AnalogConstants = NOMINAL, noise_seed: int = 0) -> Personality:
        """The chip of a serial number.

        Args:
            seed: 0..2**64-1.
            constants: where the spreads stand.
            noise_seed: another noise on the same chip.

        Raises:
            TwinArgumentError: seed out of range.
        """
        if not 0 <= seed < MOST_SEEDS:
            raise TwinArgumentError(f"chip seed {seed!r} is not in 0..2**64-1")
        spreads = constants.values()
        arrays = {
            name: _drawn(seed, name, kind, spreads[spread], shape) for name, kind, spread, shape in _declarations()
        }
        works = _uniform(seed, "synapse_works", _SYNAPSE) >= constants.correlation_dead_share
        noise_key = _key(seed, f"noise/{noise_seed}")
        return cls(seed=seed, noise_key=noise_key, synapse_works=_frozen(works), **arrays)

    @classmethod
    def ideal(cls, noise_seed: int = 0) -> Personality:
        """A chip without mismatch: factors 1, offsets 0."""
        arrays = {
            name: _frozen(np.full(shape, 1.0 if kind == "factor" else 0.0)) for name, kind, _, shape in _declarations()
        }
        works = _frozen(np.ones(_SYNAPSE, dtype=np.bool_))
        return cls(seed=None, noise_key=_key(noise_seed, "noise"), synapse_works=works, **arrays)

    @classmethod
    def of(cls, personality: Personality | None) -> Personality:
        """The personality itself, or the ideal chip for None."""
        return cls.ideal() if personality is None else personality


def _declarations() -> list[tuple[str, str, str, tuple[int, ...]]]:
    return [
        (field.name, field.metadata["kind"], field.metadata["spread"], field.metadata["shape"])
        for field in attrs.fields(Personality)
        if "spread" in field.metadata
    ]


def _key(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little")


def _uniform(seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers in (0, 1) from raw words of a counter-based generator, whose stream no release of numpy may change."""
    words = np.random.Philox(key=_key(seed, name)).random_raw(int(np.prod(shape)))
    return ((words >> np.uint64(12)).astype(np.float64) + 0.5).reshape(shape) * 2.0**-52


def _drawn(seed: int, name: str, kind: str, spread: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    normal: NDArray[np.float64] = ndtri(_uniform(seed, name, shape)) * spread
    return _frozen(np.exp(normal) if kind == "factor" else normal)


def _frozen(array: NDArray[_T]) -> NDArray[_T]:
    array.flags.writeable = False
    return array

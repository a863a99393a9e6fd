"""Targets: what an experimenter asks for, with units and feasible ranges.

==========================  ===================================  ======================  =============================
field of `NeuronCalibTarget`  default                              feasible                unit, shape
==========================  ===================================  ======================  =============================
leak, reset                 80, 70                               50..160                 CADC, one or 512
threshold                   125                                  50..220                 CADC, one or 512
tau_mem                     10e-6                                0.5e-6..60e-6           s, one or 512
tau_syn                     10e-6                                0.3e-6..30e-6           s, one, (2,), (2, 512) or 512
i_synin_gm                  500                                  30..800                 code, one, (2,) or (2, 512)
e_coba_reversal             None: current based inputs           any                     CADC, (exc, inh)
e_coba_reference            None: midpoint of leak, threshold    60..160                 CADC, (exc, inh)
membrane_capacitance        63                                   0..63                   code, one or 512
refractory_time             2e-6                                 40e-9..32e-6            s, one or 512
holdoff_time                0                                    0..4e-6                 s, one or 512
synapse_dac_bias            600                                  30..1022                code
tau_icc                     None                                 0.1e-6..30e-6           s, one
==========================  ===================================  ======================  =============================

A target outside its feasible range is warned about; one of another shape is refused. One code of ``i_synin_gm`` matches
inhibition to excitation, two are matched on their own, and those of all neurons are taken as they are. Reference:
calibration.md 2, 6.2.
"""

# ruff: noqa: RUF009  # fields are declared by calls in class bodies
from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin.calib.constants import NEURONS, TAU_MEM_RANGE_S, TAU_SYN_RANGE_S
from hxtwin.calib.correlation_target import CorrelationCalibOptions, CorrelationCalibTarget
from hxtwin.calib.errors import CalibNotSupported, TargetShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_log = logging.getLogger(__name__)

NEURON_SHAPES: Final = ((), (NEURONS,))
INPUT_SHAPES: Final = ((), (2,), (NEURONS,), (2, NEURONS))


@attrs.frozen
class _Feasible:
    """Converts a target to an array, checks its shape, and warns outside the feasible range."""

    name: str
    lower: float
    upper: float
    unit: str
    shapes: tuple[tuple[int, ...], ...]

    def __call__(self, given: ArrayLike | None) -> NDArray[np.float64] | None:
        if given is None:
            return None
        try:
            array = np.array(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise TargetShapeError(f"{self.name}: {given!r} is no array of numbers") from error
        if array.shape not in self.shapes or not np.isfinite(array).all():
            allowed = ", ".join(str(shape) if shape else "a number" for shape in self.shapes)
            raise TargetShapeError(f"{self.name}: finite numbers of shape {array.shape} given; wanted: {allowed}")
        if array.min() < self.lower or array.max() > self.upper:
            _log.warning(
                "%s: target %g..%g %s is outside the feasible range %g..%g %s, many neurons may fail",
                self.name,
                array.min(),
                array.max(),
                self.unit,
                self.lower,
                self.upper,
                self.unit,
            )
        array.flags.writeable = False
        return array


_FEASIBLE: Final = (
    _Feasible("leak", 50, 160, "CADC", NEURON_SHAPES),
    _Feasible("reset", 50, 160, "CADC", NEURON_SHAPES),
    _Feasible("threshold", 50, 220, "CADC", NEURON_SHAPES),
    _Feasible("tau_mem", 0.5e-6, 60e-6, "s", NEURON_SHAPES),
    _Feasible("tau_syn", 0.3e-6, 30e-6, "s", INPUT_SHAPES),
    _Feasible("i_synin_gm", 30, 800, "code", ((), (2,), (2, NEURONS))),
    _Feasible("e_coba_reversal", -1000, 1000, "CADC", ((2,),)),
    _Feasible("e_coba_reference", 60, 160, "CADC", ((2,),)),
    _Feasible("membrane_capacitance", 0, 63, "code", NEURON_SHAPES),
    _Feasible("refractory_time", 40e-9, 32e-6, "s", NEURON_SHAPES),
    _Feasible("holdoff_time", 0, 4e-6, "s", NEURON_SHAPES),
    _Feasible("synapse_dac_bias", 30, 1022, "code", ((),)),
    _Feasible("tau_icc", 0.1e-6, 30e-6, "s", ((),)),
)


def _array() -> Any:
    return attrs.field(eq=attrs.cmp_using(eq=np.array_equal))


def _pair(value: ArrayLike) -> tuple[int, int]:
    array = np.asarray(value)
    if array.shape != (2,) or array.dtype.kind not in "iu" or array[0] >= array[1]:
        raise TargetShapeError(f"{value!r}: a lower and an upper integer are wanted")
    return int(array[0]), int(array[1])


@attrs.frozen(kw_only=True)
class CADCCalibTarget:
    """Range of the column ADC.

    Attributes:
        dynamic_range: CapMem codes of the lower and the upper test voltage; feasible 70..550.
        read_range: CADC values that they shall give.
    """

    dynamic_range: tuple[int, int] = attrs.field(default=(70, 550), converter=_pair)
    read_range: tuple[int, int] = attrs.field(default=(20, 220), converter=_pair)


@attrs.frozen(kw_only=True)
class CADCCalibOptions:
    """Options of the CADC calibration.

    Attributes:
        calibrate_offsets: whether the digital offsets of the channels are calibrated; else they are 0.
    """

    calibrate_offsets: bool = True


@attrs.frozen(kw_only=True, init=False)
class NeuronCalibTarget:
    """What neurons shall do; see the table of this module.

    Raises:
        TargetShapeError: a target of another shape.
        CalibNotSupported: a time constant that no fit accepts, or a COBA reference without reversal potentials.
    """

    leak: NDArray[np.float64] = _array()
    reset: NDArray[np.float64] = _array()
    threshold: NDArray[np.float64] = _array()
    tau_mem: NDArray[np.float64] = _array()
    tau_syn: NDArray[np.float64] = _array()
    i_synin_gm: NDArray[np.float64] = _array()
    e_coba_reversal: NDArray[np.float64] | None = _array()
    e_coba_reference: NDArray[np.float64] | None = _array()
    membrane_capacitance: NDArray[np.float64] = _array()
    refractory_time: NDArray[np.float64] = _array()
    holdoff_time: NDArray[np.float64] = _array()
    synapse_dac_bias: NDArray[np.float64] = _array()
    tau_icc: NDArray[np.float64] | None = _array()

    def __init__(
        self,
        *,
        leak: ArrayLike = 80,
        reset: ArrayLike = 70,
        threshold: ArrayLike = 125,
        tau_mem: ArrayLike = 10e-6,
        tau_syn: ArrayLike = 10e-6,
        i_synin_gm: ArrayLike = 500,
        e_coba_reversal: ArrayLike | None = None,
        e_coba_reference: ArrayLike | None = None,
        membrane_capacitance: ArrayLike = 63,
        refractory_time: ArrayLike = 2e-6,
        holdoff_time: ArrayLike = 0,
        synapse_dac_bias: ArrayLike = 600,
        tau_icc: ArrayLike | None = None,
    ) -> None:
        given: dict[str, ArrayLike | None] = {
            "leak": leak,
            "reset": reset,
            "threshold": threshold,
            "tau_mem": tau_mem,
            "tau_syn": tau_syn,
            "i_synin_gm": i_synin_gm,
            "e_coba_reversal": e_coba_reversal,
            "e_coba_reference": e_coba_reference,
            "membrane_capacitance": membrane_capacitance,
            "refractory_time": refractory_time,
            "holdoff_time": holdoff_time,
            "synapse_dac_bias": synapse_dac_bias,
            "tau_icc": tau_icc,
        }
        arrays: dict[str, Any] = {form.name: form(given[form.name]) for form in _FEASIBLE}
        self.__attrs_init__(**arrays)

    def __attrs_post_init__(self) -> None:
        for name, (lower, upper) in (("tau_mem", TAU_MEM_RANGE_S), ("tau_syn", TAU_SYN_RANGE_S)):
            value = getattr(self, name)
            if value.min() < lower or value.max() > upper:
                raise CalibNotSupported(f"{name}: no fit accepts time constants outside {lower:g}..{upper:g} s")
        if self.e_coba_reference is not None and self.e_coba_reversal is None:
            raise CalibNotSupported("e_coba_reference is given without e_coba_reversal; give both, or none for CUBA")

    def of_neurons(self, name: str) -> NDArray[np.float64]:
        """A target of every neuron, ``float64[512]``."""
        return np.broadcast_to(getattr(self, name), NEURONS)

    def of_inputs(self, name: str) -> NDArray[np.float64]:
        """A target of every neuron and input, ``float64[2, 512]``: excitatory, inhibitory."""
        value: NDArray[np.float64] = getattr(self, name)
        return np.broadcast_to(value[:, np.newaxis] if value.shape == (2,) else value, (2, NEURONS))

    @property
    def gm(self) -> tuple[int, int]:
        """Transconductance codes asked for: excitatory, inhibitory; medians of those of all neurons."""
        excitatory, inhibitory = np.median(self.of_inputs("i_synin_gm"), axis=1).astype(int).tolist()
        return excitatory, inhibitory

    @property
    def gives_strengths(self) -> bool:
        """Whether the transconductances of all neurons are given, so that none is calibrated."""
        return self.i_synin_gm.ndim == len(INPUT_SHAPES[-1])

    @property
    def matches_inputs(self) -> bool:
        """Whether inhibition shall be as strong as excitation (one code), not by a code of its own."""
        return self.i_synin_gm.shape == ()


@attrs.frozen(kw_only=True)
class STPCalibTarget:
    """Voltages of short-term plasticity after the calibration, CapMem codes of the quadrants."""

    v_charge_0: int = 100
    v_recover_0: int = 400
    v_charge_1: int = 330
    v_recover_1: int = 50


@attrs.frozen(kw_only=True)
class SpikingCalibTarget:
    """Everything a spiking experiment needs.

    Attributes:
        cadc: range of the column ADC.
        neuron: what neurons shall do.
        stp: voltages of short-term plasticity.
        correlation: what the correlation sensors shall do; None: they are not calibrated.
    """

    cadc: CADCCalibTarget = attrs.field(factory=CADCCalibTarget)
    neuron: NeuronCalibTarget = attrs.field(factory=NeuronCalibTarget)
    stp: STPCalibTarget = attrs.field(factory=STPCalibTarget)
    correlation: CorrelationCalibTarget | None = None


@attrs.frozen(kw_only=True)
class SpikingCalibOptions:
    """Options of the spiking calibration.

    Attributes:
        cadc: options of the column ADC.
        correlation: options of the correlation sensors.
        refine_potentials: repeat CADC and potentials at the end; None: unless inputs are conductance based.
        parasitics: measure the capacitance that circuits bring along; without it, membranes of several circuits are too
            slow, eight of them by 40 %.
        seed: of the noise on start values.
        threshold_reads: conversions whose maximum is taken as the threshold.
        largest_failure: fraction of neurons that may fail; more is an error.
    """

    cadc: CADCCalibOptions = attrs.field(factory=CADCCalibOptions)
    correlation: CorrelationCalibOptions = attrs.field(factory=CorrelationCalibOptions)
    refine_potentials: bool | None = None
    parasitics: bool = True
    seed: int = 0
    threshold_reads: int = 100
    largest_failure: float = 0.25

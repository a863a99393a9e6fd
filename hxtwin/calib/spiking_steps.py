"""The steps of a calibration for spiking experiments.

====  =====================  ===================================================================================
      step                   what it does
====  =====================  ===================================================================================
1     cadc                   column ADC
2     setup                  measurement configuration; synaptic inputs and comparators off
3     tau_syn_excitatory     synaptic time constants
4     tau_syn_inhibitory
5     synapse_dac            synapse DAC bias
6     threshold              spike threshold
7     prepare                rest 120, synaptic time constants 1.5 us, membrane time constant 60 us
8     gm_excitatory          synaptic strengths
9     gm_inhibitory
10    references             shifts of both inputs, inhibitory first
11    coba                   conductance based inputs, if asked for
12    membrane               leak, membrane time constant, reset, leak
13    icc                    inter-compartment conductance, if asked for
14    stp                    offsets of the synapse drivers
15    capacitance            what each circuit brings along beside its code, unless it is not wanted
16    refine                 column ADC, threshold, reset and leak once more, without COBA
17    correlation            correlation sensors, if asked for
====  =====================  ===================================================================================

Reference: calibration.md 6.2.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin.calib.measurement_chip import INPUTS, NEURON, configure_chip, every, synaptic_inputs
from hxtwin.calib.routines import decay_reads
from hxtwin.calib.routines.cadc import CADCCalibResult, calibrate_cadc
from hxtwin.calib.routines.capacitance import measure_capacitance
from hxtwin.calib.routines.coba import COBABias, COBALaw
from hxtwin.calib.routines.compartment_conductance import CompartmentConductance
from hxtwin.calib.routines.correlation import CorrelationCalibResult, calibrate_correlation
from hxtwin.calib.routines.membrane_time_constant import (
    MembraneTimeConstDecay,
    MembraneTimeConstOffset,
    MembraneTimeConstReset,
)
from hxtwin.calib.routines.potentials import LeakPotential, ResetPotential, read_rest
from hxtwin.calib.routines.stp_offset import STPOffsetCalib
from hxtwin.calib.routines.synapse_dac import DAC, DACBiasCalib
from hxtwin.calib.routines.synaptic_reference import SynReference
from hxtwin.calib.routines.synaptic_strength import SynBias
from hxtwin.calib.routines.synaptic_time_constant import SynTimeConstant, SynTimeConstantRead, codes_of
from hxtwin.calib.routines.threshold import ThresholdCADC
from hxtwin.calib.search import BinarySearch, NoisyBinarySearch, ProportionalSearch, SecantSearch
from hxtwin.calib.spiking_result import CORRELATION_ARRAYS
from hxtwin.calib.stateful_connection import StatefulConnection, settle
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hxtwin.calib.calib import Algorithm, Calib
    from hxtwin.calib.target import SpikingCalibOptions, SpikingCalibTarget

    Step = Callable[["Flow"], None]

_log = logging.getLogger(__name__)

_PREPARED_REST: Final = 120
_PREPARED_TAU_SYN_S: Final = 1.5e-6
_PREPARED_TAU_MEM_S: Final = 60e-6
_OFFSET_METHOD_FROM_S: Final = 3e-6
_GUIDED: Final = 3
"""Measurements of searches that begin with guesses."""
_UNGUIDED: Final = 5
_LEAK_START: Final = 200
_ICC_START: Final = 500
_COBA_TAU_MEM_S: Final = 30e-6
_THRESHOLD: Final = f"{NEURON}threshold.v_threshold"
COMPARATOR: Final = f"{NEURON}threshold.enable"


@attrs.define
class Flow:
    """A calibration on its way.

    Attributes:
        connection: the chip.
        target, options: what is asked for.
        arrays: what steps hand to later ones.
        success, measured: as in the result.
        on_part: told how many measurements of a long step are done, and of how many.
    """

    connection: StatefulConnection
    target: SpikingCalibTarget
    options: SpikingCalibOptions
    arrays: dict[str, NDArray[Any]] = attrs.field(factory=dict)
    success: dict[str, NDArray[np.bool_]] = attrs.field(factory=dict)
    measured: dict[str, NDArray[np.float64]] = attrs.field(factory=dict)
    on_part: Callable[[int, int], None] | None = None

    def configure(self, changes: dict[str, Any]) -> None:
        """Writes settings and waits until they have settled."""
        builder = PlaybackProgramBuilder()
        self.connection.configure(builder, changes)
        settle(builder)
        self.connection.run(builder)

    def note(self, name: str, calib: Calib, algorithm: Algorithm) -> None:
        """Runs a step, and keeps its success and what it achieved; fits that cannot be trusted are no number."""
        result = calib.run(self.connection, algorithm)
        self.success[name] = result.success
        if calib.achieved is not None:
            told = np.isfinite(calib.achieved) & (True if calib.trusted is None else calib.trusted)
            self.measured[name] = np.where(told, calib.achieved, np.nan)
        failed = int(np.sum(~result.success))
        _log.info("%s: %d of %d successful", name, len(result.success) - failed, len(result.success))


def steps_of(flow: Flow) -> list[tuple[str, Step]]:
    """Steps that the target asks for."""
    steps: list[tuple[str, Step]] = [
        ("cadc", _cadc),
        ("setup", _setup),
        ("tau_syn_excitatory", lambda flow: _tau_syn(flow, "excitatory")),
        ("tau_syn_inhibitory", lambda flow: _tau_syn(flow, "inhibitory")),
        ("synapse_dac", _synapse_dac),
        ("threshold", _threshold),
        ("prepare", _prepare),
        ("gm_excitatory", _gm_excitatory),
        ("gm_inhibitory", _gm_inhibitory),
        ("references", _references),
    ]
    if flow.target.neuron.e_coba_reversal is not None:
        steps.append(("coba", _coba))
    steps.append(("membrane", _membrane))
    if flow.target.neuron.tau_icc is not None:
        steps.append(("icc", _icc))
    steps.append(("stp", _stp))
    if flow.options.parasitics:
        steps.append(("capacitance", _capacitance))
    refine = flow.options.refine_potentials
    if refine or (refine is None and flow.target.neuron.e_coba_reversal is None):
        steps.append(("refine", _refine))
    if flow.target.correlation is not None:
        steps.append(("correlation", _correlation))
    return steps


# --- steps --------------------------------------------------------------------------------------------------------


def _cadc(flow: Flow) -> None:
    result = calibrate_cadc(flow.connection, flow.target.cadc, flow.options.cadc)
    flow.arrays.update({f"cadc.{name}": value for name, value in attrs.asdict(result, recurse=False).items()})


def _setup(flow: Flow) -> None:
    capacitance = flow.target.neuron.of_neurons("membrane_capacitance")
    configure_chip(flow.connection)
    flow.configure(
        {
            **synaptic_inputs(flow.connection, excitatory=0, inhibitory=0),
            COMPARATOR: every(0),
            f"{NEURON}membrane_capacitance.capacitance": capacitance.astype(np.int64),
        }
    )


def _tau_syn(flow: Flow, kind: str) -> None:
    wanted = flow.target.neuron.of_inputs("tau_syn")[list(INPUTS).index(kind)]
    calib = SynTimeConstantRead(kind, wanted) if decay_reads.serves(wanted) else SynTimeConstant(kind, wanted)
    flow.note(f"tau_syn_{kind}", calib, ProportionalSearch(measurements=_GUIDED))
    flow.arrays[f"charge_{kind}"] = calib.charge
    for name in ("i_bias_tau", "enable_high_resistance"):
        path = f"{INPUTS[kind]}{name}"
        flow.arrays[path] = np.array(flow.connection.columns(path)[path], dtype=np.int64)


def _synapse_dac(flow: Flow) -> None:
    flow.configure({DAC: np.full((2, 2), int(flow.target.neuron.synapse_dac_bias))})
    result = DACBiasCalib().run(flow.connection, BinarySearch())
    if not result.success.all():
        _log.warning("the synapse DAC bias of %d quadrants ended at a bound", int(np.sum(~result.success)))


def _threshold(flow: Flow) -> None:
    calib = ThresholdCADC(flow.target.neuron.threshold, reads=flow.options.threshold_reads)
    flow.note("threshold", calib, SecantSearch(calib.SLOPE, 4))
    flow.configure({COMPARATOR: every(0)})


def _prepare(flow: Flow) -> None:
    """Rest 120, short synaptic and long membrane time constants: good conditions to see synaptic inputs."""
    for kind in INPUTS:
        _short_tau_syn(flow, kind)
    MembraneTimeConstDecay(_PREPARED_TAU_MEM_S, repeats=2).run(flow.connection, ProportionalSearch(measurements=2))
    LeakPotential(_PREPARED_REST).run(flow.connection, NoisyBinarySearch())
    flow.arrays["rest"] = read_rest(flow.connection)


def _short_tau_syn(flow: Flow, kind: str) -> None:
    """A time constant of about 1.5 us, from what the calibration of the time constants has measured."""
    codes = codes_of(flow.arrays[f"charge_{kind}"], _PREPARED_TAU_SYN_S)
    flow.configure({f"{INPUTS[kind]}i_bias_tau": codes, f"{INPUTS[kind]}enable_high_resistance": every(1)})


def _given_gm(flow: Flow, kind: str) -> None:
    """The transconductances of the target as they are."""
    codes = flow.target.neuron.of_inputs("i_synin_gm")[list(INPUTS).index(kind)]
    flow.configure(synaptic_inputs(flow.connection, **{kind: np.rint(codes).astype(np.int64)}))


def _gm_excitatory(flow: Flow) -> None:
    if flow.target.neuron.gives_strengths:
        _given_gm(flow, "excitatory")
        return
    code = flow.target.neuron.gm[0]
    calib = SynBias("excitatory", code, flow.arrays["rest"])
    flow.note("gm_excitatory", calib, ProportionalSearch(code, 4))
    assert calib.target is not None
    assert calib.events is not None
    flow.arrays["gm_target"], flow.arrays["gm_events"] = calib.wanted().copy(), np.array(calib.events)


def _gm_inhibitory(flow: Flow) -> None:
    if flow.target.neuron.gives_strengths:
        _given_gm(flow, "inhibitory")
        return
    match = flow.target.neuron.matches_inputs
    calib = SynBias(
        "inhibitory",
        flow.target.neuron.gm[1],
        flow.arrays["rest"],
        target=flow.arrays["gm_target"] if match else None,
        events=int(flow.arrays["gm_events"]) if match else None,
    )
    flow.note("gm_inhibitory", calib, ProportionalSearch(flow.target.neuron.gm[1], 4))


def _references(flow: Flow) -> None:
    rest = flow.arrays["rest"]
    flow.configure({f"{INPUTS['excitatory']}enable": every(0), f"{INPUTS['inhibitory']}enable": every(1)})
    flow.note("shift_inhibitory", SynReference("inhibitory", rest), NoisyBinarySearch())
    flow.configure({f"{INPUTS['excitatory']}enable": every(1)})
    flow.note("shift_excitatory", SynReference("excitatory", rest), NoisyBinarySearch())


def _coba(flow: Flow) -> None:
    """Conductance based inputs; without a reference it lies between leak and threshold."""
    target = flow.target.neuron
    assert target.e_coba_reversal is not None
    middle = (float(np.mean(target.leak)) + float(np.mean(target.threshold))) / 2
    references = np.full(2, middle) if target.e_coba_reference is None else target.e_coba_reference
    laws = [
        COBALaw(kind, float(reference), float(reversal))
        for kind, reference, reversal in zip(INPUTS, references, target.e_coba_reversal, strict=True)
    ]
    MembraneTimeConstDecay(_COBA_TAU_MEM_S).run(flow.connection, ProportionalSearch(measurements=_GUIDED))
    for law in laws:
        flow.note(f"coba_{law.kind}", COBABias(law), NoisyBinarySearch())


def _icc(flow: Flow) -> None:
    assert flow.target.neuron.tau_icc is not None
    flow.note("icc", CompartmentConductance(flow.target.neuron.tau_icc), ProportionalSearch(_ICC_START))


def _stp(flow: Flow) -> None:
    result = STPOffsetCalib(flow.target.stp).run(flow.connection, BinarySearch())
    if not result.success.all():
        _log.warning("the offsets of %d synapse drivers ended at a bound", int(np.sum(~result.success)))


def _capacitance(flow: Flow) -> None:
    result = measure_capacitance(flow.connection)
    typical = float(np.median(result.codes[result.success]))
    flow.arrays["parasitics"] = np.where(result.success, result.codes, typical)


def _membrane(flow: Flow) -> None:
    """Leak, membrane time constant, reset, leak; with the real synaptic time constants and inputs off."""
    target = flow.target.neuron
    tau_syn = {path: codes for path, codes in flow.arrays.items() if path.startswith(NEURON)}
    flow.configure({**tau_syn, **{f"{prefix}enable": every(0) for prefix in INPUTS.values()}})
    LeakPotential(target.leak).run(flow.connection, NoisyBinarySearch())
    before = flow.connection.columns(f"{NEURON}leak.v_leak", f"{NEURON}reset.v_reset")
    tau = target.of_neurons("tau_mem")
    calib: MembraneTimeConstDecay | MembraneTimeConstOffset | MembraneTimeConstReset
    if decay_reads.serves(tau):
        calib = MembraneTimeConstDecay(tau)
    else:
        calib = MembraneTimeConstOffset(tau) if tau.min() >= _OFFSET_METHOD_FROM_S else MembraneTimeConstReset(tau)
    search = ProportionalSearch(_LEAK_START, _UNGUIDED if isinstance(calib, MembraneTimeConstReset) else _GUIDED)
    flow.note("tau_mem", calib, search)
    flow.configure(before)
    flow.note("reset", ResetPotential(target.reset), NoisyBinarySearch())
    flow.note("leak", LeakPotential(target.leak), NoisyBinarySearch())


def _refine(flow: Flow) -> None:
    """Column ADC and potentials once more; the success of the steps before stays."""
    target = flow.target.neuron
    _cadc(flow)
    flow.configure(
        {COMPARATOR: every(0), **{f"{prefix}enable": every(0) for prefix in INPUTS.values()}},
    )
    present = flow.connection.columns(_THRESHOLD)[_THRESHOLD]
    calib = ThresholdCADC(target.threshold, reads=flow.options.threshold_reads, start=present)
    steps: list[tuple[str, Calib, Algorithm]] = [
        ("threshold", calib, SecantSearch(calib.SLOPE, _GUIDED)),
        ("reset", ResetPotential(target.reset), NoisyBinarySearch()),
        ("leak", LeakPotential(target.leak), NoisyBinarySearch()),
    ]
    for name, step, search in steps:
        before = flow.success[name]
        flow.note(name, step, search)
        flow.success[name] = before
        flow.configure({COMPARATOR: every(0)})


def _correlation(flow: Flow) -> None:
    """Sensors at the end: their traces would slow down everything behind."""
    flow.configure({COMPARATOR: every(0), **{f"{prefix}enable": every(0) for prefix in INPUTS.values()}})
    result = calibrate_correlation(
        flow.connection, flow.target.correlation, flow.options.correlation, on_part=flow.on_part
    )
    for name in CORRELATION_ARRAYS:
        flow.arrays[f"correlation.{name}"] = np.asarray(getattr(result, name))
    if not result.success.all():
        _log.warning("the correlation sensors of %d quadrants failed", int(np.sum(~result.success)))


def cadc_of(flow: Flow) -> CADCCalibResult:
    """The calibration of the column ADC."""
    return CADCCalibResult(
        **{name.removeprefix("cadc."): value for name, value in flow.arrays.items() if name.startswith("cadc.")}
    )


def correlation_of(flow: Flow) -> CorrelationCalibResult | None:
    """The calibration of the correlation sensors, if it was asked for."""
    if flow.target.correlation is None:
        return None
    arrays = {name: flow.arrays[f"correlation.{name}"] for name in CORRELATION_ARRAYS}
    return CorrelationCalibResult(**arrays, options=flow.options.correlation)

"""Calibration: what makes analog circuits agree.

===============================  ====================================================================================
`calibrate_spiking`              finds the analog parameters that give every neuron what an experimenter asks for
`calibrate_cadc`                 the column ADC alone, on a `StatefulConnection`
`calibrate_correlation`          the same for the correlation sensors: biases, and bits of single synapses
`operating_point`                targets by name
`SpikingCalibTarget`, ..         what is asked for, with units and feasible ranges
`SpikingCalibrationResult`       frozen result: settings, success, ``to_chip``, ``apply``, ``to_bytes``
`characterise_cadc`, ``_madc``   what the converters read for known voltages
`verify`                         measures a calibrated chip by other means
`Cache`                          where results and unfinished calibrations are kept
`Calib`, `BinarySearch`, ..      the framework: one calibration, and the algorithms that drive it
===============================  ====================================================================================

    >>> import hxtwin
    >>> from hxtwin import calib
    >>> with hxtwin.connect() as connection:  # doctest: +SKIP
    ...     result = calib.calibrate_spiking(connection)
    >>> chip = result.to_chip()  # doctest: +SKIP

Nothing is loaded before it is used.

Host-based: everything is measured through playback programs, on any connection. Reference: calibration.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hxtwin.calib.cache import Cache
    from hxtwin.calib.calib import Calib, ParameterCalibResult, ParameterRange
    from hxtwin.calib.correlation_target import Branches, CorrelationCalibOptions, CorrelationCalibTarget
    from hxtwin.calib.errors import (
        AlgorithmError,
        CalibDataError,
        CalibError,
        CalibNotSuccessful,
        CalibNotSupported,
        ExcessiveNoiseError,
        HardwareError,
        MissingTargetError,
        TargetShapeError,
        TooFewSamplesError,
    )
    from hxtwin.calib.operating_points import OperatingPoint, operating_point
    from hxtwin.calib.prediction import LinearPrediction, PolynomialPrediction
    from hxtwin.calib.routines.adc_characterisation import (
        ADCCharacterisation,
        characterise_cadc,
        characterise_madc,
    )
    from hxtwin.calib.routines.cadc import CADCCalibResult, calibrate_cadc
    from hxtwin.calib.routines.correlation import CorrelationCalibResult, calibrate_correlation
    from hxtwin.calib.search import BinarySearch, LinearSearch, NoisyBinarySearch, ProportionalSearch, SecantSearch
    from hxtwin.calib.spiking import calibrate as calibrate_spiking
    from hxtwin.calib.spiking_result import SpikingCalibrationResult
    from hxtwin.calib.stateful_connection import StatefulConnection
    from hxtwin.calib.target import (
        CADCCalibOptions,
        CADCCalibTarget,
        NeuronCalibTarget,
        SpikingCalibOptions,
        SpikingCalibTarget,
        STPCalibTarget,
    )
    from hxtwin.calib.verification import Verification, verify

__all__ = [
    "ADCCharacterisation",
    "AlgorithmError",
    "BinarySearch",
    "Branches",
    "CADCCalibOptions",
    "CADCCalibResult",
    "CADCCalibTarget",
    "Cache",
    "Calib",
    "CalibDataError",
    "CalibError",
    "CalibNotSuccessful",
    "CalibNotSupported",
    "CorrelationCalibOptions",
    "CorrelationCalibResult",
    "CorrelationCalibTarget",
    "ExcessiveNoiseError",
    "HardwareError",
    "LinearPrediction",
    "LinearSearch",
    "MissingTargetError",
    "NeuronCalibTarget",
    "NoisyBinarySearch",
    "OperatingPoint",
    "ParameterCalibResult",
    "ParameterRange",
    "PolynomialPrediction",
    "ProportionalSearch",
    "STPCalibTarget",
    "SecantSearch",
    "SpikingCalibOptions",
    "SpikingCalibTarget",
    "SpikingCalibrationResult",
    "StatefulConnection",
    "TargetShapeError",
    "TooFewSamplesError",
    "Verification",
    "calibrate_cadc",
    "calibrate_correlation",
    "calibrate_spiking",
    "characterise_cadc",
    "characterise_madc",
    "operating_point",
    "verify",
]

#: Where the names are defined: module of this package, name there.
_PLACES: Final = {
    "ADCCharacterisation": ("routines.adc_characterisation", "ADCCharacterisation"),
    "Branches": ("correlation_target", "Branches"),
    "ProportionalSearch": ("search", "ProportionalSearch"),
    "SecantSearch": ("search", "SecantSearch"),
    "characterise_cadc": ("routines.adc_characterisation", "characterise_cadc"),
    "characterise_madc": ("routines.adc_characterisation", "characterise_madc"),
    "AlgorithmError": ("errors", "AlgorithmError"),
    "BinarySearch": ("search", "BinarySearch"),
    "CADCCalibOptions": ("target", "CADCCalibOptions"),
    "CADCCalibResult": ("routines.cadc", "CADCCalibResult"),
    "CADCCalibTarget": ("target", "CADCCalibTarget"),
    "Cache": ("cache", "Cache"),
    "Calib": ("calib", "Calib"),
    "CalibDataError": ("errors", "CalibDataError"),
    "CalibError": ("errors", "CalibError"),
    "CalibNotSuccessful": ("errors", "CalibNotSuccessful"),
    "CalibNotSupported": ("errors", "CalibNotSupported"),
    "CorrelationCalibOptions": ("correlation_target", "CorrelationCalibOptions"),
    "CorrelationCalibResult": ("routines.correlation", "CorrelationCalibResult"),
    "CorrelationCalibTarget": ("correlation_target", "CorrelationCalibTarget"),
    "ExcessiveNoiseError": ("errors", "ExcessiveNoiseError"),
    "HardwareError": ("errors", "HardwareError"),
    "LinearPrediction": ("prediction", "LinearPrediction"),
    "LinearSearch": ("search", "LinearSearch"),
    "MissingTargetError": ("errors", "MissingTargetError"),
    "NeuronCalibTarget": ("target", "NeuronCalibTarget"),
    "NoisyBinarySearch": ("search", "NoisyBinarySearch"),
    "OperatingPoint": ("operating_points", "OperatingPoint"),
    "ParameterCalibResult": ("calib", "ParameterCalibResult"),
    "ParameterRange": ("calib", "ParameterRange"),
    "PolynomialPrediction": ("prediction", "PolynomialPrediction"),
    "STPCalibTarget": ("target", "STPCalibTarget"),
    "SpikingCalibOptions": ("target", "SpikingCalibOptions"),
    "SpikingCalibTarget": ("target", "SpikingCalibTarget"),
    "SpikingCalibrationResult": ("spiking_result", "SpikingCalibrationResult"),
    "StatefulConnection": ("stateful_connection", "StatefulConnection"),
    "TargetShapeError": ("errors", "TargetShapeError"),
    "TooFewSamplesError": ("errors", "TooFewSamplesError"),
    "Verification": ("verification", "Verification"),
    "calibrate_cadc": ("routines.cadc", "calibrate_cadc"),
    "calibrate_correlation": ("routines.correlation", "calibrate_correlation"),
    "calibrate_spiking": ("spiking", "calibrate"),
    "operating_point": ("operating_points", "operating_point"),
    "verify": ("verification", "verify"),
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'hxtwin.calib' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(f"hxtwin.calib.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})

"""Errors of the calibration layer.

===========================  ==================================================================
`CalibError`                 root of the family
`CalibNotSuccessful`         a routine could not do its work on this chip
`CalibNotSupported`          a combination of targets or settings that no routine serves
`TooFewSamplesError`         a recording lost samples
`AlgorithmError`             a search was set up wrongly
`ExcessiveNoiseError`        .. with more start noise than its first step
`HardwareError`              the chip answers with values that no working chip gives
`CalibDataError`             bytes that are no calibration result, or one of another chip
===========================  ==================================================================

Reference: calibration.md 1.3.
"""

from __future__ import annotations

from hxtwin.errors import HxtwinError


class CalibError(HxtwinError):
    """Root of all errors of the calibration layer."""


class CalibNotSuccessful(CalibError, RuntimeError):  # noqa: N818  # name of the reference
    """A calibration could not reach its target on this chip."""


class CalibNotSupported(CalibError, ValueError):  # noqa: N818  # name of the reference
    """A combination of targets or settings that no routine serves."""


class TooFewSamplesError(CalibError, RuntimeError):
    """A recording holds less than the expected number of samples."""


class AlgorithmError(CalibError, ValueError):
    """A search cannot be run with its settings."""


class ExcessiveNoiseError(AlgorithmError):
    """The noise put on the start values exceeds the first increment of the search."""


class HardwareError(CalibError, RuntimeError):
    """The chip answers with values that no working chip gives."""


class CalibDataError(CalibError, ValueError):
    """Bytes that are no calibration result of this version, or one that belongs to another chip."""


class TargetShapeError(CalibError, ValueError):
    """A target has a shape that fits no number of instances."""


class MissingTargetError(CalibError, TypeError):
    """A calibration was run without a target."""

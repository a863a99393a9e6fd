"""Errors and warnings of the front ends.

==========================  ===============================================================
`FrontendError`             root of the family
`MissingExtraError`         an optional dependency is not installed; the text names the extra
`ModelError`                a module, its shapes or its place in the experiment are wrong
`DataError`                 a data set is absent, damaged or too large
`CheckpointError`           a checkpoint cannot be read or belongs to another experiment
`SaturationWarning`         values were clipped or spikes lost on the way to or from the chip
`SilenceWarning`            a layer does not fire at all
==========================  ===============================================================
"""

from __future__ import annotations

from hxtwin.errors import HxtwinError


class FrontendError(HxtwinError):
    """Root of all errors raised by the front ends."""


class MissingExtraError(FrontendError, ImportError):
    """An optional dependency is wanted that is not installed."""


class ModelError(FrontendError, ValueError):
    """A module, a shape, a parameter or the way modules are connected is wrong; the text names the module."""


class ModelTypeError(FrontendError, TypeError):
    """A module is connected to a kind of module or handle that it cannot work with."""


class DataError(FrontendError, ValueError):
    """A data set is absent, damaged or larger than allowed."""


class CheckpointError(FrontendError, ValueError):
    """A checkpoint is damaged, of another version, or does not fit what is to be continued."""


class FrontendWarning(UserWarning):
    """Root of all warnings of the front ends."""


class SaturationWarning(FrontendWarning):
    """Values were clipped to a range of the chip, or spikes were lost; the text has the counts."""


class SilenceWarning(FrontendWarning):
    """A layer does not fire at all, so that nothing behind it can learn."""

"""Errors of the twin: wrong use from Python.

What a client sends is answered or logged; only a strict twin raises an error for it.
"""

from __future__ import annotations

from hxtwin.errors import HxtwinError


class ChipSimError(HxtwinError):
    """Root of the errors of the twin."""


class UndefinedBehaviourError(ChipSimError):
    """A client of a strict twin did what silicon leaves undefined; the session is over."""


class TwinArgumentError(ChipSimError, ValueError):
    """An argument of a function of the twin cannot be used."""

"""Errors of the twin: only wrong use from Python; whatever a client sends is answered or logged, never raised."""

from __future__ import annotations

from hxtwin.errors import HxtwinError


class ChipSimError(HxtwinError):
    """Root of the errors of the twin."""


class TwinArgumentError(ChipSimError, ValueError):
    """An argument of a function of the twin cannot be used."""

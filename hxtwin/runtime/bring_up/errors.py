"""Errors of the bring-up."""

from __future__ import annotations

from hxtwin.runtime.errors import ProgramError


class BringUpError(ProgramError, ValueError):
    """Switches that contradict each other, or a description of the machine that fits no bring-up."""

"""Errors of accesses; an access that a backend does not have is an `AccessRefusedError` of `hxtwin.runtime.errors`.

=========================  ===========================================================================
error                      cause
=========================  ===========================================================================
`BusAccessError`           an address, word, byte enable or number of responses that a bus cannot carry
`MissingAcknowledgeError`  a device on the I2C bus did not answer
=========================  ===========================================================================
"""

from __future__ import annotations

from hxtwin.runtime.errors import ProgramError, RunError


class BusAccessError(ProgramError, ValueError):
    """Addresses, words, byte enables or responses that do not fit the bus."""


class MissingAcknowledgeError(RunError):
    """A device on the I2C bus did not acknowledge a byte (reference: fpga-instructions.md 4.2)."""

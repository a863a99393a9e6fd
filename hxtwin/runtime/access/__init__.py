"""Accesses: how the words of a container become instructions, on every bus, and how answers become words again.

==================  ======================================================================
`write_messages`    (addresses, words) of a backend to instructions
`read_messages`     addresses of a backend to instructions
`response_count`    number of responses to such a read
`response_message`  message that answers such a read
`response_words`    payloads of these responses to words
==================  ======================================================================
"""

from __future__ import annotations

from hxtwin.runtime.access.errors import BusAccessError, MissingAcknowledgeError
from hxtwin.runtime.access.expansion import (
    read_messages,
    response_count,
    response_message,
    response_words,
    write_messages,
)

__all__ = [
    "BusAccessError",
    "MissingAcknowledgeError",
    "read_messages",
    "response_count",
    "response_message",
    "response_words",
    "write_messages",
]

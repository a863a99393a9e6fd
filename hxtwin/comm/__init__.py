"""How words travel between a host and a chip.

==================  ==========================================================================================
part                content
==================  ==========================================================================================
`hxtwin.comm.ut`    UT messages and their words: instruction dictionaries, encoders, decoders
`hxtwin.comm.arq`   Host-ARQ: reliable transport of words over UDP, both ends
connections         `Connection` and what fulfils it: `InProcessConnection`, `UDPConnection`, `ZeroMockConnection`,
                    several at once: `MultiConnection`; `Device`, which stands at the far end
==================  ==========================================================================================

Importing ``hxtwin.comm`` loads the errors only; its parts are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hxtwin.comm.errors import (
    ArgumentError,
    BitfileError,
    CommError,
    DeviceDiedError,
    EndpointTakenError,
    HaltTimeoutError,
    LinkClosedError,
    LinkError,
    LinkProtocolError,
    NoAnswerError,
    ResetFailedError,
    SettingsMismatchError,
    UTDecodeError,
    UTEncodeError,
)

if TYPE_CHECKING:
    from hxtwin.comm import arq, ut
    from hxtwin.comm.connection import Connection, ConnectionInfo
    from hxtwin.comm.device import Device
    from hxtwin.comm.in_process import InProcessConnection
    from hxtwin.comm.multi_connection import MultiConnection
    from hxtwin.comm.time_info import TimeInfo
    from hxtwin.comm.udp import UDPConnection
    from hxtwin.comm.zero_mock import ZeroMockConnection

__all__ = [
    "ArgumentError",
    "BitfileError",
    "CommError",
    "Connection",
    "ConnectionInfo",
    "Device",
    "DeviceDiedError",
    "EndpointTakenError",
    "HaltTimeoutError",
    "InProcessConnection",
    "LinkClosedError",
    "LinkError",
    "LinkProtocolError",
    "MultiConnection",
    "NoAnswerError",
    "ResetFailedError",
    "SettingsMismatchError",
    "TimeInfo",
    "UDPConnection",
    "UTDecodeError",
    "UTEncodeError",
    "ZeroMockConnection",
    "arq",
    "ut",
]

_PARTS = frozenset({"arq", "ut"})
_CONNECTIONS = {
    "Connection": "connection",
    "ConnectionInfo": "connection",
    "Device": "device",
    "InProcessConnection": "in_process",
    "MultiConnection": "multi_connection",
    "TimeInfo": "time_info",
    "UDPConnection": "udp",
    "ZeroMockConnection": "zero_mock",
}
"""Names that are imported when they are first used, and their modules."""


def __getattr__(name: str) -> object:
    if name in _PARTS:
        return importlib.import_module(f"hxtwin.comm.{name}")
    if name in _CONNECTIONS:
        value: object = getattr(importlib.import_module(f"hxtwin.comm.{_CONNECTIONS[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hxtwin.comm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PARTS, *_CONNECTIONS})

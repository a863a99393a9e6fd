"""Who uses an endpoint: at most one connection, in this process and on this machine.

A device serves whoever reset it last, so a second connection would silently end the first one. A claim prevents that:

===============  =================================================================================================
among            by
===============  =================================================================================================
connections      a table of this process
processes        on Linux a socket in the abstract name space, named after the endpoint: the kernel drops it when its
                 process ends, however it ends, and tells who holds it; nothing is written to disk
===============  =================================================================================================
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from pathlib import Path
from typing import Final

from hxtwin.comm.errors import EndpointTakenError

_NAME_PREFIX: Final = b"\0hxtwin-endpoint-"
_CREDENTIALS = struct.Struct("3i")

_held: dict[str, EndpointClaim] = {}
_lock = threading.Lock()


class EndpointClaim:
    """The right to use an endpoint, until `release` or the end of the process.

    Args:
        name: the endpoint, e.g. ``"udp://192.0.2.7:1234"``.
        across_processes: claim it on this machine, not only in this process.

    Raises:
        EndpointTakenError: somebody else holds it; the message names the process if it is known.
    """

    def __init__(self, name: str, *, across_processes: bool = True) -> None:
        self.name = name
        self._socket: socket.socket | None = None
        with _lock:
            if name in _held:
                raise EndpointTakenError(
                    f"{name} is taken by another connection of this process: close that one first, or share it"
                )
            if across_processes and sys.platform == "linux":
                self._socket = _claim_on_machine(name)
            _held[name] = self

    def release(self) -> None:
        """Gives the endpoint back; may be called again."""
        with _lock:
            if _held.get(self.name) is self:
                del _held[self.name]
            self._drop()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _claim_on_machine(name: str) -> socket.socket:
    address = _NAME_PREFIX + name.encode()
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        claim.bind(address)
        claim.listen()
    except OSError as error:
        claim.close()
        raise EndpointTakenError(
            f"{name} is taken by {_holder(address)}: wait until it is free, or take it over with exclusive=False"
        ) from error
    return claim


def _holder(address: bytes) -> str:
    """Returns the process that holds a claim, as people would name it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(address)
            raw = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return "another process of this machine"
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    return f"process {pid}{_command(pid)} of user {_user(uid)}"


def _command(pid: int) -> str:
    try:
        with Path(f"/proc/{pid}/comm").open("rb") as file:
            name = file.read(64).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return f" ({''.join(c if c.isprintable() else '?' for c in name)})"


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _forget_after_fork() -> None:
    """A forked child uses none of its parent's connections and must not keep their endpoints claimed."""
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = threading.Lock()
    for claim in _held.values():
        claim._drop()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)

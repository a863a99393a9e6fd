"""hxtwin: operating system and register-level twin of the BrainScaleS-2 neuromorphic platform.

The sub-packages are the layers of the system, from where a thing is to what a modeller says: `hxtwin.coord`,
`hxtwin.containers`, `hxtwin.comm`, `hxtwin.runtime`, `hxtwin.calib`, `hxtwin.graph`, `hxtwin.frontend`. `connect` opens
a connection to a device.

Importing ``hxtwin`` loads no layer: ``hxtwin.coord`` and the others are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hxtwin._version import __version__
from hxtwin.errors import HxtwinError

if TYPE_CHECKING:
    from hxtwin import calib, comm, containers, coord, frontend, graph, runtime
    from hxtwin.endpoints import connect

__all__ = [
    "HxtwinError",
    "__version__",
    "calib",
    "comm",
    "connect",
    "containers",
    "coord",
    "frontend",
    "graph",
    "runtime",
]

_LAYERS = frozenset({"coord", "containers", "comm", "runtime", "calib", "graph", "frontend"})


def __getattr__(name: str) -> object:
    if name in _LAYERS:
        return importlib.import_module(f"hxtwin.{name}")
    if name == "connect":
        return importlib.import_module("hxtwin.endpoints").connect
    raise AttributeError(f"module 'hxtwin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAYERS, "connect"})

"""How the kernels of this package are compiled: without Python objects, without the GIL, cached on disk.

A kernel takes every table (masks, lengths, ranges) as an argument and calls kernels of its own file alone: the cache on
disk knows a kernel by its own file, so nothing that stands in another file may be frozen into it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., object])


def kernel(function: _F) -> _F:
    """Compiles a pure function of arrays and numbers at its first call."""
    return cast("_F", numba.njit(cache=True, nogil=True)(function))

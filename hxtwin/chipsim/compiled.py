"""How the kernels of the twin are compiled: without Python objects, without the GIL, cached on disk.

A kernel calls kernels of its own file alone and takes tables as arguments: the cache on disk knows a kernel by its own
file, so nothing that stands in another file may be frozen into it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar, cast

import numba
import numpy as np

_F = TypeVar("_F", bound=Callable[..., object])

Integer: TypeAlias = int | np.int64
"""A whole number inside a kernel: 64 bits, signed."""


def kernel(function: _F) -> _F:
    """Compiles a pure function of arrays and numbers at its first call."""
    return cast("_F", numba.njit(cache=True, nogil=True)(function))

"""How the kernels of the twin are compiled: as those of the message codec, see `hxtwin.comm.ut.kernels.compiler`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar, cast

import numba
import numpy as np

from hxtwin.comm.ut.kernels.compiler import kernel

__all__ = ["Integer", "inner_kernel", "kernel"]

Integer: TypeAlias = int | np.int64
"""A whole number inside a kernel: 64 bits, signed."""

_F = TypeVar("_F", bound=Callable[..., object])


def inner_kernel(function: _F) -> _F:
    """Compiles a function that other kernels call in every step, or that calls such ones.

    It makes no array and keeps none, so that references are not counted: counts, which are atomic, took a sixth of the
    time of the loop over steps. A function that makes an array does not compile.
    """
    return cast("_F", numba.njit(cache=True, nogil=True, _nrt=False)(function))  # type: ignore[call-overload]  # an option without a stub

"""How kernels are compiled: without Python objects, without the GIL, cached on disk.

A kernel takes every table (masks, lengths, ranges) as an argument and calls kernels of its own file alone: the cache on
disk knows a kernel by its own file, so nothing that stands in another file may be frozen into it.

===========================================  =======================================================================
place of the cache                           used when
===========================================  =======================================================================
``NUMBA_CACHE_DIR`` of the environment       it is set
``__pycache__`` beside the source            it can be written
the user's cache folder                      it can be written
a folder that ends with the process          nothing else can; a warning says what to do
===========================================  =======================================================================
"""

from __future__ import annotations

import atexit
import logging
import shutil
import tempfile
from collections.abc import Callable
from typing import Final, TypeVar, cast

import numba
from numba.core import config as numba_config

_F = TypeVar("_F", bound=Callable[..., object])
_LOG: Final = logging.getLogger("hxtwin")


def kernel(function: _F) -> _F:
    """Compiles a pure function of arrays and numbers at its first call."""
    return cast("_F", numba.njit(cache=True, nogil=True)(function))


def _provide_cache() -> None:
    """Sees to it that there is a place for the cache: without one numba refuses every kernel."""
    try:
        kernel(_provide_cache)
    except RuntimeError:
        folder = tempfile.mkdtemp(prefix="hxtwin-kernels-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        setattr(numba_config, "CACHE_DIR", folder)  # noqa: B010  # its variables come from a table
        _LOG.warning(
            "neither the folder of the package nor the user's cache folder can be written: kernels are compiled anew "
            "in every process, which takes up to a minute; set NUMBA_CACHE_DIR to a folder that can be written"
        )


_provide_cache()

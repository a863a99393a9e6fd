"""How the kernels of the twin are compiled: as those of the message codec, see `hxtwin.comm.ut.kernels.compiler`."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from hxtwin.comm.ut.kernels.compiler import kernel

__all__ = ["Integer", "kernel"]

Integer: TypeAlias = int | np.int64
"""A whole number inside a kernel: 64 bits, signed."""

"""Files in IDX form, plain or compressed with gzip.

=========  ===============================================
bytes      meaning
=========  ===============================================
0, 1       0
2          type of the entries: 8 (unsigned bytes)
3          number of dimensions n
4 ..       n sizes, 4 bytes each, most significant first
then       entries, last dimension fastest
=========  ===============================================
"""

from __future__ import annotations

import gzip
import math
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from hxtwin.frontend.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

#: Largest number of entries that is read: MNIST has 4.7e7.
MOST_ENTRIES: Final = 1 << 29
_UNSIGNED_BYTES: Final = 8
_MOST_DIMENSIONS: Final = 4
_GZIP: Final = b"\x1f\x8b"


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read a file of unsigned bytes in IDX form.

    Args:
        path: the file; gzip is recognised by its first bytes.

    Returns:
        uint8 array with the dimensions that the file names.

    Raises:
        DataError: the file is absent, damaged, of another type, too large, or its length is not what its head says.
    """
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == _GZIP
        with gzip.open(path, "rb") if compressed else path.open("rb") as file:
            sizes = _sizes(path, file.read(4), file.read(4 * _MOST_DIMENSIONS))
            count = math.prod(sizes)
            # the head may have been shorter than what was read: start over behind it
            file.seek(4 + 4 * len(sizes))
            data = file.read(count + 1)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if len(data) != count:
        kind = "shorter" if len(data) < count else "longer"
        raise DataError(f"{path} is {kind} than its head says ({' x '.join(map(str, sizes))} bytes); copy it again")
    return np.frombuffer(data, np.uint8).reshape(sizes)


def _sizes(path: Path, head: bytes, rest: bytes) -> tuple[int, ...]:
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] != _UNSIGNED_BYTES or not 1 <= head[3] <= _MOST_DIMENSIONS:
        raise DataError(
            f"{path} is no IDX file of unsigned bytes: it begins with {head.hex(' ') or 'nothing'}, "
            f"00 00 08 01..{_MOST_DIMENSIONS:02} is wanted"
        )
    dimensions = head[3]
    if len(rest) < 4 * dimensions:
        raise DataError(f"{path} ends within its head")
    sizes = tuple(int.from_bytes(rest[4 * k : 4 * k + 4], "big") for k in range(dimensions))
    if not 1 <= math.prod(sizes) <= MOST_ENTRIES:
        raise DataError(f"{path} says it has {' x '.join(map(str, sizes))} entries; 1..{MOST_ENTRIES} are allowed")
    return sizes

"""The envelope in which serialised programs, results and lists of commands lie.

====================  =========================================================================
envelope (msgpack)    ``{"format": "hxtwin", "version": 1, "type": ..., "data": {...}}``
array                 little-endian bytes of a declared dtype
====================  =========================================================================

Reading is strict: unknown keys, types and versions, wrong sizes and trailing bytes are refused, and so is anything
larger than 2 GiB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgpack
import numpy as np

from hxtwin.runtime.errors import ProgramDecodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT: Final = "hxtwin"
VERSION: Final = 1
MAXIMUM_SIZE: Final = 1 << 31
"""Largest input accepted, in bytes: 2 GiB."""
Kind: TypeAlias = Literal["program", "result", "commands"]
"""What lies in an envelope."""


def pack(kind: Kind, data: dict[str, Any]) -> bytes:
    """Bytes of an envelope."""
    packed: bytes = msgpack.packb({"format": FORMAT, "version": VERSION, "type": kind, "data": data}, use_bin_type=True)
    return packed


def unpack(data: bytes, kind: Kind, keys: set[str]) -> dict[str, Any]:
    """Contents of an envelope of one kind, with exactly these keys; ProgramDecodeError for other bytes."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ProgramDecodeError(f"bytes are wanted, got {type(data).__name__}")
    if len(data) > MAXIMUM_SIZE:
        raise ProgramDecodeError(f"{len(data)} bytes given, at most {MAXIMUM_SIZE} are accepted")
    try:
        envelope = msgpack.unpackb(data, raw=False, strict_map_key=True)
    except (ValueError, TypeError, RecursionError) as error:
        raise ProgramDecodeError(f"not a msgpack envelope, or bytes are missing or left over: {error}") from error
    check_map(envelope, {"format", "version", "type", "data"}, "envelope")
    if envelope["format"] != FORMAT:
        raise ProgramDecodeError(f"format {envelope['format']!r:.40} given, {FORMAT!r} wanted")
    if type(envelope["version"]) is not int or envelope["version"] != VERSION:
        raise ProgramDecodeError(f"version {envelope['version']!r:.40} given, this package reads version {VERSION}")
    if envelope["type"] != kind:
        raise ProgramDecodeError(f"a {envelope['type']!r:.40} is given, a {kind!r} is wanted")
    check_map(envelope["data"], keys, kind)
    found: dict[str, Any] = envelope["data"]
    return found


def check_map(found: object, keys: set[str], where: str) -> None:
    """Refuses what is no map with exactly these keys."""
    if not isinstance(found, dict) or found.keys() != keys:
        raise ProgramDecodeError(f"{where}: a map with the keys {', '.join(sorted(keys))} is wanted")


def array_bytes(array: NDArray[Any]) -> bytes:
    """Little-endian bytes of an array."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()


def array(found: dict[str, Any], name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The array of a dtype that stands under a name, read-only."""
    raw = found[name]
    if not isinstance(raw, bytes) or len(raw) % dtype.itemsize:
        raise ProgramDecodeError(f"{name}: bytes of items of {dtype.itemsize} bytes are wanted")
    return np.frombuffer(raw, dtype=dtype.newbyteorder("<")).astype(dtype, copy=False)


def natural(name: str, value: object) -> int:
    """The value, if it is a number 0..2**63-1."""
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ProgramDecodeError(f"{name}: a number 0..2**63-1 is wanted, got {value!r:.40}")
    return value

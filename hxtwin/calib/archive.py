"""Calibration results as bytes: one msgpack file, checked on every load, without pickle.

==================  ====================================================================================
``format``          ``"hxtwin-calibration"``
``version``         of this layout
``kind``            what the content is, e.g. ``"spiking"``
``hash``            SHA-256 of the content
``content``         packed content: everything that the same chip and target give again
``origin``          when and where it was made; outside the hashed content
==================  ====================================================================================

Arrays are ``{"dtype": .., "shape": [..], "data": little-endian bytes}``.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgpack
import numpy as np

from hxtwin.calib.errors import CalibDataError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "hxtwin-calibration"
VERSION: Final = 1
MAXIMUM_SIZE: Final = 64 << 20
"""Largest file accepted; a spiking calibration has 0.3 MB, 0.6 MB with correlation sensors."""
_DTYPES: Final = {"bool": np.bool_, "uint8": np.uint8, "int64": np.int64, "float64": np.float64}
_AXES: Final = 4


@attrs.frozen
class Archive:
    """An opened archive.

    Attributes:
        kind: what the content is.
        content: plain data and arrays.
        origin: date, host and endpoint.
        content_hash: SHA-256 of the packed content, hex.
    """

    kind: str
    content: Mapping[str, Any]
    origin: Mapping[str, Any]
    content_hash: str


def pack(kind: str, content: Mapping[str, Any], origin: Mapping[str, Any]) -> bytes:
    """Bytes of an archive."""
    packed = _packed(content)
    found: bytes = msgpack.packb(
        {
            "format": FORMAT,
            "version": VERSION,
            "kind": kind,
            "hash": hashlib.sha256(packed).hexdigest(),
            "content": packed,
            "origin": dict(origin),
        }
    )
    return found


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of packed content, hex."""
    return hashlib.sha256(_packed(content)).hexdigest()


def unpack(data: bytes, kind: str | None = None) -> Archive:
    """The archive in bytes.

    Args:
        data: what `pack` gave.
        kind: kind that is wanted; None: any.

    Raises:
        CalibDataError: other bytes, another version or kind, or content that was changed.
    """
    if len(data) > MAXIMUM_SIZE:
        raise CalibDataError(f"{len(data)} bytes are too many for a calibration; at most {MAXIMUM_SIZE} are read")
    envelope = _unpacked(data)
    keys = {"format", "version", "kind", "hash", "content", "origin"}
    if not isinstance(envelope, dict) or envelope.keys() != keys or envelope["format"] != FORMAT:
        raise CalibDataError("these bytes are no calibration of hxtwin; give a file that `hxtwin calib run` wrote")
    if envelope["version"] != VERSION:
        raise CalibDataError(
            f"the calibration has layout version {envelope['version']!r}, this package reads {VERSION}; calibrate anew"
        )
    if kind is not None and envelope["kind"] != kind:
        raise CalibDataError(f"a calibration of kind {envelope['kind']!r} given, {kind!r} is wanted")
    packed, origin = envelope["content"], envelope["origin"]
    if not isinstance(packed, bytes) or not isinstance(origin, dict) or not isinstance(envelope["kind"], str):
        raise CalibDataError("the calibration is damaged: its parts have wrong types; calibrate anew")
    if hashlib.sha256(packed).hexdigest() != envelope["hash"]:
        raise CalibDataError("the calibration is damaged: its content does not match its hash; calibrate anew")
    content = _restore(_unpacked(packed))
    if not isinstance(content, dict):
        raise CalibDataError("the calibration is damaged: its content is no map; calibrate anew")
    return Archive(envelope["kind"], content, origin, envelope["hash"])


def write_file(path: Path, data: bytes) -> None:
    """Writes a file as a whole or not at all; a file that is there is replaced.

    The bytes go to a temporary file beside it first, so that no reader ever sees a part.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Makes sure that `write_file` will find a place, before something takes minutes.

    Raises:
        CalibDataError: there is no such folder, it cannot be written, or a folder stands in the place of the file.
    """
    folder = path.parent
    if not folder.is_dir():
        raise CalibDataError(f"{path}: there is no folder {folder}; make it, or give another file")
    if path.is_dir():
        raise CalibDataError(f"{path}: is a folder; give a file")
    if not os.access(folder, os.W_OK):
        raise CalibDataError(f"{path}: the folder {folder} cannot be written; give another file")


def read_file(path: Path) -> bytes:
    """Bytes of a file.

    Raises:
        CalibDataError: it cannot be read, or is too large.
    """
    try:
        if path.stat().st_size > MAXIMUM_SIZE:
            raise CalibDataError(f"{path}: too large for a calibration; at most {MAXIMUM_SIZE} bytes are read")
        return path.read_bytes()
    except OSError as error:
        raise CalibDataError(f"{path}: cannot be read: {error.strerror}") from error


def _packed(content: Mapping[str, Any]) -> bytes:
    found: bytes = msgpack.packb(content, default=_plain)
    return found


def _plain(value: object) -> Any:
    if isinstance(value, np.ndarray):
        dtype = value.dtype.name
        if dtype not in _DTYPES:
            raise TypeError(f"arrays of {dtype} are not stored")
        stored = np.ascontiguousarray(value.astype(value.dtype.newbyteorder("<"), copy=False))
        return {"dtype": dtype, "shape": list(value.shape), "data": stored.tobytes()}
    raise TypeError(f"a {type(value).__name__} is not stored")


def _unpacked(data: bytes) -> Any:
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=True)
    except (ValueError, TypeError, RecursionError) as error:
        raise CalibDataError(f"the calibration cannot be read, bytes are missing or changed: {error}") from error


def _restore(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"dtype", "shape", "data"}:
            return _array(value)
        return {key: _restore(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restore(item) for item in value]
    return value


def _array(value: dict[str, Any]) -> np.ndarray[Any, Any]:
    dtype, shape, data = _DTYPES.get(str(value["dtype"])), value["shape"], value["data"]
    if dtype is None or not isinstance(shape, list) or not isinstance(data, bytes) or len(shape) > _AXES:
        raise CalibDataError("the calibration is damaged: an array has no known form; calibrate anew")
    if not all(type(size) is int and 0 <= size <= MAXIMUM_SIZE for size in shape):
        raise CalibDataError("the calibration is damaged: an array has no known shape; calibrate anew")
    count = int(np.prod(shape, dtype=object))
    if count * np.dtype(dtype).itemsize != len(data):
        raise CalibDataError("the calibration is damaged: an array has another size than its shape; calibrate anew")
    array: np.ndarray[Any, Any] = (
        np.frombuffer(data, dtype=np.dtype(dtype).newbyteorder("<")).astype(dtype).reshape(shape)
    )
    array.flags.writeable = False
    return array

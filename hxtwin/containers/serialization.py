"""Objects as bytes: coordinates, containers, records and trees, without pickle.

====================  ==========================================================================
envelope (msgpack)    ``{"format": "hxtwin", "version": 1, "type": <class name>, "data": ...}``
coordinate            its linear index; intervals ``[min, max]``
record, container     ``{<dotted path>: <int> or <little-endian bytes of the array>}``, every leaf field
====================  ==========================================================================

Reading is strict: unknown types, versions, missing or unknown fields, wrong sizes, values out of range and trailing
bytes are
refused. Sizes are bounded by the class that is read. `converter` is the cattrs converter behind it; other layers
may use it for
their own data classes that hold coordinates and containers.
"""

from __future__ import annotations

from typing import Any

import cattrs
import msgpack
import numpy as np

from hxtwin.containers import container, event_record
from hxtwin.containers.errors import ContainerError, DecodeError
from hxtwin.containers.memory_block import MemoryBlock
from hxtwin.containers.record import Column, Columns, Record, build, schema
from hxtwin.coord import Coordinate, CoordinateError
from hxtwin.coord import types as coordinate_types
from hxtwin.coord.errors import shown

FORMAT = "hxtwin"
VERSION = 1

#: Largest input accepted: the DRAM behind the embedded processors, and something for the envelope.
MAXIMUM_SIZE = (256 << 20) + (1 << 16)

_RECORDS: dict[str, type[Record]] = {
    record.__name__: record
    for record in (event_record.SpikeFromChip, event_record.MADCSampleFromChip, event_record.HighspeedLinkNotification)
}


def to_bytes(obj: Coordinate | Record) -> bytes:
    """Serialise a coordinate, a container or another record.

    Raises:
        ContainerError: the object is of a kind that has no serialised form.
    """
    name = _name(type(obj))
    found: bytes = msgpack.packb(
        {"format": FORMAT, "version": VERSION, "type": name, "data": converter.unstructure(obj)}, use_bin_type=True
    )
    return found


def from_bytes(data: bytes) -> Any:
    """The object that `to_bytes` has written.

    Raises:
        DecodeError: not an envelope of this format, another version, an unknown type, or data that do not fit the type.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise DecodeError(f"bytes are wanted, got {type(data).__name__}")
    if len(data) > MAXIMUM_SIZE:
        raise DecodeError(f"{len(data)} bytes given, at most {MAXIMUM_SIZE} are accepted")
    try:
        envelope = msgpack.unpackb(data, raw=False, strict_map_key=True, object_pairs_hook=_each_once)
    except (ValueError, TypeError, RecursionError) as error:  # all errors of msgpack derive from ValueError
        raise DecodeError(f"not a msgpack envelope, or bytes are missing or left over: {error}") from error
    if not isinstance(envelope, dict) or envelope.keys() != {"format", "version", "type", "data"}:
        raise DecodeError("not an envelope with the keys format, version, type and data")
    if envelope["format"] != FORMAT:
        raise DecodeError(f"format {shown(envelope['format'])} given, {FORMAT!r} wanted")
    if type(envelope["version"]) is not int or envelope["version"] != VERSION:
        raise DecodeError(f"version {shown(envelope['version'])} given, this package reads version {VERSION}")
    return converter.structure(envelope["data"], _type(envelope["type"]))


def _each_once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an entry is given twice")
    return found


def _name(cls: type[Any]) -> str:
    for name, known in (*coordinate_types().items(), *container.types().items(), *_RECORDS.items()):
        if known is cls:
            return name
    raise ContainerError(f"a {cls.__name__} has no serialised form; coordinates, containers and event records have one")


def _type(name: object) -> type[Any]:
    if isinstance(name, str):
        for known in (coordinate_types(), container.types(), _RECORDS):
            if name in known:
                found: type[Any] = known[name]
                return found
    raise DecodeError(f"unknown type {shown(name)}")


def _pack_record(record: Record) -> Any:
    if hasattr(record, "_to_plain"):
        return record._to_plain()
    return {path: _pack_array(array) for path, array in record.columns().items()}


def _pack_array(array: np.ndarray[Any, Any]) -> int | bytes:
    if array.ndim == 0:
        return int(array)
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _unpack_record(data: Any, cls: type[Record]) -> Record:
    if hasattr(cls, "_from_plain"):
        found: Record = cls._from_plain(data)
        return found
    if not isinstance(data, dict):
        raise DecodeError(f"{cls.__name__}: a map of fields is wanted, got {type(data).__name__}")
    columns = schema(cls)
    known = {column.path for column in columns}
    if data.keys() != known:
        wrong = sorted(map(shown, data.keys() ^ known))
        raise DecodeError(f"{cls.__name__}: fields missing or unknown: {', '.join(wrong[:5])}")
    if issubclass(cls, MemoryBlock):
        return _unpack_block(data, cls, columns[0])
    unpacked: Columns = {column.path: _unpack_column(cls, column, data[column.path])[np.newaxis] for column in columns}
    return build(cls, unpacked, 0)


def _unpack_block(data: dict[str, Any], cls: type[MemoryBlock], column: Column) -> MemoryBlock:
    raw = data[column.path]
    width = column.spec.dtype.itemsize
    if not isinstance(raw, bytes) or len(raw) % width or not width <= len(raw) <= width * column.shape[0]:
        raise DecodeError(f"{cls.__name__}.{column.path}: {width}..{width * column.shape[0]} bytes are wanted")
    return cls(**{column.path: np.frombuffer(raw, dtype=column.spec.dtype.newbyteorder("<"))})


def _unpack_column(cls: type[Record], column: Column, raw: Any) -> np.ndarray[Any, Any]:
    spec, where = column.spec, f"{cls.__name__}.{column.path}"
    if column.shape:
        size = int(np.prod(column.shape)) * spec.dtype.itemsize
        if not isinstance(raw, bytes) or len(raw) != size:
            raise DecodeError(f"{where}: {size} bytes are wanted")
        stored = np.frombuffer(raw, dtype=np.uint8 if spec.kind == "bool" else spec.dtype.newbyteorder("<"))
        array = stored.reshape(column.shape)
    else:
        if type(raw) is not int or not -(1 << 63) <= raw < 1 << 64:
            raise DecodeError(f"{where}: an integer is wanted, got {shown(raw)}")
        array = np.asarray(raw)
    if array.size and (int(array.min()) < spec.minimum or int(array.max()) > spec.maximum):
        raise DecodeError(
            f"{where}: values {array.min()}..{array.max()} found, allowed: {spec.minimum}..{spec.maximum}"
        )
    return array.astype(spec.dtype, copy=False)


def _unpack_coordinate(data: Any, cls: type[Coordinate]) -> Coordinate:
    try:
        return cls.from_plain(data)
    except CoordinateError as error:
        raise DecodeError(str(error)) from error


#: The converter of coordinates and containers; hand it attrs classes that contain them.
converter = cattrs.Converter(forbid_extra_keys=True)
converter.register_unstructure_hook_func(lambda cls: _is(cls, Record), _pack_record)
converter.register_structure_hook_func(lambda cls: _is(cls, Record), _unpack_record)
converter.register_unstructure_hook_func(lambda cls: _is(cls, Coordinate), lambda coordinate: coordinate.to_plain())
converter.register_structure_hook_func(lambda cls: _is(cls, Coordinate), _unpack_coordinate)


def _is(cls: Any, base: type[Any]) -> bool:
    return isinstance(cls, type) and issubclass(cls, base)

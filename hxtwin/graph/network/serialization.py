"""Networks as bytes, without pickle: cattrs and msgpack with a type tag and a schema version.

====================  ==========================================================================
envelope (msgpack)    ``{"format": "hxtwin-graph", "version": 1, "type": <class name>, "data": ...}``
array                 ``{"dtype": "<i4", "shape": [...], "data": <bytes>}``
coordinate, container as in `hxtwin.containers.to_bytes`
====================  ==========================================================================

Reading is strict: unknown types and versions, missing or unknown fields, wrong sizes and trailing bytes are refused,
and all checks of the classes are made again. Other rooms of this layer add their own classes with `register`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

import cattrs
import cattrs.strategies
import msgpack
import numpy as np

from hxtwin.containers import LogicalNeuron
from hxtwin.containers.serialization import MAXIMUM_SIZE
from hxtwin.containers.serialization import converter as containers_converter
from hxtwin.errors import HxtwinError
from hxtwin.graph.errors import GraphDecodeError, GraphError
from hxtwin.graph.network.network import Network
from hxtwin.graph.network.neuron_shape import NeuronShape
from hxtwin.graph.network.recording import Recording

FORMAT = "hxtwin-graph"
VERSION = 1

_TYPES: dict[str, type[Any]] = {}

T = TypeVar("T", bound=type[Any])


def register(cls: T) -> T:
    """Let `to_bytes` and `from_bytes` know an attrs class; can be used as a decorator."""
    _TYPES[cls.__name__] = cls
    return cls


def to_bytes(obj: object) -> bytes:
    """Serialise a network, or an object of another registered class.

    Raises:
        GraphError: the class of the object is not registered.
    """
    name = type(obj).__name__
    if _TYPES.get(name) is not type(obj):
        raise GraphError(f"a {name} has no serialised form; these have one: {sorted(_TYPES)}")
    envelope = {"format": FORMAT, "version": VERSION, "type": name, "data": converter.unstructure(obj)}
    found: bytes = msgpack.packb(envelope, use_bin_type=True)
    return found


def from_bytes(data: bytes) -> Any:
    """The object that `to_bytes` has written.

    Raises:
        GraphDecodeError: not an envelope of this format, another version, an unknown type, or data that do not make a
            valid object.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise GraphDecodeError(f"bytes are wanted, got {type(data).__name__}")
    if len(data) > MAXIMUM_SIZE:
        raise GraphDecodeError(f"{len(data)} bytes given, at most {MAXIMUM_SIZE} are accepted")
    try:
        envelope = msgpack.unpackb(data, raw=False, strict_map_key=True)
    except (ValueError, TypeError, RecursionError) as error:
        raise GraphDecodeError(f"not a msgpack envelope, or bytes are missing or left over: {error}") from error
    if not isinstance(envelope, dict) or envelope.keys() != {"format", "version", "type", "data"}:
        raise GraphDecodeError("not an envelope with the keys format, version, type and data")
    if envelope["format"] != FORMAT:
        raise GraphDecodeError(f"format {envelope['format']!r:.80} given, {FORMAT!r} wanted")
    if type(envelope["version"]) is not int or envelope["version"] != VERSION:
        raise GraphDecodeError(f"version {envelope['version']!r:.80} given, this package reads version {VERSION}")
    name = envelope["type"]
    if not isinstance(name, str) or name not in _TYPES:
        raise GraphDecodeError(f"unknown type {name!r:.80}")
    try:
        return converter.structure(envelope["data"], _TYPES[name])
    except (HxtwinError, cattrs.BaseValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise GraphDecodeError(f"{name}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """The innermost message of nested validation errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _pack_array(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    stored = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {"dtype": stored.dtype.str, "shape": list(array.shape), "data": stored.tobytes()}


def _unpack_array(data: Any, cls: Any) -> np.ndarray[Any, Any]:
    wanted = np.dtype(get_args(get_args(cls)[1])[0]).newbyteorder("<")
    if not isinstance(data, dict) or data.keys() != {"dtype", "shape", "data"}:
        raise GraphDecodeError("an array with dtype, shape and data is wanted")
    if data["dtype"] != wanted.str:
        raise GraphDecodeError(f"an array of {wanted.str} is wanted, got {data['dtype']!r:.20}")
    shape, raw = data["shape"], data["data"]
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise GraphDecodeError(f"an array shape is wanted, got {shape!r:.80}")
    size = wanted.itemsize
    for length in shape:
        size *= length
    if not isinstance(raw, bytes) or len(raw) != size:
        raise GraphDecodeError(f"{size} bytes are wanted for an array of shape {shape}")
    array = np.frombuffer(raw, dtype=wanted).astype(wanted.newbyteorder("=")).reshape(shape)
    array.flags.writeable = False
    return array


def _is_array(cls: Any) -> bool:
    return get_origin(cls) is np.ndarray or cls is np.ndarray


def _exactly(*kinds: type) -> Any:
    def structure(data: Any, cls: type) -> Any:
        if type(data) not in kinds:
            raise GraphDecodeError(f"{cls.__name__} wanted, got {data!r:.80}")
        return cls(data)

    return structure


def _pack_shape(shape: NeuronShape) -> dict[str, Any]:
    senders = [list(pair) for pair in shape.spike_senders.items()]
    return {"structure": converter.unstructure(shape.structure), "spike_senders": senders}


def _unpack_shape(data: Any, cls: type[NeuronShape]) -> NeuronShape:
    if not isinstance(data, Mapping) or data.keys() != {"structure", "spike_senders"}:
        raise GraphDecodeError("a shape with structure and spike_senders is wanted")
    senders = converter.structure(data["spike_senders"], list[tuple[int, int]])
    return cls(converter.structure(data["structure"], LogicalNeuron), dict(senders))


#: The converter of this layer: that of coordinates and containers, plus arrays and strict plain values.
converter = containers_converter.copy()
converter.register_unstructure_hook_func(lambda cls: _is_array(cls) or isinstance(cls, np.ndarray), _pack_array)
converter.register_structure_hook_func(_is_array, _unpack_array)
for _plain in (int, str, bool):
    converter.register_structure_hook(_plain, _exactly(_plain))
converter.register_structure_hook(float, _exactly(float, int))
converter.register_unstructure_hook(NeuronShape, _pack_shape)
converter.register_structure_hook(NeuronShape, _unpack_shape)
cattrs.strategies.configure_tagged_union(Recording, converter)

register(Network)

"""Programs as bytes, to be queued, archived and replayed.

=================  ===================================================================
key                content
=================  ===================================================================
``codes``          code of each instruction, u1
``payloads``       payload of each instruction, u8
``entries``        entries of the source map, `hxtwin.runtime.source_map.ENTRY_DTYPE`
``containers``     names of the containers by the number in entries
``places``         coordinates without linear index, each as bytes of its own
``backends``       names of the backends by the number in entries
``restrictions``   containers whose reads are refused, by target
=================  ===================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hxtwin.comm import ut
from hxtwin.comm.errors import CommError
from hxtwin.containers import Container, ContainerError, Target, by_name, from_bytes, to_bytes
from hxtwin.coord import Coordinate, CoordinateError
from hxtwin.runtime.envelope import array, array_bytes, pack, unpack
from hxtwin.runtime.errors import ProgramDecodeError
from hxtwin.runtime.program import PlaybackProgram
from hxtwin.runtime.source_map import BACKENDS, ENTRY_DTYPE, NONE, Access, SourceMap, has_linear_index, of_index

if TYPE_CHECKING:
    from numpy.typing import NDArray


def program_to_bytes(program: PlaybackProgram) -> bytes:
    """Serialises a program with its source map, without results."""
    sources = program.sources
    return pack(
        "program",
        {
            "codes": array_bytes(program.messages.codes),
            "payloads": array_bytes(program.messages.payloads),
            "entries": array_bytes(sources.entries),
            "containers": [container.__name__ for container in sources.containers],
            "places": [to_bytes(place) for place in sources.places],
            "backends": [str(backend) for backend in BACKENDS],
            "restrictions": {str(target): sorted(names) for target, names in sorted(program.restrictions.items())},
        },
    )


def program_from_bytes(data: bytes) -> PlaybackProgram:
    """The program that `program_to_bytes` has written; `PlaybackProgram.tickets` gives tickets of its reads.

    Raises:
        ProgramDecodeError: other bytes.
    """
    keys = {"codes", "payloads", "entries", "containers", "places", "backends", "restrictions"}
    found = unpack(data, "program", keys)
    codes = array(found, "codes", np.dtype("u1"))
    payloads = array(found, "payloads", np.dtype("u8"))
    if len(codes) != len(payloads):
        raise ProgramDecodeError(f"program: {len(codes)} codes and {len(payloads)} payloads")
    messages = ut.MessageArray(ut.Direction.TO_FPGA, codes, payloads)
    try:
        ut.encode_array(messages)
    except CommError as error:
        raise ProgramDecodeError(f"program: {error}") from error
    if (messages.is_a(ut.Loopback) & (payloads == ut.Loopback(value=ut.HALT).payload)).any():
        raise ProgramDecodeError("program: a halt stands inside; it is appended when the program runs")
    return PlaybackProgram(messages, _source_map(found, len(codes)), _restrictions(found["restrictions"]))


def _source_map(found: dict[str, Any], size: int) -> SourceMap:
    entries = array(found, "entries", ENTRY_DTYPE).copy()
    containers, places = _containers(found["containers"]), _places(found["places"])
    _check_entries(entries, len(containers), size)
    entries["backend"] = _backend_numbers(found["backends"])[entries["backend"]]
    _check_coordinates(entries, containers, places)
    entries.flags.writeable = False
    return SourceMap(entries, containers, places, size)


def _containers(names: object) -> tuple[type[Container], ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProgramDecodeError("containers: a list of names is wanted")
    try:
        return tuple(by_name(name) for name in names)
    except ContainerError as error:
        raise ProgramDecodeError(f"containers: {error}") from error


def _places(found: object) -> tuple[Coordinate, ...]:
    if not isinstance(found, list):
        raise ProgramDecodeError("places: a list of serialised coordinates is wanted")
    try:
        places = tuple(from_bytes(place) for place in found)
    except ContainerError as error:
        raise ProgramDecodeError(f"places: {error}") from error
    if not all(isinstance(place, Coordinate) for place in places):
        raise ProgramDecodeError("places: coordinates are wanted")
    return places


def _backend_numbers(names: object) -> NDArray[np.int8]:
    """Numbers of this package for the numbers of the file; -1, which stands for none, picks the last one."""
    known = {str(backend): number for number, backend in enumerate(BACKENDS)}
    if not isinstance(names, list) or not all(isinstance(name, str) and name in known for name in names):
        raise ProgramDecodeError(f"backends: a list of names is wanted, known are {', '.join(known)}")
    if len(names) != len(BACKENDS):
        raise ProgramDecodeError(f"backends: {len(names)} names given, {len(BACKENDS)} wanted")
    return np.array([*(known[name] for name in names), NONE], dtype=np.int8)


def _check_entries(entries: NDArray[np.void], containers: int, size: int) -> None:
    starts = entries["start"]
    if bool(len(entries)) != bool(size) or (len(entries) and starts[0] != 0):
        raise ProgramDecodeError(f"entries: {len(entries)} do not cover {size} instructions from the first on")
    if len(entries) and ((np.diff(starts) <= 0).any() or starts[-1] >= size):
        raise ProgramDecodeError("entries: not ascending, or beyond the end of the program")
    limits = {"access": (0, len(Access) - 1), "container": (NONE, containers - 1), "backend": (NONE, len(BACKENDS) - 1)}
    for name, (low, high) in limits.items():
        if ((entries[name] < low) | (entries[name] > high)).any():
            raise ProgramDecodeError(f"entries: {name} outside {low}..{high}")


def _check_coordinates(
    entries: NDArray[np.void], containers: tuple[type[Container], ...], places: tuple[Coordinate, ...]
) -> None:
    for number, container in enumerate(containers):
        own = entries[entries["container"] == number]
        for entries_of_kind, ways in (
            (own[own["access"] == Access.READ], container.read_backends if container.is_readable() else ()),
            (own[own["access"] != Access.READ], container.backends if container.is_writable() else ()),
        ):
            if not np.isin(entries_of_kind["backend"], [BACKENDS.index(way) for way in ways]).all():
                raise ProgramDecodeError(f"entries: {container.__name__} does not travel over the backend given")
        if not len(own):
            continue
        if has_linear_index(container):
            try:
                of_index(container, int(own["coordinate"].min()))
                of_index(container, int(own["coordinate"].max()))
            except CoordinateError as error:
                raise ProgramDecodeError(f"entries: {error}") from error
            continue
        for index in np.unique(own["coordinate"]).tolist():
            if not 0 <= index < len(places) or type(places[index]) is not container.coordinate_type:
                raise ProgramDecodeError(f"entries: no place {index} for a {container.__name__}")


def _restrictions(found: object) -> dict[Target, frozenset[str]]:
    if not isinstance(found, dict):
        raise ProgramDecodeError("restrictions: a map of targets is wanted")
    known = {str(target): target for target in Target}
    restrictions = {}
    for target, names in found.items():
        if target not in known or not isinstance(names, list) or not names:
            raise ProgramDecodeError(f"restrictions: {target!r:.40} is no target with a list of containers")
        restrictions[known[target]] = frozenset(container.__name__ for container in _containers(names))
    return restrictions

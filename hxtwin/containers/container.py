"""The container: a record that has a place on a bus and a form in words.

=========================  ==================================================================================
``c.encode()``             words of a write, ``uint32[n]``
``C.decode(words)``        the container back from its words
``C.write_addresses(at)``  where word i goes, ``uint32[n]``; ``C.read_addresses(at)`` where it is read
``c.byte_enables(at)``     byte lanes of each write, ``uint8[n]``, bit 0 = data bits 7..0
``C.backends``             ways to travel; ``C.default_backend`` is used unless another one is chosen
=========================  ==================================================================================

The same functions exist for batches: `encode_columns`, `decode_columns` and `addresses_of` take and give whole
arrays, one row
for each container.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from hxtwin.containers import codec
from hxtwin.containers.errors import AccessError, ContainerError, CoordinateMismatchError, DecodeError, FieldTypeError
from hxtwin.containers.record import Columns, Record, build, default_columns
from hxtwin.coord import Coordinate, Indexed
from hxtwin.coord.errors import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from hxtwin.containers.layout import Backend, Layout, Target

_TYPES: dict[str, type[Container]] = {}


class Container(Record):
    """Base of all containers. Subclasses declare `layout` and fields; everything else follows from them."""

    layout: ClassVar[Layout]

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        super().__attrs_init_subclass__()
        if "layout" in cls.__dict__:
            _TYPES[cls.__name__] = cls
            cls.coordinate_type = cls.layout.coordinate
            cls.backends = cls.layout.backends
            cls.read_backends = cls.layout.read_backends
            cls.default_backend = cls.layout.default_backend
            cls.differential_write = cls.layout.differential
            cls.unsupported_read_targets = frozenset(cls.layout.refuses_reads_on)

    #: Whether all objects of the class have the same words and places; blocks of memory and logical neurons have not.
    fixed_size: ClassVar[bool] = True
    #: Coordinate type at which containers of this class live.
    coordinate_type: ClassVar[type[Coordinate]]
    #: Ways to travel, the default first.
    backends: ClassVar[tuple[Backend, ...]]
    #: The ways on which it can be read.
    read_backends: ClassVar[tuple[Backend, ...]]
    #: Way to travel unless another one is chosen.
    default_backend: ClassVar[Backend]
    #: A configuration written relative to a previous one may leave out what did not change.
    differential_write: ClassVar[bool]
    #: Targets on which the host refuses reads.
    unsupported_read_targets: ClassVar[frozenset[Target]]

    @classmethod
    def is_readable(cls) -> bool:
        """Whether the container can be read."""
        return cls.read_word_count() > 0

    @classmethod
    def is_writable(cls) -> bool:
        """Whether the container can be written."""
        return cls.write_word_count() > 0

    @classmethod
    def write_word_count(cls) -> int:
        """Number of words of a write, 0 if it cannot be written."""
        return _access_words(cls, read=False)

    @classmethod
    def read_word_count(cls) -> int:
        """Number of words of a read, 0 if it cannot be read."""
        return _access_words(cls, read=True)

    def encode(self, at: Coordinate | None = None) -> npt.NDArray[np.uint32]:
        """Words of a write, in the order of the bus accesses.

        Args:
            at: where the container shall live; needed only if its bits depend on it (single bytes of the FPGA
                memories).

        Raises:
            AccessError: the container cannot be written, or `at` is needed.
            CoordinateMismatchError: `at` is of another type.
        """
        if not self.is_writable():
            raise AccessError(f"{type(self).__name__} is read-only; it has no words to write")
        return self._words(at)

    def encode_read(self, at: Coordinate | None = None) -> npt.NDArray[np.uint32]:
        """Words that a read of this container would return: what a device answers."""
        if not self.is_readable():
            raise AccessError(f"{type(self).__name__} is write-only; no read returns it")
        return self._words(at, answer=True)

    def _words(self, at: Coordinate | None, *, answer: bool = False) -> npt.NDArray[np.uint32]:
        columns = {path: array[np.newaxis] for path, array in self.columns().items()}
        words: npt.NDArray[np.uint32] = codec.encode(type(self), columns, 1, self._components_of(at), answer=answer)[0]
        return words

    @classmethod
    def decode(cls, words: npt.ArrayLike, at: Coordinate | None = None) -> Self:
        """The container from the words of a read (or of a write).

        Args:
            words: ``uint32[n]``; other integer arrays and lists are accepted if every word is in 0..2**32-1.
            at: where the words come from; needed only if the bits depend on it.

        Raises:
            DecodeError: wrong number of words, constant bits or field values that cannot be.
            FieldTypeError: not integers.
        """
        given = as_words(words, cls.__name__)
        wanted = codec.word_count(cls)
        if given.shape != (wanted,):
            raise DecodeError(f"{cls.__name__}: {wanted} words wanted, array of shape {given.shape} given")
        return build(cls, codec.decode(cls, given[np.newaxis], cls._components_of(at)), 0)

    @classmethod
    def write_addresses(cls, at: Coordinate | None = None, backend: Backend | None = None) -> npt.NDArray[np.uint32]:
        """Addresses of the words of a write, ``uint32[n]``; empty if the container cannot be written.

        Args:
            at: where the container lives; may be left out where there is only one place.
            backend: way of travel, by default the first of `backends`.

        Raises:
            CoordinateMismatchError: no or another type of coordinate.
            AccessError: the container does not travel that way.
        """
        return _addresses(cls, cls._place(at), cls._way(backend, read=False), read=False)

    @classmethod
    def read_addresses(cls, at: Coordinate | None = None, backend: Backend | None = None) -> npt.NDArray[np.uint32]:
        """Addresses of the words of a read, ``uint32[n]``; empty if the container cannot be read.

        `backend` is the way of travel, by default the first of `read_backends`.
        """
        return _addresses(cls, cls._place(at), cls._way(backend, read=True), read=True)

    @classmethod
    def _way(cls, backend: Backend | None, *, read: bool) -> Backend | None:
        ways = cls.read_backends if read else cls.backends
        if backend is not None and backend not in ways:
            raise AccessError(f"{cls.__name__} does not travel over {backend}; possible: {', '.join(ways)}")
        return backend

    def byte_enables(self, at: Coordinate | None = None) -> npt.NDArray[np.uint8]:
        """Byte lanes of each word of a write, ``uint8[n]``: bit 0 enables data bits 7..0; 15 = all."""
        places = self._components_of(at)
        if not codec.has_byte_enables(type(self)):
            return np.full(type(self).write_word_count(), codec.ALL_LANES, dtype=np.uint8)
        columns = {path: array[np.newaxis] for path, array in self.columns().items()}
        lanes: npt.NDArray[np.uint8] = codec.byte_enables(type(self), columns, 1, places)[0]
        return lanes

    @classmethod
    def default_columns(cls, size: int) -> Columns:
        """Columns of `size` default containers (read-only views)."""
        return {path: np.broadcast_to(array, (size, *array.shape)) for path, array in default_columns(cls).items()}

    @classmethod
    def encode_columns(cls, columns: Columns, indices: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.uint32]:
        """Words of many containers, ``uint32[n, words]``, from complete columns of shape (n, ...).

        Args:
            columns: one array for each leaf field, by dotted path; ranges are the caller's duty.
            indices: linear indices of their coordinates, where the bits depend on them.
        """
        n = len(next(iter(columns.values()))) if columns else (0 if indices is None else len(indices))
        return codec.encode(cls, columns, n, None if indices is None else cls.components_of_indices(indices))

    @classmethod
    def decode_columns(cls, words: npt.ArrayLike, indices: npt.NDArray[np.int64] | None = None) -> Columns:
        """Columns of many containers from ``uint32[n, words]``."""
        given = as_words(words, cls.__name__)
        if given.ndim != 2 or given.shape[1] != codec.word_count(cls):
            raise DecodeError(f"{cls.__name__}: array (n, {codec.word_count(cls)}) wanted, {given.shape} given")
        return codec.decode(cls, given, None if indices is None else cls.components_of_indices(indices))

    @classmethod
    def addresses_of(
        cls, indices: npt.NDArray[np.int64], *, read: bool = False, backend: Backend | None = None
    ) -> npt.NDArray[np.uint32]:
        """Addresses of many containers, ``uint32[n, words]``, by the linear indices of their coordinates."""
        way = cls._way(backend, read=read)
        return codec.addresses(cls, cls.components_of_indices(indices), len(indices), way, read=read)

    @classmethod
    def components_of_indices(cls, indices: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
        """Components of coordinates from their linear indices (mixed radix, see `Layout.components`)."""
        rest = np.asarray(indices, dtype=np.int64)
        place = cls.layout.coordinate
        if not issubclass(place, Indexed):
            raise CoordinateMismatchError(f"{cls.__name__} lives at a {place.__name__}, which has no index")
        if rest.size and not place.min <= int(rest.min()) <= int(rest.max()) <= place.max:
            raise CoordinateMismatchError(
                f"{cls.__name__}: indices {rest.min()}..{rest.max()} given; "
                f"{place.__name__} has {place.min}..{place.max}"
            )
        found = {}
        for name, type_ in reversed(list(cls.layout.components.items())):
            rest, digit = np.divmod(rest, type_.size)
            found[name] = digit + type_.min
        return dict(reversed(found.items()))

    @classmethod
    def _components_of(cls, at: Coordinate | None) -> dict[str, npt.NDArray[np.int64]] | None:
        return None if at is None else cls.components_of_indices(_index_of(cls._place(at)))

    @classmethod
    def _place(cls, at: Coordinate | None) -> Coordinate:
        wanted = cls.layout.coordinate
        if at is None:
            if issubclass(wanted, Indexed) and wanted.size == 1:
                return wanted.from_plain(wanted.min)
            raise CoordinateMismatchError(f"{cls.__name__} needs a {wanted.__name__} to tell where it lives")
        if type(at) is not wanted:
            raise CoordinateMismatchError(
                f"{cls.__name__} lives at a {wanted.__name__}, not at {shown(at)} ({type(at).__name__})"
            )
        return at


def _index_of(at: Coordinate) -> npt.NDArray[np.int64]:
    assert isinstance(at, Indexed)
    return np.array([int(at)])


@functools.lru_cache(maxsize=256)
def _addresses(cls: type[Container], at: Coordinate, backend: Backend | None, *, read: bool) -> npt.NDArray[np.uint32]:
    found: npt.NDArray[np.uint32] = cls.addresses_of(_index_of(at), read=read, backend=backend)[0]
    found.flags.writeable = False
    return found


@functools.cache
def _access_words(cls: type[Container], *, read: bool) -> int:
    layout = cls.layout
    if not layout.children:
        return layout.words if (layout.read if read else layout.write) is not None else 0
    counts = [
        _access_words(member.container, read=read) * group.repeats
        for group in layout.children
        for member in group.children
    ]
    return sum(counts) if all(counts) else 0


def as_words(words: npt.ArrayLike, where: str) -> npt.NDArray[np.uint32]:
    """Given words as ``uint32``; anything that is not an integer in 0..2**32-1 is refused, nothing is wrapped."""
    try:
        given = np.asarray(words)
    except (ValueError, OverflowError):
        raise DecodeError(f"{where}: words must form a regular array of integers in 0..2**32-1") from None
    if given.dtype == np.uint32:
        return given
    if given.dtype.kind not in "iu":
        if given.size == 0:
            return np.empty(given.shape, dtype=np.uint32)
        raise FieldTypeError(f"{where}: words must be integers in 0..2**32-1, array of {given.dtype} given")
    if given.size and (int(given.min()) < 0 or int(given.max()) > 0xFFFFFFFF):
        raise DecodeError(f"{where}: words must be in 0..2**32-1, found {int(given.min())}..{int(given.max())}")
    return given.astype(np.uint32)


def types() -> Mapping[str, type[Container]]:
    """All container classes by name."""
    return dict(_TYPES)


def by_name(name: str) -> type[Container]:
    """The container class of a name.

    Raises:
        ContainerError: there is none; the message lists similar names.
    """
    if name in _TYPES:
        return _TYPES[name]
    import difflib

    near = difflib.get_close_matches(name, _TYPES, n=5, cutoff=0.4)
    raise ContainerError(
        f"no container is called {shown(name)}" + (f"; did you mean {', '.join(near)}?" if near else "")
    )

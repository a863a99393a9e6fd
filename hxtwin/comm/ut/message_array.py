"""Many messages as arrays: the form for programs and responses of millions of messages.

==================  ==================  ===================================================
array               shape, dtype        content
==================  ==================  ===================================================
``codes``           (n,), uint8         code of each message in the dictionary
``payloads``        (n,), uint64        bits 0..63 of each payload
``payloads_high``   (n,), uint8         bits 64..71, used by the two packs of 72 bits alone
==================  ==================  ===================================================

Towards the FPGA no payload exceeds 56 bits; ``payloads_high`` is then a view of a single zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, overload

import numpy as np

from hxtwin.comm.errors import UTEncodeError
from hxtwin.comm.ut.columns import LOW_BITS, LOW_MASK, column, compose
from hxtwin.comm.ut.dictionaries import dictionary
from hxtwin.comm.ut.direction import Direction, as_direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.comm.ut.message import Message

    Selection: TypeAlias = slice | NDArray[np.intp] | NDArray[np.bool_]
    """What selects messages: a slice, indices, or a mask."""

_T = TypeVar("_T", bound=np.generic)


class MessageArray:
    """Messages of one direction, as read-only arrays.

    The arrays are not checked against the dictionary here; `hxtwin.comm.ut.encode_array` does so.

    Args:
        direction: "to_fpga" or "from_fpga".
        codes: codes, ``uint8[n]``.
        payloads: bits 0..63 of the payloads, ``uint64[n]``.
        payloads_high: bits 64..71 of the payloads, ``uint8[n]``; None: all 0.

    Raises:
        UTEncodeError: an array has another dtype or shape.
        ArgumentError: there is no such direction.
    """

    __slots__ = ("codes", "direction", "payloads", "payloads_high")

    def __init__(
        self,
        direction: Direction | str,
        codes: NDArray[np.uint8],
        payloads: NDArray[np.uint64],
        payloads_high: NDArray[np.uint8] | None = None,
    ) -> None:
        self.direction: Final = as_direction(direction)
        self.codes: Final = _read_only("codes", codes, np.uint8)
        n = len(self.codes)
        high = np.broadcast_to(np.uint8(0), n) if payloads_high is None else payloads_high
        self.payloads: Final = _read_only("payloads", payloads, np.uint64, n)
        self.payloads_high: Final = _read_only("payloads_high", high, np.uint8, n)

    # --- construction ---------------------------------------------------------------------------------------------

    @classmethod
    def of(cls, message: type[Message], **columns: ArrayLike) -> MessageArray:
        """Messages of one class from columns of field values.

        Args:
            message: message class.
            columns: values by name, see `hxtwin.comm.ut.columns`: arrays of n values, or one value for all. A field
                without a column has its default. Example: ``MessageArray.of(WaitUntil, value=times)``.

        Returns:
            n messages; one if every column is a single value.

        Raises:
            UTEncodeError: unknown column, wrong shape, different lengths, or a value out of range.
        """
        low, high = compose(message, columns)
        return cls(message.direction, np.full(len(low), message.code, dtype=np.uint8), low, high)

    @classmethod
    def from_messages(cls, messages: Iterable[Message], direction: Direction | str) -> MessageArray:
        """Messages given as objects.

        Raises:
            UTEncodeError: an object is no message of this direction.
        """
        listed = list(messages)
        wanted = as_direction(direction)
        for i, message in enumerate(listed):
            if getattr(message, "direction", None) is not wanted:
                raise UTEncodeError(f"message {i} is {message!r}, which is no message {wanted}")
        return cls(
            wanted,
            np.array([message.code for message in listed], dtype=np.uint8),
            np.array([message.payload & LOW_MASK for message in listed], dtype=np.uint64),
            np.array([message.payload >> LOW_BITS for message in listed], dtype=np.uint8),
        )

    @classmethod
    def empty(cls, direction: Direction | str) -> MessageArray:
        """No messages."""
        return cls(direction, np.empty(0, np.uint8), np.empty(0, np.uint64))

    @classmethod
    def concatenate(cls, arrays: Sequence[MessageArray]) -> MessageArray:
        """All messages of several arrays of one direction, in order.

        Raises:
            UTEncodeError: no array, or arrays of both directions.
        """
        directions = {array.direction for array in arrays}
        if len(directions) != 1:
            raise UTEncodeError(f"arrays of one direction can be joined, these have {sorted(directions) or 'none'}")
        high = None
        if arrays[0].direction is Direction.FROM_FPGA:
            high = np.concatenate([array.payloads_high for array in arrays])
        return cls(
            arrays[0].direction,
            np.concatenate([array.codes for array in arrays]),
            np.concatenate([array.payloads for array in arrays]),
            high,
        )

    @classmethod
    def interleave(cls, *arrays: MessageArray) -> MessageArray:
        """Message 0 of every array, then message 1 of every array, and so on.

        Args:
            arrays: arrays of the same length and direction; those of length 1 are repeated.

        Raises:
            UTEncodeError: no array, arrays of both directions, or lengths that do not fit.
        """
        n = max((len(array) for array in arrays if len(array) != 1), default=1 if arrays else 0)
        if any(len(array) not in {1, n} for array in arrays):
            raise UTEncodeError(f"arrays of lengths {[len(array) for array in arrays]} cannot be interleaved")
        joined = cls.concatenate(arrays)
        source = np.empty((n, len(arrays)), dtype=np.intp)
        start = 0
        for i, array in enumerate(arrays):
            source[:, i] = start + np.arange(n) if len(array) == n else start
            start += len(array)
        return joined[source.ravel()]

    def insert(self, positions: ArrayLike, messages: MessageArray) -> MessageArray:
        """Copy with ``messages[i]`` inserted before message ``positions[i]`` of this array.

        Args:
            positions: one position 0 .. n for each inserted message; equal ones keep their order.
            messages: messages of the same direction.

        Raises:
            UTEncodeError: another direction or number of messages, or a position that does not exist.
        """
        where = np.asarray(positions)
        if where.dtype.kind not in "ui" and where.size:
            raise UTEncodeError(f"positions are integers, not {where.dtype}")
        if messages.direction is not self.direction or where.shape != messages.codes.shape:
            raise UTEncodeError(
                f"{len(messages)} messages {messages.direction} cannot be inserted at {where.shape} positions "
                f"among messages {self.direction}"
            )
        if where.size and not 0 <= int(where.min()) <= int(where.max()) <= len(self):
            raise UTEncodeError(f"positions {int(where.min())}..{int(where.max())} are not all in 0..{len(self)}")
        order = np.argsort(where, kind="stable")
        targets = where[order].astype(np.intp) + np.arange(len(messages))
        source = np.empty(len(self) + len(messages), dtype=np.intp)
        kept = np.ones(len(source), dtype=np.bool_)
        kept[targets] = False
        source[targets] = len(self) + order
        source[kept] = np.arange(len(self))
        return MessageArray.concatenate([self, messages])[source]

    # --- reading --------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int | np.integer) -> Message: ...
    @overload
    def __getitem__(self, index: Selection) -> MessageArray: ...
    def __getitem__(self, index: int | np.integer | Selection) -> Message | MessageArray:
        """A message as an object, or the messages selected by a slice, an array of indices, or a mask.

        Raises:
            IndexError: there is no such message.
            UTEncodeError: code or payload of the single message break the dictionary.
        """
        if isinstance(index, int | np.integer):
            payload = int(self.payloads_high[index]) << LOW_BITS | int(self.payloads[index])
            return dictionary(self.direction).of_header(int(self.codes[index])).from_payload(payload)
        high = self.payloads_high[index] if self.direction is Direction.FROM_FPGA else None
        return MessageArray(self.direction, self.codes[index], self.payloads[index], high)

    def __iter__(self) -> Iterator[Message]:
        return (self[i] for i in range(len(self)))

    def to_messages(self) -> list[Message]:
        """All messages as objects, for people."""
        return list(self)

    def is_a(self, message: type[Message]) -> NDArray[np.bool_]:
        """Mask of the messages of one class, ``bool[n]``.

        Raises:
            UTEncodeError: the class is of the other direction.
        """
        if message.direction is not self.direction:
            raise UTEncodeError(f"{message.__name__} goes {message.direction}, these messages go {self.direction}")
        return np.equal(self.codes, message.code)

    def column(self, message: type[Message], name: str) -> NDArray[np.uint64]:
        """Values of a field in all messages of one class, in order.

        Args:
            message: message class; messages of other classes are left out.
            name: name of the column as in `of`.

        Returns:
            ``uint64[m]``, or ``uint64[m, N]`` for a pack of N.

        Raises:
            UTEncodeError: the class is of the other direction or has no such column.
        """
        wanted = column(message, name)
        selected = self.is_a(message)
        return wanted.extract(self.payloads[selected], self.payloads_high[selected])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MessageArray):
            return NotImplemented
        return (
            self.direction is other.direction
            and np.array_equal(self.codes, other.codes)
            and np.array_equal(self.payloads, other.payloads)
            and np.array_equal(self.payloads_high, other.payloads_high)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash

    def __repr__(self) -> str:
        shown = ", ".join(repr(message) for message in self[:3])
        return f"<{len(self)} messages {self.direction}: {shown}{', ...' if len(self) > 3 else ''}>"


def _read_only(name: str, array: object, dtype: type[_T], length: int | None = None) -> NDArray[_T]:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != 1:
        given = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise UTEncodeError(f"{name} must be an array {np.dtype(dtype)}[n], not {given}")
    if length is not None and len(array) != length:
        raise UTEncodeError(f"{name} has {len(array)} entries for {length} codes")
    view = array.view()
    view.flags.writeable = False
    return view

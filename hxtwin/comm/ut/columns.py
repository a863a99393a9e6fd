"""Columns: the values of one field in many messages, and the payload bits they become.

=======================================  ====================  ==============================
field                                    column                shape for n messages
=======================================  ====================  ==============================
number                                   its name              (n,)
labels of a pack of N towards the FPGA   ``spikes``            (n, N)
spikes of a pack of N from the FPGA      ``spike``             (n, N)
samples of a pack of N                   ``value``             (n, N)
timestamps of a pack of N                ``timestamp``         (n, N)
=======================================  ====================  ==============================

A payload of up to 72 bits is held as its bits 0..63 (``low``) and 64..71 (``high``); no field crosses
that border.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hxtwin.comm.errors import UTEncodeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.comm.ut.fields import Slice
    from hxtwin.comm.ut.message import Message

LOW_BITS: Final = 64
"""Bits of a payload held in ``low``."""
LOW_MASK: Final = (1 << LOW_BITS) - 1
"""The bits of a payload held in ``low``."""


class Column(NamedTuple):
    """A column of a message class: one slice, or the slices of all elements of a pack."""

    name: str
    slices: tuple[Slice, ...]
    is_pack: bool

    def values(self, message: type[Message], given: ArrayLike) -> NDArray[np.uint64]:
        """Checks given values.

        Args:
            message: message class, for errors.
            given: integers of the shape of one message or of n messages.

        Returns:
            ``uint64[n, len(slices)]``; n = 1 for the shape of one message.

        Raises:
            UTEncodeError: no integers, wrong shape or out of range.
        """
        where = f"{message.__name__}: column {self.name!r}"
        array: NDArray[np.integer] = np.asarray(given)
        if array.size and array.dtype.kind not in "uib":
            raise UTEncodeError(f"{where} holds no integers of up to 64 bits but {array.dtype}")
        wide = array if self.is_pack else array[..., np.newaxis]
        if wide.ndim not in {1, 2} or wide.shape[-1] != len(self.slices):
            one = f"({len(self.slices)},)" if self.is_pack else "()"
            many = f"(n, {len(self.slices)})" if self.is_pack else "(n,)"
            raise UTEncodeError(f"{where} has shape {array.shape}, it must be {many} or {one}")
        rows = np.atleast_2d(wide)
        first = self.slices[0]
        wrong = (rows < first.minimum) | (rows > first.maximum)
        if wrong.any():
            row, i = divmod(int(np.argmax(wrong)), len(self.slices))
            raise UTEncodeError(
                f"message {row}, {message.__name__}: {self.slices[i].name} = {rows[row, i]} is out of range, "
                f"allowed are {first.minimum}..{first.maximum} ({first.width} bits)"
            )
        return rows.astype(np.uint64, copy=False)

    def extract(self, low: NDArray[np.uint64], high: NDArray[np.uint8]) -> NDArray[np.uint64]:
        """Values in n payloads, ``uint64[n]``, or ``uint64[n, N]`` of a pack of N."""
        parts = [_extract(part, low, high.astype(np.uint64)) for part in self.slices]
        return np.stack(parts, axis=1) if self.is_pack else parts[0]

    def insert(self, values: NDArray[np.uint64], low: NDArray[np.uint64], high: NDArray[np.uint8] | None) -> None:
        """Sets the bits of checked values in payloads that are 0 there; ``high`` None: the payload has no such bits."""
        for i, part in enumerate(self.slices):
            _insert(part, values[:, i], low, high)


def columns(message: type[Message]) -> dict[str, Column]:
    """Columns of a message class by name, in the order of its fields."""
    slices: dict[str, list[Slice]] = {}
    packs: set[str] = set()
    for part in message.slices:
        pack, bracket, rest = part.name.partition("[")
        name = rest.partition("].")[2] or pack
        slices.setdefault(name, []).append(part)
        if bracket:
            packs.add(name)
    return {name: Column(name, tuple(parts), name in packs) for name, parts in slices.items()}


def column(message: type[Message], name: str) -> Column:
    """Column of a message class.

    Raises:
        UTEncodeError: there is none of this name.
    """
    existing = columns(message)
    if name not in existing:
        raise UTEncodeError(f"{message.__name__}: column {name!r} does not exist, the columns are {list(existing)}")
    return existing[name]


def compose(message: type[Message], given: dict[str, ArrayLike]) -> tuple[NDArray[np.uint64], NDArray[np.uint8] | None]:
    """Payloads of n messages of one class from columns; a field without a column has its default.

    Args:
        message: message class.
        given: values by column name; those of one message are repeated.

    Returns:
        ``low`` as ``uint64[n]`` and ``high`` as ``uint8[n]``, None if the payload has at most 64 bits.

    Raises:
        UTEncodeError: unknown column, wrong shape, different lengths, or a value out of range.
    """
    values = {name: column(message, name).values(message, array) for name, array in given.items()}
    lengths = {len(array) for array in values.values()}
    n = max(lengths - {1}, default=1)
    if not lengths <= {1, n}:
        shown = {name: len(array) for name, array in values.items()}
        raise UTEncodeError(f"{message.__name__}: columns of different lengths {shown}")
    kept = message().payload
    for name in given:
        for part in column(message, name).slices:
            kept &= ~part.mask
    low = np.full(n, kept & LOW_MASK, dtype=np.uint64)
    high = np.full(n, kept >> LOW_BITS, dtype=np.uint8) if message.payload_bits > LOW_BITS else None
    for name, array in values.items():
        column(message, name).insert(array, low, high)
    return low, high


def _insert(part: Slice, values: NDArray[np.uint64], low: NDArray[np.uint64], high: NDArray[np.uint8] | None) -> None:
    if part.lsb < LOW_BITS:
        low |= values << np.uint64(part.lsb)
    elif high is not None:
        high |= (values << np.uint64(part.lsb - LOW_BITS)).astype(np.uint8)


def _extract(part: Slice, low: NDArray[np.uint64], high: NDArray[np.uint64]) -> NDArray[np.uint64]:
    where, lsb = (low, part.lsb) if part.lsb < LOW_BITS else (high, part.lsb - LOW_BITS)
    return (where >> np.uint64(lsb)) & np.uint64((1 << part.width) - 1)

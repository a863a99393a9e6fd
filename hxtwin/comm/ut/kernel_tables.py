"""The instruction dictionaries as arrays, which is how the kernels read them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hxtwin.comm.errors import UTEncodeError
from hxtwin.comm.ut.columns import LOW_BITS, LOW_MASK
from hxtwin.comm.ut.dictionaries import dictionary
from hxtwin.comm.ut.direction import WORD_BITS, Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray


class KernelTables(NamedTuple):
    """Tables of one direction with an entry for each code; see `hxtwin.comm.ut.kernels.decode_kernel`."""

    is_long: NDArray[np.bool_]
    masks_low: NDArray[np.uint64]
    masks_high: NDArray[np.uint64]
    checked: NDArray[np.bool_]
    checks: NDArray[np.uint64]


@functools.cache
def kernel_tables(direction: Direction) -> KernelTables:
    """Tables of a direction."""
    messages = dictionary(direction).messages
    checks = np.zeros((len(messages), 4), dtype=np.uint64)
    checked = np.zeros(len(messages), dtype=np.bool_)
    for message in messages:
        strict = [part for part in message.slices if part.strict]
        if len(strict) > 1 or any(part.lsb + part.width > LOW_BITS for part in strict):
            raise UTEncodeError(f"{message.__name__}: the kernels check one field, within bits 0..{LOW_BITS - 1}")
        for part in strict:
            checked[message.code] = True
            checks[message.code] = part.lsb, (1 << part.width) - 1, part.minimum, part.maximum
    return KernelTables(
        is_long=np.array([message.message_bits > WORD_BITS for message in messages]),
        masks_low=np.array([message.payload_mask & LOW_MASK for message in messages], dtype=np.uint64),
        masks_high=np.array([message.payload_mask >> LOW_BITS for message in messages], dtype=np.uint64),
        checked=checked,
        checks=checks,
    )


def refusal(direction: Direction, code: int, payload: int) -> str:
    """Reason why a message is refused, in the words of its class.

    Args:
        direction: direction of the message.
        code: its code.
        payload: its payload.
    """
    try:
        message = dictionary(direction).of_header(code)
        message.from_payload(payload & ((1 << message.payload_bits) - 1))
    except UTEncodeError as error:
        return str(error)
    if payload & ~message.payload_mask:
        return f"{message.__name__}: payload {payload:#x} has bits that belong to no field ({message.payload_mask:#x})"
    return f"{message.__name__}: payload {payload:#x} is refused"

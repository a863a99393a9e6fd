"""Expansion of accesses to instructions, on whatever bus: every access is checked, then handed to its bus.

======================================================================  ==========================================
room                                                                    backends
======================================================================  ==========================================
`hxtwin.runtime.access.omnibus`                                         omnibus of chip and FPGA
`hxtwin.runtime.access.jtag`                                            everything over JTAG
`hxtwin.runtime.access.executor`                                        timer, conditions, synchronisation, reset
`hxtwin.runtime.access.spike_pack`                                      spikes to the chip
`hxtwin.runtime.access.spi`, `hxtwin.runtime.access.i2c`                devices of the boards
======================================================================  ==========================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.runtime.access.bus import FULL_WORD_BITS
from hxtwin.runtime.access.errors import BusAccessError
from hxtwin.runtime.access.executor import EXECUTOR_BUSES
from hxtwin.runtime.access.i2c import I2C_BUSES
from hxtwin.runtime.access.jtag import JTAG_BUSES
from hxtwin.runtime.access.omnibus import OMNIBUS_BUSES
from hxtwin.runtime.access.spi import SPI_BUSES
from hxtwin.runtime.access.spike_pack import SPIKE_PACK_BUSES
from hxtwin.runtime.errors import AccessRefusedError, BackendError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hxtwin.comm import ut
    from hxtwin.containers import Backend
    from hxtwin.runtime.access.bus import Bus

ALL_BYTES: Final = 0xF
"""Byte enables of a whole word."""

BUSES: Final[Mapping[Backend, Bus]] = {
    bus.backend: bus
    for bus in (*OMNIBUS_BUSES, *JTAG_BUSES, *EXECUTOR_BUSES, *SPIKE_PACK_BUSES, *SPI_BUSES, *I2C_BUSES)
}
"""The bus of each backend."""


def write_messages(
    backend: Backend,
    addresses: NDArray[np.uint32],
    words: NDArray[np.uint32],
    byte_enables: NDArray[np.uint8] | None = None,
) -> ut.MessageArray:
    """Instructions that write words, in order.

    Args:
        backend: way to travel.
        addresses: where each word goes, ``uint32[n]``; the meaning depends on the backend.
        words: ``uint32[n]``.
        byte_enables: bytes to write of each word, ``uint8[n]``, bit 0 = data bits 7..0; None: all. Only the omnibus can
            leave out bytes.

    Returns:
        The instructions; no response answers them.

    Raises:
        BackendError: there is no such backend.
        AccessRefusedError: the backend is read-only.
        BusAccessError: wrong type or shape of an array, or an address, word or byte enable that the bus cannot carry.
    """
    bus = _bus(backend)
    _check_array(bus, "addresses", addresses, np.uint32)
    _check_array(bus, "words", words, np.uint32, len(addresses))
    if byte_enables is not None:
        byte_enables = _needed_enables(bus, byte_enables, len(addresses))
    _check_addresses(bus, addresses)
    if bus.word_bits < FULL_WORD_BITS:
        _check_below(bus, "word", words, 1 << bus.word_bits, f"{bus.word_bits} bits")
    return bus.write(addresses, words, byte_enables)


def read_messages(backend: Backend, addresses: NDArray[np.uint32]) -> ut.MessageArray:
    """Instructions that read words, in order.

    Args:
        backend: way to travel.
        addresses: where each word is, ``uint32[n]``; the meaning depends on the backend.

    Returns:
        The instructions; `response_count` responses of the class `response_message` answer them, in order.

    Raises:
        BackendError: there is no such backend.
        AccessRefusedError: the backend is write-only.
        BusAccessError: wrong type or shape of the array, or an address that does not exist.
    """
    bus = _bus(backend)
    _check_array(bus, "addresses", addresses, np.uint32)
    _check_addresses(bus, addresses)
    return bus.read(addresses)


def response_message(backend: Backend) -> type[ut.FromFPGA]:
    """The message that answers reads over a backend: a JTAG, omnibus or loopback response.

    Raises:
        BackendError: there is no such backend.
        AccessRefusedError: the backend is write-only.
    """
    response = _bus(backend).response
    if response is None:
        raise AccessRefusedError(f"{backend} is write-only: nothing answers it")
    return response


def response_count(backend: Backend, addresses: NDArray[np.uint32]) -> int:
    """Number of responses to a read of these addresses.

    Args:
        backend: way to travel.
        addresses: ``uint32[n]`` as given to `read_messages`.

    Raises:
        BackendError: there is no such backend.
        AccessRefusedError: the backend is write-only.
    """
    response_message(backend)
    return len(addresses) * _bus(backend).responses_per_read


def response_words(backend: Backend, addresses: NDArray[np.uint32], payloads: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Words that were read.

    Args:
        backend: way to travel.
        addresses: ``uint32[n]`` as given to `read_messages`.
        payloads: payloads of the responses, ``uint64[response_count(backend, addresses)]``, in order.

    Returns:
        ``uint32[n]``.

    Raises:
        BackendError: there is no such backend.
        AccessRefusedError: the backend is write-only.
        MissingAcknowledgeError: a device on the I2C bus did not answer.
        BusAccessError: wrong type or number of payloads, or a payload that no such response can have.
    """
    bus, response = _bus(backend), response_message(backend)
    _check_array(bus, "addresses", addresses, np.uint32)
    _check_array(bus, "payloads", payloads, np.uint64, response_count(backend, addresses))
    _check_below(bus, "payload", payloads, 1 << response.payload_bits, f"{response.payload_bits} bits")
    return bus.words(addresses, payloads.reshape(len(addresses), bus.responses_per_read))


def _bus(backend: Backend) -> Bus:
    bus = BUSES.get(backend)
    if bus is None:
        raise BackendError(f"there is no backend {backend!r:.80}; backends are: {', '.join(BUSES)}")
    return bus


def _needed_enables(bus: Bus, byte_enables: NDArray[np.uint8], n: int) -> NDArray[np.uint8] | None:
    """Checked byte enables; None if they are all on."""
    _check_array(bus, "byte_enables", byte_enables, np.uint8, n)
    if (byte_enables == ALL_BYTES).all():
        return None
    if not bus.has_byte_enables:
        raise BusAccessError(f"{bus.backend} writes whole words: byte enables other than {ALL_BYTES} are not possible")
    _check_below(bus, "byte_enables", byte_enables, ALL_BYTES + 1, "4 bits")
    return byte_enables


def _check_addresses(bus: Bus, addresses: NDArray[np.uint32]) -> None:
    if bus.size < 1 << FULL_WORD_BITS:
        allowed = f"0..{bus.size - 1:#x}" if bus.size > 1 else "0"
        _check_below(bus, "address", addresses, bus.size, f"{allowed}; {bus.hint}" if bus.hint else allowed)


def _check_below(
    bus: Bus, name: str, array: NDArray[np.uint8] | NDArray[np.uint32] | NDArray[np.uint64], end: int, allowed: str
) -> None:
    if array.size and int(array.max()) >= end:
        i = int(np.argmax(array >= end))
        raise BusAccessError(f"{bus.backend}: {name} {int(array[i]):#x} at position {i} is out of range: {allowed}")


def _check_array(bus: Bus, name: str, array: object, dtype: type[np.generic], length: int | None = None) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != 1:
        given = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise BusAccessError(f"{bus.backend}: {name} must be an array {np.dtype(dtype)}[n], not {given}")
    if length is not None and len(array) != length:
        raise BusAccessError(f"{bus.backend}: {length} {name} are needed, {len(array)} are given")

"""Omnibus accesses as arrays of addresses and words to messages towards the FPGA.

===================  ==============================================================================================
access               messages
===================  ==============================================================================================
write                OmnibusAddress(address, byte_enables), OmnibusData(word)
read                 OmnibusAddress(address, is_read=1)
write over JTAG      JTAGIns(5), JTAGData(address, 33), JTAGIns(6), JTAGData(word, 32), JTAGIns(7), JTAGData(0, 3)
read over JTAG       JTAGIns(5), JTAGData(address | 1 << 32, 33), JTAGIns(7), JTAGData(0, 3), JTAGIns(6),
                     JTAGData(0, 32, keep_response=1)
===================  ==============================================================================================

Reference: fpga-instructions.md 2 and 3, fpga-instructions.json ``fisch_containers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.ut.message_array import MessageArray
from hxtwin.comm.ut.to_fpga import JTAGData, JTAGIns, OmnibusAddress, OmnibusData

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

OMNIBUS_ADDRESS: Final = 5
"""JTAG instruction that selects the address register: 33 bits, bit 32 = 1 for a read."""
OMNIBUS_DATA: Final = 6
"""JTAG instruction that selects the data register: 32 bits."""
OMNIBUS_REQUEST: Final = 7
"""JTAG instruction whose data, 3 bits of 0, start the access."""
ALL_BYTES: Final = 0xF
"""All four byte enables."""


def omnibus_writes(addresses: ArrayLike, words: ArrayLike, byte_enables: ArrayLike = ALL_BYTES) -> MessageArray:
    """Writes, in order.

    Args:
        addresses: 32-bit word address of each write, n of them or one for all.
        words: 32-bit word of each write, n of them or one for all.
        byte_enables: 4 bits for each write, or for all.

    Returns:
        2 n messages.

    Raises:
        UTEncodeError: a number is no integer or out of range, or the lengths differ.
    """
    address = MessageArray.of(OmnibusAddress, address=addresses, byte_enables=byte_enables)
    return MessageArray.interleave(address, MessageArray.of(OmnibusData, value=words))


def omnibus_reads(addresses: ArrayLike) -> MessageArray:
    """Reads, in order; each gives one `OmnibusResponse`.

    Args:
        addresses: 32-bit word address of each read, n of them.

    Returns:
        n messages.

    Raises:
        UTEncodeError: an address is no integer or out of range.
    """
    return MessageArray.of(OmnibusAddress, address=addresses, is_read=1)


def omnibus_writes_over_jtag(addresses: ArrayLike, words: ArrayLike) -> MessageArray:
    """Writes of whole words to the chip over JTAG, in order.

    Args:
        addresses: 32-bit word address of each write, n of them or one for all.
        words: 32-bit word of each write, n of them or one for all.

    Returns:
        6 n messages.

    Raises:
        UTEncodeError: a number is no integer or out of range, or the lengths differ.
    """
    address = MessageArray.of(OmnibusAddress, address=addresses)
    word = MessageArray.of(OmnibusData, value=words)
    return MessageArray.interleave(
        _instruction(OMNIBUS_ADDRESS),
        MessageArray.of(JTAGData, payload=address.column(OmnibusAddress, "address"), num_bits=33),
        _instruction(OMNIBUS_DATA),
        MessageArray.of(JTAGData, payload=word.column(OmnibusData, "value"), num_bits=32),
        _instruction(OMNIBUS_REQUEST),
        _request(),
    )


def omnibus_reads_over_jtag(addresses: ArrayLike) -> MessageArray:
    """Reads of whole words from the chip over JTAG, in order; each gives one `JTAGResponse`, its low 32 bits the word.

    Args:
        addresses: 32-bit word address of each read, n of them.

    Returns:
        6 n messages.

    Raises:
        UTEncodeError: an address is no integer or out of range.
    """
    address = MessageArray.of(OmnibusAddress, address=addresses).column(OmnibusAddress, "address")
    return MessageArray.interleave(
        _instruction(OMNIBUS_ADDRESS),
        MessageArray.of(JTAGData, payload=address | np.uint64(1 << 32), num_bits=33),
        _instruction(OMNIBUS_REQUEST),
        _request(),
        _instruction(OMNIBUS_DATA),
        MessageArray.of(JTAGData, payload=0, num_bits=32, keep_response=1),
    )


def _instruction(value: int) -> MessageArray:
    return MessageArray.of(JTAGIns, value=value)


def _request() -> MessageArray:
    return MessageArray.of(JTAGData, payload=0, num_bits=3)

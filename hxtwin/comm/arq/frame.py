"""Frames of Host-ARQ on the wire.

=============  =====================  ==========================================================
frame          bytes                  content
=============  =====================  ==========================================================
data           12 + 8 LEN             ACK u32, SEQ u32, PID u16, LEN u16, LEN payload words
acknowledge    4                      ACK u32
reset          4                      ``ab ab ab ab``, to the reset port only
=============  =====================  ==========================================================

All header fields and all payload words are big endian; LEN = 1 .. 180. A datagram of at most 4 bytes counts as an
acknowledge frame and must have exactly 4; a longer one must have exactly 12 + 8 LEN bytes, except that an FPGA
tolerates surplus bytes behind the payload. Reference: host-arq.md 3.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from hxtwin.comm.errors import ArgumentError, FrameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.comm.arq.settings import ArqSettings

Bytes: TypeAlias = bytes | bytearray | memoryview
"""Anything that holds bytes and can be sliced."""

HEADER_BYTES: Final = 12
"""Header of a data frame."""
ACK_BYTES: Final = 4
"""Length of an acknowledge frame."""
WORD_BYTES: Final = 8
"""Length of a payload word."""
MAX_FRAME_BYTES: Final = HEADER_BYTES + WORD_BYTES * 180
"""Longest data frame of any settings."""
RESET_FRAME: Final = b"\xab\xab\xab\xab"
"""The reset frame."""

_HEADER = struct.Struct(">IIHH")
_ACK = struct.Struct(">I")
_WIRE = np.dtype(">u8")


class DataFrame(NamedTuple):
    """A data frame: ``ack``, ``seq`` (0 .. N-1), ``pid`` (0 .. 0xffff) and ``payload`` (whole big-endian words)."""

    ack: int
    seq: int
    pid: int
    payload: Bytes


def encode_data(frame: DataFrame, settings: ArqSettings) -> bytes:
    """Returns the datagram of a data frame.

    Raises:
        FrameError: a field is out of range, or the payload is not 1 .. ``frame_words`` whole words.
    """
    ack, seq, pid, payload = frame
    words, rest = divmod(len(payload), WORD_BYTES)
    if not 0 <= seq < settings.sequence_numbers or not 0 <= ack < settings.sequence_numbers:
        raise FrameError(f"SEQ {seq}, ACK {ack}: both must be in 0 .. {settings.sequence_numbers - 1}")
    if rest or not 1 <= words <= settings.frame_words or not 0 <= pid <= 0xFFFF:
        raise FrameError(
            f"PID {pid:#x} with {len(payload)} bytes of payload: a frame holds 1 .. {settings.frame_words} words of "
            f"{WORD_BYTES} bytes and a PID of 16 bits"
        )
    return _HEADER.pack(ack, seq, pid, words) + payload


def encode_ack(ack: int) -> bytes:
    """Returns the datagram of an acknowledge frame with ACK ``ack``, 0 .. N-1."""
    return _ACK.pack(ack)


def decode(datagram: Bytes, settings: ArqSettings, *, allow_surplus: bool = False) -> DataFrame | int:
    """Decodes a datagram; the payload is a copy.

    Args:
        datagram: what the socket delivered, header first.
        settings: limits of SEQ, ACK and LEN.
        allow_surplus: tolerate bytes behind the payload, as an FPGA does.

    Returns:
        A data frame, or the ACK value of an acknowledge frame.

    Raises:
        FrameError: the datagram breaks a size rule or a field is out of range.
    """
    size = len(datagram)
    if size == ACK_BYTES:
        ack: int = _ACK.unpack(datagram)[0]
        if ack >= settings.sequence_numbers:
            raise FrameError(f"acknowledge frame with ACK {ack}, allowed is 0 .. {settings.sequence_numbers - 1}")
        return ack
    if size < HEADER_BYTES + WORD_BYTES:
        raise FrameError(f"datagram of {size} bytes: an acknowledge frame has 4, a data frame at least 20")
    ack, seq, pid, length = _HEADER.unpack_from(datagram)
    end = HEADER_BYTES + WORD_BYTES * length
    if size != end and not (allow_surplus and end < size <= MAX_FRAME_BYTES):
        raise FrameError(f"data frame of {size} bytes with LEN {length}, which needs {end}")
    if not 1 <= length <= settings.frame_words:
        raise FrameError(f"data frame with LEN {length}, allowed is 1 .. {settings.frame_words}")
    if seq >= settings.sequence_numbers or ack >= settings.sequence_numbers:
        raise FrameError(f"data frame with SEQ {seq}, ACK {ack}: both end at {settings.sequence_numbers - 1}")
    return DataFrame(ack, seq, pid, bytes(datagram[HEADER_BYTES:end]))


def first_payload(datagram: Bytes, pid: int) -> bytes | None:
    """Returns the payload of a data frame with SEQ 0 and packet id ``pid``, ``None`` for any other datagram.

    For the answer to a reset, which is to be understood even if the other side counts modulo another N: only the size
    rule is applied.
    """
    if len(datagram) < HEADER_BYTES + WORD_BYTES:
        return None
    _, seq, frame_pid, length = _HEADER.unpack_from(datagram)
    if seq or frame_pid != pid or len(datagram) != HEADER_BYTES + WORD_BYTES * length:
        return None
    return bytes(datagram[HEADER_BYTES:])


def check_words(words: object) -> NDArray[np.uint64]:
    """Returns ``words`` after a check that they are words.

    Raises:
        ArgumentError: ``words`` is no one-dimensional array of uint64 in native byte order.
    """
    if not isinstance(words, np.ndarray) or words.dtype != np.uint64 or words.ndim != 1:
        given = f"{words.dtype}{list(words.shape)}" if isinstance(words, np.ndarray) else type(words).__name__
        raise ArgumentError(f"words must be a numpy array uint64[n], given {given}: use numpy.asarray(x, numpy.uint64)")
    return words


def words_to_wire(words: NDArray[np.uint64]) -> bytes:
    """Returns the wire bytes of ``words`` (uint64[n]), word 0 first, each big endian.

    Raises:
        ArgumentError: ``words`` is no one-dimensional array of uint64.
    """
    return check_words(words).astype(_WIRE).tobytes()


def wire_to_words(payload: Bytes) -> NDArray[np.uint64]:
    """Returns the words (uint64[n], native order, own memory) in ``payload``, a whole number of big-endian words.

    Raises:
        ArgumentError: the length is no multiple of 8.
    """
    if len(payload) % WORD_BYTES:
        raise ArgumentError(f"{len(payload)} bytes are no whole number of 64-bit words")
    return np.frombuffer(payload, dtype=_WIRE).astype(np.uint64)

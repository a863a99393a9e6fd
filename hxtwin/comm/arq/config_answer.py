"""The answer of an FPGA to a reset: its settings and its bitfile information.

=================  ===========================================================================================
word               content
=================  ===========================================================================================
0, 1, 2            N, W, largest payload words of a frame
3                  L, number of words of information text, 0 for none
4 .. 3 + L         the text, first character in the first byte on the wire, ended by the first zero byte
=================  ===========================================================================================

The words fill as many frames of packet id 0x8002 as they need; at least one zero byte is inside the L words.
Reference: host-arq.md 6, steps 3 to 5.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from hxtwin.comm.arq.bitfile import MAX_INFORMATION_BYTES
from hxtwin.comm.arq.frame import WORD_BYTES, Bytes
from hxtwin.comm.errors import ArgumentError, ResetFailedError, SettingsMismatchError

if TYPE_CHECKING:
    from hxtwin.comm.arq.settings import ArqSettings

HEADER_WORDS: Final = 4
"""Words in front of the text."""

_HEAD = struct.Struct(">4Q")
_SETTINGS = struct.Struct(">3Q")


def encode_config_answer(settings: ArqSettings, text: str) -> bytes:
    """Returns the payload (whole big-endian words) that answers a reset.

    Args:
        settings: what the FPGA runs with.
        text: bitfile information without zero characters; empty for none.

    Raises:
        ArgumentError: the text contains a zero character or is longer than 64 KiB.
    """
    raw = text.encode("utf-8")
    if b"\0" in raw or len(raw) >= MAX_INFORMATION_BYTES:
        raise ArgumentError(
            f"bitfile information of {len(raw)} bytes: fewer than {MAX_INFORMATION_BYTES} without zero bytes are wanted"
        )
    if raw:
        raw += b"\0" * (WORD_BYTES - len(raw) % WORD_BYTES)
    head = (settings.sequence_numbers, settings.window, settings.frame_words, len(raw) // WORD_BYTES)
    return _HEAD.pack(*head) + raw


def check_settings(expected: ArqSettings, payload: Bytes) -> None:
    """Compares the settings at the begin of an answer to a reset.

    Args:
        expected: the settings of this side.
        payload: payload of the first frame of the answer.

    Raises:
        SettingsMismatchError: a setting differs; the message names it and both values.
        ResetFailedError: the payload is too short for the settings.
    """
    if len(payload) < _SETTINGS.size:
        raise ResetFailedError(f"the answer to the reset has {len(payload) // WORD_BYTES} words, 3 are needed")
    pairs = zip(
        ("sequence_numbers", "window", "frame_words"),
        (expected.sequence_numbers, expected.window, expected.frame_words),
        _SETTINGS.unpack_from(payload),
        strict=True,
    )
    wrong = [f"{name}: expected {ours}, got {theirs}" for name, ours, theirs in pairs if ours != theirs]
    if wrong:
        raise SettingsMismatchError(
            f"the device runs Host-ARQ with other settings: {'; '.join(wrong)}; "
            f"is this a HICANN-X bitfile, and does the caller ask for its settings?"
        )


class ConfigAnswer:
    """Collects the frames of an answer to a reset.

    Args:
        expected: the settings of this side.
    """

    def __init__(self, expected: ArqSettings) -> None:
        self._expected = expected
        self._wanted: int | None = None
        self._text = bytearray()

    @property
    def complete(self) -> bool:
        """Whether the whole text is there."""
        return self._wanted is not None and len(self._text) == self._wanted

    @property
    def text(self) -> str:
        """The information text up to its first zero byte; bytes that are no UTF-8 are replaced.

        Raises:
            ResetFailedError: no zero byte ends the text.
        """
        raw, end, _ = bytes(self._text).partition(b"\0")
        if self._wanted and not end:
            raise ResetFailedError(f"the device sends {self._wanted} bytes of information without a terminating zero")
        return raw.decode("utf-8", "replace")

    def add(self, payload: Bytes) -> None:
        """Takes the payload of the next frame of the answer.

        Raises:
            SettingsMismatchError: a setting of the device differs; the message names it and both values.
            ResetFailedError: the answer is malformed.
        """
        if self._wanted is None:
            payload = self._read_head(payload)
        assert self._wanted is not None
        if len(self._text) + len(payload) > self._wanted:
            raise ResetFailedError(
                f"the answer to the reset holds {len(self._text) + len(payload)} bytes of information, "
                f"it announced {self._wanted}"
            )
        self._text += payload

    def _read_head(self, payload: Bytes) -> Bytes:
        check_settings(self._expected, payload)
        if len(payload) < _HEAD.size:
            raise ResetFailedError("the answer to the reset has no length of information (word 3)")
        length: int = _HEAD.unpack_from(payload)[3]
        if length * WORD_BYTES > MAX_INFORMATION_BYTES:
            raise ResetFailedError(
                f"the device announces {length} words of information, allowed are {MAX_INFORMATION_BYTES // WORD_BYTES}"
            )
        self._wanted = length * WORD_BYTES
        return payload[_HEAD.size :]

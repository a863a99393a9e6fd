"""Notices: why a device no longer serves a host, said once more than the protocol demands.

=====  ========  =======================================================================
byte   size      content
=====  ========  =======================================================================
0      8         ``ff ff ff ff ff ff ff ff``: neither ACK nor SEQ can have these values
8      2         kind: 1 taken over, 2 device failed
10     2         ``ff ff``: as LEN this breaks the size rule for every length
12     0 .. 512  text, UTF-8
=====  ========  =======================================================================

The protocol has no closing frame, so a host whose endpoint was taken over by another one, or whose device failed, would
only see silence. A notice breaks the size rule of host-arq.md 3 by construction: every other implementation drops it as
a whole. Notices are never acknowledged or repeated by a timer, and nothing depends on them.
"""

from __future__ import annotations

import enum
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from hxtwin.comm.arq.frame import Bytes

MAX_TEXT_BYTES: Final = 512
"""Longest text of a notice."""

_HEAD = struct.Struct(">QHH")
_MARK = 0xFFFF_FFFF_FFFF_FFFF
_NO_LENGTH = 0xFFFF


class NoticeKind(enum.IntEnum):
    """Why the device stopped to serve the host."""

    TAKEN = 1
    FAILED = 2


class Notice(NamedTuple):
    """A notice: ``kind`` and ``text`` (the new holder, or what failed)."""

    kind: NoticeKind
    text: str


def encode_notice(notice: Notice) -> bytes:
    """Returns the datagram of ``notice``; a long text is cut."""
    raw = notice.text.encode("utf-8", "replace")[:MAX_TEXT_BYTES]
    return _HEAD.pack(_MARK, notice.kind, _NO_LENGTH) + raw


def decode_notice(datagram: Bytes) -> Notice | None:
    """Returns the notice in ``datagram``, ``None`` if it is none."""
    if not _HEAD.size <= len(datagram) <= _HEAD.size + MAX_TEXT_BYTES:
        return None
    mark, kind, length = _HEAD.unpack_from(datagram)
    if mark != _MARK or length != _NO_LENGTH or kind not in NoticeKind.__members__.values():
        return None
    text = bytes(datagram[_HEAD.size :]).decode("utf-8", "replace")
    return Notice(NoticeKind(kind), "".join(c if c.isprintable() else "?" for c in text))

"""The error family of `hxtwin.comm`.

==========================  ====================================================================
error                       cause
==========================  ====================================================================
`CommError`                 root of everything below
`ArgumentError`             a parameter of a link, an address or an array of words is not usable
`FrameError`                a datagram breaks the frame rules of Host-ARQ (refused, counted)
`LinkError`                 root of all troubles with the other side of a link
`NoAnswerError`             nobody answers at the address
`EndpointTakenError`        somebody else uses the endpoint
`SettingsMismatchError`     the device runs Host-ARQ with other settings
`ResetFailedError`          the device answers, but the connection set-up does not complete
`BitfileError`              the device describes itself in a way that cannot be used
`DeviceDiedError`           the device fell silent or reported a failure in a running session
`HaltTimeoutError`          the program did not end within the time allowed
`LinkProtocolError`         the device sends what a device must not send
`LinkClosedError`           the link was closed, or it broke earlier
`UTEncodeError`             a UT message, a field or an array of messages cannot be encoded
`UTDecodeError`             a stream of words holds something that is no UT message
==========================  ====================================================================
"""

from __future__ import annotations

from hxtwin.errors import HxtwinError


class CommError(HxtwinError):
    """Root of all errors raised by `hxtwin.comm`."""


class ArgumentError(CommError, ValueError):
    """A parameter, an address or an array of words cannot be used."""


class FrameError(CommError):
    """A datagram is no Host-ARQ frame (reference: host-arq.md 3)."""


class LinkError(CommError):
    """Root of all troubles with the other side of a link."""


class NoAnswerError(LinkError):
    """Nobody answers the reset: no device there, or the wrong address."""


class EndpointTakenError(LinkError):
    """Another connection uses the endpoint; the message names its holder if known."""


class SettingsMismatchError(LinkError):
    """The device runs Host-ARQ with other settings than this side (reference: host-arq.md 6, step 3)."""


class ResetFailedError(LinkError):
    """The device answered the reset, but the connection set-up did not complete."""


class BitfileError(LinkError):
    """The bitfile information of the device is missing, malformed or not compatible."""


class DeviceDiedError(LinkError):
    """The device fell silent in a running session, or reported that it failed."""


class HaltTimeoutError(LinkError):
    """The halt of a program did not come back within the time allowed."""


class LinkProtocolError(LinkError):
    """The device sent something that the protocol does not allow."""


class LinkClosedError(LinkError):
    """The link is closed, or an earlier error broke it."""


class UTEncodeError(CommError, ValueError):
    """A UT message, a field of it, or an array of messages cannot be encoded (reference: fpga-instructions.md 1)."""


class UTDecodeError(CommError, ValueError):
    """A stream of words is no stream of UT messages (reference: fpga-instructions.md 1.2).

    Attributes:
        word_index: index of the offending word in the stream, counted since the start or the reset of the decoder;
            ``words[:word_index]`` decodes, apart from a message that the offending word would have completed.
        reason: what is wrong.
        word: the offending word; None if the stream ended too early.
    """

    def __init__(self, word_index: int, reason: str, word: int | None = None) -> None:
        super().__init__(word_index, reason, word)
        self.word_index = word_index
        self.reason = reason
        self.word = word

    def __str__(self) -> str:
        shown = "" if self.word is None else f" ({self.word:#018x})"
        return f"word {self.word_index}{shown}: {self.reason}"

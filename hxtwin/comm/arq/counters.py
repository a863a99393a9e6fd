"""Counters of one side of a link.

Frames received are counted once under what became of them: ``acks_received``, ``accepted``, ``duplicate``,
``out_of_window``, ``dropped``, ``malformed``, ``stale``, ``refused`` or ``notices``; so these add up to ``received``,
except that an FPGA also receives reset frames, counted as ``resets``, ``refused`` or ``malformed``.
Reference: host-arq.md 7 (the original's counters, with other names and without those that are always 0).
"""

from __future__ import annotations

import attrs


@attrs.define(kw_only=True)
class ArqCounters:
    """What one side of a link did since it was created; every value is a number of frames unless its name says bytes.

    Args:
        received: datagrams handed in, whatever they were.
        acks_received: acknowledge frames.
        accepted: data frames taken, each once.
        duplicate: data frames inside the window that were there already.
        out_of_window: data frames outside the window (repetitions of acknowledged frames).
        dropped: data frames refused because nobody took what was received before.
        malformed: datagrams that break a size rule or carry an impossible SEQ or ACK.
        stale: frames that acknowledge something this session never sent: leftovers of an earlier one.
        refused: frames that do not belong to the present state of the session, or come from a stranger.
        notices: notices obeyed (host only).
        unknown_pid: accepted frames whose packet id nobody consumes.
        sent: data frames sent for the first time.
        resent: repetitions of data frames.
        acks_sent: acknowledge frames sent.
        bytes_sent: bytes of data frames sent for the first time, headers included.
        bytes_resent: bytes of repetitions, headers included.
        payload_bytes_accepted: payload bytes of accepted frames.
        resets: resets sent (host) or obeyed (FPGA).
    """

    received: int = 0
    acks_received: int = 0
    accepted: int = 0
    duplicate: int = 0
    out_of_window: int = 0
    dropped: int = 0
    malformed: int = 0
    stale: int = 0
    refused: int = 0
    notices: int = 0
    unknown_pid: int = 0
    sent: int = 0
    resent: int = 0
    acks_sent: int = 0
    bytes_sent: int = 0
    bytes_resent: int = 0
    payload_bytes_accepted: int = 0
    resets: int = 0

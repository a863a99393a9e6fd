"""The instruction dictionary from the FPGA.

====  =========================  =======  =======  ==================================================================
code  message                    payload  message  fields: bits (range) = default
====  =========================  =======  =======  ==================================================================
0     JTAGResponse               33       64       value 0..32
1     OmnibusResponse            32       64       value 0..31
2     LoopbackResponse           1        64       value 0
3     HighspeedLinkNotification  8        64       check_error 0; crc_recover 1; crc_error 2; decode_error 3; link_up
                                                   4; phy 5..7
4     TimeoutNotification        45       64       instruction 0..31; trace_stall 32..38 (0..96);
                                                   omnibus_reads_in_flight 39..44 (0..52)
5     Systime                    43       64       value 0..42
6     Sysdelta                   8        64       value 0..7
7     MADCSamplePack1FromFPGA    24       64       samples 0..13, 16..23
8     MADCSamplePack2FromFPGA    48       64       samples 24..37, 40..47, 0..13, 16..23
9     MADCSamplePack3FromFPGA    72       80       samples 48..61, 64..71, 24..37, 40..47, 0..13, 16..23
10    SpikePack1FromFPGA         24       64       spikes 0..15, 16..23
11    SpikePack2FromFPGA         48       64       spikes 24..39, 40..47, 0..15, 16..23
12    SpikePack3FromFPGA         72       80       spikes 48..63, 64..71, 24..39, 40..47, 0..15, 16..23
====  =========================  =======  =======  ==================================================================

Widths in bits. Of each element of a pack the number comes first, then its timestamp. The ranges of
`TimeoutNotification` bound what is constructed from fields; a received payload is kept as it is.
Reference: fpga-instructions.md 1.4, fpga-instructions.json ``from_fpga``.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  # evaluated by readers of the annotations
from typing import Final

from hxtwin.comm.ut.dictionary import Dictionary
from hxtwin.comm.ut.direction import Direction
from hxtwin.comm.ut.fields import MADCSample, Spike, bits, madc_samples, timed_spikes, whole
from hxtwin.comm.ut.message import FromFPGA

_SPIKE = Spike(0, 0)
_SAMPLE = MADCSample(0, 0)


class JTAGResponse(FromFPGA, code=0, payload_bits=33):
    """Bits shifted out by a `JTAGData` with ``keep_response``."""

    value: int = bits(0, 33, default=0, doc="bits shifted out, the first one is bit 0")


class OmnibusResponse(FromFPGA, code=1, payload_bits=32):
    """Word read by an `OmnibusAddress` read."""

    value: int = bits(0, 32, default=0, doc="word")


class LoopbackResponse(FromFPGA, code=2, payload_bits=1):
    """Answer to a `Loopback`."""

    value: int = bits(0, 1, default=0, doc="0: halt reached, 1: tick")


class HighspeedLinkNotification(FromFPGA, code=3, payload_bits=8):
    """Unsolicited report of the link state of one PHY."""

    check_error: int = bits(0, 1, default=0, doc="check error")
    crc_recover: int = bits(1, 1, default=0, doc="recovered from a CRC error")
    crc_error: int = bits(2, 1, default=0, doc="CRC error")
    decode_error: int = bits(3, 1, default=0, doc="decode error")
    link_up: int = bits(4, 1, default=0, doc="the link is up")
    phy: int = bits(5, 3, default=0, doc="PHY")
    value: int = whole(default=0)


class TimeoutNotification(FromFPGA, code=4, payload_bits=45):
    """An instruction blocked longer than the configured limit."""

    instruction: int = bits(0, 32, default=0, doc="index of the instruction in the program")
    trace_stall: int = bits(32, 7, default=0, maximum=96, doc="stalls of the trace memory in the last 96 cycles")
    omnibus_reads_in_flight: int = bits(39, 6, default=0, maximum=52, doc="omnibus reads without a response")
    value: int = whole(default=0)


class Systime(FromFPGA, code=5, payload_bits=43):
    """Sets the FPGA time."""

    value: int = bits(0, 43, default=0, doc="FPGA time in FPGA clock cycles of 8 ns")


class Sysdelta(FromFPGA, code=6, payload_bits=8):
    """Advances the FPGA time."""

    value: int = bits(0, 8, default=0, doc="increment in FPGA clock cycles of 8 ns, beyond the one of every message")


class MADCSamplePack1FromFPGA(FromFPGA, code=7, payload_bits=24):
    """One MADC sample."""

    samples: Sequence[MADCSample] = madc_samples(default=(_SAMPLE,))


class MADCSamplePack2FromFPGA(FromFPGA, code=8, payload_bits=48):
    """Two MADC samples."""

    samples: Sequence[MADCSample] = madc_samples(default=(_SAMPLE, _SAMPLE))


class MADCSamplePack3FromFPGA(FromFPGA, code=9, payload_bits=72):
    """Three MADC samples."""

    samples: Sequence[MADCSample] = madc_samples(default=(_SAMPLE, _SAMPLE, _SAMPLE))


class SpikePack1FromFPGA(FromFPGA, code=10, payload_bits=24):
    """One spike from the chip."""

    spikes: Sequence[Spike] = timed_spikes(default=(_SPIKE,))


class SpikePack2FromFPGA(FromFPGA, code=11, payload_bits=48):
    """Two spikes from the chip."""

    spikes: Sequence[Spike] = timed_spikes(default=(_SPIKE, _SPIKE))


class SpikePack3FromFPGA(FromFPGA, code=12, payload_bits=72):
    """Three spikes from the chip."""

    spikes: Sequence[Spike] = timed_spikes(default=(_SPIKE, _SPIKE, _SPIKE))


FROM_FPGA: Final = Dictionary(
    Direction.FROM_FPGA,
    (
        JTAGResponse,
        OmnibusResponse,
        LoopbackResponse,
        HighspeedLinkNotification,
        TimeoutNotification,
        Systime,
        Sysdelta,
        MADCSamplePack1FromFPGA,
        MADCSamplePack2FromFPGA,
        MADCSamplePack3FromFPGA,
        SpikePack1FromFPGA,
        SpikePack2FromFPGA,
        SpikePack3FromFPGA,
    ),
)
"""All messages from the FPGA, by code."""

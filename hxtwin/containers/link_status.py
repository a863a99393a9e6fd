"""Counters of the reliable link between FPGA and chip, and its performance test."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import flag, uint
from hxtwin.containers.layout import FPGA, leaf
from hxtwin.coord import HicannARQStatusOnFPGA, PerfTestOnFPGA, PerfTestStatusOnFPGA


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HicannARQStatus(Container):
    """Counters of the reliable link between FPGA and chip."""

    layout = leaf(
        coordinate=HicannARQStatusOnFPGA,
        words=4,
        read=0x8800C010 + WORD,
        backends=FPGA,
    )
    write_count: int = uint("Words submitted on the FPGA side.", at(0, 0, 32), maximum=0xFFFFFFFF, access="ro")
    tx_count: int = uint("Words transmitted FPGA -> chip.", at(1, 0, 32), maximum=0xFFFFFFFF, access="ro")
    rx_count: int = uint("Words transmitted chip -> FPGA.", at(2, 0, 32), maximum=0xFFFFFFFF, access="ro")
    read_count: int = uint("Words submitted on the chip side.", at(3, 0, 32), maximum=0xFFFFFFFF, access="ro")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PerfTest(Container):
    """Performance test of the link: words with an increasing counter are sent and counted meanwhile."""

    layout = leaf(
        coordinate=PerfTestOnFPGA,
        address=0x88008000,
        backends=FPGA,
    )
    enable: bool = flag("Run.", at(0, 0))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PerfTestStatus(Container):
    """Result counters of the link performance test."""

    layout = leaf(
        coordinate=PerfTestStatusOnFPGA,
        words=4,
        read=0x88008001 + WORD,
        backends=FPGA,
    )
    sent: int = uint("Words sent.", at(0, 0, 32), maximum=0xFFFFFFFF, access="ro")
    received: int = uint("Words received.", at(1, 0, 32), maximum=0xFFFFFFFF, access="ro")
    in_order: int = uint("Words received in order.", at(2, 0, 32), maximum=0xFFFFFFFF, access="ro")
    error_word: int = uint("Payload of the first word out of order.", at(3, 0, 32), maximum=0xFFFFFFFF, access="ro")

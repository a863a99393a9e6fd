"""Host-ARQ: reliable, ordered transport of 64-bit words between a host and an FPGA over UDP.

==============================  ====================================================================================
room                            content
==============================  ====================================================================================
`settings`                      what both sides agree on, ports, times, limits
`frame`, `packet_id`, `notice`  what is on the wire
`send_window`, `round_trip`     frames in flight, when they are repeated
`receive_window`                frames put in order
`peer`                          both windows: the part that both ends share
`config_answer`, `bitfile`      what a device says about itself when it is reset
`host`, `fpga`                  the two ends as state machines: bytes and time in, bytes out
`udp_host`, `udp_fpga`          the two ends on real sockets
`channel`, `virtual_link`       a bad network and two ends in virtual time
==============================  ====================================================================================
"""

from hxtwin.comm.arq.bitfile import BitfileInformation, information_text
from hxtwin.comm.arq.counters import ArqCounters
from hxtwin.comm.arq.fpga import FpgaArq
from hxtwin.comm.arq.host import HostArq, HostState
from hxtwin.comm.arq.settings import (
    DATA_PORT,
    HICANN_X_SETTINGS,
    RESET_PORT,
    ArqSettings,
    ArqTiming,
    HostLimits,
)
from hxtwin.comm.arq.udp_fpga import UdpFpga
from hxtwin.comm.arq.udp_host import UdpHost

__all__ = [
    "DATA_PORT",
    "HICANN_X_SETTINGS",
    "RESET_PORT",
    "ArqCounters",
    "ArqSettings",
    "ArqTiming",
    "BitfileInformation",
    "FpgaArq",
    "HostArq",
    "HostLimits",
    "HostState",
    "UdpFpga",
    "UdpHost",
    "information_text",
]

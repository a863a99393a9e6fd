"""UT messages: what the host and the FPGA say to each other, and the words of 64 bits in which they say it.

====================================  ===========================================================================
for people: objects                   for volume: arrays and compiled kernels
====================================  ===========================================================================
message classes, one for each code    `MessageArray`: codes and payloads of one direction
`encode`, `Encoder`                   `encode_array`, `ArrayEncoder`
`decode`, `Decoder`                   `decode_array`, `ArrayDecoder`; `HaltFinder`
..                                    `decode_responses`, `ResponseDecoder`: words straight to `Responses`
..                                    `omnibus_writes`, `spike_packs_to_fpga`, ..: arrays to messages
..                                    `fpga_times`, `chip_times`, `annotate`: time in the stream from the FPGA
====================================  ===========================================================================

A direction is "to_fpga" or "from_fpga", or a `Direction`. The array side is imported, and numba with it, when one of
its names is first used; its kernels are compiled at their first call and cached on disk.

>>> from hxtwin.comm import ut
>>> words = ut.encode([ut.OmnibusAddress(address=0x8800000C, is_read=1), ut.Loopback(ut.HALT)], "to_fpga")
>>> [hex(word) for word in words.tolist()]
['0xb00001f8800000c', '0xa00000000000000']
>>> ut.decode(words, "to_fpga")[0]
OmnibusAddress(address=2281701388, byte_enables=15, is_read=1)

Reference: fpga-instructions.md 1 and 5.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hxtwin.comm.errors import UTDecodeError, UTEncodeError
from hxtwin.comm.ut.decoder import Decoder, decode
from hxtwin.comm.ut.dictionaries import dictionary
from hxtwin.comm.ut.dictionary import Dictionary
from hxtwin.comm.ut.direction import Direction
from hxtwin.comm.ut.encoder import Encoder, encode
from hxtwin.comm.ut.fields import MADCSample, Spike
from hxtwin.comm.ut.from_fpga import (
    FROM_FPGA,
    HighspeedLinkNotification,
    JTAGResponse,
    LoopbackResponse,
    MADCSamplePack1FromFPGA,
    MADCSamplePack2FromFPGA,
    MADCSamplePack3FromFPGA,
    OmnibusResponse,
    SpikePack1FromFPGA,
    SpikePack2FromFPGA,
    SpikePack3FromFPGA,
    Sysdelta,
    Systime,
    TimeoutNotification,
)
from hxtwin.comm.ut.message import FromFPGA, Message, ToFPGA
from hxtwin.comm.ut.to_fpga import (
    HALT,
    TICK,
    TO_FPGA,
    Barrier,
    JTAGData,
    JTAGInit,
    JTAGIns,
    JTAGScaler,
    Loopback,
    OmnibusAddress,
    OmnibusData,
    PollingOmnibusBlock,
    Reset,
    SpikePack1ToFPGA,
    SpikePack2ToFPGA,
    SpikePack3ToFPGA,
    SystimeInit,
    TimerSetup,
    WaitUntil,
)

if TYPE_CHECKING:
    from hxtwin.comm.ut.array_codec import ArrayDecoder, ArrayEncoder, decode_array, encode_array
    from hxtwin.comm.ut.event_packs import (
        madc_sample_packs_from_fpga,
        pack_sizes,
        spike_packs_from_fpga,
        spike_packs_to_fpga,
    )
    from hxtwin.comm.ut.halt_finder import HaltFinder
    from hxtwin.comm.ut.message_array import MessageArray
    from hxtwin.comm.ut.omnibus_access import (
        omnibus_reads,
        omnibus_reads_over_jtag,
        omnibus_writes,
        omnibus_writes_over_jtag,
    )
    from hxtwin.comm.ut.response_decoder import ResponseDecoder, decode_responses
    from hxtwin.comm.ut.responses import (
        JTAG_DTYPE,
        LINK_NOTIFICATION_DTYPE,
        MADC_SAMPLE_DTYPE,
        OMNIBUS_DTYPE,
        SPIKE_DTYPE,
        TIMEOUT_DTYPE,
        Responses,
    )
    from hxtwin.comm.ut.time_annotation import annotate, chip_times, fpga_times, timestamps

__all__ = [
    "FROM_FPGA",
    "HALT",
    "JTAG_DTYPE",
    "LINK_NOTIFICATION_DTYPE",
    "MADC_SAMPLE_DTYPE",
    "OMNIBUS_DTYPE",
    "SPIKE_DTYPE",
    "TICK",
    "TIMEOUT_DTYPE",
    "TO_FPGA",
    "ArrayDecoder",
    "ArrayEncoder",
    "Barrier",
    "Decoder",
    "Dictionary",
    "Direction",
    "Encoder",
    "FromFPGA",
    "HaltFinder",
    "HighspeedLinkNotification",
    "JTAGData",
    "JTAGInit",
    "JTAGIns",
    "JTAGResponse",
    "JTAGScaler",
    "Loopback",
    "LoopbackResponse",
    "MADCSample",
    "MADCSamplePack1FromFPGA",
    "MADCSamplePack2FromFPGA",
    "MADCSamplePack3FromFPGA",
    "Message",
    "MessageArray",
    "OmnibusAddress",
    "OmnibusData",
    "OmnibusResponse",
    "PollingOmnibusBlock",
    "Reset",
    "ResponseDecoder",
    "Responses",
    "Spike",
    "SpikePack1FromFPGA",
    "SpikePack1ToFPGA",
    "SpikePack2FromFPGA",
    "SpikePack2ToFPGA",
    "SpikePack3FromFPGA",
    "SpikePack3ToFPGA",
    "Sysdelta",
    "Systime",
    "SystimeInit",
    "TimeoutNotification",
    "TimerSetup",
    "ToFPGA",
    "UTDecodeError",
    "UTEncodeError",
    "WaitUntil",
    "annotate",
    "chip_times",
    "decode",
    "decode_array",
    "decode_responses",
    "dictionary",
    "encode",
    "encode_array",
    "fpga_times",
    "madc_sample_packs_from_fpga",
    "omnibus_reads",
    "omnibus_reads_over_jtag",
    "omnibus_writes",
    "omnibus_writes_over_jtag",
    "pack_sizes",
    "spike_packs_from_fpga",
    "spike_packs_to_fpga",
    "timestamps",
]

_ARRAY_SIDE = {
    "ArrayDecoder": "array_codec",
    "ArrayEncoder": "array_codec",
    "HaltFinder": "halt_finder",
    "JTAG_DTYPE": "responses",
    "LINK_NOTIFICATION_DTYPE": "responses",
    "MADC_SAMPLE_DTYPE": "responses",
    "MessageArray": "message_array",
    "OMNIBUS_DTYPE": "responses",
    "ResponseDecoder": "response_decoder",
    "Responses": "responses",
    "SPIKE_DTYPE": "responses",
    "TIMEOUT_DTYPE": "responses",
    "annotate": "time_annotation",
    "chip_times": "time_annotation",
    "decode_array": "array_codec",
    "decode_responses": "response_decoder",
    "encode_array": "array_codec",
    "fpga_times": "time_annotation",
    "madc_sample_packs_from_fpga": "event_packs",
    "omnibus_reads": "omnibus_access",
    "omnibus_reads_over_jtag": "omnibus_access",
    "omnibus_writes": "omnibus_access",
    "omnibus_writes_over_jtag": "omnibus_access",
    "pack_sizes": "event_packs",
    "spike_packs_from_fpga": "event_packs",
    "spike_packs_to_fpga": "event_packs",
    "timestamps": "time_annotation",
}
"""Names that are imported when they are first used, and their modules."""


def __getattr__(name: str) -> object:
    if name not in _ARRAY_SIDE:
        raise AttributeError(f"module 'hxtwin.comm.ut' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"hxtwin.comm.ut.{_ARRAY_SIDE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ARRAY_SIDE})

"""Results of runs as bytes, to be archived and read again by the program that ran.

==============  =======================================================================
key             content
==============  =======================================================================
``digest``      digest of the program
``arrays``      one array for each kind of response, see `hxtwin.comm.ut.Responses`
``counts``      numbers of packs of 1, 2 and 3 events
``messages``    number of messages from the FPGA
``fpga_time``   FPGA time behind the last one
``time_info``   where the time of the run went, ns
==============  =======================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.comm.time_info import TimeInfo
from hxtwin.runtime.envelope import array, array_bytes, check_map, natural, pack, unpack
from hxtwin.runtime.errors import ProgramDecodeError, TicketError
from hxtwin.runtime.result import ProgramResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime.program import PlaybackProgram

_COUNTS: Final = ("spike_pack_counts", "madc_sample_pack_counts")
_ARRAYS: Final = {
    "jtag": ut.JTAG_DTYPE,
    "omnibus": ut.OMNIBUS_DTYPE,
    "ticks": np.dtype("u8"),
    "halts": np.dtype("u8"),
    "highspeed_link_notifications": ut.LINK_NOTIFICATION_DTYPE,
    "timeouts": ut.TIMEOUT_DTYPE,
    "spikes": ut.SPIKE_DTYPE,
    "madc_samples": ut.MADC_SAMPLE_DTYPE,
}


def result_to_bytes(program: PlaybackProgram) -> bytes:
    """Serialises the result of the last run of a program.

    Raises:
        TicketError: the program has not run.
    """
    result = program.result
    responses = result.responses
    return pack(
        "result",
        {
            "digest": program.digest,
            "arrays": {name: array_bytes(getattr(responses, name)) for name in _ARRAYS},
            "counts": {name: [int(count) for count in getattr(responses, name)] for name in _COUNTS},
            "messages": responses.messages,
            "fpga_time": responses.fpga_time,
            "time_info": attrs.asdict(result.time_info),
        },
    )


def attach_result(program: PlaybackProgram, data: bytes) -> None:
    """Gives a program the result that `result_to_bytes` has written, as if it had just run.

    Raises:
        ProgramDecodeError: other bytes.
        TicketError: the result belongs to another program.
    """
    found = unpack(data, "result", {"digest", "arrays", "counts", "messages", "fpga_time", "time_info"})
    if found["digest"] != program.digest:
        raise TicketError(
            "the result belongs to another program: its digest differs; load it into the program that was run"
        )
    times = {field.name for field in attrs.fields(TimeInfo)}
    check_map(found["arrays"], set(_ARRAYS), "arrays")
    check_map(found["counts"], set(_COUNTS), "counts")
    check_map(found["time_info"], times, "time_info")
    arrays = {name: array(found["arrays"], name, dtype) for name, dtype in _ARRAYS.items()}
    counts = {name: _three_counts(name, found["counts"][name]) for name in _COUNTS}
    responses = ut.Responses(
        jtag=arrays["jtag"],
        omnibus=arrays["omnibus"],
        ticks=arrays["ticks"],
        halts=arrays["halts"],
        highspeed_link_notifications=arrays["highspeed_link_notifications"],
        timeouts=arrays["timeouts"],
        spikes=arrays["spikes"],
        madc_samples=arrays["madc_samples"],
        spike_pack_counts=counts["spike_pack_counts"],
        madc_sample_pack_counts=counts["madc_sample_pack_counts"],
        messages=natural("messages", found["messages"]),
        fpga_time=natural("fpga_time", found["fpga_time"]),
    )
    _check_counts(responses)
    spent = TimeInfo(**{name: natural(name, found["time_info"][name]) for name in times})
    program.attach(ProgramResult(responses, spent))


def _three_counts(name: str, values: object) -> NDArray[np.int64]:
    if not isinstance(values, list) or len(values) != 3:
        raise ProgramDecodeError(f"{name}: three counts are wanted")
    return np.array([natural(name, value) for value in values], dtype=np.int64)


def _check_counts(responses: ut.Responses) -> None:
    sizes = np.arange(1, 4)
    for name, counts, events in (
        ("spikes", responses.spike_pack_counts, responses.spikes),
        ("madc_samples", responses.madc_sample_pack_counts, responses.madc_samples),
    ):
        if counts.max() > len(events) or int(counts @ sizes) != len(events):
            raise ProgramDecodeError(f"{name}: packs {counts.tolist()} do not hold {len(events)} events")

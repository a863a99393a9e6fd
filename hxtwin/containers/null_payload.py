"""A read without payload, answered as fast as possible."""

from __future__ import annotations

import attrs

from hxtwin.containers.container import Container
from hxtwin.containers.layout import Backend, leaf
from hxtwin.coord import NullPayloadReadableOnFPGA


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NullPayloadReadable(Container):
    """Read without payload, answered as fast as possible (used to relate from-FPGA time and playback time)."""

    layout = leaf(
        coordinate=NullPayloadReadableOnFPGA,
        read=0,
        backends=(Backend.NULL_PAYLOAD_READABLE,),
        payload_free=True,
        notes="Realised by a loopback tick.",
    )

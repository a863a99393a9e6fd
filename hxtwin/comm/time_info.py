"""Where the time of a run goes.

============  ==============================================================================================
part          meaning
============  ==============================================================================================
``encode``    preparing words for the wire; a runtime adds its own encoding of messages to words
``send``      from the first to the last word handed to the network
``execute``   from the begin of the run until the halt is back, sending included: execution starts meanwhile
``decode``    reading what came back; a runtime adds its own decoding of words
============  ==============================================================================================

Reference: runtime.md 8, "Time info".
"""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class TimeInfo:
    """Durations in ns, >= 0; add and subtract them field by field.

    Args:
        encode_ns: preparing words.
        send_ns: handing them to the network.
        execute_ns: waiting for the halt, sending included.
        decode_ns: reading the answer.
    """

    encode_ns: int = 0
    send_ns: int = 0
    execute_ns: int = 0
    decode_ns: int = 0

    def __add__(self, other: TimeInfo) -> TimeInfo:
        return TimeInfo(
            encode_ns=self.encode_ns + other.encode_ns,
            send_ns=self.send_ns + other.send_ns,
            execute_ns=self.execute_ns + other.execute_ns,
            decode_ns=self.decode_ns + other.decode_ns,
        )

    def __sub__(self, other: TimeInfo) -> TimeInfo:
        return TimeInfo(
            encode_ns=self.encode_ns - other.encode_ns,
            send_ns=self.send_ns - other.send_ns,
            execute_ns=self.execute_ns - other.execute_ns,
            decode_ns=self.decode_ns - other.decode_ns,
        )

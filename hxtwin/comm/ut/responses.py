"""Decoded responses of an FPGA: one array for each kind.

================================  ========================================================================
array                             fields
================================  ========================================================================
``jtag``                          value u8, fpga_time u8
``omnibus``                       value u4, fpga_time u8
``ticks``, ``halts``              u8: FPGA times of the loopback responses
``highspeed_link_notifications``  value u1 (see `HighspeedLinkNotification`), fpga_time u8
``timeouts``                      instruction u4, trace_stall u1, omnibus_reads_in_flight u1, fpga_time u8
``spikes``                        label u2, fpga_time u8, chip_time u8
``madc_samples``                  value u2 (10 bits), channel u1, fpga_time u8, chip_time u8
================================  ========================================================================

Types are unsigned integers of so many bytes, packed without alignment. Times are FPGA clock cycles of 8 ns, 43 bits.
Events stand in the order of the stream, the first element of a pack first; this is not always the order of chip time.
Reference: runtime.md 6, fpga-instructions.md 5 and 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

JTAG_DTYPE: Final = np.dtype([("value", "u8"), ("fpga_time", "u8")])
"""A JTAG response."""
OMNIBUS_DTYPE: Final = np.dtype([("value", "u4"), ("fpga_time", "u8")])
"""An omnibus response."""
LINK_NOTIFICATION_DTYPE: Final = np.dtype([("value", "u1"), ("fpga_time", "u8")])
"""A link notification."""
TIMEOUT_DTYPE: Final = np.dtype(
    [("instruction", "u4"), ("trace_stall", "u1"), ("omnibus_reads_in_flight", "u1"), ("fpga_time", "u8")]
)
"""A timeout notification."""
SPIKE_DTYPE: Final = np.dtype([("label", "u2"), ("fpga_time", "u8"), ("chip_time", "u8")])
"""A spike from the chip, 18 bytes."""
MADC_SAMPLE_DTYPE: Final = np.dtype([("value", "u2"), ("channel", "u1"), ("fpga_time", "u8"), ("chip_time", "u8")])
"""An MADC sample, 19 bytes."""


@attrs.frozen(eq=False)
class Responses:
    """Responses in the order of the stream, see the table of this module.

    Attributes:
        jtag: JTAG responses.
        omnibus: omnibus responses.
        ticks: FPGA times of loopback responses of value 1.
        halts: FPGA times of loopback responses of value 0.
        highspeed_link_notifications: link notifications.
        timeouts: timeout notifications, as received (their ranges are not checked).
        spikes: spikes.
        madc_samples: MADC samples.
        spike_pack_counts: number of packs of 1, 2 and 3 spikes, ``int64[3]``.
        madc_sample_pack_counts: number of packs of 1, 2 and 3 samples, ``int64[3]``.
        messages: number of messages, timing messages included.
        fpga_time: FPGA time behind the last message.
    """

    jtag: NDArray[np.void]
    omnibus: NDArray[np.void]
    ticks: NDArray[np.uint64]
    halts: NDArray[np.uint64]
    highspeed_link_notifications: NDArray[np.void]
    timeouts: NDArray[np.void]
    spikes: NDArray[np.void]
    madc_samples: NDArray[np.void]
    spike_pack_counts: NDArray[np.int64]
    madc_sample_pack_counts: NDArray[np.int64]
    messages: int
    fpga_time: int

    @staticmethod
    def concatenate(parts: Sequence[Responses]) -> Responses:
        """Responses to consecutive portions of one stream, joined.

        Raises:
            ArgumentError: there is no part.
        """
        if not parts:
            raise ArgumentError("there are no responses to join: give at least one part")
        return Responses(
            jtag=np.concatenate([part.jtag for part in parts]),
            omnibus=np.concatenate([part.omnibus for part in parts]),
            ticks=np.concatenate([part.ticks for part in parts]),
            halts=np.concatenate([part.halts for part in parts]),
            highspeed_link_notifications=np.concatenate([part.highspeed_link_notifications for part in parts]),
            timeouts=np.concatenate([part.timeouts for part in parts]),
            spikes=np.concatenate([part.spikes for part in parts]),
            madc_samples=np.concatenate([part.madc_samples for part in parts]),
            spike_pack_counts=np.sum([part.spike_pack_counts for part in parts], axis=0),
            madc_sample_pack_counts=np.sum([part.madc_sample_pack_counts for part in parts], axis=0),
            messages=sum(part.messages for part in parts),
            fpga_time=parts[-1].fpga_time,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Responses):
            return NotImplemented
        names = [field.name for field in attrs.fields(Responses)]
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash

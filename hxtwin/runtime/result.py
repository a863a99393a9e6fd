"""What came back from one run of a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hxtwin.comm.time_info import TimeInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hxtwin.comm import ut


@attrs.frozen
class ProgramResult:
    """Responses and times of one run.

    Attributes:
        responses: everything that the FPGA sent, as arrays (see `hxtwin.comm.ut.Responses`).
        time_info: where the time went, in ns (see `hxtwin.comm.time_info.TimeInfo`).
    """

    responses: ut.Responses
    time_info: TimeInfo = attrs.field(factory=TimeInfo)

    @property
    def spikes(self) -> NDArray[np.void]:
        """Spikes in the order of the stream: label u2, fpga_time u8, chip_time u8 (FPGA cycles of 8 ns)."""
        return self.responses.spikes

    @property
    def madc_samples(self) -> NDArray[np.void]:
        """MADC samples in the order of the stream: value u2, channel u1, fpga_time u8, chip_time u8."""
        return self.responses.madc_samples

"""A device: words in, words out.

This protocol is the only way into a twin of FPGA and chip. Words are the 64-bit words of the UT message stream, as they
travel inside Host-ARQ frames (reference: fpga-instructions.md 1.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Device(Protocol):
    """What stands at the far end of a connection: an FPGA with a chip, or something that behaves like one."""

    def reset(self) -> None:
        """Forgets the session: partial messages, the program in progress, answers not yet fetched.

        Called once at the begin of each connection, as the FPGA does on a Host-ARQ reset. The state of the chip
        persists (reference: simulator-decisions.md 4).
        """
        ...

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Executes words and returns the answers that they caused.

        Args:
            words: uint64[n], n >= 0, the next piece of the stream to the FPGA. A program may arrive in any number of
                pieces, cut anywhere between words; the answers do not depend on the cuts. The array is read only for
                the device and not kept.

        Returns:
            uint64[m], the next piece of the stream from the FPGA. Behind the answer to a halt the last word is
            complete, so that the host can read the halt.
        """
        ...

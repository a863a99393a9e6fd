"""A connection: a program in, its answer out.

=========================  ============================================================================================
connection                 far end
=========================  ============================================================================================
`InProcessConnection`      a `Device` in this process
`UDPConnection`            an FPGA or a twin behind Host-ARQ over UDP
`ZeroMockConnection`       nothing: reads are answered with zeros
`MultiConnection`          several of the above, run at the same time
=========================  ============================================================================================

A connection is open from its construction until `close`. A program is an array of words whose last word is the only
halt; its answer is all words from the FPGA up to the one that completes the answer to the halt. The stream of answers
is one: a message may begin behind a halt and end in the next answer, so whoever decodes keeps one streaming decoder per
connection. Reference: runtime.md 8, fpga-instructions.md 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self, runtime_checkable

import attrs

from hxtwin.comm.arq.bitfile import BitfileInformation

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from hxtwin.comm.time_info import TimeInfo

HARDWARE: Final = "hardware"
"""Target of a program: the chip in the lab, or what speaks its protocol over a network."""
SIMULATION: Final = "simulation"
"""Target of a program: a simulation of the chip's logic."""
TWIN: Final = "twin"
"""Target of a program: a twin in this process; no container excludes it (reference: simulator-decisions.md 45)."""
ZERO_MOCK: Final = "zeromock"
"""Target of a program: the connection without hardware."""


@attrs.frozen(kw_only=True)
class ConnectionInfo:
    """What is known about the far end.

    Args:
        endpoint: address as people write it, e.g. ``"udp://192.0.2.7:1234"``.
        identifier: unique name of the setup; the endpoint if the device does not tell.
        targets: targets that a program may be made for; it is refused when it excludes all of them.
        bitfile: what the device says about itself.
    """

    endpoint: str
    identifier: str
    targets: frozenset[str]
    bitfile: BitfileInformation = attrs.field(factory=BitfileInformation)


@runtime_checkable
class Connection(Protocol):
    """A connection to one chip."""

    @property
    def info(self) -> ConnectionInfo:
        """What is known about the far end."""
        ...

    @property
    def time_info(self) -> TimeInfo:
        """Time spent since the connection was opened; the difference around a run is the time of that run."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether programs can be run."""
        ...

    def run(self, words: NDArray[np.uint64], *, limit_s: float | None = None) -> NDArray[np.uint64]:
        """Runs a program and returns its answer; one program at a time, others wait.

        Args:
            words: uint64[n], the program; its last word is a halt, and no other is.
            limit_s: longest wait for the answer to the halt, seconds; ``None`` for the connection's own limit.

        Returns:
            uint64[m], the answer; the last word completes the answer to the halt.

        Raises:
            ArgumentError: ``words`` is no program, or the limit is not positive.
            LinkError: the connection is closed, broken, or breaks now; the message says why.
            UTDecodeError: the answer is no stream of messages.
        """
        ...

    def close(self) -> None:
        """Closes the connection; may be called again."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

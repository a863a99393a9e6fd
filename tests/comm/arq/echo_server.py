"""Serves an echo device over UDP: ``echo_server.py DATA_PORT RESET_PORT``; prints ``ready DATA_PORT RESET_PORT``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from hxtwin.comm.arq import UdpFpga

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Echo:
    """A device that returns every word."""

    def reset(self) -> None:
        """Has nothing to forget."""

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return words


def main() -> None:
    server = UdpFpga(Echo(), data_port=int(sys.argv[1]), reset_port=int(sys.argv[2]))
    sys.stdout.write(f"ready {server.data_port} {server.reset_port}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main()

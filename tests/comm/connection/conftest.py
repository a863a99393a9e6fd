"""Devices for connections, and programs to run on them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_SERVER = Path(__file__).parent / "zero_mock_server.py"


@pytest.fixture
def program() -> Callable[..., NDArray[np.uint64]]:
    """Makes a program of a number of omnibus reads and a halt."""

    def make(reads: int = 3) -> NDArray[np.uint64]:
        words = np.empty(reads + 1, np.uint64)
        words[:] = ut.encode([ut.OmnibusAddress(address=0x8800000C, is_read=1)], "to_fpga")[0]
        words[-1] = ut.encode([ut.Loopback(ut.HALT)], "to_fpga")[0]
        return words

    return make


class Server:
    """A zero-mock device behind UDP in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, str(_SERVER)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        ready = self.process.stdout.readline().split()
        assert ready[:1] == ["ready"]
        self.data_port, self.reset_port = int(ready[1]), int(ready[2])

    def kill(self) -> None:
        """Kills the process with SIGKILL and waits for its end."""
        self.process.kill()
        self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server_process() -> Iterator[Server]:
    """A zero-mock device behind UDP in a process of its own."""
    server = Server()
    yield server
    if server.process.poll() is None:
        server.kill()

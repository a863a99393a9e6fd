from __future__ import annotations

import getpass
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hxtwin.comm.endpoint_claim import EndpointClaim
from hxtwin.comm.errors import EndpointTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOLDER = Path(__file__).parent / "claim_holder.py"
NAME = f"udp://192.0.2.7:{os.getpid()}"

linux = pytest.mark.skipif(sys.platform != "linux", reason="claims among processes exist on Linux only")


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the endpoint."""
    process = subprocess.Popen(
        [sys.executable, str(_HOLDER), NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate(timeout=10)


def test_a_claim_excludes_others_of_this_process_until_it_is_released() -> None:
    claim = EndpointClaim(NAME)
    with pytest.raises(EndpointTakenError, match="another connection of this process"):
        EndpointClaim(NAME)
    EndpointClaim(NAME + "0").release()
    claim.release()
    claim.release()
    EndpointClaim(NAME).release()


@linux
def test_a_claim_of_another_process_is_named_with_process_and_user(holder: subprocess.Popen[str]) -> None:
    pattern = rf"{NAME} is taken by process {holder.pid} \(.+\) of user {getpass.getuser()}"
    for _ in range(2):
        with pytest.raises(EndpointTakenError, match=pattern):
            EndpointClaim(NAME)
    EndpointClaim(NAME, across_processes=False).release()


@linux
def test_a_killed_process_leaves_the_endpoint_free(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait(timeout=10)
    EndpointClaim(NAME).release()


@linux
def test_a_claim_that_fails_leaves_no_trace_in_this_process(holder: subprocess.Popen[str]) -> None:
    with pytest.raises(EndpointTakenError):
        EndpointClaim(NAME)
    holder.kill()
    holder.wait(timeout=10)
    claim = EndpointClaim(NAME)
    claim.release()


@linux
def test_a_forked_child_keeps_no_claim() -> None:
    claim = EndpointClaim(NAME)
    ready, done = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of forks beside threads
        child = os.fork()
    if child == 0:
        os.write(ready[1], b"x")
        os.read(done[0], 1)
        os._exit(0)
    try:
        assert os.read(ready[0], 1) == b"x"
        claim.release()
        EndpointClaim(NAME).release()
    finally:
        os.write(done[1], b"x")
        os.waitpid(child, 0)
        for end in (*ready, *done):
            os.close(end)

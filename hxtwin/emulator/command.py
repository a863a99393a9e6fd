"""A twin served over UDP until a signal comes.

===================  ====================================================================================
step                 what happens
===================  ====================================================================================
ports                taken first: an address in use is told at once
kernels              compiled or loaded; a display on a terminal, see `hxtwin.chipsim.compilation`
ready                one line on the standard output says where to connect
service              one host at a time, the one that reset last; several chips are several daemons
SIGINT, SIGTERM      no further words are executed, the ports are closed, exit status 0
===================  ====================================================================================

Anybody who reaches the ports may use the twin, as in the lab: there is no authentication. Reference: host-arq.md 2, 6.
"""

from __future__ import annotations

import ipaddress
import logging
import signal
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import typer

from hxtwin.chipsim.compilation import show_compilation
from hxtwin.chipsim.twin import Twin
from hxtwin.comm.arq import UdpFpga
from hxtwin.comm.arq.settings import RESET_PORT
from hxtwin.emulator.warm_up import warm_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from hxtwin.chipsim.options import TwinOptions

_LOG: Final = logging.getLogger("hxtwin.emulator")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_STOP_LIMIT_S: Final = 1.0
"""A program in progress is given so long when the daemon is stopped."""


def run(options: TwinOptions, host: str, data_port: int, reset_port: int) -> None:
    """Serves a twin until SIGINT or SIGTERM comes; to be called in the main thread.

    When the twin is ready, one line ``ready URL`` on the standard output says so; the log goes to the standard error.

    Args:
        options: which chip, and how it is computed.
        host: name or IPv4 address to listen at.
        data_port: data port, 0 lets the operating system choose.
        reset_port: reset port, 0 lets the operating system choose.

    Raises:
        hxtwin.comm.ArgumentError: the address cannot be used, or a port is in use.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("hxtwin").setLevel(logging.INFO)
    twin = Twin(options=options)
    server = UdpFpga(twin, host, data_port, reset_port, information=twin.information, stop_limit_s=_STOP_LIMIT_S)
    with _stopped_by_signals(server.stop) as stoppable, closing(server):
        if not ipaddress.ip_address(server.address).is_loopback:
            _LOG.warning("listening at %s: whoever reaches this address can use the twin", server.address)
        _LOG.info("%s: loading kernels", options)
        begin = time.monotonic()
        show_compilation()
        warm_up(options)
        _LOG.info("kernels are ready after %.1f s", time.monotonic() - begin)
        stoppable()
        typer.echo(f"ready {url(server)}")
        server.serve()
    counters = server.counters
    _LOG.info(
        "stopped after %d sessions; %d datagrams received, of these %d malformed and %d refused",
        server.session,
        counters.received,
        counters.malformed,
        counters.refused,
    )


def url(server: UdpFpga) -> str:
    """Endpoint by which `hxtwin.connect` reaches a server."""
    options = "" if server.reset_port == RESET_PORT else f"?reset_port={server.reset_port}"
    return f"udp://{server.address}:{server.data_port}{options}"


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """While this stands, signals end the process at once with status 0, or call `stop` once the service has begun.

    Gives a function by which the service says that it begins.
    """
    serving = False

    def begin() -> None:
        nonlocal serving
        serving = True

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        _LOG.info("%s: stopping", signal.Signals(number).name)
        if not serving:
            raise SystemExit(0)
        stop()

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield begin
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

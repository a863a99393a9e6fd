"""Endpoints: where a transport meets a device. The composition root of the package.

==============================  =============================================================================
endpoint                        what answers
==============================  =============================================================================
``sim://?chip=7&noise=1``       a twin of chip 7 in this process; options: `hxtwin.chipsim.options`, and ``target=``
                                what its programs are checked for: ``twin`` (nothing is refused), ``hardware``
``udp://192.0.2.7:1234``        an FPGA or a twin behind Host-ARQ; ``?reset_port=`` if it is not the usual one
``zeromock://``                 nothing: every read is answered with zeros
==============================  =============================================================================

Without an endpoint the environment variable ``HXTWIN_ENDPOINT`` decides, else it is the twin of chip 0.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from hxtwin.errors import HxtwinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hxtwin.comm import Connection, MultiConnection

ENVIRONMENT_VARIABLE: Final = "HXTWIN_ENDPOINT"
DEFAULT_ENDPOINT: Final = "sim://?chip=0"

_LARGEST_PORT = 65535


class EndpointError(HxtwinError, ValueError):
    """An endpoint is not written as it should be, or this installation cannot open it."""


def connect(endpoint: str | None = None, *, limit_s: float | None = None) -> Connection:
    """Open a connection.

    Args:
        endpoint: URL, see the table of this module; None for the default.
        limit_s: longest wait for the end of a program, seconds; None for the limit of the connection.

    Returns:
        An open connection; use it in a ``with`` statement, or close it.

    Raises:
        EndpointError: the URL is malformed or its kind unknown.
        hxtwin.comm.LinkError: nobody answers, the endpoint is taken, or its settings differ.
    """
    url = os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_ENDPOINT if endpoint is None else endpoint
    parts = _split(url)
    opener = _OPENERS.get(parts.scheme)
    if parts.scheme == "scheduler":
        raise EndpointError(
            f"endpoint {url!r}: this version has no client of the shared scheduler; use udp:// or sim://"
        )
    if opener is None:
        raise EndpointError(f"endpoint {url!r}: kind {parts.scheme!r} is unknown; known: {', '.join(_OPENERS)}")
    return opener(url, parts, limit_s)


def connect_all(endpoints: Iterable[str], *, limit_s: float | None = None) -> MultiConnection:
    """Open several connections that run their programs at the same time.

    If one of them cannot be opened, those opened before are closed again.

    Raises:
        EndpointError, hxtwin.comm.LinkError: as for `connect`.
    """
    from hxtwin.comm import MultiConnection

    opened: list[Connection] = []
    try:
        for endpoint in endpoints:
            opened.append(connect(endpoint, limit_s=limit_s))
        return MultiConnection(opened)
    except BaseException:
        for connection in opened:
            connection.close()
        raise


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise EndpointError(f"endpoint {url!r}: {error}") from error
    if not parts.scheme or "://" not in url:
        raise EndpointError(f"endpoint {url!r}: a URL like {DEFAULT_ENDPOINT!r} or 'udp://192.0.2.7:1234' is wanted")
    if parts.path not in ("", "/") or parts.fragment or parts.username is not None:
        raise EndpointError(f"endpoint {url!r}: only kind, address, port and options are allowed")
    return parts


def _options(url: str, parts: SplitResult, allowed: tuple[str, ...]) -> dict[str, str]:
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True, max_num_fields=8)
    except ValueError:
        pairs = [(parts.query, "")] if parts.query else []
    given = dict(pairs)
    if len(given) < len(pairs):
        raise EndpointError(f"endpoint {url!r}: an option is given twice")
    unknown = given.keys() - set(allowed)
    if unknown:
        known = ", ".join(allowed) or "none"
        raise EndpointError(f"endpoint {url!r}: option {sorted(unknown)[0]!r} is unknown; known: {known}")
    return given


def _number(url: str, name: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
        raise EndpointError(f"endpoint {url!r}: {name} {text!r} is no number in {least}..{most}")
    return int(text)


def _open_twin(url: str, parts: SplitResult, limit_s: float | None) -> Connection:
    del limit_s  # a twin in this process has no wall time to wait for
    from hxtwin.chipsim.errors import TwinArgumentError
    from hxtwin.chipsim.options import QUERY_NAMES, TwinOptions
    from hxtwin.comm.connection import HARDWARE, TWIN

    if parts.netloc:
        raise EndpointError(f"endpoint {url!r}: a twin in this process has no address; write 'sim://?chip=7'")
    query = _options(url, parts, (*QUERY_NAMES, "target"))
    target = query.pop("target", TWIN)
    if target not in (TWIN, HARDWARE):
        raise EndpointError(f"endpoint {url!r}: target {target!r} is unknown; known: {TWIN}, {HARDWARE}")
    try:
        options = TwinOptions.from_query(query)
    except TwinArgumentError as error:
        raise EndpointError(f"endpoint {url!r}: {error}") from error

    from hxtwin.chipsim.compilation import show_compilation
    from hxtwin.chipsim.twin import Twin
    from hxtwin.comm import InProcessConnection
    from hxtwin.comm.arq.bitfile import BitfileInformation

    show_compilation()
    twin = Twin(options=options)
    bitfile = BitfileInformation.from_text(twin.information)
    return InProcessConnection(twin, endpoint=url, identifier=options.identifier, targets=(target,), bitfile=bitfile)


def _open_udp(url: str, parts: SplitResult, limit_s: float | None) -> Connection:
    from hxtwin.comm.arq.settings import DATA_PORT, RESET_PORT
    from hxtwin.comm.single_connection import HALT_LIMIT_S
    from hxtwin.comm.udp import UDPConnection

    if not parts.hostname:
        raise EndpointError(f"endpoint {url!r}: an address is wanted, like 'udp://192.0.2.7:1234'")
    options = _options(url, parts, ("reset_port",))
    data_port = DATA_PORT if parts.port is None else parts.port
    reset_port = RESET_PORT
    if "reset_port" in options:
        reset_port = _number(url, "reset_port", options["reset_port"], 1, _LARGEST_PORT)
    limit = HALT_LIMIT_S if limit_s is None else limit_s
    return UDPConnection(parts.hostname, data_port, reset_port, limit_s=limit)


def _open_zero_mock(url: str, parts: SplitResult, limit_s: float | None) -> Connection:
    del limit_s  # it answers at once
    from hxtwin.comm import ZeroMockConnection

    _options(url, parts, ())
    return ZeroMockConnection()


_OPENERS: Final[dict[str, Callable[[str, SplitResult, float | None], Connection]]] = {
    "sim": _open_twin,
    "udp": _open_udp,
    "zeromock": _open_zero_mock,
}

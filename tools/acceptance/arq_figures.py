"""Acceptance figures of Host-ARQ: both ends against a bad network in virtual time.

====================  ================================================================================================
figure                wanted
====================  ================================================================================================
loss 0 .. 30 %        20 MB each way: every word once, in order, unchanged; goodput >= 90 % of the line rate without
                      loss and >= 80 / 40 / 30 / 6 / 1 % of that at 0.1 / 1 / 2 / 10 / 30 %
hostile               10 % duplication, 25 % reordering, 2 % damage: no wrong word in 10^7
connections           50 of 50 at 30 % loss
black-out             2 s of silence in mid-transfer survived
wraps                 >= 10 000 laps of the sequence numbers, no SEQ above 255 on the wire
stale                 no word of an earlier session in a later one
silent                the error names the address and the time waited
====================  ================================================================================================

Every line prints the seed that it ran with; the same seed gives the same figures on every machine. No clock is read.

    python tools/acceptance/arq_figures.py [--quick] [--seed N] [--only TEXT]
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hxtwin.comm.arq import (
    ArqSettings,
    ArqTiming,
    FpgaArq,
    HostArq,
    HostState,
    information_text,
)
from hxtwin.comm.arq.channel import BYTES_PER_US, ChannelModel
from hxtwin.comm.arq.settings import SECOND
from hxtwin.comm.arq.virtual_link import VirtualLink, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

_LIMIT_NS: Final = 3600 * SECOND
_LOSSES: Final = ((0.0, 0.0), (0.001, 0.8), (0.01, 0.4), (0.02, 0.3), (0.1, 0.06), (0.3, 0.01))
_LOSSLESS_SHARE: Final = 0.9


class Figure(NamedTuple):
    """One line of the report."""

    name: str
    wanted: str
    measured: str
    seed: int
    passed: bool


class Transfer(NamedTuple):
    """Outcome of a transfer of the same amount each way."""

    complete: bool
    wrong_words: int
    goodput: float
    link: VirtualLink


def new_link(
    model: ChannelModel, seed: int, *, settings: ArqSettings | None = None, timing: ArqTiming | None = None
) -> VirtualLink:
    """Returns a link of two fresh ends; the words sent to the loop-back follow from the seed."""
    words = np.random.default_rng(seed)
    settings = settings or ArqSettings()
    host = HostArq(
        "the device", settings=settings, timing=timing, token=lambda: int(words.integers(0, 1 << 63, dtype=np.uint64))
    )
    fpga = FpgaArq(information_text(version=1), settings=settings, timing=timing)
    return VirtualLink(host, fpga, model, seed)


def transfer(
    model: ChannelModel, seed: int, words: int, *, blackout_ns: int = 0, settings: ArqSettings | None = None
) -> Transfer:
    """Sends ``words`` random words each way at once and compares what arrives.

    Args:
        model: the network.
        seed: of the network and of the words.
        words: number of words each way.
        blackout_ns: length of a black-out in mid-transfer, ns.
        settings: of both ends.

    Returns:
        The outcome; ``goodput`` is payload over line rate in the slower direction, from the first word queued to the
        last one delivered.
    """
    link = new_link(model, seed, settings=settings)
    if not link.connect():
        raise RuntimeError(f"no connection with seed {seed}: {link.host.error}")
    down = np.random.default_rng(seed + 1).integers(0, 1 << 64, words, dtype=np.uint64)
    up = ~down
    start_ns = link.now_ns
    link.host.send_words(down)
    link.fpga.send_words(up)
    link.poke()
    taken_down, taken_up = _Sink(words), _Sink(words)

    def done() -> bool:
        if link.fpga.backlog_bytes:
            taken_down.add(link.fpga.take_words(), link.now_ns)
        if link.host.backlog_bytes:
            taken_up.add(link.host.take_words(), link.now_ns)
        return (taken_down.full and taken_up.full) or link.host.state is not HostState.READY

    if blackout_ns:
        link.run(lambda: done() or taken_down.count >= words // 2, _LIMIT_NS)
        silence = ((link.now_ns, link.now_ns + blackout_ns),)
        link.to_fpga.blackouts = link.to_host.blackouts = silence
    link.run(done, _LIMIT_NS)
    end_ns = max(taken_down.end_ns, taken_up.end_ns)
    wrong = taken_down.wrong(down) + taken_up.wrong(up)
    goodput = 8 * words / max((end_ns - start_ns) / 1000, 1) / BYTES_PER_US
    return Transfer(taken_down.full and taken_up.full, wrong, goodput, link)


class _Sink:
    """Collects the words of one direction."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._pieces: list[NDArray[np.uint64]] = []
        self.count = 0
        self.end_ns = 0

    @property
    def full(self) -> bool:
        return self.count >= self._wanted

    def add(self, words: NDArray[np.uint64], now_ns: int) -> None:
        self._pieces.append(words)
        self.count += len(words)
        self.end_ns = now_ns

    def wrong(self, expected: NDArray[np.uint64]) -> int:
        got = np.concatenate([*self._pieces, np.empty(0, np.uint64)])
        common = min(len(got), len(expected))
        return int(np.count_nonzero(got[:common] != expected[:common])) + abs(len(got) - len(expected))


def loss_figures(seed: int, *, quick: bool) -> Iterator[Figure]:
    """Goodput and integrity under loss."""
    words = (500_000 if quick else 20_000_000) // 8
    reference = 1.0
    for loss, wanted in _LOSSES:
        share = _LOSSLESS_SHARE if loss == 0.0 else wanted
        outcome = transfer(ChannelModel(loss=loss), seed, words)
        relative = outcome.goodput / reference
        link = outcome.link
        yield Figure(
            f"loss {loss:.1%}",
            f"complete, >= {share:.0%} of {'the line rate' if loss == 0.0 else 'the lossless goodput'}",
            f"{'complete' if outcome.complete else 'INCOMPLETE'}, {outcome.wrong_words} wrong, {relative:.1%} "
            f"({outcome.goodput * BYTES_PER_US:.1f} MB/s each way; {link.to_fpga.lost + link.to_host.lost} of "
            f"{link.datagrams} datagrams lost)",
            seed,
            outcome.complete and not outcome.wrong_words and relative >= share,
        )
        if loss == 0.0:
            reference = outcome.goodput


def hostile_figure(seed: int, *, quick: bool) -> Iterator[Figure]:
    """Duplication, reordering and damage together."""
    words = 300_000 if quick else 10_000_000
    model = ChannelModel(duplication=0.1, reordering=0.25, corruption=0.02)
    outcome = transfer(model, seed, words)
    channels = (outcome.link.to_fpga, outcome.link.to_host)
    yield Figure(
        "hostile network",
        f"no wrong word in {words:.0e} each way",
        f"{outcome.wrong_words} wrong; {sum(c.duplicated for c in channels)} duplicated, "
        f"{sum(c.corrupted for c in channels)} damaged, {sum(c.caught for c in channels)} caught by the checksum, "
        f"{outcome.link.host.counters.malformed + outcome.link.fpga.counters.malformed} by the size rules",
        seed,
        outcome.complete and not outcome.wrong_words,
    )


def connection_figure(seed: int, *, quick: bool) -> Iterator[Figure]:
    """Connection set-ups at 30 % loss."""
    wanted = 10 if quick else 50
    links = [new_link(ChannelModel(loss=0.3), seed + number) for number in range(wanted)]
    connected = [link.connect() for link in links]
    slowest_ms = max(link.now_ns for link in links) / 1e6
    resets = sum(link.host.counters.resets for link in links)
    yield Figure(
        "connections at 30 % loss",
        f"{wanted} of {wanted}",
        f"{sum(connected)} of {wanted}, slowest {slowest_ms:.0f} ms, {resets} resets sent",
        seed,
        all(connected),
    )


def blackout_figure(seed: int, *, quick: bool) -> Iterator[Figure]:
    """Silence in mid-transfer."""
    words = (500_000 if quick else 20_000_000) // 8
    outcome = transfer(ChannelModel(loss=0.001), seed, words, blackout_ns=2 * SECOND)
    yield Figure(
        "black-out of 2 s",
        "complete",
        f"{'complete' if outcome.complete else 'INCOMPLETE'}, {outcome.wrong_words} wrong, "
        f"{outcome.link.now_ns / SECOND:.2f} s in all",
        seed,
        outcome.complete and not outcome.wrong_words and outcome.link.now_ns > 2 * SECOND,
    )


def wrap_figure(seed: int, *, quick: bool) -> Iterator[Figure]:
    """Laps of the sequence numbers, with small frames."""
    laps = 50 if quick else 10_000
    settings = ArqSettings(frame_words=4)
    link = new_link(ChannelModel(loss=0.001), seed, settings=settings)
    highest = 0

    def watch_numbers(way: Way, datagram: bytes) -> None:
        nonlocal highest
        if way is not Way.TO_RESET_PORT and len(datagram) > 4:
            highest = max(highest, struct.unpack_from(">I", datagram, 4)[0])

    link.tap = watch_numbers
    link.connect()
    frames = laps * settings.sequence_numbers
    block = np.arange(64 * settings.frame_words, dtype=np.uint64)
    sent, received, wrong = 0, 0, 0
    while received < 4 * frames:
        while link.host.queued_bytes < block.nbytes and sent < 4 * frames:
            link.host.send_words(block + np.uint64(sent))
            sent += len(block)
        link.poke()
        if not link.run(lambda: link.fpga.backlog_bytes >= block.nbytes or link.host.idle, _LIMIT_NS):
            break
        words = link.fpga.take_words()
        wrong += int(np.count_nonzero(words != np.arange(received, received + len(words), dtype=np.uint64)))
        received += len(words)
    measured = link.host.counters.sent // settings.sequence_numbers
    yield Figure(
        "wraps of the sequence numbers",
        f">= {laps}, SEQ <= 255",
        f"{measured} laps, {wrong} wrong words, highest SEQ {highest}",
        seed,
        measured >= laps and wrong == 0 and highest == settings.sequence_numbers - 1,
    )


def stale_figure(seed: int, *, quick: bool) -> Iterator[Figure]:
    """Frames of an earlier session that arrive in the next one, from the same address and port."""
    sessions = 20 if quick else 500
    numbers = np.random.default_rng(seed)
    link = new_link(ChannelModel(loss=0.01, duplication=0.05, reordering=0.1), seed)
    recent: deque[tuple[Way, bytes]] = deque(maxlen=200)
    link.tap = lambda way, datagram: recent.append((way, datagram))
    foreign, injected, connected, words_taken = 0, 0, 0, 0
    for session in range(sessions):
        connected += link.connect()
        taken: list[NDArray[np.uint64]] = []

        def exchange(pieces: list[NDArray[np.uint64]] = taken) -> bool:
            pieces.extend((link.fpga.take_words(), link.host.take_words()))
            return False

        # twice: an early part, and frames that are still under way when the next session begins
        for duration_ns in (25_000_000, int(numbers.integers(10_000, 1_000_000))):
            tag = np.full(int(numbers.integers(200, 40_000)), session, dtype=np.uint64)
            link.host.send_words(tag)
            link.fpga.send_words(tag)
            link.poke()
            link.run(exchange, duration_ns)
        foreign += sum(int(np.count_nonzero(words != session)) for words in taken)
        words_taken += sum(map(len, taken))
        for way, datagram in list(recent):
            if way is not Way.TO_RESET_PORT and numbers.random() < 0.5:
                injected += 1
                link.inject(way, datagram, link.now_ns + int(numbers.integers(0, 4_000_000)))
        recent.clear()
    host, fpga = link.host.counters, link.fpga.counters
    yield Figure(
        "stale frames",
        f"no foreign word in {sessions} sessions",
        f"{foreign} foreign of {words_taken} words, {connected} sessions, {injected} stale frames injected; "
        f"refused or stale: {host.refused + host.stale} (host), {fpga.refused + fpga.stale} (FPGA)",
        seed,
        foreign == 0 and connected == sessions and words_taken > 0,
    )


def silent_figure(seed: int, *, quick: bool) -> Iterator[Figure]:
    """A peer that is silent for ever, from the start and in a session."""
    del quick
    name = "udp://192.0.2.7:1234"
    host = HostArq(name)
    fpga = FpgaArq(information_text(version=1))
    link = VirtualLink(host, fpga, ChannelModel(blackouts=((0, _LIMIT_NS),)), seed)
    link.connect()
    first = str(host.error)
    host = HostArq(name)
    link = VirtualLink(host, fpga, ChannelModel(), seed)
    link.connect()
    link.to_fpga.blackouts = ((link.now_ns, _LIMIT_NS),)
    host.send_words(np.zeros(10, np.uint64))
    link.poke()
    link.run(lambda: host.state is HostState.FAILED, _LIMIT_NS)
    second = str(host.error)
    for case, message, waited in (("from the start", first, "2.0 s"), ("in a session", second, "10.0 s")):
        yield Figure(
            f"silent {case}",
            f"error names {name} and {waited}",
            message,
            seed,
            name in message and waited in message,
        )


_FIGURES: Final[tuple[Callable[..., Iterator[Figure]], ...]] = (
    loss_figures,
    hostile_figure,
    connection_figure,
    blackout_figure,
    wrap_figure,
    stale_figure,
    silent_figure,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; returns 0 if every figure is met, 1 otherwise."""
    parser = argparse.ArgumentParser(description="Acceptance figures of Host-ARQ in virtual time")
    parser.add_argument("--quick", action="store_true", help="reduced sizes")
    parser.add_argument("--seed", type=int, default=20_240_701, help="first seed")
    parser.add_argument("--only", default="", help="run the figures whose function name contains this text")
    options = parser.parse_args(argv)
    failed = 0
    for figure_of in _FIGURES:
        if options.only not in figure_of.__name__:
            continue
        for figure in figure_of(options.seed, quick=options.quick):
            failed += not figure.passed
            verdict = "pass" if figure.passed else "FAIL"
            print(
                f"{verdict}  {figure.name:<30} wanted: {figure.wanted}\n      seed {figure.seed:<25} "
                f"measured: {figure.measured}",
                flush=True,
            )
    print(f"arq figures{' (quick)' if options.quick else ''}: {'all met' if not failed else f'{failed} NOT met'}")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())

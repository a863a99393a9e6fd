"""The acceptance runner: what it measures, skips, writes and returns."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pytest
from acceptance.figure import Figure, at_least, at_most, exactly, reported
from acceptance.piece import Piece, Topic
from acceptance.timing import Timing, measure, within_ms

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command line over a topic; the log goes to a folder of this test."""
    main = importlib.import_module("acceptance.__main__").main

    def start(pieces: Iterable[Piece], *arguments: str) -> int:
        status: int = main(arguments, [Topic("demo", "Demonstration", tuple(pieces))], tmp_path)
        return status

    return start


def good() -> list[Figure]:
    return [at_most("time", 3.0, 5.0, "ms"), reported("words", 12, "words")]


def bad() -> list[Figure]:
    return [at_most("time", 7.0, 5.0, "ms")]


def broken() -> list[Figure]:
    raise RuntimeError("no chip")


def test_status_is_0_if_all_promises_are_kept(run: Run) -> None:
    assert run([Piece("one", "First", good)]) == 0


@pytest.mark.parametrize("work", [bad, broken])
def test_status_is_1_if_a_promise_is_missed_or_a_piece_breaks(run: Run, work: Callable[[], list[Figure]]) -> None:
    assert run([Piece("one", "First", work), Piece("two", "Second", good)]) == 1


def test_broken_piece_does_not_keep_others_from_running(run: Run, tmp_path: Path) -> None:
    run([Piece("one", "First", broken), Piece("two", "Second", good)])
    stored = json.loads((tmp_path / "demo.json").read_text())
    assert stored["one"]["error"] == "RuntimeError: no chip"
    assert stored["two"]["figures"][0]["passed"] is True


def test_log_for_people_tells_figures_seed_and_verdicts(run: Run, tmp_path: Path) -> None:
    run([Piece("one", "First", bad, seed=31), Piece("two", "Second", good)], "--only", "one")
    text = (tmp_path / "demo.md").read_text()
    assert text.startswith("# Demonstration\n\nFailed: one. Not measured: two.\n")
    assert "| time | <= 5 ms | 7 ms | **missed** |" in text
    assert "seed 31" in text


def test_log_says_when_everything_is_kept(run: Run, tmp_path: Path) -> None:
    run([Piece("one", "First", good)])
    assert "All promises kept." in (tmp_path / "demo.md").read_text()


def test_resume_skips_what_was_measured_on_the_same_sources(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def work() -> list[Figure]:
        seen.append("run")
        return good()

    sources = "a"
    provenance = importlib.import_module("acceptance.provenance")
    monkeypatch.setattr(provenance, "_fingerprint", lambda: sources)
    pieces = [Piece("one", "First", work)]
    run(pieces)
    run(pieces, "--resume")
    assert len(seen) == 1
    run(pieces)
    assert len(seen) == 2
    sources = "b"
    run(pieces, "--resume")
    assert len(seen) == 3


def test_resume_repeats_what_broke(run: Run) -> None:
    run([Piece("one", "First", broken)])
    assert run([Piece("one", "First", good)], "--resume") == 0


def test_resume_of_a_missed_promise_stays_missed(run: Run) -> None:
    run([Piece("one", "First", bad)])
    assert run([Piece("one", "First", bad)], "--resume") == 1


def test_garbage_in_place_of_a_log_is_measured_again(run: Run, tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"one": 3')
    assert run([Piece("one", "First", good)], "--resume") == 0


def test_list_measures_nothing(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([Piece("one", "First", broken)], "--list") == 0
    assert capsys.readouterr().out.split() == ["demo", "one", "First"]
    assert list(tmp_path.iterdir()) == []


def test_unknown_piece_is_refused(run: Run) -> None:
    with pytest.raises(SystemExit, match="2"):
        run([Piece("one", "First", good)], "--only", "three")


def test_names_of_the_real_pieces_are_unique() -> None:
    topics: Iterable[Topic] = importlib.import_module("acceptance.__main__").TOPICS
    names = [topic.name for topic in topics] + [piece.name for topic in topics for piece in topic.pieces]
    assert len(names) == len(set(names)) > 10


@pytest.mark.parametrize(
    ("figure", "passed"),
    [
        (at_most("x", 5.0, 5.0, "ms"), True),
        (at_most("x", 5.1, 5.0, "ms"), False),
        (at_most("x", float("nan"), 5.0, "ms"), False),
        (at_least("x", 5.0, 5.0, "MB/s"), True),
        (at_least("x", 4.9, 5.0, "MB/s"), False),
        (exactly("x", 0, 0, "tests"), True),
        (exactly("x", 1, 0, "tests"), False),
        (reported("x", 1, "tests"), None),
    ],
)
def test_verdict_of_a_figure(figure: Figure, passed: bool | None) -> None:
    assert figure.passed is passed


def test_time_is_judged_by_the_median() -> None:
    figure = within_ms("x", Timing((0.004, 0.001, 0.900)), 5)
    assert figure.passed
    assert figure.measured == 4
    assert "minimum 1 ms; 3 runs" in figure.detail


def test_warm_up_is_not_on_the_clock() -> None:
    calls: list[None] = []
    timing = measure(lambda: calls.append(None), runs=4, warm_up=2)
    assert len(calls) == 6
    assert len(timing.runs) == 4

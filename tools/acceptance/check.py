"""A tool or the tests run as a process of their own; the figure is what they counted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.figure import Figure, at_least, exactly
from acceptance.provenance import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def python(*arguments: str, timeout: float = 3600.0) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in the checkout; output is captured as text."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )


def clean_exit(name: str, *arguments: str) -> Figure:
    """A tool (module and arguments) that must end with exit status 0; the last line it printed is kept as detail."""
    done = python("-m", *arguments)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return exactly(name, done.returncode, 0, "exit status", last_words(lines[-1] if lines else ""))


def last_words(text: str) -> str:
    """The text without the place of the checkout, on one line of at most 200 characters."""
    return " ".join(text.replace(str(ROOT), ".").split())[:200]


def tests(name: str, paths: Sequence[str]) -> list[Figure]:
    """Run tests and count them: there must be some, none may fail, break or be skipped for want of the reference.

    Args:
        name: what the tests check.
        paths: test files or folders relative to the root of the repository.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = python("-m", "pytest", "-p", "no:benchmark", "-n", "auto", f"--junitxml={report}", *paths)
        if not report.exists():
            return [
                exactly(f"{name}: pytest", done.returncode, 0, "exit status", last_words(done.stderr or done.stdout))
            ]
        suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 - written by the line above
        counts = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        for suite in suites:
            for key in counts:
                counts[key] += int(suite.get(key, "0"))
    bad = counts["failures"] + counts["errors"]
    return [
        at_least(f"{name}: passed", counts["tests"] - bad - counts["skipped"], 1, "tests"),
        exactly(f"{name}: failed", bad, 0, "tests"),
        exactly(f"{name}: skipped", counts["skipped"], 0, "tests"),
        exactly(f"{name}: pytest", done.returncode, 0, "exit status"),
    ]

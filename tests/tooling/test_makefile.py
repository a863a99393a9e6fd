"""The set-up of the Makefile, with a stand-in for Python that only notes what it is asked to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

#: Notes its arguments; as ``-m venv`` puts itself into the environment; breaks if a file named "break" says so.
STAND_IN = """#!/bin/sh
echo "$*" >> "$LOG"
if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$0" "$3/bin/hxtwin"; fi
if [ -e break ] && [ "$1 $2" = "-m pip" ]; then exit 3; fi
"""


class Checkout:
    """A folder with the Makefile; `make` runs a target and gives what was asked of Python."""

    def __init__(self, folder: Path, stand_in: Path) -> None:
        self.folder = folder
        self._stand_in = stand_in
        self._log = stand_in.parent / "log"
        folder.mkdir(parents=True)
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, folder)

    def make(self, *arguments: str, fails: bool = False) -> list[str]:
        self._log.write_text("")
        environment = {"PATH": os.environ["PATH"], "LOG": str(self._log)}
        command = ["make", f"PYTHON={self._stand_in}", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return self._log.read_text().splitlines()


@pytest.fixture(params=["checkout", "check out"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    if shutil.which("make") is None:
        pytest.skip("there is no make on this machine")
    stand_in = tmp_path / "python"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    return Checkout(tmp_path / str(request.param), stand_in)


def set_up(asked: list[str]) -> list[str]:
    """What was installed; "venv" where the environment was made."""
    return [line.split()[-1] if "pip" in line else "venv" for line in asked if line.startswith(("-m pip", "-m venv"))]


CORE = ["venv", "hatchling", "."]
DEMO = [*CORE, ".[plot]", ".[plot,torch]"]
DEV = [*DEMO, ".[dev,torch,cosim]"]


def test_demo_needs_core_pictures_and_torch_only(checkout: Checkout) -> None:
    asked = checkout.make("demo")
    assert set_up(asked) == DEMO
    assert asked[-1] == "examples/yinyang_in_the_loop.py"


def test_test_needs_the_dev_extra(checkout: Checkout) -> None:
    assert set_up(checkout.make("lint")) == DEV


def test_everything_is_installed_under_constraints_with_the_pinned_builder(checkout: Checkout) -> None:
    installs = [line for line in checkout.make("types") if line.startswith("-m pip")]
    assert all("--constraint constraints.txt" in line for line in installs)
    assert all("--no-build-isolation" in line for line in installs if "--editable" in line)


def test_set_up_is_not_repeated(checkout: Checkout) -> None:
    checkout.make("lint")
    assert set_up(checkout.make("lint")) == []
    assert set_up(checkout.make("demo")) == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_set_up_is_repeated_when_its_input_changes(checkout: Checkout, name: str) -> None:
    checkout.make("lint")
    stamp = checkout.folder / ".venv" / "set-up-core"
    later = stamp.stat().st_mtime + 10
    os.utime(checkout.folder / name, (later, later))
    assert set_up(checkout.make("lint")) == DEV


def test_broken_set_up_leaves_no_stamp_and_starts_anew(checkout: Checkout) -> None:
    (checkout.folder / "break").touch()
    checkout.make("demo", fails=True)
    assert not list((checkout.folder / ".venv").glob("set-up-core"))
    (checkout.folder / ".venv" / "leftover").touch()
    (checkout.folder / "break").unlink()
    assert set_up(checkout.make("demo")) == DEMO
    assert not (checkout.folder / ".venv" / "leftover").exists()
    assert set_up(checkout.make("demo")) == []


def test_broken_set_up_of_the_dev_extra_starts_anew(checkout: Checkout) -> None:
    checkout.make("demo")
    (checkout.folder / "break").touch()
    checkout.make("lint", fails=True)
    (checkout.folder / "break").unlink()
    assert set_up(checkout.make("lint")) == DEV


def test_moved_checkout_is_set_up_anew(checkout: Checkout) -> None:
    checkout.make("demo")
    checkout.folder = checkout.folder.rename(checkout.folder.parent / "elsewhere")
    assert set_up(checkout.make("demo")) == DEMO


def test_targets_may_be_asked_for_together_and_in_parallel(checkout: Checkout) -> None:
    assert set_up(checkout.make("-j", "4", "demo", "lint", "types")) == DEV


def test_clean_removes_the_environment(checkout: Checkout) -> None:
    checkout.make("demo")
    (checkout.folder / "hxtwin" / "__pycache__").mkdir(parents=True)
    checkout.make("clean")
    assert {path.name for path in checkout.folder.rglob("*")} == {
        "Makefile",
        "pyproject.toml",
        "constraints.txt",
        "hxtwin",
    }


def test_help_comes_without_set_up(checkout: Checkout) -> None:
    assert checkout.make() == []

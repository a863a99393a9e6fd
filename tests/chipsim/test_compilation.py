"""Kernels: what is shown while they are compiled, and where the compiled ones are kept."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from numba.core.event import Event, EventStatus
from rich.console import Console

from hxtwin.chipsim.compilation import CompilationDisplay, show_compilation
from hxtwin.chipsim.fpga.executor_kernel import memory_place
from hxtwin.chipsim.registers.access_kernel import lanes_to_mask

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
USE_A_KERNEL = (
    "import logging; logging.basicConfig(); "
    "from hxtwin.chipsim.registers import access_kernel; "
    "print(access_kernel.lanes_to_mask(5)); "
    "print(access_kernel.lanes_to_mask.stats.cache_path)"
)


def compile_event(status: EventStatus, function: object) -> Event:
    data = {"dispatcher": SimpleNamespace(py_func=function)}
    return Event("numba:compile", status, data)  # type: ignore[no-untyped-call]  # numba leaves it untyped


def display() -> tuple[CompilationDisplay, io.StringIO]:
    drawn = io.StringIO()
    return CompilationDisplay(Console(file=drawn, force_terminal=True, width=120)), drawn


def test_a_kernel_that_is_compiled_is_shown_by_its_name() -> None:
    shown, drawn = display()
    function = memory_place.py_func  # type: ignore[attr-defined]  # of numba
    shown.on_start(compile_event(EventStatus.START, function))
    shown.on_end(compile_event(EventStatus.END, function))
    assert shown.compiled == 1
    assert "memory_place" in drawn.getvalue()
    assert "compiling kernels" in drawn.getvalue()


def test_kernels_compiled_on_the_way_are_counted_too() -> None:
    shown, _ = display()
    outer, inner = memory_place.py_func, lanes_to_mask.py_func  # type: ignore[attr-defined]  # of numba
    shown.on_start(compile_event(EventStatus.START, outer))
    shown.on_start(compile_event(EventStatus.START, inner))
    shown.on_end(compile_event(EventStatus.END, inner))
    shown.on_end(compile_event(EventStatus.END, outer))
    assert shown.compiled == 2


def test_functions_of_other_packages_are_not_shown() -> None:
    shown, drawn = display()
    shown.on_start(compile_event(EventStatus.START, os.path.join))
    shown.on_end(compile_event(EventStatus.END, os.path.join))
    assert shown.compiled == 0
    assert drawn.getvalue() == ""


def test_nothing_is_shown_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_compilation.cache_clear()
    show_compilation()
    assert capsys.readouterr().err == ""


def use_a_kernel(tmp_path: Path, locator: str) -> subprocess.CompletedProcess[str]:
    """Runs a kernel in a process in which numba may keep compiled kernels in one kind of place only."""
    environment = os.environ | {"NUMBA_CACHE_LOCATOR_CLASSES": locator, "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("NUMBA_CACHE_DIR", None)
    return subprocess.run(
        [sys.executable, "-c", USE_A_KERNEL], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )


def test_a_package_that_cannot_be_written_uses_the_cache_folder_of_the_user(tmp_path: Path) -> None:
    done = use_a_kernel(tmp_path, "UserWideCacheLocator")
    mask, place = done.stdout.split()
    assert int(mask) == 0x00FF00FF
    assert Path(place).is_relative_to(tmp_path)
    assert list(Path(place).glob("*.nbi"))
    assert done.stderr == ""


def test_without_any_place_kernels_still_work_and_a_warning_says_what_to_do(tmp_path: Path) -> None:
    done = use_a_kernel(tmp_path, "UserProvidedCacheLocator")
    mask, place = done.stdout.split()
    assert int(mask) == 0x00FF00FF
    assert "set NUMBA_CACHE_DIR" in done.stderr
    assert not Path(place).exists()

"""Compilation of kernels made visible: the first use on a machine takes up to a minute, later ones load a cache.

Nothing is shown where no kernel is compiled, or where the standard error is no terminal.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Final

from numba.core import event as numba_event

if TYPE_CHECKING:
    from rich.console import Console

_COMPILATION: Final = "numba:compile"
_PACKAGE: Final = "hxtwin."


@functools.cache
def show_compilation() -> None:
    """From now on kernels that are being compiled are shown as they pass; further calls change nothing."""
    if sys.stderr.isatty():
        from rich.console import Console

        numba_event.register(_COMPILATION, CompilationDisplay(Console(stderr=True)))  # type: ignore[no-untyped-call]  # numba leaves it untyped


class CompilationDisplay(numba_event.Listener):
    """A line that stands while kernels of this package are compiled; listens to events of numba.

    Args:
        console: where to draw.

    Attributes:
        compiled: number of kernels compiled so far.
    """

    def __init__(self, console: Console) -> None:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self.compiled = 0
        self._depth = 0
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("compiling kernels, only at the first use on this machine: {task.completed} done, now"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)

    def on_start(self, event: numba_event.Event) -> None:
        """A compilation begins; one kernel may compile others on the way."""
        if _is_ours(event):
            if not self._depth:
                self._progress.start()
            self._depth += 1
            self._progress.update(self._task, description=event.data["dispatcher"].py_func.__name__)

    def on_end(self, event: numba_event.Event) -> None:
        """A compilation ends."""
        if _is_ours(event):
            self._depth -= 1
            self.compiled += 1
            self._progress.update(self._task, completed=self.compiled)
            if not self._depth:
                self._progress.stop()


def _is_ours(event: numba_event.Event) -> bool:
    name: str = event.data["dispatcher"].py_func.__module__
    return name.startswith(_PACKAGE)

"""Warnings that are said once: a client that repeats itself must not fill the log."""

from __future__ import annotations

import logging
from typing import Final

_LOG: Final = logging.getLogger("hxtwin.chipsim")
_MOST: Final = 1000


class OnceLog:
    """Logs each subject once; after a thousand subjects says so and falls silent."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def once(self, subject: str, text: str) -> None:
        """Warns of `text` unless `subject` has been warned of already."""
        if subject in self._said or len(self._said) > _MOST:
            return
        self._said.add(subject)
        if len(self._said) > _MOST:
            text = "too many different warnings: no further ones are logged"
        _LOG.warning("%s", text)

    def error(self, text: str) -> None:
        """Says that something is wrong, each time."""
        _LOG.error("%s", text)

    def forget(self, prefix: str) -> None:
        """Subjects that begin with `prefix` may be said again."""
        self._said = {subject for subject in self._said if not subject.startswith(prefix)}

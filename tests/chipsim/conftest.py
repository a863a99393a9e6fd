"""Fixtures of the tests of the twin."""

from __future__ import annotations

import pytest

from .client import Client, bring_up


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def linked() -> Client:
    """A client of a chip whose links are up; events are recorded, messages are stamped."""
    found = Client()
    found.run(bring_up())
    return found


@pytest.fixture
def unstamped() -> Client:
    """The same without system time: no timing messages."""
    found = Client()
    found.run(bring_up(systime=False))
    return found

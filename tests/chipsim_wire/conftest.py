"""Fixtures of the tests that see the twin through programs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from acceptance.bench import Bench

import hxtwin

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """The ideal chip without noise, whose CapMem cells settle at once; every program brings it up anew."""
    with hxtwin.connect("sim://?chip=ideal&noise=0&settle=instant") as connection:
        yield Bench(connection)

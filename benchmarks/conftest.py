"""Objects that several benchmarks use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from acceptance.random_chip import other_row, random_chip

if TYPE_CHECKING:
    from hxtwin import containers


@pytest.fixture(scope="session")
def chip() -> containers.Chip:
    """A whole chip with every field random."""
    return random_chip(seed=1)


@pytest.fixture(scope="session")
def chip_with_another_row(chip: containers.Chip) -> containers.Chip:
    """The same chip with other weights in one synapse row."""
    return other_row(chip)

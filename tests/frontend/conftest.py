"""What the tests of the front end share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from .ideal_chip import IdealChip

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def chip() -> IdealChip:
    return IdealChip()


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Same random numbers in every test; one thread, because the tests share the machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    yield
    torch.set_num_threads(threads)

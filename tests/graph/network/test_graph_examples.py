"""The examples in the docstrings of the graph layer are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from hxtwin.graph import network, partition, signal_flow

if TYPE_CHECKING:
    from types import ModuleType


@pytest.mark.parametrize("package", [network, partition, signal_flow])
def test_examples_of_the_package_are_true(package: ModuleType) -> None:
    result = doctest.testmod(package)
    assert result.attempted > 0
    assert result.failed == 0

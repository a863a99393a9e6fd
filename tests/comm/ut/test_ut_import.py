"""Importing the layer is cheap: numba is loaded when the array side is first used."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

from hxtwin import comm
from hxtwin.comm import ut

SCRIPT = """
import sys
import hxtwin.comm
print("numpy" in sys.modules, "numba" in sys.modules)
from hxtwin.comm import ut
assert ut.decode(ut.encode([ut.Loopback(0)], "to_fpga"), "to_fpga") == [ut.Loopback(0)]
print("numba" in sys.modules)
assert len(ut.encode_array(ut.MessageArray.of(ut.Loopback))) == 1
print("numba" in sys.modules)
"""


@pytest.mark.slow
def test_numba_is_loaded_by_the_array_side_only() -> None:
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False", "False", "True"]


def test_every_public_name_exists() -> None:
    assert {name for name in ut.__all__ if not hasattr(ut, name)} == set()
    assert set(ut.__all__) <= set(dir(ut))
    assert {"ut", "arq", "CommError"} <= set(dir(comm))


@pytest.mark.parametrize("module", [comm, ut])
def test_an_unknown_name_is_an_attribute_error(module: object) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'unheard_of'"):
        getattr(module, "unheard_of")  # noqa: B009  # the name is not known to a type checker


def test_the_example_of_the_package_is_true() -> None:
    assert doctest.testmod(ut).attempted == 4
    assert doctest.testmod(ut).failed == 0

"""The wheel holds the package, its type marker and its licence, and nothing else."""

from __future__ import annotations

import zipfile
from email.parser import Parser
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_says_that_it_is_typed(names: set[str]) -> None:
    assert "hxtwin/py.typed" in names


def test_wheel_holds_every_layer(names: set[str]) -> None:
    layers = ("coord", "comm", "containers", "runtime", "chipsim", "graph", "calib", "frontend")
    assert {f"hxtwin/{layer}/__init__.py" for layer in layers} <= names


def test_wheel_installs_one_name_only(names: set[str]) -> None:
    tops = {name.split("/", 1)[0] for name in names}
    assert tops == {"hxtwin", next(top for top in tops if top.endswith(".dist-info"))}


def test_wheel_holds_no_tests_and_no_leftovers(names: set[str]) -> None:
    assert [name for name in names if "test" in name.split("/") or "tests" in name.split("/")] == []
    assert [name for name in names if name.endswith((".pyc", ".nbi", ".nbc"))] == []


def test_wheel_names_licence_python_and_extras(wheel: Path, names: set[str]) -> None:
    (metadata_name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(wheel) as archive:
        metadata = Parser().parsestr(archive.read(metadata_name).decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    extras = {"torch", "pynn", "nir", "plot", "cosim", "solver", "dask", "dev"}
    assert set(metadata.get_all("Provides-Extra", [])) == extras
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)

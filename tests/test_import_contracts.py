"""The import contracts name every layer, and a forbidden import really breaks them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Modules that every layer may import; none of them imports a layer.
FOUNDATION = {"errors", "_version"}


def contracts() -> list[dict[str, list[str]]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: list[dict[str, list[str]]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return found


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import importlinter.cli; importlinter.cli.lint_imports_command()"
    arguments = [sys.executable, "-c", program, "--no-logo", "--no-cache"]
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)


def test_contracts_name_every_module_of_the_package() -> None:
    present = {
        path.stem for path in (ROOT / "hxtwin").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    named = {name for contract in contracts() for name in contract["source_modules"] + contract["forbidden_modules"]}
    assert {f"hxtwin.{name}" for name in present - FOUNDATION - {"__init__"}} == named


def test_every_layer_has_a_contract() -> None:
    sources = [name for contract in contracts() for name in contract["source_modules"]]
    layers = ("coord", "comm", "containers", "runtime", "chipsim", "graph", "calib", "frontend")
    assert sorted(sources) == sorted(f"hxtwin.{layer}" for layer in layers)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and of the contracts."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "hxtwin", folder / "hxtwin", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_contracts_hold(copy: Path) -> None:
    done = check(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("layer", "statement"),
    [
        ("coord", "import hxtwin.comm"),
        ("coord", "from hxtwin import containers"),
        ("comm", "from hxtwin.coord import SynapseOnDLS"),
        ("containers", "from hxtwin import runtime"),
        ("chipsim", "def later():\n    import hxtwin.runtime"),
        ("graph", "from hxtwin import comm"),
        ("frontend", "from hxtwin import cli"),
    ],
)
def test_forbidden_import_breaks_a_contract(copy: Path, layer: str, statement: str) -> None:
    intruder = copy / "hxtwin" / layer / "intruder.py"
    intruder.write_text(statement + "\n", encoding="utf-8")
    try:
        done = check(copy)
    finally:
        intruder.unlink()
    assert done.returncode == 1
    assert f"hxtwin.{layer}.intruder" in done.stdout

"""``import hxtwin`` loads no layer and nothing heavy; the layers come when they are used."""

from __future__ import annotations

import subprocess
import sys


def loaded_after(program: str) -> set[str]:
    """Modules in ``sys.modules`` after a program ran in a new interpreter."""
    program += "\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_loads_no_layer() -> None:
    loaded = loaded_after("import hxtwin")
    assert {name for name in loaded if name.startswith("hxtwin.")} == {"hxtwin._version", "hxtwin.errors"}


def test_import_loads_nothing_heavy() -> None:
    assert not {"numba", "scipy", "numpy", "attrs", "rich", "typer"} & loaded_after("import hxtwin")


def test_layer_comes_when_it_is_used() -> None:
    loaded = loaded_after("import hxtwin\nhxtwin.coord.SynapseOnDLS(3)")
    assert "hxtwin.coord" in loaded
    assert not {"hxtwin.containers", "hxtwin.comm", "numba", "scipy"} & loaded


def test_containers_load_neither_numba_nor_scipy() -> None:
    assert not {"hxtwin.comm", "numba", "scipy"} & loaded_after("import hxtwin\nhxtwin.containers.CADCConfig()")


def test_unknown_name_is_an_attribute_error() -> None:
    assert "hxtwin.errors" in loaded_after(
        "import hxtwin\ntry: hxtwin.nothing\nexcept AttributeError: pass\nelse: raise SystemExit(1)"
    )

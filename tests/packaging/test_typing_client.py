"""A small client outside the checkout is type-checked against the editable install and against the wheel.

A right client passes and a wrong one is told what is wrong: without ``py.typed`` every name of hxtwin would be ``Any``
and the wrong client would pass.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

RIGHT = """
import attrs
import numpy as np
import numpy.typing as npt

import hxtwin
from hxtwin import containers, coord

driver = coord.SynapseDriverOnDLS(200)
block: coord.SynapseDriverBlockOnDLS = driver.to_synapse_driver_block_on_dls()
config: containers.SynapseDriverConfig = attrs.evolve(containers.SynapseDriverConfig(), utilization=7)
words: npt.NDArray[np.uint32] = config.encode()
again: containers.SynapseDriverConfig = containers.SynapseDriverConfig.decode(words)
data: bytes = containers.to_bytes(containers.Chip())
try:
    again.encode()
except hxtwin.HxtwinError as error:
    print(error)
"""

WRONG = """
from hxtwin import containers, coord

row: coord.SynapseRowOnSynram = coord.SynapseDriverOnDLS(200)
coord.SynapseOnDLS(1).to_fpga_on_nowhere()
words: str = containers.CADCConfig().encode()
containers.CADCConfig(reset_wiat=3)
"""

COMPLAINTS = {
    4: "[assignment]",  # another coordinate type
    5: "[attr-defined]",  # no such conversion
    6: "[assignment]",  # an array is no text
    7: "[call-arg]",  # misspelt field
}


@pytest.fixture(scope="module")
def wheel_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and with the dependencies of this one, but without its editable hxtwin."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            str(wheel),
        ],
        check=True,
        capture_output=True,
    )
    # .pth files of a folder that is itself named in a .pth file are not followed: the editable hxtwin stays out
    installed = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (installed / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


@pytest.fixture(params=["editable", "wheel"])
def python(request: pytest.FixtureRequest) -> Path:
    """Interpreter of an environment that has hxtwin installed."""
    if request.param == "editable":
        return Path(sys.executable)
    found: Path = request.getfixturevalue("wheel_python")
    return found


def complaints(folder: Path, python: Path, client: str) -> dict[int, str]:
    """Type-check a client in a folder outside the checkout; line number to code of the error."""
    (folder / "client.py").write_text(client, encoding="utf-8")
    arguments = ["--strict", "--config-file=", f"--cache-dir={folder / 'cache'}", f"--python-executable={python}"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *arguments, "client.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    found = [line.split(":", 2) for line in done.stdout.splitlines() if ": error:" in line]
    assert all(name == "client.py" for name, _, _ in found), done.stdout
    return {int(number): text.rsplit(maxsplit=1)[-1] for _, number, text in found}


def test_right_client_passes(tmp_path: Path, python: Path) -> None:
    assert complaints(tmp_path, python, RIGHT) == {}


def test_wrong_client_is_told_what_is_wrong(tmp_path: Path, python: Path) -> None:
    assert complaints(tmp_path, python, WRONG) == COMPLAINTS


def test_right_client_runs(tmp_path: Path, python: Path) -> None:
    (tmp_path / "client.py").write_text(RIGHT, encoding="utf-8")
    subprocess.run([str(python), "-W", "error", "client.py"], cwd=tmp_path, check=True)


def test_wheel_is_what_its_environment_imports(tmp_path: Path, wheel_python: Path) -> None:
    program = "import hxtwin; print(hxtwin.__file__)"
    done = subprocess.run([str(wheel_python), "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(wheel_python.parent.parent)

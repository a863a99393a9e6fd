"""``hxtwin train`` and ``hxtwin eval`` as a user sees them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from hxtwin.cli import app
from hxtwin.errors import HxtwinError

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ["--mock", "--limit", "100", "--epochs", "1"]


def invoke(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder and output of a short training."""
    folder = tmp_path_factory.mktemp("trained") / "yinyang"
    result = invoke("train", "yinyang", *SMALL, "--output", str(folder))
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_training_ends_with_a_table_and_the_test_result(trained: tuple[Path, str]) -> None:
    folder, output = trained
    assert "yinyang on software, seed 0" in output
    assert "% of 100 images" in output
    assert "validation" in output
    assert (folder / "curves.png").stat().st_size > 1000


def test_log_without_a_terminal_has_lines_of_steps(trained: tuple[Path, str]) -> None:
    _, output = trained
    lines = [line for line in output.splitlines() if line.startswith("epoch 1 step")]
    assert len(lines) == 1
    assert "step 5/5 loss" in lines[0]
    assert "spikes per neuron" in lines[0]


def test_trained_network_is_evaluated(trained: tuple[Path, str]) -> None:
    folder, output = trained
    result = invoke("eval", str(folder), "--mock")
    assert result.exit_code == 0, result.output
    accuracy = next(line for line in result.output.splitlines() if "accuracy" in line)
    assert accuracy.split()[3:] == next(line for line in output.splitlines() if "│ accuracy" in line).split()[3:]


def test_training_is_not_overwritten_but_goes_on(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    again = invoke("train", "yinyang", *SMALL, "--output", str(folder))
    assert isinstance(again.exception, HxtwinError)
    assert "go on with --resume" in str(again.exception)
    longer = [*SMALL[:-1], "2"]
    resumed = invoke("train", "yinyang", *longer, "--output", str(folder), "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert sum(line.startswith("│") and line.count("%") == 2 for line in resumed.output.splitlines()) == 2


def test_mnist_without_its_files_is_explained(tmp_path: Path) -> None:
    without = invoke("train", "mnist", "--mock", "--output", str(tmp_path / "run"))
    assert "--data" in str(without.exception)
    empty = invoke("train", "mnist", "--mock", "--data", str(tmp_path), "--output", str(tmp_path / "run"))
    assert "put the four files of MNIST there" in str(empty.exception)


def test_places_exclude_each_other() -> None:
    result = invoke("train", "yinyang", "--mock", "--chip", "7")
    assert result.exit_code == 2
    assert "exclude each other" in result.output


def test_missing_torch_is_explained() -> None:
    program = "import sys; sys.modules['torch'] = None; import hxtwin.frontend.torch"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'hxtwin[torch]'" in done.stderr.splitlines()[-1]
    assert "MissingExtraError" in done.stderr


def test_command_line_starts_without_torch() -> None:
    program = "import sys, hxtwin.cli; sys.exit('torch' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

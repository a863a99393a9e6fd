"""The examples run, and say what they promise to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def said_by(example: str, *options: str) -> dict[str, str]:
    """What an example prints, by the words in front of the first gap."""
    command = [sys.executable, str(ROOT / "examples" / example), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    lines = (line.strip().split("  ", 1) for line in done.stdout.splitlines() if "  " in line.strip())
    return {name: text.strip() for name, text in lines}


@pytest.mark.slow
def test_first_spikes_shows_psps_and_spikes_of_a_mismatched_neuron(tmp_path: Path) -> None:
    picture = tmp_path / "first.png"
    said = said_by("first_spikes.py", "--picture", str(picture))
    assert int(said["spikes"].split(":")[0]) >= 1
    assert float(said["input 1 at 30 us"].split()[2]) > 50
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_yinyang_trains_in_the_loop_with_spikes_of_the_chip(tmp_path: Path) -> None:
    picture = tmp_path / "yinyang.png"
    sizes = ("--train", "20", "--test", "10", "--epochs", "2", "--batch", "10", "--hidden", "30")
    said = said_by(
        "yinyang_in_the_loop.py", "sim://?chip=ideal&noise=1&settle=instant", "--nominal", *sizes,
        "--picture", str(picture),
    )  # fmt: skip
    assert float(said["epoch 2"].split()[1]) < float(said["epoch 1"].split()[1])
    assert int(said["a step"].split()[3]) > 100
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_expert_program_changes_a_threshold_and_stops_the_neurons() -> None:
    said = said_by("expert_program_in_a_graph.py", "sim://?chip=ideal&noise=1&settle=instant")
    counts = [int(count) for count in said["spikes"].split(":")[0].split(",")]
    assert counts[3] < 0.8 * min(counts[:3])
    assert said["after 40 us"].startswith("0 spikes")
    assert said["events to synapses"].startswith("320 ")


@pytest.mark.slow
def test_partitioned_network_runs_in_three_parts_and_learns_from_them(tmp_path: Path) -> None:
    picture = tmp_path / "mnist.png"
    said = said_by(
        "partitioned_mnist.py", "--endpoint", "sim://?chip=ideal&noise=1&settle=instant", "--nominal",
        "--images", "4", "--steps", "2", "--hidden", "80", "--picture", str(picture),
    )  # fmt: skip
    assert [said[f"execution {part}"].split()[0] for part in range(3)] == ["40", "40", "10"]
    assert float(said["step 2"].split()[1]) < float(said["step 1"].split()[1])
    assert int(said["last step"].split()[3]) > 100
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_own_target_gives_slow_and_fast_neurons_on_one_chip() -> None:
    sizes = ("--neurons", "4", "--repetitions", "4")
    said = said_by("own_calibration_target.py", "sim://?chip=ideal&noise=1&settle=instant", "--nominal", *sizes)
    assert float(said["not calibrated, fast"].split()[0]) == pytest.approx(5.5, abs=1.5)
    assert float(said["not calibrated, slow"].split()[0]) == pytest.approx(20, abs=4)

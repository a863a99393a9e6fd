"""The examples run, and say what they promise to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_first_spikes_shows_psps_and_spikes_of_a_mismatched_neuron(tmp_path: Path) -> None:
    picture = tmp_path / "first.png"
    command = [sys.executable, str(ROOT / "examples" / "first_spikes.py"), "--picture", str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    said = dict(line.strip().split("  ", 1) for line in done.stdout.splitlines() if "  " in line.strip())
    assert int(said["spikes"].split(":")[0]) >= 1
    assert float(said["input 1 at 30 us"].split()[2]) > 50
    assert picture.read_bytes().startswith(b"\x89PNG")

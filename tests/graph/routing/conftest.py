"""Known-good examples of networks and driver allocation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """``vectors/network.json`` of the reference beside the repository, else the small copy in tests/data."""
    root = Path(__file__).resolve().parents[3]
    shared = root.parent / "shared" / "vectors" / "network.json"
    found: dict[str, Any] = json.loads((shared if shared.exists() else root / "tests/data/network.json").read_text())
    return found

"""Which sources, machine and versions a figure belongs to."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent.parent

#: Folders whose content cannot change a figure, or is written by measuring.
_NO_SOURCES = frozenset({"results", "build", "dist"})

_PACKAGES = ("hxtwin", "numpy", "numba", "attrs", "msgpack")


@attrs.frozen
class Provenance:
    """Where figures come from.

    Attributes:
        commit: id of the commit, empty outside a repository.
        changed: whether files differ from that commit.
        sources: fingerprint of all source files; equal fingerprints are equal sources.
        cores: processors this process may use.
        processor: name of the processor family.
        system: operating system.
        versions: versions of Python and of the packages that matter.
    """

    commit: str
    changed: bool
    sources: str
    cores: int
    processor: str
    system: str
    versions: dict[str, str]


def provenance() -> Provenance:
    """The provenance of whatever is measured now."""
    outside = [line for line in _git("status", "--porcelain").splitlines() if not line[3:].startswith("results/")]
    return Provenance(
        commit=_git("rev-parse", "--verify", "--quiet", "HEAD").strip(),
        changed=bool(outside),
        sources=_fingerprint(),
        cores=len(os.sched_getaffinity(0)),
        processor=_processor(),
        system=platform.platform(terse=True),
        versions={"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in _PACKAGES},
    )


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(
            ["git", *arguments],  # noqa: S607 - whichever git the machine has
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except FileNotFoundError:
        return ""


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources(ROOT)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return digest.hexdigest()[:16]


def _sources(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in folder.iterdir():
        if path.is_symlink() or path.name.startswith(".") or path.name == "__pycache__":
            continue
        if path.is_file():
            found.append(path)
        elif folder != ROOT or path.name not in _NO_SOURCES:
            found.extend(_sources(path))
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())

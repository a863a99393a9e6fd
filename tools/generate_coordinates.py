"""Write the typed modules of hxtwin/coord from the declaration table tools/coordinates.

Usage: ``python tools/generate_coordinates.py`` writes, ``--check`` only compares and fails on any difference.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coordinates import topics
from coordinates.generator.catalogue import Catalogue
from coordinates.generator.house import array_formulas, catalogue_module, hemisphere_module, package
from coordinates.generator.render import TopicSource

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "hxtwin" / "coord"


def sources() -> dict[str, str]:
    """Return the formatted text of every generated module by file name."""
    catalogue = Catalogue(topics.TOPICS)
    texts = {f"{topic.name}.py": TopicSource(catalogue, topic).text() for topic in topics.TOPICS}
    texts["hemisphere.py"] = hemisphere_module(catalogue)
    texts["array_formulas.py"] = array_formulas(catalogue)
    texts["catalogue.py"] = catalogue_module(catalogue)
    texts["__init__.py"] = package(catalogue, topics.PACKAGE_DOC)
    return {name: formatted(text, name) for name, text in texts.items()}


def formatted(text: str, name: str) -> str:
    """Return the text in house style: imports sorted, then formatted, both by ruff."""
    for command in (["check", "--select", "I,RUF022", "--fix", "--quiet"], ["format", "--quiet"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(TARGET / name), "-"],
            input=text,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        if result.returncode != 0:
            raise SystemExit(f"ruff cannot read the generated {name}:\n{result.stderr}")
        text = result.stdout
    return text


def main() -> int:
    """Write or compare all generated modules."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file differs")
    check = parser.parse_args().check
    stale = []
    for name, text in sources().items():
        path = TARGET / name
        if path.exists() and path.read_bytes() == text.encode():
            continue
        stale.append(name)
        if not check:
            path.write_bytes(text.encode())
    if stale:
        print(("differ: " if check else "written: ") + ", ".join(stale))
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What holds for the repository as a whole: no traces of where it was made, a README that is true, exact pins."""

from __future__ import annotations

import doctest
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

#: Folders at the root that are made by tools and never checked in.
MADE = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".benchmarks", "build", "dist"}
MADE |= {".import_linter_cache"}

#: Written in pieces, so that this file does not contain them itself.
REGISTRY_HOSTS = [
    host.replace(" ", "") for host in ("pypi .org", "python hosted.org", "download .pytorch", "ana conda")
]
REGISTRY_OPTIONS = [option.replace(" ", "") for option in ("index -url", "find -links", "trusted -host")]
ABSOLUTE_PATHS = [
    path.replace(" ", "") for path in ("/wo rk/", "/ro ot/", "/ho me/", "/tm p/w/", ".py env/", "/o pt/py")
]


#: Words about how the work was organised; they say nothing to a reader of the repository.
WORKPLACE = [
    word.replace("_", "")
    for word in (r"agen_ts?", "sub-?agen_t", "the iss_ue", "iss_ues show", "clau_de", "lang_uage model")
]


def files() -> list[Path]:
    found = [
        path
        for entry in ROOT.iterdir()
        if entry.name not in MADE
        for path in ([entry] if entry.is_file() else entry.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    return sorted(found)


def texts() -> list[tuple[str, str]]:
    return [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in files()]


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)["project"]
    return found


def pins() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        requirement = Requirement(text)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        assert canonicalize_name(requirement.name) not in found, line
        found[canonicalize_name(requirement.name)] = specifier.version
    return found


@pytest.mark.parametrize("phrase", REGISTRY_HOSTS + REGISTRY_OPTIONS)
def test_no_file_names_a_package_registry(phrase: str) -> None:
    assert [name for name, text in texts() if phrase in text] == []


@pytest.mark.parametrize("path", ABSOLUTE_PATHS)
def test_no_file_names_a_place_on_one_machine(path: str) -> None:
    assert [name for name, text in texts() if path in text] == []


@pytest.mark.parametrize("word", WORKPLACE)
def test_no_file_speaks_of_how_the_work_was_organised(word: str) -> None:
    pattern = re.compile(rf"\b{word}\b", re.IGNORECASE)
    assert [name for name, text in texts() if pattern.search(text)] == []


def test_repository_holds_what_is_promised() -> None:
    names = {str(path.relative_to(ROOT)) for path in files()}
    wanted = {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "constraints.txt", "Makefile", ".ci/run"}
    assert wanted | {"hxtwin/py.typed"} <= names


def test_examples_of_the_readme_are_true() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    test = doctest.DocTestParser().get_doctest(examples, {}, "README", "README.md", 0)
    results = doctest.DocTestRunner(verbose=False).run(test)
    assert results.attempted >= 10
    assert results.failed == 0


def test_versions_agree() -> None:
    version: dict[str, str] = {}
    exec((ROOT / "hxtwin" / "_version.py").read_text(encoding="utf-8"), version)
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {version['__version__']}\n" in citation


def test_constraints_pin_every_dependency_exactly() -> None:
    extras = project()["optional-dependencies"]
    wanted = [
        Requirement(text)
        for text in [*project()["dependencies"], *(text for extra in extras.values() for text in extra)]
    ]
    pinned = pins()
    assert [str(item) for item in wanted if canonicalize_name(item.name) not in pinned] == []
    assert [str(item) for item in wanted if pinned[canonicalize_name(item.name)] not in item.specifier] == []


def test_constraints_pin_what_builds_the_package() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        requires = tomllib.load(file)["build-system"]["requires"]
    for requirement in map(Requirement, requires):
        assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


def test_torch_is_pinned() -> None:
    assert pins()["torch"] == "2.13.0"

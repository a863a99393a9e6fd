"""Known-good streams and random messages for the tests of `hxtwin.comm.ut`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from hxtwin.comm import ut

ROOT = Path(__file__).resolve().parents[3]
COPIES = ROOT / "tests" / "data"
SHARED = ROOT.parent / "shared"

VECTORS_COPY = COPIES / "ut.json"
VECTORS_SHARED = SHARED / "vectors" / "ut.json"
DICTIONARIES_COPY = COPIES / "ut-dictionaries.json"
DICTIONARIES_SHARED = SHARED / "reference" / "fpga-instructions.json"


def _load(shared: Path, copy: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared if shared.exists() else copy).read_text())
    return loaded


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrises over the cases, container expansions and responses of the vectors, and over both dictionaries."""
    vectors = _load(VECTORS_SHARED, VECTORS_COPY)
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", vectors["cases"], ids=[case["id"] for case in vectors["cases"]])
    if "expansion" in metafunc.fixturenames:
        ids = [f"{expansion['container']}-{expansion['op']}" for expansion in vectors["containers"]]
        metafunc.parametrize("expansion", vectors["containers"], ids=ids)
    if "response" in metafunc.fixturenames:
        metafunc.parametrize("response", vectors["responses"], ids=str)
    if "declared" in metafunc.fixturenames:
        dictionaries = _load(DICTIONARIES_SHARED, DICTIONARIES_COPY)
        entries = [
            (direction, entry)
            for direction in ("to_fpga", "from_fpga")
            for entry in dictionaries[direction]["instructions"]
        ]
        metafunc.parametrize("declared", entries, ids=[entry["name"] for _, entry in entries])
    if "message_class" in metafunc.fixturenames:
        classes = [*ut.TO_FPGA, *ut.FROM_FPGA]
        metafunc.parametrize("message_class", classes, ids=[cls.__name__ for cls in classes])


@pytest.fixture(scope="session")
def copies_and_originals() -> list[tuple[Path, Path]]:
    """The copies in the repository and what they were copied from."""
    return [(VECTORS_COPY, VECTORS_SHARED), (DICTIONARIES_COPY, DICTIONARIES_SHARED)]


@pytest.fixture(scope="session", autouse=True)
def _compiled_kernels() -> None:
    """Compiles the kernels before any test, so that no test is charged for it."""
    for direction in ut.Direction:
        assert len(ut.encode_array(ut.decode_array([], direction))) == 0
    assert ut.decode_responses([]).messages == 0
    assert ut.HaltFinder().feed([]) is None
    nothing = ut.MessageArray.empty("from_fpga")
    assert ut.annotate(nothing, ut.fpga_times(nothing)) == (nothing, 0)


Messages = Callable[[str], st.SearchStrategy[list[ut.Message]]]


def _message(cls: type[ut.Message], payload: int) -> ut.Message:
    if cls is ut.JTAGData:
        num_bits = 3 + (payload >> 40) % 31
        payload = payload & ~(0xFF << 40) | num_bits << 40
    return cls.from_payload(payload)


def _messages(direction: str) -> st.SearchStrategy[list[ut.Message]]:
    one = st.sampled_from(ut.dictionary(direction).messages).flatmap(
        lambda cls: st.integers(0, (1 << cls.payload_bits) - 1).map(lambda payload: _message(cls, payload))
    )
    return st.lists(one, max_size=16)


@pytest.fixture(scope="session")
def messages_of() -> Messages:
    """Lists of arbitrary messages of a direction."""
    return _messages


@pytest.fixture(scope="session")
def hostile_words() -> st.SearchStrategy[list[int]]:
    """Words that are likely to hold valid headers, fillers and commas, and words that hold anything."""
    header = st.sampled_from([0, 1, 2, 3, 5, 6, 9, 12, 13, 15, 0x7F, 0x80])
    tail = st.sampled_from([0, (1 << 47) - 1, 1 << 47, 1 << 31, 1 << 15, 9 << 40, 12 << 24, 12 << 8, 13 << 40, 13 << 8])
    crafted = st.tuples(header, tail).map(lambda parts: parts[0] << 56 | parts[1])
    return st.lists(st.one_of(st.integers(0, (1 << 64) - 1), crafted), max_size=40)


@pytest.fixture(scope="session")
def cut() -> Callable[[np.ndarray, list[int]], list[np.ndarray]]:
    """Cuts an array at positions given modulo its length."""

    def cut_at(words: np.ndarray, positions: list[int]) -> list[np.ndarray]:
        return np.split(words, sorted(position % (len(words) + 1) for position in positions))

    return cut_at

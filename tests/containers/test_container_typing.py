"""mypy rejects programs that misuse containers, and accepts those that do not.

Each wrong statement is checked by itself: mypy has to report the given error code on exactly this statement.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PREAMBLE = """\
from collections.abc import Iterator, Sequence
from typing import Any, assert_type
import attrs
import numpy as np
import numpy.typing as npt
import hxtwin.containers as k
import hxtwin.coord as c

def wants_neuron(neuron: k.AtomicNeuron) -> None: ...
def wants_cadc(config: k.CADCConfig) -> None: ...

config = k.CADCConfig()
neuron = k.AtomicNeuron()
chip = k.Chip()
row = k.SynapseRow()
dac = k.CurrentDAC()
nodes = k.Crossbar().nodes
at = c.CADCConfigOnDLS(0)
values = np.zeros(256, dtype=np.uint8)

"""

# fmt: off
WRONG = [
    # unknown names
    ("k.NoSuchContainer()", "attr-defined"),
    ("k.CADCConfig(enabel=True)", "call-arg"),
    ("config.enabel", "attr-defined"),
    ("neuron.leak.v_lek", "attr-defined"),
    ("neuron.v_leak", "attr-defined"),
    ("chip.neuron_block.atomic_neurons[3].leak.v_lek", "attr-defined"),
    ("nodes[3].masks", "attr-defined"),
    ("k.CurrentSign.UP", "attr-defined"),
    ("k.Backend.PIGEON", "attr-defined"),
    ("config.encoded()", "attr-defined"),
    ("k.CADCConfig.written_addresses(at)", "attr-defined"),
    # fields by keyword, of their types
    ("k.CADCConfig(True)", "call-arg"),
    ("k.CADCConfig(enable='yes')", "arg-type"),
    ("k.CADCConfig(enable=1.0)", "arg-type"),
    ("k.CADCConfig(reset_wait='22')", "arg-type"),
    ("k.CADCConfig(reset_wait=22.0)", "arg-type"),
    ("k.CADCConfig(reset_wait=None)", "arg-type"),
    ("k.CurrentDAC(sign='source')", "arg-type"),
    ("k.CurrentDAC(sign=k.CapMemVRefSelect.DISABLED)", "arg-type"),
    ("k.SynapseRow(weights=3)", "arg-type"),
    ("k.SynapseRow(weights='zeros')", "arg-type"),
    ("k.SynapseRow(weights=np.zeros(256))", "arg-type"),
    ("k.AtomicNeuron(leak=k.Reset())", "arg-type"),
    ("k.AtomicNeuron(leak=3)", "arg-type"),
    ("k.Chip(neuron_block=k.Crossbar())", "arg-type"),
    ("k.Crossbar(nodes=k.MemoryTiming().capmem)", "arg-type"),
    # frozen
    ("config.enable = True", "misc"),
    ("neuron.leak.v_leak = 400", "misc"),
    ("nodes[3] = k.CrossbarNode()", "index"),
    # types of what is there
    ("text: str = config.reset_wait", "assignment"),
    ("number: int = row.weights", "assignment"),
    ("sign: k.CapMemVRefSelect = dac.sign", "assignment"),
    ("words: bytes = config.encode()", "assignment"),
    ("data: str = k.to_bytes(config)", "assignment"),
    ("wants_cadc(neuron)", "arg-type"),
    ("wants_neuron(chip.neuron_block.atomic_neurons)", "arg-type"),
    ("wants_neuron(chip.neuron_block.atomic_neurons[3].leak)", "arg-type"),
    ("wants_cadc(k.CurrentDAC.decode([0]))", "arg-type"),
    ("wants_cadc(attrs.evolve(neuron))", "arg-type"),
    ("attrs.evolve(config, enabel=True)", "call-arg"),
    ("attrs.evolve(config, reset_wait='22')", "arg-type"),
    # places and words
    ("k.CADCConfig.write_addresses(0)", "arg-type"),
    ("k.CADCConfig.write_addresses('bottom')", "arg-type"),
    ("k.CADCConfig.read_addresses(k.CADCConfig())", "arg-type"),
    ("k.CADCConfig.write_addresses(at, 'omnibus')", "arg-type"),
    ("config.encode(0)", "arg-type"),
    ("k.CADCConfig.decode(None)", "arg-type"),
    ("k.difference(config, None)", "arg-type"),
    ("k.difference(config, config, 3)", "arg-type"),
    ("k.difference(neuron.leak, neuron.leak)", "arg-type"),
    ("k.diff(config, 3)", "arg-type"),
    ("k.to_bytes(3)", "arg-type"),
    ("k.from_bytes('text')", "arg-type"),
    ("nodes[1.5]", "call-overload"),
    ("nodes.replace({3: k.Leak()})", "dict-item"),
    ("k.PPUMemoryBlock.of(object())", "arg-type"),
    ("name: int = k.types()", "assignment"),
]
# fmt: on

RIGHT = """
assert_type(k.CADCConfig(enable=True, reset_wait=22), k.CADCConfig)
assert_type(attrs.evolve(config, reset_wait=3), k.CADCConfig)
assert_type(config.enable, bool)
assert_type(config.reset_wait, int)
assert_type(dac.sign, k.CurrentSign)
assert_type(k.CurrentDAC(sign=k.CurrentSign.SINK).sign, k.CurrentSign)
assert_type(neuron.leak, k.Leak)
assert_type(neuron.leak.v_leak, int)
assert_type(chip.neuron_block.atomic_neurons, k.ArrayOf[k.AtomicNeuron])
assert_type(chip.neuron_block.atomic_neurons[3], k.AtomicNeuron)
assert_type(chip.neuron_block.atomic_neurons[c.AtomicNeuronOnDLS(3)].leak.v_leak, int)
assert_type(chip.neuron_block.atomic_neurons[1:3], list[k.AtomicNeuron])
assert_type(nodes.replace({3: k.CrossbarNode(mask=1)}), k.ArrayOf[k.CrossbarNode])
assert_type(k.SynapseRow(weights=values).encode(), npt.NDArray[np.uint32])
assert_type(k.CADCConfig.decode([0]), k.CADCConfig)
assert_type(k.CADCConfig.decode(np.zeros(1, dtype=np.uint32)), k.CADCConfig)
assert_type(k.CADCConfig.write_addresses(at), npt.NDArray[np.uint32])
assert_type(k.CADCConfig.read_addresses(at, k.Backend.OMNIBUS_CHIP_OVER_JTAG), npt.NDArray[np.uint32])
assert_type(k.SynapseQuad().byte_enables(), npt.NDArray[np.uint8])
assert_type(k.CADCConfig.from_fields({"enable": True}), k.CADCConfig)
assert_type(config.with_columns({"enable": True}), k.CADCConfig)
assert_type(k.Chip.default_neuron_bypass(), k.Chip)
assert_type(k.difference(chip, k.Chip()), k.Writes)
assert_type([word for _, word in k.difference(chip, k.Chip())], list[int])
assert_type(k.diff(config, k.CADCConfig())[0].path, str)
assert_type(k.to_bytes(chip), bytes)
assert_type(k.to_bytes(at), bytes)
assert_type(k.PPUMemoryBlock.of([1, 2, 3]), k.PPUMemoryBlock)
assert_type(k.CADCConfig.backends, tuple[k.Backend, ...])
assert_type(k.by_name("CADCConfig"), type[k.Container])
wants_cadc(config)
wants_neuron(chip.neuron_block.atomic_neurons[3])
"""


LINES = [*PREAMBLE.splitlines(), *RIGHT.splitlines(), *(statement for statement, _ in WRONG)]
FIRST_WRONG = len(LINES) - len(WRONG) + 1


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[int, set[str]]:
    """Error codes that one strict run of mypy reports for each line of a program with all statements."""
    program = tmp_path_factory.mktemp("containers") / "program.py"
    program.write_text("\n".join(LINES) + "\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-pretty", "--no-error-summary"]
    settings = ["--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run([*command, *settings, str(program)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    found: dict[int, set[str]] = {}
    for line in done.stdout.splitlines():
        match = re.search(r"program\.py:(\d+): error: .*\[([a-z-]+)\]$", line)
        if match:
            found.setdefault(int(match[1]), set()).add(match[2])
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("position", "code"), [(i, code) for i, (_, code) in enumerate(WRONG)], ids=[s for s, _ in WRONG]
)
def test_wrong_programs_are_rejected(position: int, code: str, complaints: dict[int, set[str]]) -> None:
    assert complaints.get(FIRST_WRONG + position) == {code}


@pytest.mark.slow
def test_right_programs_are_accepted(complaints: dict[int, set[str]]) -> None:
    assert {LINES[number - 1]: codes for number, codes in complaints.items() if number < FIRST_WRONG} == {}

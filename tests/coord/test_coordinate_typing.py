"""mypy rejects programs that confuse coordinates, and accepts those that do not.

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
from collections.abc import Sequence
from typing import assert_type
import numpy as np
import hxtwin.coord as c

def wants_driver(driver: c.SynapseDriverOnDLS) -> None: ...
def wants_row(row: c.SynapseRowOnSynram) -> None: ...

row = c.SynapseRowOnSynram(17)
synram = c.SynramOnDLS.bottom
column = c.NeuronColumnOnDLS(3)
neuron_row = c.NeuronRowOnDLS.top
label = c.SpikeLabel(5)
word = c.PPUMemoryWordOnPPU(3)
typed = c.TypedArray(c.EntryOnQuad, "abcd")

"""

# fmt: off
WRONG = [
    ("wants_driver(row)", "arg-type"),
    ("wants_driver(c.SynapseRowOnDLS(3))", "arg-type"),
    ("wants_driver(3)", "arg-type"),
    ("wants_row(column)", "arg-type"),
    ("row.to_synapse_driver_on_dls()", "attr-defined"),
    ("row.to_synram_on_dls()", "attr-defined"),
    ("column.nonsense", "attr-defined"),
    ("c.SynramOnDLS.left", "attr-defined"),
    ("c.PPUMemoryOnDLS.top", "attr-defined"),
    ("c.NoSuchCoordinateOnDLS(3)", "attr-defined"),
    ("row.value = 3", "attr-defined"),
    ("c.NeuronColumnOnDLS(1.5)", "call-overload"),
    ("c.NeuronColumnOnDLS('1')", "call-overload"),
    ("c.NeuronColumnOnDLS(None)", "call-overload"),
    ("c.NeuronColumnOnDLS(c.SynapseOnSynapseRow(3))", "call-overload"),
    ("c.NeuronColumnOnDLS(c.Y(3))", "call-overload"),
    ("c.SynapseLabel(c.NeuronLabel(3))", "call-overload"),
    ("c.SynapseLabel(3, 4)", "call-overload"),
    ("c.SynapseRowOnDLS(synram, row)", "call-overload"),
    ("c.SynapseRowOnDLS(17, 1)", "call-overload"),
    ("c.SynapseRowOnDLS(row, c.HemisphereOnDLS.top)", "call-overload"),
    ("c.SynapseRowOnDLS(row, synram_on_dls=synram)", "call-overload"),
    ("c.SynapseRowOnDLS(synapse_row=17)", "call-overload"),
    ("c.SynapseRowOnDLS(synapse_row_on_synram=1.0)", "call-overload"),
    ("c.AtomicNeuronOnDLS(column)", "call-overload"),
    ("c.AtomicNeuronOnDLS(3, 1)", "call-overload"),
    ("c.AtomicNeuronOnDLS(c.SynapseOnSynapseRow(3), neuron_row)", "call-overload"),
    ("c.AtomicNeuronOnDLS(x=3, y=1)", "call-overload"),
    ("c.CapMemBlockOnDLS(c.HemisphereOnDLS.top, c.CapMemBlockOnHemisphere.left)", "call-overload"),
    ("c.PPUMemoryBlockOnPPU(word, c.ExternalPPUMemoryByteOnFPGA(4))", "call-overload"),
    ("c.PPUMemoryBlockOnPPU(3, 4)", "call-overload"),
    ("c.PPUMemoryBlockOnDLS(word)", "call-overload"),
    ("c.ExecutionInstanceOnExecutor(c.ConnectionOnExecutor(1))", "call-overload"),
    ("c.LogicalNeuronOnDLS(c.LogicalNeuronCompartments(), column)", "arg-type"),
    ("c.LogicalNeuronCompartments({c.CompartmentOnLogicalNeuron(0): [c.AtomicNeuronOnDLS(0)]})", "list-item"),
    ("c.AtomicNeuronOnLogicalNeuron(0).get_neighbor('up')", "arg-type"),
    ("row < column", "operator"),
    ("row < 3", "operator"),
    ("c.SynapseRowOnDLS(1) >= c.SynapseWeightRowOnDLS(1)", "operator"),
    ("row + column", "operator"),
    ("row + 1.5", "operator"),
    ("c.SynapseRowOnDLS(3) + 1", "operator"),
    ("c.CrossbarOutputOnDLS(3).to_padi_bus_on_dls().to_crossbar_output_on_dls()", "union-attr"),
    ("c.SynapseDriverOnDLS(3).to_synapse_row_on_synram().to_synapse_driver_on_synapse_driver_block()", "attr-defined"),
    ("label.with_synapse_label(c.NeuronLabel(3))", "arg-type"),
    ("label.synapse_label = c.SynapseLabel(3)", "misc"),
    ("wants_row(label.synapse_label)", "arg-type"),
    ("typed[0]", "index"),
    ("typed[c.PADIBusOnPADIBusBlock(0)]", "index"),
    ("typed[c.EntryOnQuad(0)] = 3", "assignment"),
    ("rows: Sequence[c.NeuronRowOnDLS] = c.NeuronColumnOnDLS.all()", "assignment"),
    ("time: c.FPGATime = c.Timer.Value(3)", "assignment"),
    ("number: int = row", "assignment"),
    ("c.convert_indices(np.zeros(3), c.AtomicNeuronOnDLS, c.SynramOnDLS)", "arg-type"),
    ("c.convert_indices([0], c.AtomicNeuronOnDLS(0), c.SynramOnDLS)", "arg-type"),
    ("c.convert_indices([0], c.LogicalNeuronOnDLS, c.SynramOnDLS)", "arg-type"),
]

RIGHT = """
wants_driver(c.SynapseDriverOnDLS(3))
wants_driver(c.SynapseRowOnDLS(3).to_synapse_driver_on_dls())
assert_type(c.SynapseRowOnDLS(row, synram), c.SynapseRowOnDLS)
assert_type(c.SynapseRowOnDLS(row), c.SynapseRowOnDLS)
assert_type(c.SynapseRowOnDLS(synapse_row_on_synram=17, synram_on_dls=synram), c.SynapseRowOnDLS)
assert_type(c.SynapseRowOnDLS(c.Enum(3)), c.SynapseRowOnDLS)
assert_type(c.SynapseRowOnDLS(), c.SynapseRowOnDLS)
assert_type(c.NeuronColumnOnDLS(np.uint8(3)), c.NeuronColumnOnDLS)
assert_type(c.NeuronColumnOnDLS(c.X(3)), c.NeuronColumnOnDLS)
assert_type(c.NeuronColumnOnDLS(column), c.NeuronColumnOnDLS)
assert_type(c.AtomicNeuronOnDLS(column, neuron_row), c.AtomicNeuronOnDLS)
assert_type(c.AtomicNeuronOnDLS(neuron_row, column), c.AtomicNeuronOnDLS)
assert_type(c.AtomicNeuronOnDLS(c.Y(1), c.X(2)), c.AtomicNeuronOnDLS)
assert_type(c.AtomicNeuronOnDLS(neuron_column_on_dls=3, neuron_row_on_dls=1), c.AtomicNeuronOnDLS)
assert_type(c.CapMemBlockOnDLS(c.CapMemBlockOnHemisphere.left, c.HemisphereOnDLS.top), c.CapMemBlockOnDLS)
assert_type(c.PPUMemoryBlockOnPPU(word, word).to_min(), c.PPUMemoryWordOnPPU)
assert_type(c.PPUMemoryBlockOnPPU(min=3, max=word)[0], c.PPUMemoryWordOnPPU)
assert_type(c.SynramOnDLS.top, c.SynramOnDLS)
assert_type(c.PPUMemoryBlockOnPPU.mailbox, c.PPUMemoryBlockOnPPU)
assert_type(synram.to_ppu_on_dls(), c.PPUOnDLS)
assert_type(c.HemisphereGlobal(3).to_cadc_on_dls(), c.CADCOnDLS)
assert_type(c.Time(3).to_timer_value(), c.Timer.Value)
assert_type(label.padi_label, c.SpikeLabel.PADILabel)
assert_type(label.with_synapse_label(3), c.SpikeLabel)
assert_type(c.CrossbarOutputOnDLS(3).to_padi_bus_on_dls(), c.PADIBusOnDLS | None)
assert_type(c.SynapseDriverOnDLS(3).to_synapse_row_on_synram(), tuple[c.SynapseRowOnSynram, ...])
assert_type(row + 1, c.SynapseRowOnSynram)
assert_type(1 + row, c.SynapseRowOnSynram)
assert_type(row // row, c.SynapseRowOnSynram)
assert_type(row < row, bool)
assert_type(int(row), int)
assert_type([1, 2, 3][row], int)
assert_type(c.NeuronColumnOnDLS.size, int)
assert_type(c.NeuronColumnOnDLS.all()[3], c.NeuronColumnOnDLS)
assert_type(list(c.NeuronColumnOnDLS.all()), list[c.NeuronColumnOnDLS])
assert_type(c.NeuronColumnOnDLS.from_plain(3), c.NeuronColumnOnDLS)
assert_type(next(c.product(c.NeuronRowOnDLS, c.EntryOnQuad)), tuple[c.NeuronRowOnDLS, c.EntryOnQuad])
assert_type(c.sample(c.SynapseOnDLS, 3, 1), Sequence[c.SynapseOnDLS])
assert_type(typed[c.EntryOnQuad(0)], str)
keys: dict[c.Coordinate, int] = {row: 1, column: 2, word: 3}
array = np.arange(512)[column]
"""
# fmt: on


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[str]]:
    """Return the error codes that mypy reports per line of one program with all statements."""
    program = tmp_path_factory.mktemp("coordinates") / "program.py"
    program.write_text(PREAMBLE + "\n".join(statement for statement, _ in WRONG) + "\n" + RIGHT)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--show-error-codes", "--no-pretty", "--no-error-summary",
         "--config-file", str(ROOT / "pyproject.toml"), str(program)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    errors: dict[int, list[str]] = {}
    for line in done.stdout.splitlines():
        if found := re.match(r".*program\.py:(\d+): error: .*\[([a-z-]+)\]$", line):
            errors.setdefault(int(found[1]), []).append(found[2])
    return errors


FIRST_WRONG = PREAMBLE.count("\n") + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("position", "code"), [(i, code) for i, (_, code) in enumerate(WRONG)], ids=[s for s, _ in WRONG]
)
def test_wrong_programs_are_rejected(position: int, code: str, reported: dict[int, list[str]]) -> None:
    assert code in reported.get(FIRST_WRONG + position, [])


@pytest.mark.slow
def test_right_programs_are_accepted(reported: dict[int, list[str]]) -> None:
    lines = (PREAMBLE + "\n".join(statement for statement, _ in WRONG) + "\n" + RIGHT).splitlines()
    wrong = range(FIRST_WRONG, FIRST_WRONG + len(WRONG))
    assert {lines[number - 1]: codes for number, codes in reported.items() if number not in wrong} == {}

"""People can read a container: repr, notebook tables, bit tables, docstrings."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

from hxtwin import containers
from hxtwin.containers.record import members, schema
from hxtwin.containers.table import child_rows, field_rows

TYPES = containers.types()
every_container = pytest.mark.parametrize("name", sorted(TYPES))


class Cells(HTMLParser):
    """Texts of the cells of an HTML table, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag in ("td", "th", "caption"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells[-1] += data


def test_repr_shows_what_differs_from_the_default() -> None:
    assert repr(containers.CADCConfig()) == "CADCConfig()"
    assert repr(containers.CADCConfig(enable=True, reset_wait=22)) == "CADCConfig(enable=True, reset_wait=22)"


def test_repr_names_enumeration_members() -> None:
    assert repr(containers.CurrentDAC(sign=1)) == "CurrentDAC(sign=SINK)"  # type: ignore[arg-type]  # by value


def test_repr_of_a_whole_chip_stays_short() -> None:
    weights = np.ones((2, 256, 256), dtype=np.uint8)
    chip = containers.Chip().with_columns({"synapse_blocks.matrix.weights": weights})
    assert repr(chip) == "Chip(synapse_blocks=<2 x SynapseBlock, 2 changed from default>)"


def test_notebook_table_of_a_leaf_shows_every_field_with_value_range_and_unit() -> None:
    cells = Cells(containers.CADCConfig(reset_wait=22)._repr_html_()).cells
    row = cells.index("reset_wait")
    assert cells[row + 1 : row + 4] == ["22", "0..255", "PPU clock cycles"]
    assert {"enable", "dead_time"} <= set(cells)


def test_notebook_table_of_a_composite_shows_what_changed() -> None:
    neuron = containers.AtomicNeuron().with_columns({"leak.v_leak": 400})
    cells = Cells(neuron._repr_html_()).cells
    assert "leak.v_leak" in cells
    assert "400" in cells
    assert "leak.i_bias" not in cells


def test_notebook_table_of_an_array_shows_the_records_that_changed() -> None:
    block = containers.NeuronBlock().with_columns({"atomic_neurons[300].leak.v_leak": 400})
    cells = Cells(block.atomic_neurons._repr_html_()).cells
    assert cells == ["512 x AtomicNeuron, 1 different from the default", "index", "leak.v_leak", "300", "400"]


@every_container
def test_notebook_table_is_well_formed(name: str) -> None:
    if TYPES[name] is not containers.LogicalNeuron:
        assert name in Cells(TYPES[name]()._repr_html_()).cells[0]


@every_container
def test_bit_table_has_a_row_with_meaning_for_every_field(name: str) -> None:
    rows = field_rows(TYPES[name])
    assert [row.path.split("[")[0] for row in rows] == [column.path for column in schema(TYPES[name])]
    assert all(row.meaning and row.allowed for row in rows)


@every_container
def test_composition_covers_all_words_of_a_composite(name: str) -> None:
    cls = TYPES[name]
    rows = child_rows(cls)
    assert bool(rows) == bool(cls.layout.children)
    if rows and cls.fixed_size:
        assert sum(row.words for row in rows) == max(cls.write_word_count(), cls.read_word_count())


@every_container
def test_docstring_says_what_every_field_does(name: str) -> None:
    doc = TYPES[name].__doc__ or ""
    assert all(f"    {member}: " in doc for member in members(TYPES[name]))


def test_bit_table_shows_permuted_and_inverted_bits() -> None:
    rows = {row.path: row.bits for row in field_rows(containers.SynapseDriverConfig)}
    assert rows["recovery"] == "w1[3]=v[0], w1[2]=v[1], w1[1]=v[2], w1[0]=v[3]"
    assert rows["hagen_dac_offset"] == "w1[13:8]~"

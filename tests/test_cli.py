"""The command line tells what registers, addresses and words mean."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner, Result

from hxtwin import containers
from hxtwin.cli import app, main

RUNNER = CliRunner()


def hxtwin(*arguments: str) -> Result:
    return RUNNER.invoke(app, list(arguments))


def test_registers_lists_every_container() -> None:
    output = hxtwin("registers").output
    assert all(name in output for name in containers.types())


def test_registers_shows_the_address_formula_and_every_field_with_its_bits() -> None:
    output = hxtwin("registers", "SynapseDriverConfig").output
    assert "[0x110400, 0x118400][block] + 4 * driver + w" in output
    assert "w0[13:9]" in output
    assert all(name in output for name in containers.SynapseDriverConfig().to_fields())


def test_registers_shows_the_addresses_at_a_linear_index_and_at_components() -> None:
    by_index = hxtwin("registers", "SynapseDriverConfig", "200").output
    by_components = hxtwin("registers", "SynapseDriverConfig", "block=1,driver=72").output
    assert "0x00118520" in by_index
    assert by_index == by_components


def test_registers_shows_the_addresses_of_a_block_of_memory() -> None:
    output = hxtwin("registers", "PPUMemoryBlock", "ppu=1,min=4,max=6").output
    assert all(address in output for address in ("0x03800004", "0x03800005", "0x03800006"))
    assert "0x80000001" in hxtwin("registers", "ExternalPPUMemoryBlock", "min=2,max=7").output


def test_registers_shows_what_a_composite_expands_to() -> None:
    output = hxtwin("registers", "SynapseBlock").output
    assert "SynapseMatrix" in output
    assert "block = 2 * hemisphere + side" in output


@pytest.mark.parametrize("name", sorted(containers.types()))
def test_registers_shows_every_container_without_error(name: str) -> None:
    result = hxtwin("registers", name)
    assert result.exit_code == 0, result.output
    assert name in result.output


def test_explain_names_container_coordinate_and_field_values() -> None:
    output = hxtwin("explain", "0x110400", "0x3e00").output
    assert "word 0 of 3, SynapseDriverConfig" in output
    assert "row_address_compare_mask" in output
    assert "31" in output


def test_explain_names_every_window_on_a_shared_address() -> None:
    output = hxtwin("explain", "0x84001234").output
    assert "seen by 5 containers" in output
    assert output.count("ExternalPPUDRAMMemoryByte at") == 4
    assert "ExternalPPUDRAMMemoryQuadOnFPGA(4660)" in output


def test_explain_points_out_bits_without_meaning() -> None:
    output = hxtwin("explain", "0x02c04000", "5").output
    assert "Bits 0, 2 are set but have no meaning" in output


def test_explain_decodes_one_word_of_a_container_whose_other_words_are_unknown() -> None:
    output = hxtwin("explain", "0x80001", "0xc1c3f200").output
    assert "ADPLL at ADPLLOnDLS(0)" in output
    assert "512" in output


def test_explain_reports_an_address_where_nothing_lives() -> None:
    result = hxtwin("explain", "0x7fffffff")
    assert result.exit_code == 1
    assert "no container lives here" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("registers", "SynapseDrivrConfig"), "did you mean SynapseDriverConfig"),
        (("registers", "SynapseDriverConfig", "256"), "0..255"),
        (("registers", "SynapseDriverConfig", "block=1"), "wanted block, driver"),
        (("registers", "SynapseDriverConfig", "block=1,driver=128"), "0..127"),
        (("registers", "PPUMemoryBlock", "ppu=0,min=9,max=4"), "PPUMemoryBlockOnPPU"),
        (("registers", "PPUMemoryBlock", "7"), "PPUMemoryBlockOnDLS"),
        (("registers", "LogicalNeuron", "7"), "LogicalNeuronOnDLS"),
        (("explain", "0x100000000"), "0..0xffffffff"),
        (("explain", "0x110400", "0x100000000"), "0..0xffffffff"),
        (("explain", "-1"), ""),
    ],
)
def test_wrong_input_gives_one_clear_line_and_a_failure(
    arguments: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["hxtwin", *arguments])
    with pytest.raises(SystemExit) as exit_:
        main()
    error = " ".join(capsys.readouterr().err.split())
    assert exit_.value.code != 0
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize("arguments", [("explain", "lots"), ("explain", "0x110400", "many")])
def test_text_that_is_no_number_is_refused(arguments: tuple[str, ...]) -> None:
    result = hxtwin(*arguments)
    assert result.exit_code == 2
    assert "is not a number" in result.output

"""The declared messages are those of the reference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hxtwin.comm import ut
from hxtwin.comm.errors import ArgumentError
from hxtwin.comm.ut import from_fpga, to_fpga
from hxtwin.comm.ut.fields import bits
from hxtwin.comm.ut.kernel_tables import kernel_tables
from hxtwin.comm.ut.kernels import decode_kernel

if TYPE_CHECKING:
    from pathlib import Path

Declared = tuple[str, dict[str, Any]]


def reference_slices(entry: dict[str, Any]) -> list[tuple[int, int]]:
    """(lsb, bits) of all numbers of a message of the reference, in the order of its fields."""
    slices = []
    for field in entry["fields"]:
        for element in field.get("elements", [field]):
            parts = element.get("fields", [{"lsb": 0, "bits": element["bits"]}])
            slices += [(element["lsb"] + part["lsb"], part["bits"]) for part in parts]
    return slices


def test_dictionary_has_as_many_codes_as_the_reference() -> None:
    assert (len(ut.TO_FPGA), len(ut.FROM_FPGA)) == (16, 13)


def test_code_name_and_widths_are_those_of_the_reference(declared: Declared) -> None:
    direction, entry = declared
    message = ut.dictionary(direction)[entry["header"]]
    assert message is ut.dictionary(direction)[entry["name"]] is getattr(ut, entry["name"])
    assert (message.code, message.direction) == (entry["header"], direction)
    assert (message.payload_bits, message.message_bits) == (entry["payload_bits"], entry["message_bits"])


def test_fields_are_those_of_the_reference(declared: Declared) -> None:
    direction, entry = declared
    message = ut.dictionary(direction)[entry["header"]]
    assert [field.name for field in message.fields_declared] == [field["name"] for field in entry["fields"]]
    assert [(part.lsb, part.width) for part in message.slices] == reference_slices(entry)


def test_ranges_and_defaults_are_those_of_the_reference(declared: Declared) -> None:
    direction, entry = declared
    message = ut.dictionary(direction)[entry["header"]]
    for field, reference in zip(message.fields_declared, entry["fields"], strict=True):
        if "bits" in reference:
            part = field.slices[0]
            assert part.minimum == reference.get("minimum", 0)
            assert part.maximum == reference.get("maximum", (1 << reference["bits"]) - 1)
            assert field.default == reference.get("default", 0)
        else:
            assert len(field.slices) == reference["count"] * len(reference["elements"][0].get("fields", [0]))


def test_only_the_two_packs_of_three_from_the_fpga_have_80_bits() -> None:
    lengths = {message.__name__: message.message_bits for message in (*ut.TO_FPGA, *ut.FROM_FPGA)}
    longer = {name: length for name, length in lengths.items() if length != 64}
    assert longer == {"MADCSamplePack3FromFPGA": 80, "SpikePack3FromFPGA": 80}


@pytest.mark.parametrize("module", [to_fpga, from_fpga])
def test_module_docstring_shows_the_derived_table(module: Any) -> None:
    table = ut.TO_FPGA.describe() if module is to_fpga else ut.FROM_FPGA.describe()
    assert table in module.__doc__


def test_codes_of_the_response_kernel_are_those_of_the_dictionary() -> None:
    assert int(decode_kernel.JTAG) == ut.JTAGResponse.code
    assert int(decode_kernel.OMNIBUS) == ut.OmnibusResponse.code
    assert int(decode_kernel.LOOPBACK) == ut.LoopbackResponse.code
    assert int(decode_kernel.LINK) == ut.HighspeedLinkNotification.code
    assert int(decode_kernel.SYSTIME) == ut.Systime.code
    assert int(decode_kernel.SYSDELTA) == ut.Sysdelta.code
    assert int(decode_kernel.MADC_PACKS) == ut.MADCSamplePack1FromFPGA.code == ut.MADCSamplePack3FromFPGA.code - 2
    assert int(decode_kernel.SPIKE_PACKS) == ut.SpikePack1FromFPGA.code == len(ut.FROM_FPGA) - 3
    assert int(decode_kernel.TIME_MASK) == ut.Systime.payload_mask
    assert int(decode_kernel.JTAG_MASK) == ut.JTAGResponse.payload_mask
    stall, reads = ut.TimeoutNotification.slices[1:]
    assert (int(decode_kernel.STALL_LSB), int(decode_kernel.READS_LSB)) == (stall.lsb, reads.lsb)


@pytest.mark.parametrize("direction", ut.Direction)
def test_kernel_tables_hold_every_bit_of_every_field(direction: ut.Direction) -> None:
    tables = kernel_tables(direction)
    for message in ut.dictionary(direction):
        mask = int(tables.masks_low[message.code]) | int(tables.masks_high[message.code]) << 64
        assert mask == message.payload_mask
        assert bool(tables.is_long[message.code]) == (message.message_bits == 80)
    assert [ut.TO_FPGA[int(code)].__name__ for code in kernel_tables(ut.Direction.TO_FPGA).checked.nonzero()[0]] == [
        "JTAGData"
    ]


def test_copies_of_the_reference_are_up_to_date(copies_and_originals: list[tuple[Path, Path]]) -> None:
    for copy, original in copies_and_originals:
        copied = json.loads(copy.read_text())
        current = json.loads(original.read_text()) if original.exists() else copied
        assert copied
        assert {key: current[key] for key in copied} == copied


def test_overlapping_fields_cannot_be_declared() -> None:
    with pytest.raises(ut.UTEncodeError, match=r"Overlapping: upper overlaps or exceeds 8 bits"):

        class Overlapping(ut.ToFPGA, code=0, payload_bits=8):
            lower: int = bits(0, 5, default=0, doc="")
            upper: int = bits(4, 4, default=0, doc="")


def test_fields_outside_the_payload_cannot_be_declared() -> None:
    with pytest.raises(ut.UTEncodeError, match="overlaps or exceeds 8 bits"):

        class TooWide(ut.ToFPGA, code=0, payload_bits=8):
            value: int = bits(0, 9, default=0, doc="")


def test_dictionary_refuses_a_message_at_another_code() -> None:
    with pytest.raises(ut.UTEncodeError, match=r"JTAGScaler is declared to_fpga 1, not to_fpga 0"):
        ut.Dictionary(ut.Direction.TO_FPGA, (ut.JTAGScaler,))


def test_dictionary_refuses_a_message_of_the_other_direction() -> None:
    with pytest.raises(ut.UTEncodeError, match=r"JTAGResponse is declared from_fpga 0, not to_fpga 0"):
        ut.Dictionary(ut.Direction.TO_FPGA, (ut.JTAGResponse,))


@pytest.mark.parametrize("wrong", [-1, 16, "Unknown"])
def test_dictionary_has_no_message_of_an_unknown_code_or_name(wrong: int | str) -> None:
    with pytest.raises(KeyError):
        ut.TO_FPGA[wrong]


def test_direction_is_given_by_name_or_by_member() -> None:
    assert ut.dictionary("to_fpga") is ut.dictionary(ut.Direction.TO_FPGA) is ut.TO_FPGA
    assert repr(ut.FROM_FPGA) == "<dictionary from_fpga: 13 messages>"


def test_unknown_direction_is_refused() -> None:
    with pytest.raises(ArgumentError, match="direction 'upwards' does not exist: use 'to_fpga' or 'from_fpga'"):
        ut.dictionary("upwards")

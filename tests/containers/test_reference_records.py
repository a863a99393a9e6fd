"""What the chip reports, and the spike label, against the reference."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.containers import FieldRangeError, Record
from hxtwin.containers.record import schema

from .reference_files import ENTRIES, each

_RECORDS: dict[str, type[Record]] = {
    "SpikeFromChip": containers.SpikeFromChip,
    "MADCSampleFromChip": containers.MADCSampleFromChip,
    "HighspeedLinkNotification": containers.HighspeedLinkNotification,
}

every_record = pytest.mark.parametrize("name", each([name for name in _RECORDS if name in ENTRIES]))


@every_record
def test_fields_of_records_have_the_names_ranges_and_defaults_of_the_reference(name: str) -> None:
    columns = schema(_RECORDS[name])
    stated = ENTRIES[name]["fields"]
    assert [column.path for column in columns] == [field["name"] for field in stated]
    for column, field in zip(columns, stated, strict=True):
        spec = column.spec
        assert (spec.kind, spec.minimum, spec.maximum) == (field["type"], field["min"], field["max"])
        assert spec.default == field["default"]
        if "unit" in field:
            assert spec.unit == field["unit"]


@every_record
def test_bits_of_records_are_those_of_the_reference(name: str) -> None:
    for column, field in zip(schema(_RECORDS[name]), ENTRIES[name]["fields"], strict=True):
        stated = [(bit["word"], bit["lsb"], bit["width"], bit["value_lsb"], bit["inverted"]) for bit in field["bits"]]
        found = [(bits.word, bits.lsb, bits.width, bits.value_lsb, bits.inverted) for _, bits in column.pieces]
        assert found == stated


@every_record
def test_records_take_the_ends_of_their_ranges_and_nothing_beyond(name: str) -> None:
    cls = _RECORDS[name]
    for field in ENTRIES[name]["fields"]:
        for value in (field["min"], field["max"]):
            assert cls.from_fields({field["name"]: value}).to_fields()[field["name"]] == value
        for value in (field["min"] - 1, field["max"] + 1):
            with pytest.raises(FieldRangeError, match=rf"{name}\.{field['name']}.*{value}"):
                cls.from_fields({field["name"]: value})


def test_packed_records_have_no_padding() -> None:
    assert containers.SPIKE_FROM_CHIP.itemsize == 18
    assert containers.SPIKE_FROM_CHIP.names == ("label", "fpga_time", "chip_time")
    assert containers.MADC_SAMPLE_FROM_CHIP.itemsize == 19
    assert containers.MADC_SAMPLE_FROM_CHIP.names == ("value", "channel", "fpga_time", "chip_time")
    spike = np.array([(0x1234, 0x0102030405060708, 0x11)], dtype=containers.SPIKE_FROM_CHIP)
    assert spike.tobytes() == bytes.fromhex("3412 0807060504030201 1100000000000000")


@pytest.mark.parametrize(
    "field",
    [pytest.param(field, id=field["name"]) for field in ENTRIES.get("SpikeLabel", {}).get("fields", ())] or each([]),
)
def test_views_of_a_spike_label_show_and_replace_exactly_their_bits(field: dict[str, object]) -> None:
    name, rng = str(field["name"]), random.Random(str(field["name"]))
    stated = ENTRIES["SpikeLabel"]["fields"]
    (bits,) = next(f["bits"] for f in stated if f["name"] == name)
    mask = ((1 << bits["width"]) - 1) << bits["lsb"]
    for _ in range(50):
        word, value = rng.getrandbits(16), rng.getrandbits(bits["width"])
        label = coord.SpikeLabel(word)
        assert int(getattr(label, name)) == (word & mask) >> bits["lsb"]
        assert int(getattr(label, f"with_{name}")(value)) == word & ~mask | value << bits["lsb"]
        assert int(label) == word

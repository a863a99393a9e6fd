"""Options of the twin: which are allowed, what they are called, what they make of the device."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

import hxtwin
from hxtwin.chipsim import Twin, TwinArgumentError, TwinOptions
from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.comm.arq.bitfile import BitfileInformation
from hxtwin.endpoints import EndpointError

from .client import Client, read


def test_defaults_are_chip_0_with_noise() -> None:
    assert TwinOptions.from_query({}) == TwinOptions(
        chip=0, noise=True, noise_seed=0, step_ns=100, settle="law", strict=False
    )


def test_a_query_sets_every_option() -> None:
    query = {"chip": "7", "noise": "0", "noise_seed": "3", "step_ns": "50", "settle": "instant", "strict": "1"}
    assert TwinOptions.from_query(query) == TwinOptions(
        chip=7, noise=False, noise_seed=3, step_ns=50, settle="instant", strict=True
    )


def test_the_ideal_chip_has_no_serial_number() -> None:
    assert TwinOptions.from_query({"chip": "ideal"}).chip is None


@pytest.mark.parametrize(("step_ns", "cycles"), [(2, 0.5), (50, 12.5), (100, 25.0), (1000, 250.0)])
def test_a_step_is_a_multiple_of_half_a_chip_cycle(step_ns: int, cycles: float) -> None:
    assert TwinOptions(step_ns=step_ns).step_cycles == cycles


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"chips": "7"}, "option 'chips' is unknown; known: chip, noise"),
        ({"chip": "-1"}, "chip='-1' is no number, nor 'ideal'"),
        ({"chip": "seven"}, "chip='seven' is no number, nor 'ideal'"),
        ({"chip": ""}, "chip='' is no number"),
        ({"chip": "18446744073709551616"}, r"in 0\.\.18446744073709551615"),
        ({"chip": "9" * 5000}, "is no number"),
        ({"noise": "yes"}, "noise='yes': give 0 or 1"),
        ({"step_ns": "0"}, r"step_ns = 0: give nanoseconds in 2\.\.1000"),
        ({"step_ns": "75"}, "the step is a multiple of 2 ns"),
        ({"step_ns": "1002"}, r"2\.\.1000"),
        ({"step_ns": "0.1"}, "step_ns='0.1' is no number"),
        ({"settle": "soon"}, "settle = 'soon': give one of law, instant"),
        ({"strict": "2"}, "strict='2': give 0 or 1"),
    ],
)
def test_a_wrong_option_is_told_what_is_allowed(query: dict[str, str], message: str) -> None:
    with pytest.raises(TwinArgumentError, match=message):
        TwinOptions.from_query(query)
    url = "sim://?" + "&".join(f"{name}={value}" for name, value in query.items())
    with pytest.raises(EndpointError, match=message):
        hxtwin.connect(url)


@pytest.mark.parametrize("values", [{"noise": 1}, {"strict": None}, {"chip": True}, {"chip": "7"}, {"step_ns": 50.0}])
def test_values_of_other_types_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(TwinArgumentError, match=next(iter(values))):
        TwinOptions(**values)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sim://?chip=7&chip=8", "an option is given twice"),
        ("sim://?target=moon", "target 'moon' is unknown; known: twin, hardware"),
    ],
)
def test_a_wrong_endpoint_option_is_told_what_is_allowed(url: str, message: str) -> None:
    with pytest.raises(EndpointError, match=message):
        hxtwin.connect(url)


def test_a_connection_names_options_constants_and_version() -> None:
    with hxtwin.connect("sim://?chip=7&step_ns=50&noise=0&settle=instant") as connection:
        entries = connection.info.bitfile.entries
        assert connection.info.identifier == entries["identifier"] == "hxcube100fpga0chip1007_1"
        assert connection.info.targets == {"twin"}
    assert entries["hxtwin"] == hxtwin.__version__
    assert entries["analog_constants"] == NOMINAL.content_hash()
    assert [entries[name] for name in ("chip", "noise", "step_ns", "settle", "strict")] == ["7", 0, 50, "instant", 0]


def test_a_connection_can_stand_for_hardware() -> None:
    with hxtwin.connect("sim://?chip=7&target=hardware") as connection:
        assert connection.info.targets == {"hardware"}


def test_information_is_what_a_host_accepts() -> None:
    options = TwinOptions(chip=2**64 - 1)
    found = BitfileInformation.from_text(Twin(options=options).information, supported_until=0)
    assert found.entries["chip"] == str(2**64 - 1)


def dna(options: TwinOptions) -> int:
    high, low = Client(Twin(options=options)).words(read(0x88000003), read(0x88000004))
    return high << 32 | low


def test_every_chip_has_a_device_number_of_its_own() -> None:
    refitted = attrs.evolve(NOMINAL, leak_per_code=2e-9)
    chips = [TwinOptions(chip=chip) for chip in (None, 0, 1, 2**64 - 1)] + [TwinOptions(constants=refitted)]
    numbers = [options.device_dna for options in chips]
    assert len(set(numbers)) == len(numbers)
    assert all(0 < number < 1 << 57 for number in numbers)
    assert dna(chips[2]) == numbers[2]


def test_the_device_number_does_not_depend_on_how_the_chip_is_computed() -> None:
    other = TwinOptions(chip=7, noise=False, noise_seed=1, step_ns=50, settle="instant", strict=True)
    assert other.device_dna == TwinOptions(chip=7).device_dna
    assert other.identifier == TwinOptions(chip=7).identifier


def test_identifiers_are_those_of_the_lab_and_one_for_each_chip() -> None:
    identifiers = [TwinOptions(chip=chip).identifier for chip in (None, 0, 1, 7)]
    assert identifiers == [
        "hxcube101fpga0chip1000_1",
        "hxcube100fpga0chip1000_1",
        "hxcube100fpga0chip1001_1",
        "hxcube100fpga0chip1007_1",
    ]


def test_a_noise_seed_changes_the_noise_and_not_the_chip() -> None:
    for chip in (None, 3):
        one, other = (TwinOptions(chip=chip, noise_seed=seed).personality() for seed in (0, 1))
        assert one.noise_key != other.noise_key
        assert np.array_equal(one.v_leak, other.v_leak)
    assert TwinOptions(chip=3).personality().noise_key != TwinOptions(chip=4).personality().noise_key


def test_the_personality_is_drawn_once() -> None:
    assert TwinOptions(chip=5, step_ns=50).personality() is TwinOptions(chip=5, step_ns=100).personality()

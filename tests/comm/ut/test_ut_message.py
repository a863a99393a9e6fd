"""Messages: fields, payload, checks, value semantics."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hxtwin.comm import ut
from hxtwin.comm.errors import CommError
from hxtwin.comm.ut.columns import columns

if TYPE_CHECKING:
    from hxtwin.comm.ut.fields import Slice

untyped: Any = ut
"""For calls that a type checker would refuse."""


def with_number(cls: type[ut.Message], part: Slice, number: object) -> ut.Message:
    """Message with one number of one field set, the others default."""
    field = next(field for field in cls.fields_declared if part in field.slices)
    if len(field.slices) == 1 and not isinstance(field.default, tuple):
        return cls(**{field.name: number})
    per_element = len(field.slices) // len(cls().fields[field.name])  # type: ignore[arg-type]  # packs have a length
    flat: list[object] = [0] * len(field.slices)
    flat[field.slices.index(part)] = number
    elements = flat if per_element == 1 else list(zip(flat[::2], flat[1::2], strict=True))
    return cls(**{field.name: elements})


def test_every_field_at_its_minimum_and_maximum_is_at_its_bits(message_class: type[ut.Message]) -> None:
    default = message_class().payload
    for part in message_class.slices:
        for number in (part.minimum, part.maximum):
            message = with_number(message_class, part, number)
            assert message.payload == default & ~part.mask | number << part.lsb
            assert part.extract(message.payload) == number
            assert message_class(**message.fields) == message_class.from_payload(message.payload) == message


def test_a_field_below_or_above_its_range_is_refused_by_name(message_class: type[ut.Message]) -> None:
    for part in message_class.slices:
        for number in (part.minimum - 1, part.maximum + 1):
            with pytest.raises(ut.UTEncodeError) as caught:
                with_number(message_class, part, number)
            assert f"{message_class.__name__}: {part.name} = {number} is out of range" in str(caught.value)
            assert f"{part.minimum}..{part.maximum}" in str(caught.value)


def test_every_payload_bit_belongs_to_one_field_or_is_dropped(message_class: type[ut.Message]) -> None:
    base = 3 << 40 if message_class is ut.JTAGData else 0
    for i in range(message_class.payload_bits):
        if message_class is ut.JTAGData and 42 <= i < 48:
            continue  # would put num_bits out of its range
        message = message_class.from_payload(base | 1 << i)
        owners = [part for part in message_class.slices if part.mask >> i & 1]
        assert len(owners) <= 1
        assert message.payload == base | (1 << i if owners else 0)


def test_bits_without_a_field_are_those_of_the_reference() -> None:
    unused = {
        message.__name__: ((1 << message.payload_bits) - 1) & ~message.payload_mask
        for message in (*ut.TO_FPGA, *ut.FROM_FPGA)
    }
    assert {name: bits for name, bits in unused.items() if bits} == {
        "JTAGData": 0x7F << 33 | 0x7F << 49,
        "MADCSamplePack1FromFPGA": 0xC000,
        "MADCSamplePack2FromFPGA": 0xC000 | 0xC000 << 24,
        "MADCSamplePack3FromFPGA": 0xC000 | 0xC000 << 24 | 0xC000 << 48,
    }


def test_payload_out_of_range_is_refused(message_class: type[ut.Message]) -> None:
    for payload in (-1, 1 << message_class.payload_bits):
        with pytest.raises(ut.UTEncodeError, match=f"{message_class.__name__}: payload .* is out of range"):
            message_class.from_payload(payload)


def test_default_payload_is_zero_but_for_num_bits_and_byte_enables(message_class: type[ut.Message]) -> None:
    expected = {"JTAGData": 33 << 40, "OmnibusAddress": 0xF << 32}
    assert message_class().payload == expected.get(message_class.__name__, 0)


def test_wire_form_is_header_zeros_payload(message_class: type[ut.Message]) -> None:
    message = message_class()
    assert message.wire >> (message.message_bits - 8) == message.code
    assert message.wire & ((1 << message.payload_bits) - 1) == message.payload
    assert message.wire.bit_length() <= message.message_bits - 1


def test_repr_is_the_constructor(message_class: type[ut.Message]) -> None:
    message = message_class()
    names = {"MADCSample": ut.MADCSample, "Spike": ut.Spike, message_class.__name__: message_class}
    assert eval(repr(message), names) == message


def test_messages_are_values(message_class: type[ut.Message]) -> None:
    message = message_class()
    assert copy.deepcopy(message) == message
    assert hash(copy.copy(message)) == hash(message)
    with pytest.raises(AttributeError, match="immutable"):
        message._payload = 1
    with pytest.raises(AttributeError, match="immutable"):
        del message._payload


def test_messages_of_different_classes_differ() -> None:
    every = {cls() for cls in (*ut.TO_FPGA, *ut.FROM_FPGA)}
    assert len(every) == 29
    assert ut.TimerSetup() != ut.JTAGInit()
    assert ut.TimerSetup() != 0


def test_jtag_data_has_its_shifted_bits_under_the_name_of_the_reference_but_for_the_attribute() -> None:
    message = ut.JTAGData(payload=5, num_bits=4, keep_response=1)
    assert message.data == message.fields["payload"] == 5
    assert message.payload == 1 << 48 | 4 << 40 | 5
    assert (message.num_bits, message.keep_response) == (4, 1)


@pytest.mark.parametrize("num_bits", [0, 2, 34, 255])
def test_jtag_data_payload_with_num_bits_outside_3_to_33_is_refused(num_bits: int) -> None:
    with pytest.raises(ut.UTEncodeError, match=r"num_bits = \d+ is out of range, allowed are 3\.\.33"):
        ut.JTAGData.from_payload(num_bits << 40)


def test_received_timeout_notification_is_kept_even_beyond_the_limits_of_its_fields() -> None:
    message = ut.TimeoutNotification.from_payload(0x7F << 32 | 0x3F << 39 | 7)
    assert (message.trace_stall, message.omnibus_reads_in_flight, message.instruction) == (127, 63, 7)
    with pytest.raises(ut.UTEncodeError, match=r"trace_stall = 97 is out of range, allowed are 0\.\.96"):
        ut.TimeoutNotification(trace_stall=97)
    with pytest.raises(ut.UTEncodeError, match=r"omnibus_reads_in_flight = 53 is out of range, allowed are 0\.\.52"):
        ut.TimeoutNotification(omnibus_reads_in_flight=53)


@pytest.mark.parametrize("cls", [ut.Barrier, ut.HighspeedLinkNotification, ut.TimeoutNotification])
def test_messages_of_several_flags_take_their_payload_as_one_value(cls: type[Any]) -> None:
    whole = cls(value=0b10110)
    assert whole.value == whole.payload == 0b10110
    assert cls(**whole.fields) == whole
    with pytest.raises(ut.UTEncodeError, match="value is the whole payload, give no other field"):
        cls(1, value=1)
    with pytest.raises(ut.UTEncodeError, match="out of range"):
        cls(value=1 << cls.payload_bits)


def test_barrier_flags_are_at_the_bits_of_the_reference() -> None:
    flags = ["omnibus", "jtag", "systime", "multi_fpga", "systime_correction"]
    assert [ut.Barrier(**{flag: 1}).payload for flag in flags] == [1, 2, 4, 8, 16]
    assert ut.Barrier(omnibus=True, systime=True) == ut.Barrier(value=5)


def test_fields_may_be_given_in_order() -> None:
    assert ut.OmnibusAddress(0x8800000C, 0xF, 1) == ut.OmnibusAddress(address=0x8800000C, is_read=1)


@pytest.mark.parametrize("number", [True, np.uint64(1), np.int8(1), np.bool_(True)])
def test_booleans_and_numpy_integers_are_numbers(number: Any) -> None:
    assert ut.Loopback(number) == ut.Loopback(ut.TICK)


@pytest.mark.parametrize("number", [1.0, "1", None, [1], np.float64(1)])
def test_what_is_no_integer_is_refused(number: Any) -> None:
    with pytest.raises(ut.UTEncodeError, match=r"WaitUntil: value = .* is no integer"):
        ut.WaitUntil(number)


def test_pack_elements_may_be_pairs_or_mappings() -> None:
    spikes: Any = [{"spike": 1, "timestamp": 2}, [3, 4], ut.Spike(5, 6)]
    message = ut.SpikePack3FromFPGA(spikes=spikes)
    assert message.spikes == ((1, 2), (3, 4), (5, 6))
    assert message.spikes[1] == ut.Spike(spike=3, timestamp=4)
    assert message.payload == 0x02_0001_04_0003_06_0005


def test_first_label_of_a_pack_is_most_significant() -> None:
    assert ut.SpikePack3ToFPGA(spikes=[1, 2, 3]).payload == 0x0001_0002_0003


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: untyped.SpikePack2ToFPGA([1]), "spikes has 1 elements, a pack of 2 needs 2"),
        (lambda: untyped.SpikePack2ToFPGA("ab"), "no sequence of 2 elements"),
        (lambda: untyped.SpikePack2ToFPGA(5), "no sequence of 2 elements"),
        (lambda: untyped.SpikePack1FromFPGA([3]), r"spikes\[0\] = 3 is no Spike: give \(spike, timestamp\)"),
        (lambda: untyped.SpikePack1FromFPGA([{"spike": 3}]), r"is no Spike"),
        (lambda: untyped.MADCSamplePack1FromFPGA([(1, 2, 3)]), r"is no MADCSample"),
        (lambda: untyped.Loopback(halt=1), r"Loopback: field 'halt' does not exist, the fields are \['value'\]"),
        (lambda: untyped.Loopback(1, value=1), "'value' is given twice"),
        (lambda: untyped.Loopback(1, 2), "takes 1 fields"),
        (lambda: untyped.JTAGInit(1), "takes 0 fields"),
        (lambda: untyped.WaitUntil.from_payload(1.5), "payload = 1.5 is no integer"),
        (untyped.ToFPGA, "is no message"),
        (lambda: untyped.Message.from_payload(0), "is no message"),
    ],
)
def test_wrong_construction_says_what_is_wrong(call: Any, problem: str) -> None:
    with pytest.raises(ut.UTEncodeError, match=problem) as caught:
        call()
    assert isinstance(caught.value, CommError)
    assert isinstance(caught.value, ValueError)


def test_columns_are_the_fields_or_the_parts_of_pack_elements() -> None:
    assert list(columns(ut.JTAGData)) == ["payload", "num_bits", "keep_response"]
    assert list(columns(ut.SpikePack2ToFPGA)) == ["spikes"]
    assert list(columns(ut.SpikePack3FromFPGA)) == ["spike", "timestamp"]
    assert list(columns(ut.MADCSamplePack1FromFPGA)) == ["value", "timestamp"]

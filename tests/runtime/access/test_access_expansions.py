"""Every backend expands to the instructions of the reference, word for word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm import ut
from hxtwin.containers import Backend, types
from hxtwin.runtime import access
from hxtwin.runtime.access.expansion import BUSES
from hxtwin.runtime.errors import AccessRefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

deterministic = settings(derandomize=True, deadline=None, max_examples=25)

#: Backend: (addresses, bits of a word) of those word containers whose expansions the reference spells out.
RANGES = {
    Backend.POLLING_OMNIBUS_BLOCK: (1, 1),
    Backend.BARRIER: (1, 5),
    Backend.WAIT_UNTIL: (1, 32),
    Backend.SYSTIME_SYNC: (1, 1),
    Backend.SPIKE_PACK_1_TO_CHIP: (1, 16),
    Backend.SPIKE_PACK_2_TO_CHIP: (1, 16),
    Backend.SPIKE_PACK_3_TO_CHIP: (1, 16),
    Backend.OMNIBUS_CHIP_OVER_JTAG: (1 << 31, 32),
    Backend.OMNIBUS_CHIP: (1 << 32, 32),
    Backend.JTAG_CLOCK_SCALER: (1, 8),
    Backend.JTAG_ID_CODE: (1, 32),
    Backend.JTAG_PLL_REGISTER: (8, 32),
    Backend.JTAG_PHY_REGISTER: (8, 22),
    Backend.RESET_JTAG_TAP: (1, 0),
    Backend.RESET_CHIP: (1, 1),
    Backend.TIMER: (1, 0),
    Backend.SPI_SHIFT_REGISTER: (1, 24),
    Backend.SPI_DAC_DATA_REGISTER: (16, 12),
    Backend.SPI_DAC_CONTROL_REGISTER: (8, 13),
    Backend.NULL_PAYLOAD_READABLE: (1, 32),
}


def from_text(wire: Any, text: str, names: dict[str, Any]) -> list[int]:
    """Words on the wire of one step of an expansion of the reference, which is trusted text of this project."""

    def value(expression: str) -> Any:
        spelled = re.sub(r"bits (\d+)\.\.(\d+)", r"((value >> \2) & ((1 << (\1 - \2 + 1)) - 1))", expression)
        return eval(re.sub(r"\b2d\b", "2*d", spelled), {"__builtins__": {}}, names)

    if text.startswith("omnibus write"):
        address, data = text.removeprefix("omnibus write").split("<-")
        return wire.write(value(address), value(data))  # type: ignore[no-any-return]
    name, inner = text.removesuffix(")").split("(", 1)
    parts = [part.split("=", 1)[-1] for part in inner.split(",")] if inner else []
    numbers = [value(part) for part in parts]
    if name == "JTAGData":
        keep, bits, payload = numbers
        return [wire.data(payload, bits, keep)]
    if name == "OmnibusAddress":
        address, is_read, enables = numbers
        return [wire.write(address, 0, enables)[0] | is_read << 36]
    if name == "OmnibusData":
        return [wire.write(0, *numbers)[1]]
    if name.startswith("SpikePack"):
        return [wire.spikes(*numbers[0])]
    single = {
        "PollingOmnibusBlock": wire.polling_block, "Barrier": wire.barrier, "WaitUntil": wire.wait_until,
        "SystimeInit": wire.systime_init, "JTAGIns": wire.ins, "JTAGScaler": wire.jtag_scaler,
        "JTAGInit": wire.jtag_init, "Reset": wire.reset, "TimerSetup": wire.timer_setup, "Loopback": wire.loopback,
    }  # fmt: skip
    return [single[name](*numbers)]


def test_vectors_expand_word_for_word(
    wire: Any,
    vector_backend: Backend,
    operation: str,
    addresses: NDArray[np.uint32],
    words: NDArray[np.uint32],
    byte_enables: NDArray[np.uint8] | None,
    expected: list[int],
) -> None:
    if operation == "write":
        messages = access.write_messages(vector_backend, addresses, words, byte_enables)
    else:
        messages = access.read_messages(vector_backend, addresses)
    assert wire.of(messages) == expected


@given(data=st.data())
@deterministic
def test_writes_expand_as_the_reference_spells_out(
    wire: Any, declared_bus: dict[str, Any], backend: Backend, data: st.DataObject
) -> None:
    size, bits = RANGES[backend]
    labels_per_pack = int(backend[11]) if backend.startswith("spike_pack") else 1
    n = data.draw(st.integers(0, 4)) * labels_per_pack
    addresses = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=n, max_size=n)), dtype=np.uint32)
    words = np.array(data.draw(st.lists(st.integers(0, (1 << bits) - 1), min_size=n, max_size=n)), dtype=np.uint32)
    enables = None
    if backend is Backend.OMNIBUS_CHIP:
        enables = np.array(data.draw(st.lists(st.integers(0, 15), min_size=n, max_size=n)), dtype=np.uint8)
    if declared_bus["write"] is None:
        with pytest.raises(AccessRefusedError, match="read-only"):
            access.write_messages(backend, addresses, words)
        return
    expected = []
    for i in range(0, n, labels_per_pack):
        at, word = int(addresses[i]), int(words[i])
        inner = 8 if backend is Backend.SPI_DAC_DATA_REGISTER else 4
        names = {
            "address": at, "coordinate": at, "word": word, "value": word, "d": at // inner, "c": at % inner,
            "r": at % inner, "labels": words[i : i + labels_per_pack].tolist(),
            "byte_enables": 15 if enables is None else int(enables[i]),
        }  # fmt: skip
        for step in declared_bus["write"]:
            expected += from_text(wire, step, names)
    assert wire.of(access.write_messages(backend, addresses, words, enables)) == expected


@given(data=st.data())
@deterministic
def test_reads_expand_as_the_reference_spells_out(
    wire: Any, declared_bus: dict[str, Any], backend: Backend, data: st.DataObject
) -> None:
    addresses = np.array(data.draw(st.lists(st.integers(0, RANGES[backend][0] - 1), max_size=4)), dtype=np.uint32)
    if declared_bus["read"] is None:
        with pytest.raises(AccessRefusedError, match="write-only"):
            access.read_messages(backend, addresses)
        with pytest.raises(AccessRefusedError, match="write-only"):
            access.response_count(backend, addresses)
        return
    expected = [
        word
        for at in addresses.tolist()
        for step in declared_bus["read"]
        for word in from_text(wire, step, {"address": at})
    ]
    assert wire.of(access.read_messages(backend, addresses)) == expected
    assert access.response_count(backend, addresses) == declared_bus["response_count"] * len(addresses)
    assert access.response_message(backend).__name__ == declared_bus["response"].split("(")[0]


def test_the_omnibus_of_the_fpga_expands_as_that_of_the_chip() -> None:
    addresses, words = np.array([0x88000009, 5], dtype=np.uint32), np.array([1, 2], dtype=np.uint32)
    for enables in (None, np.array([1, 15], dtype=np.uint8)):
        fpga = access.write_messages(Backend.OMNIBUS_FPGA, addresses, words, enables)
        assert fpga == access.write_messages(Backend.OMNIBUS_CHIP, addresses, words, enables)
    assert access.read_messages(Backend.OMNIBUS_FPGA, addresses) == ut.omnibus_reads(addresses)


def test_every_backend_has_a_bus() -> None:
    assert set(BUSES) == set(Backend)


@pytest.mark.parametrize("name", sorted(name for name, cls in types().items() if cls.fixed_size))
def test_default_containers_travel_over_all_their_backends(name: str) -> None:
    cls = types()[name]
    at = cls.coordinate_type.from_plain(getattr(cls.coordinate_type, "min", 0))
    for backend in cls.backends if cls.is_writable() and cls.write_word_count() < 5000 else ():
        container = cls.from_fields({})
        messages = access.write_messages(
            backend, cls.write_addresses(at, backend), container.encode(at), container.byte_enables(at)
        )
        assert len(messages) > 0
    for backend in cls.read_backends if cls.is_readable() and cls.read_word_count() < 5000 else ():
        addresses = cls.read_addresses(at, backend)
        assert len(access.read_messages(backend, addresses)) >= access.response_count(backend, addresses) >= 1

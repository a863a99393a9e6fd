"""A client of the twin that speaks in UT messages, and the bring-up of the chip message by message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.chipsim.twin import Twin
from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

Messages = list[ut.ToFPGA]


def write(address: int, word: int, lanes: int = 0xF) -> Messages:
    return [ut.OmnibusAddress(address=address, byte_enables=lanes), ut.OmnibusData(word)]


def read(address: int) -> Messages:
    return [ut.OmnibusAddress(address=address, is_read=1)]


def jtag_write(address: int, word: int) -> Messages:
    return [
        ut.JTAGIns(5),
        ut.JTAGData(payload=address, num_bits=33),
        ut.JTAGIns(6),
        ut.JTAGData(payload=word, num_bits=32),
        ut.JTAGIns(7),
        ut.JTAGData(payload=0, num_bits=3),
    ]


def jtag_read(address: int) -> Messages:
    return [
        ut.JTAGIns(5),
        ut.JTAGData(payload=address | 1 << 32, num_bits=33),
        ut.JTAGIns(7),
        ut.JTAGData(payload=0, num_bits=3),
        ut.JTAGIns(6),
        ut.JTAGData(payload=0, num_bits=32, keep_response=1),
    ]


def pll_write(register: int, word: int) -> Messages:
    return [
        ut.JTAGIns(3),
        ut.JTAGData(payload=register, num_bits=4),
        ut.JTAGIns(4),
        ut.JTAGData(payload=word, num_bits=32),
    ]


def reset_pulse() -> Messages:
    return [
        ut.Reset(1),
        ut.TimerSetup(),
        ut.WaitUntil(10),
        ut.Reset(0),
        ut.TimerSetup(),
        ut.WaitUntil(100),
    ]


def phy_setup(fpga_mask: int = 0xFF, chip_mask: int = 0xFF) -> Messages:
    """Steps 29 to 52 of the bring-up (reference: runtime.md 9.1)."""
    messages: Messages = [ut.JTAGScaler(6), ut.JTAGInit()]
    for register, word in enumerate((0x2A20A902, 0xC0CBF200, 0x2A20A902, 0xC0CBF200, 0x110D0101)):
        messages += pll_write(register, word)
    for phy in range(8):
        messages += write(0x88006000 + phy, 0x00204040)
    for phy in range(8):
        messages += [ut.JTAGIns(0x44 | (7 - phy) << 3), ut.JTAGData(payload=0x204000, num_bits=22)]
    messages += [ut.WaitUntil(12500), *write(0x88004000, fpga_mask)]
    return messages + jtag_write(0x00040000, chip_mask)


def bring_up(*, systime: bool = True) -> Messages:
    """Chip reset to the first use of the link; the analog part of the sequence is left out."""
    messages = [*reset_pulse(), *phy_setup(), *write(0x0, 0), *write(0x1, 0), ut.Barrier(omnibus=1)]
    if systime:
        messages += [ut.SystimeInit(1), ut.Barrier(systime=1)]
    return [*messages, *write(0x88000005, 1), ut.Barrier(omnibus=1)]


class Client:
    """Runs programs on a twin and sorts what comes back."""

    def __init__(self, twin: Twin | None = None) -> None:
        self.twin = Twin() if twin is None else twin
        self.decoder = ut.Decoder("from_fpga")

    def run(self, *parts: Iterable[ut.ToFPGA] | ut.ToFPGA) -> list[ut.Message]:
        """Messages that answer a program; the halt is added, and taken off again."""
        messages: list[ut.Message] = []
        for part in parts:
            messages.extend([part] if isinstance(part, ut.ToFPGA) else part)
        answers = self.decode(self.twin.feed(ut.encode([*messages, ut.Loopback(ut.HALT)], "to_fpga")))
        assert answers[-1] == ut.LoopbackResponse(ut.HALT)
        return answers[:-1]

    def decode(self, words: NDArray[np.uint64]) -> list[ut.Message]:
        return list(self.decoder.feed(words))

    def words(self, *parts: Iterable[ut.ToFPGA] | ut.ToFPGA) -> list[int]:
        """Words of the omnibus answers of a program."""
        return [m.payload for m in self.run(*parts) if isinstance(m, ut.OmnibusResponse)]

    def jtag(self, *parts: Iterable[ut.ToFPGA] | ut.ToFPGA) -> list[int]:
        """Words of the JTAG answers of a program."""
        return [m.payload for m in self.run(*parts) if isinstance(m, ut.JTAGResponse)]

    def read(self, address: int) -> int:
        (word,) = self.words(read(address), ut.Barrier(omnibus=1))
        return word

    def responses(self, messages: ut.MessageArray) -> ut.Responses:
        """Arrays of what answers many messages, with times; the halt is added."""
        halt = ut.MessageArray.from_messages([ut.Loopback(ut.HALT)], "to_fpga")
        return ut.decode_responses(self.twin.feed(ut.encode_array(ut.MessageArray.concatenate([messages, halt]))))


def stamped(messages: Sequence[ut.Message]) -> list[tuple[int, ut.Message]]:
    """Messages with their FPGA time; timing messages left out."""
    if not messages:
        return []
    array = ut.MessageArray.from_messages(messages, "from_fpga")
    return [
        (int(time), message)
        for time, message in zip(ut.fpga_times(array).tolist(), messages, strict=True)
        if not isinstance(message, ut.Systime | ut.Sysdelta)
    ]

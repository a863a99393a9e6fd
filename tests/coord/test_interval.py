"""Memory blocks: closed intervals of words or bytes."""

from __future__ import annotations

from typing import Any

import pytest

from hxtwin import coord
from hxtwin.coord import CoordinateError, CoordinateTypeError, Interval

Word = coord.PPUMemoryWordOnPPU
Block = coord.PPUMemoryBlockOnPPU


def test_length_items_and_membership() -> None:
    block = Block(Word(17), Word(20))
    assert len(block) == 4
    assert [block[i] for i in range(4)] == list(block) == [Word(17), Word(18), Word(19), Word(20)]
    assert (block.to_min(), block.to_max()) == (Word(17), Word(20))
    assert block.to_ppu_memory_block_size() == coord.PPUMemoryBlockSize(4)
    assert Word(17) in block
    assert Word(20) in block
    assert Word(16) not in block
    assert Word(21) not in block


@pytest.mark.parametrize("position", [-1, 4, 2**70])
def test_items_beyond_the_length_do_not_exist(position: int) -> None:
    with pytest.raises(IndexError, match="has 4 items"):
        Block(Word(17), Word(20))[position]


def test_membership_asks_for_the_bound_type() -> None:
    for stranger in (17, coord.PPUMemoryWordOnDLS(17), "17", None):
        with pytest.raises(CoordinateTypeError, match="PPUMemoryWordOnPPU"):
            stranger in Block(Word(17), Word(20))  # noqa: B015  # the question itself is refused


def test_text() -> None:
    assert str(Block(min=17, max=20)) == "PPUMemoryBlockOnPPU([PPUMemoryWordOnPPU(17), PPUMemoryWordOnPPU(20)])"
    placed = coord.PPUMemoryBlockOnDLS(Block(min=17, max=20), coord.PPUOnDLS.bottom)
    assert str(placed) == f"PPUMemoryBlockOnDLS({Block(min=17, max=20)}, PPUOnDLS(1))"


def test_mailbox() -> None:
    assert Block.mailbox == Block(min=3072, max=4095)
    assert len(Block.mailbox) == 1024
    assert Block.mailbox.to_max() == Word(Word.max)


def test_min_may_not_exceed_max() -> None:
    with pytest.raises(CoordinateError, match="min 4 is larger than max 3"):
        Block(Word(4), Word(3))


@pytest.mark.parametrize("kind", [Block, coord.ExternalPPUMemoryBlockOnFPGA, coord.ExternalPPUDRAMMemoryBlockOnFPGA])
def test_all_intervals_are_listed_in_lexicographic_order(kind: type[Interval[Any]]) -> None:
    every = kind.all()
    values = kind()._bound().size
    assert len(every) == values * (values + 1) // 2
    assert kind.size == values**2
    ends = [every[i].to_plain() for i in (0, 1, values - 1, values, 2 * values - 2, 2 * values - 1, -2, -1)]
    last = values - 1
    assert ends == [[0, 0], [0, 1], [0, last], [1, 1], [1, last], [2, 2], [last - 1, last], [last, last]]
    for position in (0, 1, values, len(every) // 3, len(every) - 1):
        assert int(every[position]) == position
    for beyond in (-1, len(every)):
        with pytest.raises(CoordinateError, match=kind.__name__):
            kind(beyond)


def test_index_agrees_with_the_reference_for_blocks_from_the_first_word_on() -> None:
    assert int(Block(min=0, max=3000)) == 3000
    assert Block(coord.Enum(3000)) == Block(min=0, max=3000)


def test_lengths_of_the_other_memories() -> None:
    sram = coord.ExternalPPUMemoryBlockOnFPGA(min=0, max=131071)
    assert sram.to_external_ppu_memory_block_size() == coord.ExternalPPUMemoryBlockSize(131072)
    dram = coord.ExternalPPUDRAMMemoryBlockOnFPGA(min=268435455, max=268435455)
    assert int(dram.to_external_ppudram_memory_block_size()) == 1


def test_block_on_a_processor() -> None:
    block = Block(min=17, max=20)
    placed = coord.PPUMemoryBlockOnDLS(block, coord.PPUOnDLS.bottom)
    assert placed.to_ppu_memory_block_on_ppu() == block
    assert placed.to_ppu_on_dls() == coord.PPUOnDLS.bottom
    assert placed.to_ppu_memory_block_size() == coord.PPUMemoryBlockSize(4)
    assert len(placed) == 4
    assert coord.PPUMemoryBlockOnDLS(ppu_memory_block_on_ppu=block, ppu_on_dls=1) == placed
    assert coord.PPUMemoryBlockOnDLS(block) == coord.PPUMemoryBlockOnDLS(block, coord.PPUOnDLS.top) < placed
    assert coord.PPUMemoryBlockOnDLS() == coord.PPUMemoryBlockOnDLS(0)


def test_all_blocks_on_both_processors() -> None:
    every = coord.PPUMemoryBlockOnDLS.all()
    half = len(Block.all())
    assert len(every) == 2 * half
    assert every[0] == coord.PPUMemoryBlockOnDLS()
    assert every[half] == coord.PPUMemoryBlockOnDLS(Block(), coord.PPUOnDLS.bottom)
    assert every[-1].to_plain() == [[4095, 4095], 1]
    for unused in (half, coord.PPUMemoryBlockOnDLS.max, -1, coord.PPUMemoryBlockOnDLS.size):
        with pytest.raises(CoordinateError, match="has no index"):
            coord.PPUMemoryBlockOnDLS(unused)

"""Every word of an access belongs to the container that lives at its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import coord
from hxtwin.containers import (
    CADCSampleRow,
    Chip,
    Container,
    ExternalPPUMemoryBlock,
    LogicalNeuron,
    PPUMemoryBlock,
    SynapseDriverConfig,
    SynapseMatrix,
    SynapseRow,
)
from hxtwin.runtime.word_owner import owner

if TYPE_CHECKING:
    from hxtwin.coord import Coordinate


@pytest.mark.parametrize(
    ("container", "at", "read"),
    [
        (Chip, coord.ChipOnDLS(), False),
        (SynapseMatrix, coord.SynramOnDLS.bottom, False),
        (SynapseRow, coord.SynapseRowOnDLS(300), True),
        (SynapseDriverConfig, coord.SynapseDriverOnDLS(200), False),
        (CADCSampleRow, coord.CADCSampleRowOnDLS(7), True),
        (PPUMemoryBlock, coord.PPUMemoryBlockOnDLS.from_plain([[100, 200], 1]), False),
        (ExternalPPUMemoryBlock, coord.ExternalPPUMemoryBlockOnFPGA.from_plain([5, 90]), True),
        (LogicalNeuron, coord.LogicalNeuronOnDLS.from_plain([[0, [17, 18]]]), False),
    ],
)
def test_owners_have_the_address_as_their_own(container: type[Container], at: Coordinate, *, read: bool) -> None:
    addresses = container.read_addresses(at) if read else container.write_addresses(at)
    step = max(1, len(addresses) // 200)
    for address in addresses[::step].tolist():
        found = owner(container, at, address, read=read)
        assert found is not None
        own = found.container.read_addresses if read else found.container.write_addresses
        assert int(own(found.coordinate)[found.word]) == address
        assert found.words == len(own(found.coordinate))


def test_other_addresses_have_no_owner() -> None:
    inside = set(SynapseMatrix.write_addresses(coord.SynramOnDLS.top).tolist())
    for address in (0, 0xFFFFFFFF, int(SynapseMatrix.write_addresses(coord.SynramOnDLS.bottom)[0])):
        assert address not in inside
        assert owner(SynapseMatrix, coord.SynramOnDLS.top, address, read=False) is None


def test_all_words_of_a_chip_have_different_owners() -> None:
    addresses = Chip.write_addresses(coord.ChipOnDLS())
    rng = np.random.default_rng(1)
    owners = [
        owner(Chip, coord.ChipOnDLS(), int(address), read=False) for address in rng.choice(addresses, 2000, False)
    ]
    assert len({(found.container, found.coordinate, found.word) for found in owners if found is not None}) == 2000

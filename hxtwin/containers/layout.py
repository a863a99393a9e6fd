"""Where a container lives and what it is made of: the declaration beside its fields.

A *leaf* declares addresses and words; its fields declare bits. A *tree* declares which other containers it expands
to, in
the order of the bus accesses::

    layout = tree(
        coordinate=SynapseBlockOnDLS,
        components={"hemisphere": SynapseBlockOnDLS},
        children=(
            child(SynapseMatrix, at={"synram": hemisphere}, of="matrix"),
            for_each(side, child(CapMemCell, at={...}, fields={"value": "i_bias_dac"}), count=2),
        ),
    )
"""

from __future__ import annotations

import functools
import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.containers.expression import Expression, Operand, Variable, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hxtwin.containers.container import Container
    from hxtwin.coord import Coordinate, Indexed


class Backend(StrEnum):
    """Ways on which a container may travel: a bus, or a message type of the instruction stream."""

    OMNIBUS_CHIP = "omnibus_chip"
    OMNIBUS_CHIP_OVER_JTAG = "omnibus_chip_over_jtag"
    OMNIBUS_FPGA = "omnibus_fpga"
    JTAG_PLL_REGISTER = "jtag_pll_register"
    JTAG_PHY_REGISTER = "jtag_phy_register"
    JTAG_CLOCK_SCALER = "jtag_clock_scaler"
    JTAG_ID_CODE = "jtag_id_code"
    RESET_JTAG_TAP = "reset_jtag_tap"
    RESET_CHIP = "reset_chip"
    SYSTIME_SYNC = "systime_sync"
    TIMER = "timer"
    WAIT_UNTIL = "wait_until"
    BARRIER = "barrier"
    POLLING_OMNIBUS_BLOCK = "polling_omnibus_block"
    NULL_PAYLOAD_READABLE = "null_payload_readable"
    SPIKE_PACK_1_TO_CHIP = "spike_pack_1_to_chip"
    SPIKE_PACK_2_TO_CHIP = "spike_pack_2_to_chip"
    SPIKE_PACK_3_TO_CHIP = "spike_pack_3_to_chip"
    SPI_SHIFT_REGISTER = "spi_shift_register"
    SPI_DAC_DATA_REGISTER = "spi_dac_data_register"
    SPI_DAC_CONTROL_REGISTER = "spi_dac_control_register"
    I2C_TEMP_REGISTER = "i2c_temp_register"
    I2C_INA219_RO_REGISTER = "i2c_ina219_ro_register"
    I2C_INA219_RW_REGISTER = "i2c_ina219_rw_register"
    I2C_TCA9554_RO_REGISTER = "i2c_tca9554_ro_register"
    I2C_TCA9554_RW_REGISTER = "i2c_tca9554_rw_register"
    I2C_AD5252_RW_REGISTER = "i2c_ad5252_rw_register"
    I2C_DAC6573_RW_REGISTER = "i2c_dac6573_rw_register"
    I2C_TCA9546_REGISTER = "i2c_tca9546_register"


#: The two ways to a register of the chip; the first is the default.
CHIP = (Backend.OMNIBUS_CHIP, Backend.OMNIBUS_CHIP_OVER_JTAG)
#: The PLL registers: the write-only JTAG registers first, the omnibus for reading.
PLL = (Backend.JTAG_PLL_REGISTER, Backend.OMNIBUS_CHIP_OVER_JTAG)
#: Registers and memories of the FPGA.
FPGA = (Backend.OMNIBUS_FPGA,)


class Target(StrEnum):
    """What a program runs on; some containers cannot be read on some of them."""

    HARDWARE = "hardware"
    SIMULATION = "simulation"


@attrs.frozen(eq=False)
class Constant:
    """Bits that always have one value; another value on decode is an error."""

    word: int
    lsb: int
    width: int
    value: int


@attrs.frozen(eq=False)
class Lookup:
    """A child field that is a function of a parent field: ``table[parent value]``.

    On decode all look-ups of one parent field are inverted together: the first value whose table entries agree with
    what was
    read, else `otherwise`.
    """

    path: str
    table: tuple[int, ...]
    otherwise: int = 0


@attrs.frozen(eq=False)
class Take:
    """A child column that consists of elements of a parent column.

    `positions` are flat positions in the parent column, shaped like the child column: loops first, then its own axes.
    """

    path: str
    positions: npt.NDArray[np.int64]


Source = str | Lookup | Take


@attrs.frozen(eq=False)
class Child:
    """A container inside another one.

    Attributes:
        container: class of the child.
        at: components of the child's coordinate, as expressions of the parent's components and loop variables.
        fields: child field -> parent field. A parent column must have the loop axes in front of the child's axes.
        of: path of the nested record(s) that *are* the child, instead of `fields`.
    """

    container: type[Container]
    at: Mapping[str, Expression]
    fields: Mapping[str, Source]
    of: str | None


@attrs.frozen(eq=False)
class Group:
    """Children visited for every value of the loop variables, last variable fastest; no variables: once."""

    loops: tuple[tuple[Variable, range], ...]
    children: tuple[Child, ...]

    @functools.cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of values of each loop variable."""
        return tuple(len(values) for _, values in self.loops)

    @functools.cached_property
    def repeats(self) -> int:
        """How often the children are visited."""
        return math.prod(self.counts)


@attrs.frozen(eq=False)
class Layout:
    """Place and composition of a container; see `leaf` and `tree`.

    Attributes:
        coordinate: coordinate type at which the container lives.
        components: names and types of the coordinate's components, most significant first in its linear index.
        write, read: address of word ``w``; None where the access does not exist.
        other_addresses: address of word ``w`` on backends with an address space of their own.
        words: number of words of a leaf.
        backends: ways to travel; the first is the default.
        read_backends: the subset that can read, where it is smaller.
        differential: a write may leave out what did not change.
        refuses_reads_on: targets on which reads are refused by the host.
        byte_enables: mask of the byte lanes of a write: an expression, or the name of a ``bool[4]`` field (entry e
            enables
            lane 3 - e); None = all lanes.
        constants: bits with a fixed value.
        gray_coded: the words are stored Gray coded (reference: containers-a.md 2.4).
        writes_zero: a write always sends 0, whatever the fields are.
        payload_free: the access carries no payload.
        children: composition of a tree, in the order of accesses; empty for leaves.
        notes: what a user should know beyond the fields.
    """

    coordinate: type[Coordinate]
    components: Mapping[str, type[Indexed]]
    write: Expression | None
    read: Expression | None
    other_addresses: Mapping[Backend, Expression]
    words: int
    backends: tuple[Backend, ...]
    read_backends: tuple[Backend, ...]
    differential: bool
    refuses_reads_on: tuple[Target, ...]
    byte_enables: Expression | str | None
    constants: tuple[Constant, ...]
    gray_coded: bool
    writes_zero: bool
    payload_free: bool
    children: tuple[Group, ...]
    notes: str

    @property
    def default_backend(self) -> Backend:
        """The way a container travels unless the user chooses another."""
        return self.backends[0]

    def address(self, backend: Backend | None, *, read: bool) -> Expression | None:
        """Address of word ``w`` of a leaf, None if it has no such access; without `backend` that of the default."""
        ways = self.read_backends if read else self.backends
        usual = self.read if read else self.write
        # part of a tree may travel on another bus than the tree, as the memory on the FPGA does in a chip
        way = backend if backend in ways else ways[0] if ways else None
        return usual if usual is None or way is None else self.other_addresses.get(way, usual)


def leaf(
    *,
    coordinate: type[Coordinate],
    words: int = 1,
    address: Operand | None = None,
    write: Operand | None = None,
    read: Operand | None = None,
    other_addresses: Mapping[Backend, Operand] | None = None,
    components: Mapping[str, type[Indexed]] | None = None,
    backends: tuple[Backend, ...] = CHIP,
    read_backends: tuple[Backend, ...] | None = None,
    differential: bool = False,
    refuses_reads_on: tuple[Target, ...] = (),
    byte_enables: Expression | str | None = None,
    constants: tuple[Constant, ...] = (),
    gray_coded: bool = False,
    writes_zero: bool = False,
    payload_free: bool = False,
    notes: str = "",
) -> Layout:
    """Layout of a container with words of its own.

    Args:
        coordinate: where it lives.
        words: number of words.
        address: address of word ``w`` for reads and writes; `write` / `read` instead where only one of them exists
            or they
            differ.
        other_addresses: addresses on backends that number the words differently.
        components: names and types of the coordinate's components; by default none for unique coordinates.
        backends, read_backends, differential, refuses_reads_on, byte_enables, constants, gray_coded, writes_zero,
            payload_free, notes: see `Layout`.
    """
    written = write if write is not None else address
    readable = read if read is not None else address
    return Layout(
        coordinate=coordinate,
        components=components or {},
        write=None if written is None else wrap(written),
        read=None if readable is None else wrap(readable),
        other_addresses={backend: wrap(operand) for backend, operand in (other_addresses or {}).items()},
        words=words,
        backends=backends,
        read_backends=backends if read_backends is None else read_backends,
        differential=differential,
        refuses_reads_on=refuses_reads_on,
        byte_enables=byte_enables,
        constants=constants,
        gray_coded=gray_coded,
        writes_zero=writes_zero,
        payload_free=payload_free,
        children=(),
        notes=notes,
    )


def tree(
    *,
    coordinate: type[Coordinate],
    children: tuple[Child | Group, ...],
    components: Mapping[str, type[Indexed]] | None = None,
    backends: tuple[Backend, ...] = CHIP,
    differential: bool = False,
    refuses_reads_on: tuple[Target, ...] = (),
    notes: str = "",
) -> Layout:
    """Layout of a container that expands to others, in the order of `children`."""
    return Layout(
        coordinate=coordinate,
        components=components or {},
        write=None,
        read=None,
        other_addresses={},
        words=0,
        backends=backends,
        read_backends=backends,
        differential=differential,
        refuses_reads_on=refuses_reads_on,
        byte_enables=None,
        constants=(),
        gray_coded=False,
        writes_zero=False,
        payload_free=False,
        children=tuple(item if isinstance(item, Group) else Group((), (item,)) for item in children),
        notes=notes,
    )


def child(
    container: type[Container],
    *,
    at: Mapping[str, Operand] | None = None,
    fields: Mapping[str, Source] | None = None,
    of: str | None = None,
) -> Child:
    """A child: where it lives (`at`) and which fields of the parent it takes (`fields`, or all those `of` a part)."""
    places = {name: wrap(expression) for name, expression in (at or {}).items()}
    return Child(container, places, fields or {}, of)


def for_each(loops: Mapping[Variable, int | range], *children: Child) -> Group:
    """Children repeated for every value of the loop variables (a count n means 0..n-1), last variable fastest."""
    counted = tuple((name, values if isinstance(values, range) else range(values)) for name, values in loops.items())
    return Group(counted, children)


def take(path: str, positions: Any) -> Take:
    """Elements of a parent field by flat position; shape of `positions`: loop axes, then axes of the child field."""
    return Take(path, np.asarray(positions, dtype=np.int64))


def same(*names: str, prefix: str = "") -> dict[str, Source]:
    """Child fields that have the same names in the parent (below `prefix`)."""
    return {name: f"{prefix}{name}" for name in names}

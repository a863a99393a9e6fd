"""Fields of a UT payload: what a message declares, and the bit slices derived from it.

=================  ==============================================  ==========================
declaration        field                                           value
=================  ==============================================  ==========================
`bits`             one number at fixed bits                        int
`spike_labels`     N spike labels of 16 bits                       tuple of N int
`timed_spikes`     N spikes with timestamp, 24 bits each           tuple of N `Spike`
`madc_samples`     N MADC samples with timestamp, 24 bits each     tuple of N `MADCSample`
`whole`            the payload as one number, instead of the rest  int
=================  ==============================================  ==========================

Element i of N sits at bits ``width * (N - 1 - i)``: element 0 is the most significant one.
Reference: fpga-instructions.md 1.3 and 1.4, fpga-instructions.json.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, SupportsIndex, cast, overload

from hxtwin.comm.errors import UTEncodeError

if TYPE_CHECKING:
    from typing import Self

LABEL_BITS: Final = 16
"""Width of a spike label."""
SAMPLE_BITS: Final = 14
"""Used bits of the value of an MADC sample; bits 14 and 15 of its element are ignored."""
TIMESTAMP_LSB: Final = 16
"""Position of the timestamp within an element from the FPGA."""
TIMESTAMP_BITS: Final = 8
"""Width of a timestamp, in chip clock cycles of 4 ns."""
ELEMENT_BITS: Final = TIMESTAMP_LSB + TIMESTAMP_BITS
"""Width of an element from the FPGA."""


class Spike(NamedTuple):
    """A spike from the chip: label ``spike`` (0 .. 0xffff) and ``timestamp`` (0 .. 255, 4 ns steps)."""

    spike: int
    timestamp: int


class MADCSample(NamedTuple):
    """A sample of the MADC: ``value`` (14 bits: 0..9 sample, 10 channel) and ``timestamp`` (0 .. 255, 4 ns steps)."""

    value: int
    timestamp: int


class Slice(NamedTuple):
    """A number at ``width`` bits of a payload from bit ``lsb`` on.

    ``minimum`` and ``maximum`` bound what a message is built with; if ``strict``, also what is received.
    """

    name: str
    lsb: int
    width: int
    minimum: int
    maximum: int
    strict: bool = False

    @property
    def mask(self) -> int:
        """The bits of the slice within the payload."""
        return ((1 << self.width) - 1) << self.lsb

    def extract(self, payload: int) -> int:
        """The number in a payload."""
        return (payload >> self.lsb) & ((1 << self.width) - 1)

    def insert(self, message: str, value: object) -> int:
        """Payload with the given number and zeros elsewhere.

        Raises:
            UTEncodeError: ``value`` is no integer or out of range.
        """
        number = as_integer(message, self.name, value)
        self.check(message, number)
        return number << self.lsb

    def check(self, message: str, number: int) -> None:
        """Raises UTEncodeError if ``number`` is out of range."""
        if not self.minimum <= number <= self.maximum:
            raise UTEncodeError(
                f"{message}: {self.name} = {number} is out of range, "
                f"allowed are {self.minimum}..{self.maximum} ({self.width} bits)"
            )


class HasPayload(Protocol):
    """What a field reads from."""

    @property
    def payload(self) -> int:
        """The whole payload."""
        ...


class Field(ABC):
    """A declared field of a message; as an attribute of a message it reads its value from the payload.

    Attributes:
        attribute: name of the attribute.
        name: name in the reference and keyword of the constructor; differs from ``attribute`` in `JTAGData` alone.
        default: value if none is given.
        doc: meaning, in one line.
        slices: bit slices, the first element first.
    """

    def __init__(self, default: object, doc: str, alias: str = "") -> None:
        self.attribute = ""
        self.name = alias
        self.default = default
        self.doc = doc
        self.slices: tuple[Slice, ...] = ()

    def __set_name__(self, owner: type[object], name: str) -> None:
        self.attribute = name
        self.name = self.name or name
        self.slices = self.lay_out()

    @overload
    def __get__(self, message: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, message: HasPayload, owner: type[object]) -> object: ...
    def __get__(self, message: HasPayload | None, owner: type[object]) -> object:
        return self if message is None else self.extract(message.payload)

    @abstractmethod
    def lay_out(self) -> tuple[Slice, ...]:
        """Bit slices of the field; called once, when its name is known."""

    @abstractmethod
    def extract(self, payload: int) -> object:
        """Value of the field in a payload."""

    @abstractmethod
    def insert(self, message: str, value: object) -> int:
        """Payload bits of a value; ``message`` names the message in errors."""

    def describe(self) -> str:
        """Name and bits of the field, its range where it is narrower than its bits, its default where it is not 0."""
        return f"{self.name} {', '.join(_describe(part) for part in self.slices)}"


class Bits(Field):
    """One number at fixed bits."""

    def __init__(self, bounds: Slice, default: int, doc: str) -> None:
        super().__init__(default, doc, alias=bounds.name)
        self._bounds = bounds

    def lay_out(self) -> tuple[Slice, ...]:
        """One slice."""
        return (self._bounds._replace(name=self.name),)

    def extract(self, payload: int) -> int:
        """The number."""
        return self.slices[0].extract(payload)

    def insert(self, message: str, value: object) -> int:
        """The number at its place."""
        return self.slices[0].insert(message, value)

    def describe(self) -> str:
        """See `Field.describe`."""
        return super().describe() + (f" = {self.default}" if self.default else "")


class Labels(Field):
    """N plain numbers of equal width, element 0 most significant."""

    def __init__(self, default: Sequence[int], width: int, doc: str) -> None:
        super().__init__(tuple(default), doc)
        self.count = len(default)
        self.width = width

    def lay_out(self) -> tuple[Slice, ...]:
        """One slice for each element."""
        n, width = self.count, self.width
        return tuple(Slice(f"{self.name}[{i}]", width * (n - 1 - i), width, 0, (1 << width) - 1) for i in range(n))

    def extract(self, payload: int) -> tuple[int, ...]:
        """The numbers, element 0 first."""
        return tuple(part.extract(payload) for part in self.slices)

    def insert(self, message: str, value: object) -> int:
        """The numbers at their places."""
        elements = _elements(message, self.name, value, self.count)
        return sum(part.insert(message, element) for part, element in zip(self.slices, elements, strict=True))


class Elements(Field):
    """N pairs of a number and its timestamp, element 0 most significant."""

    def __init__(self, element: type[Spike | MADCSample], default: Sequence[object], width: int, doc: str) -> None:
        super().__init__(tuple(default), doc)
        self.element = element
        self.count = len(default)
        self.widths = (width, TIMESTAMP_BITS)

    def lay_out(self) -> tuple[Slice, ...]:
        """Two slices for each element: the number, its timestamp."""
        parts = []
        for i in range(self.count):
            base = ELEMENT_BITS * (self.count - 1 - i)
            for part, lsb, width in zip(self.element._fields, (0, TIMESTAMP_LSB), self.widths, strict=True):
                parts.append(Slice(f"{self.name}[{i}].{part}", base + lsb, width, 0, (1 << width) - 1))
        return tuple(parts)

    def extract(self, payload: int) -> tuple[Spike | MADCSample, ...]:
        """The elements, element 0 first."""
        pairs = zip(self.slices[::2], self.slices[1::2], strict=True)
        return tuple(self.element(number.extract(payload), time.extract(payload)) for number, time in pairs)

    def insert(self, message: str, value: object) -> int:
        """The elements at their places; each is of the element type, a pair, or a mapping with its names."""
        payload = 0
        for i, element in enumerate(_elements(message, self.name, value, self.count)):
            number, time = self._pair(message, i, element)
            payload |= self.slices[2 * i].insert(message, number) | self.slices[2 * i + 1].insert(message, time)
        return payload

    def _pair(self, message: str, i: int, element: object) -> tuple[object, object]:
        names = self.element._fields
        if isinstance(element, Mapping) and set(element) == set(names):
            return element[names[0]], element[names[1]]
        if isinstance(element, tuple | list) and len(element) == len(names):
            return element[0], element[1]
        raise UTEncodeError(
            f"{message}: {self.name}[{i}] = {element!r} is no {self.element.__name__}: "
            f"give ({', '.join(names)}) or a mapping with these names"
        )


class Whole(Field):
    """The payload as one number."""

    def lay_out(self) -> tuple[Slice, ...]:
        """No slice of its own."""
        return ()

    def extract(self, payload: int) -> int:
        """The payload."""
        return payload

    def insert(self, message: str, value: object) -> int:
        """The payload."""
        return as_integer(message, self.name, value)


def bits(
    lsb: int,
    width: int,
    *,
    doc: str,
    default: int,
    minimum: int = 0,
    maximum: int | None = None,
    strict: bool = False,
    alias: str = "",
) -> int:
    """Declares one number at bits ``lsb .. lsb + width - 1``.

    Args:
        lsb: lowest bit.
        width: number of bits.
        doc: meaning, in one line.
        default: value if none is given.
        minimum: smallest allowed value.
        maximum: largest allowed value; None: what fits.
        strict: a received message with a value out of range is an error (else the range holds for construction only).
        alias: name in the reference if the attribute has another one.
    """
    top = (1 << width) - 1 if maximum is None else maximum
    return cast("int", Bits(Slice(alias, lsb, width, minimum, top, strict), default, doc))


def spike_labels(*, default: Sequence[int]) -> Sequence[int]:
    """Declares as many spike labels of 16 bits as ``default`` has."""
    return cast("Sequence[int]", Labels(default, LABEL_BITS, "labels, the first one is injected first"))


def timed_spikes(*, default: Sequence[Spike]) -> Sequence[Spike]:
    """Declares as many spikes with timestamp as ``default`` has."""
    return cast("Sequence[Spike]", Elements(Spike, default, LABEL_BITS, "spikes, the first one was sent first"))


def madc_samples(*, default: Sequence[MADCSample]) -> Sequence[MADCSample]:
    """Declares as many MADC samples with timestamp as ``default`` has."""
    doc = "samples, the first one was sent first"
    return cast("Sequence[MADCSample]", Elements(MADCSample, default, SAMPLE_BITS, doc))


def whole(*, default: int) -> int:
    """Declares the payload as one number, given instead of the named fields."""
    return cast("int", Whole(default, "the payload as one number"))


def as_integer(message: str, name: str, value: object) -> int:
    """Returns ``value`` as a Python int; booleans count as 0 and 1.

    Raises:
        UTEncodeError: ``value`` is no integer.
    """
    if isinstance(value, SupportsIndex):
        return operator.index(value)
    if type(value).__module__ == "numpy" and type(value).__name__.startswith("bool"):
        return int(bool(value))
    raise UTEncodeError(f"{message}: {name} = {value!r} is no integer")


def _describe(part: Slice) -> str:
    last = part.lsb + part.width - 1
    where = f"{part.lsb}" if last == part.lsb else f"{part.lsb}..{last}"
    full = part.minimum == 0 and part.maximum == (1 << part.width) - 1
    return where if full else f"{where} ({part.minimum}..{part.maximum})"


def _elements(message: str, name: str, value: object, count: int) -> tuple[object, ...]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise UTEncodeError(f"{message}: {name} = {value!r} is no sequence of {count} elements")
    elements = tuple(value)
    if len(elements) != count:
        raise UTEncodeError(f"{message}: {name} has {len(elements)} elements, a pack of {count} needs {count}")
    return elements

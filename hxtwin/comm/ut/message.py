"""UT messages: one declaration each, from which everything else derives.

A message class states its code, the width of its payload and its fields::

    class JTAGData(ToFPGA, code=3, payload_bits=56):
        data: int = bits(0, 33, default=0, alias="payload", doc="...")
        num_bits: int = bits(40, 8, default=33, minimum=3, maximum=33, strict=True, doc="...")

and receives from `Message` the constructor with keywords, attributes, checks, ``payload``, ``from_payload``, equality,
``repr`` and a description. An object holds nothing but its payload. Reference: fpga-instructions.md 1.
"""

from __future__ import annotations

import textwrap
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, dataclass_transform

from hxtwin.comm.errors import UTEncodeError
from hxtwin.comm.ut.direction import HEADER_BITS, Direction
from hxtwin.comm.ut.fields import Field, Whole, as_integer, bits, madc_samples, spike_labels, timed_spikes, whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Never, Self

    from hxtwin.comm.ut.fields import Slice


@dataclass_transform(frozen_default=True, field_specifiers=(bits, spike_labels, timed_spikes, madc_samples, whole))
class Message:
    """A UT message, immutable; equal to messages of the same class with the same payload.

    Class attributes:
        direction: where the message goes.
        code: index in the dictionary of its direction.
        payload_bits: width of the payload.
        message_bits: length on the wire, header included.
        fields_declared: the fields, least significant first.
        slices: bit slices of all fields.
        payload_mask: all bits that belong to a field; the others are sent as 0 and ignored when received.
    """

    __slots__ = ("_payload",)
    _payload: int

    direction: ClassVar[Direction]
    code: ClassVar[int] = -1
    payload_bits: ClassVar[int] = 0
    message_bits: ClassVar[int] = 0
    payload_mask: ClassVar[int] = 0
    fields_declared: ClassVar[tuple[Field, ...]] = ()
    slices: ClassVar[tuple[Slice, ...]] = ()
    _whole: ClassVar[Whole | None] = None

    def __init_subclass__(
        cls, *, direction: Direction | None = None, code: int | None = None, payload_bits: int = 0
    ) -> None:
        super().__init_subclass__()
        if direction is not None:
            cls.direction = direction
        if code is None:
            return
        declared = [value for value in vars(cls).values() if isinstance(value, Field)]
        cls.code = code
        cls.payload_bits = payload_bits
        cls.message_bits = cls.direction.message_bits(payload_bits)
        cls.fields_declared = tuple(field for field in declared if not isinstance(field, Whole))
        cls.slices = tuple(part for field in cls.fields_declared for part in field.slices)
        cls.payload_mask = _joined_mask(cls.__name__, cls.slices, payload_bits)
        cls._whole = next((field for field in declared if isinstance(field, Whole)), None)

    def __init__(self, *args: object, **kwargs: object) -> None:
        cls = type(self)
        if cls.code < 0:
            raise UTEncodeError(f"{cls.__name__} is no message: construct one of its sub-classes")
        object.__setattr__(self, "_payload", cls._compose(args, kwargs))

    @classmethod
    def _compose(cls, args: tuple[object, ...], kwargs: dict[str, object]) -> int:
        names = [field.name for field in cls.fields_declared]
        if len(args) > len(names):
            raise UTEncodeError(f"{cls.__name__} takes {len(names)} fields {names}, {len(args)} were given")
        given = dict(zip(names, args, strict=False))
        if cls._whole is not None and cls._whole.name in kwargs:
            if len(kwargs) > 1 or given:
                raise UTEncodeError(f"{cls.__name__}: {cls._whole.name} is the whole payload, give no other field")
            return cls._checked(kwargs[cls._whole.name])
        for name, value in kwargs.items():
            if name not in names or name in given:
                problem = "is given twice" if name in given else f"does not exist, the fields are {names}"
                raise UTEncodeError(f"{cls.__name__}: field {name!r} {problem}")
            given[name] = value
        payload = 0
        for field in cls.fields_declared:
            payload |= field.insert(cls.__name__, given.get(field.name, field.default))
        return payload

    @classmethod
    def _checked(cls, payload: object) -> int:
        number = as_integer(cls.__name__, "payload", payload)
        if not 0 <= number < 1 << cls.payload_bits:
            raise UTEncodeError(
                f"{cls.__name__}: payload {number:#x} is out of range, allowed are {cls.payload_bits} bits"
            )
        for part in cls.slices:
            if part.strict:
                part.check(cls.__name__, part.extract(number))
        return number & cls.payload_mask

    @classmethod
    def from_payload(cls, payload: int) -> Self:
        """Message with a given payload; bits that belong to no field are dropped.

        Args:
            payload: 0 .. 2**payload_bits - 1.

        Raises:
            UTEncodeError: the payload is too large, or a strict field (`JTAGData` ``num_bits``) is out of range.
        """
        if cls.code < 0:
            raise UTEncodeError(f"{cls.__name__} is no message: use one of its sub-classes")
        message = cls.__new__(cls)
        object.__setattr__(message, "_payload", cls._checked(payload))
        return message

    @property
    def payload(self) -> int:
        """All fields as one number of ``payload_bits`` bits, which is what follows the header on the wire."""
        return self._payload

    @property
    def fields(self) -> Mapping[str, object]:
        """Values of all fields by their names in the reference; ``type(m)(**m.fields) == m``."""
        return MappingProxyType({field.name: field.extract(self._payload) for field in self.fields_declared})

    @property
    def wire(self) -> int:
        """All ``message_bits`` bits: header, zeros, payload (reference: fpga-instructions.md 1)."""
        return self.code << (self.message_bits - HEADER_BITS) | self._payload

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return type(self) is type(other) and self._payload == other._payload

    def __hash__(self) -> int:
        return hash((self.direction, self.code, self._payload))

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError(f"{type(self).__name__} is immutable: cannot set {name!r}, construct a new message")

    def __delattr__(self, name: str) -> Never:
        raise AttributeError(f"{type(self).__name__} is immutable: cannot delete {name!r}")

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return type(self).from_payload, (self._payload,)

    def __repr__(self) -> str:
        values = (f"{field.name}={field.extract(self._payload)!r}" for field in self.fields_declared)
        return f"{type(self).__name__}({', '.join(values)})"

    @classmethod
    def describe(cls, width: int = 117) -> str:
        """Row of a table, wrapped to ``width`` columns: code, name, bits of payload and message, fields."""
        row = f"{cls.code:<4}  {cls.__name__:<25}  {cls.payload_bits:<7}  {cls.message_bits:<7}  "
        fields = "; ".join(field.describe() for field in cls.fields_declared)
        return textwrap.fill(row + fields, width, subsequent_indent=" " * len(row), drop_whitespace=True)


class ToFPGA(Message, direction=Direction.TO_FPGA):
    """Root of the messages towards the FPGA."""


class FromFPGA(Message, direction=Direction.FROM_FPGA):
    """Root of the messages from the FPGA."""


def _joined_mask(message: str, slices: tuple[Slice, ...], payload_bits: int) -> int:
    joined = 0
    for part in slices:
        if joined & part.mask or part.lsb + part.width > payload_bits:
            raise UTEncodeError(f"declaration of {message}: {part.name} overlaps or exceeds {payload_bits} bits")
        joined |= part.mask
    return joined

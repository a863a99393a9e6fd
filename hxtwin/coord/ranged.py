"""Ranged coordinates: an integer of [min, max] with a name.

==================  ===========================================================================
construction        ``T()``, ``T(5)``, ``T(Enum(5))``; axis types of a grid also ``T(X(5))`` or ``T(Y(5))``
arithmetic          ``+ - * / // %`` with the same type or an integer; ``/`` divides as integer;
                    the result has the same type and is checked against the range
truth               true if not zero
==================  ===========================================================================

Source: reference coordinates.md, sections 1.1 and 1.3.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Self, overload

from hxtwin.coord.components import refuse_components
from hxtwin.coord.coordinate import Indexed, is_whole_number

if TYPE_CHECKING:
    from hxtwin.coord.coordinate import Integer
    from hxtwin.coord.generic import Enum

__all__ = ["Ranged"]


class _Argument(enum.Enum):
    NONE = 0


class Ranged(Indexed):
    """Integer of a range, e.g. the number of a neuron column."""

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __new__(cls) -> Self: ...
        @overload
        def __new__(cls, value: Integer | Enum | Self, /) -> Self: ...
        def __new__(cls, *value: object) -> Self:
            """Build from an integer, an Enum, or a value of the same type."""

    else:

        def __new__(cls, value: object = _Argument.NONE, /, *more: object, **named: object) -> Self:
            """Build from an integer, an Enum, or a value of the same type."""
            if more or named:
                raise refuse_components(cls, (value, *more) if more else named, f"one integer{cls._other_forms()}")
            if type(value) is int:
                return cls._of(value)
            if value is _Argument.NONE:
                return cls._of(cls.default)
            return cls._from_index(value)

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._index})"

    def __bool__(self) -> bool:
        return self._index != 0

    @classmethod
    def _other_forms(cls) -> str:
        axis = f", {cls._axis.upper()}" if cls._axis else ""
        return f" of {cls.min}..{cls.max} or an Enum{axis}"

    @classmethod
    def _result(cls, number: int) -> Self:
        return cls._of(number)

    def _operand(self, other: object) -> int | None:
        """Return the other operand of an arithmetic operation as int, None if it is none."""
        if type(other) is type(self):
            return int(other)
        if is_whole_number(other):
            return int(other)
        return None

    def __add__(self, other: Self | Integer) -> Self:
        number = self._operand(other)
        return NotImplemented if number is None else self._result(self._index + number)

    def __sub__(self, other: Self | Integer) -> Self:
        number = self._operand(other)
        return NotImplemented if number is None else self._result(self._index - number)

    def __mul__(self, other: Self | Integer) -> Self:
        number = self._operand(other)
        return NotImplemented if number is None else self._result(self._index * number)

    def __truediv__(self, other: Self | Integer) -> Self:
        return self.__floordiv__(other)

    def __floordiv__(self, other: Self | Integer) -> Self:
        number = self._operand(other)
        return NotImplemented if number is None else self._result(self._index // number)

    def __mod__(self, other: Self | Integer) -> Self:
        number = self._operand(other)
        return NotImplemented if number is None else self._result(self._index % number)

    def __radd__(self, other: Integer) -> Self:
        return self.__add__(other)  # not "+", which would ask the other operand again

    def __rsub__(self, other: Integer) -> Self:
        number = self._operand(other)
        return NotImplemented if number is None else self._result(number - self._index)

    def __rmul__(self, other: Integer) -> Self:
        return self.__mul__(other)

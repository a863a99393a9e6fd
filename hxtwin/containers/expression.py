"""Integer expressions over coordinate components: addresses that can be computed, printed and searched.

An address is declared once, as an ordinary Python expression of variables::

    block, neuron = variables("block", "neuron")
    address = 0x160000 + 0x8000 * block + 8 * neuron + 2 + WORD

and then serves four purposes: `Expression.evaluate` computes it for whole arrays of components,
``str(expression)`` shows it to people, `Expression.bounds` encloses its values for ranges of components, and
`solve` finds the components that give a wanted address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

import attrs
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IntArray = npt.NDArray[np.int64]
Operand = Union["Expression", int]
Bounds = tuple[int, int]


class Expression:
    """An integer expression; combine with ``+ - * // %`` and integers."""

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Value for given variables: int for ints, ``int64`` array for arrays (broadcast together)."""
        raise NotImplementedError

    def bounds(self, ranges: Mapping[str, Bounds]) -> Bounds:
        """Smallest interval known to hold every value for variables inside `ranges` (ends included)."""
        raise NotImplementedError

    def __add__(self, other: Operand) -> Expression:
        return _Sum(self, wrap(other))

    def __radd__(self, other: Operand) -> Expression:
        return _Sum(wrap(other), self)

    def __sub__(self, other: int) -> Expression:
        return _Sum(self, _Constant(-other))

    def __rsub__(self, other: Operand) -> Expression:
        return _Sum(wrap(other), _Product(_Constant(-1), self))

    def __mul__(self, other: Operand) -> Expression:
        return _Product(self, wrap(other))

    def __rmul__(self, other: Operand) -> Expression:
        return _Product(wrap(other), self)

    def __floordiv__(self, other: int) -> Expression:
        return _Quotient(self, other)

    def __mod__(self, other: int) -> Expression:
        return _Remainder(self, other)


def wrap(operand: Operand) -> Expression:
    """An operand as an expression; integers become constants."""
    return operand if isinstance(operand, Expression) else _Constant(operand)


def variables(*names: str) -> tuple[Variable, ...]:
    """One variable per name, in order."""
    return tuple(Variable(name) for name in names)


def select(values: tuple[Operand, ...], index: Expression) -> Expression:
    """The element of `values` at position `index`: a look-up table of numbers or expressions."""
    return _Selection(tuple(wrap(value) for value in values), index)


@attrs.frozen
class Variable(Expression):
    """A named variable: a component of the coordinate, a loop index, or the word number ``w``."""

    name: str

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """The value given under this name."""
        return values[self.name]

    def bounds(self, ranges: Mapping[str, Bounds]) -> Bounds:
        """The range given under this name."""
        return ranges[self.name]

    def __str__(self) -> str:
        return self.name


#: The number of a word inside its container, counted from 0.
WORD = Variable("w")


@attrs.frozen
class _Constant(Expression):
    value: int

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        return self.value

    def bounds(self, ranges: Mapping[str, Bounds]) -> Bounds:
        return self.value, self.value

    def __str__(self) -> str:
        return hex(self.value) if self.value > 0x1FF else str(self.value)


@attrs.frozen
class _Sum(Expression):
    left: Expression
    right: Expression

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        return self.left.evaluate(values) + self.right.evaluate(values)

    def bounds(self, ranges: Mapping[str, Bounds]) -> Bounds:
        (a, b), (c, d) = self.left.bounds(ranges), self.right.bounds(ranges)
        return a + c, b + d

    def __str__(self) -> str:
        if isinstance(self.right, _Constant) and self.right.value < 0:
            return f"{self.left} - {_Constant(-self.right.value)}"
        if isinstance(self.right, _Product) and self.right.left == _Constant(-1):
            return f"{self.left} - {_tight(self.right.right)}"
        return f"{self.left} + {self.right}"


@attrs.frozen
class _Product(Expression):
    left: Expression
    right: Expression

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        return self.left.evaluate(values) * self.right.evaluate(values)

    def bounds(self, ranges: Mapping[str, Bounds]) -> Bounds:
        corners = [x * y for x in self.left.bounds(ranges) for y in self.right.bounds(ranges)]
        return min(corners), max(corners)

    def __str__(self) -> str:
        return f"{_tight(self.left)} * {_tight(self.right)}"


@attrs.frozen
class _Quotient(Expression):
    left: Expression
    divisor: int

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        return self.left.evaluate(values) // self.divisor

    def bounds(self, ranges: Mapping[str, Bounds]) -> Bounds:
        low, high = self.left.bounds(ranges)
        return low // self.divisor, high // self.divisor

    def __str__(self) -> str:
        return f"{_tight(self.left)} // {self.divisor}"


@attrs.frozen
class _Remainder(Expression):
    left: Expression
    divisor: int

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        return self.left.evaluate(values) % self.divisor

    def bounds(self, ranges: Mapping[str, Bounds]) -> Bounds:
        low, high = self.left.bounds(ranges)
        if low // self.divisor == high // self.divisor:
            return low % self.divisor, high % self.divisor
        return 0, self.divisor - 1

    def __str__(self) -> str:
        return f"{_tight(self.left)} % {self.divisor}"


@attrs.frozen
class _Selection(Expression):
    values: tuple[Expression, ...]
    index: Expression

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        index = self.index.evaluate(values)
        if isinstance(index, int):
            return self.values[index].evaluate(values)
        options = [value.evaluate(values) for value in self.values]
        if all(isinstance(option, int) for option in options):
            return np.asarray(options, dtype=np.int64)[index]
        table = np.broadcast_arrays(*options, index)
        return np.take_along_axis(np.stack(table[:-1]), table[-1][np.newaxis], axis=0)[0]

    def bounds(self, ranges: Mapping[str, Bounds]) -> Bounds:
        low, high = self.index.bounds(ranges)
        options = [self.values[i].bounds(ranges) for i in range(max(low, 0), min(high, len(self.values) - 1) + 1)]
        return min(option[0] for option in options), max(option[1] for option in options)

    def __str__(self) -> str:
        if len(self.values) > 8:
            return f"table[{self.index}]"
        return f"[{', '.join(map(str, self.values))}][{self.index}]"


def _tight(expression: Expression) -> str:
    return str(expression) if isinstance(expression, Variable | _Constant | _Selection) else f"({expression})"


def solve(expression: Expression, wanted: int, ranges: Mapping[str, Bounds]) -> Iterator[dict[str, int]]:
    """All assignments of the variables inside `ranges` (ends included) for which `expression` equals `wanted`.

    Interval bisection: a box of assignments whose bounds exclude `wanted` is dropped, otherwise the side that moves the
    value most is halved. Affine addresses need a few dozen steps even over 2**28 candidates.
    """
    boxes: list[dict[str, Bounds]] = [dict(ranges)]
    while boxes:
        box = boxes.pop()
        low, high = expression.bounds(box)
        if not low <= wanted <= high:
            continue
        open_ = [name for name, (start, stop) in box.items() if start < stop]
        if not open_:
            yield {name: bounds[0] for name, bounds in box.items()}
            continue
        widest = max(open_, key=lambda name: _reach(expression, box, name))
        start, stop = box[widest]
        middle = (start + stop) // 2
        boxes.append({**box, widest: (middle + 1, stop)})
        boxes.append({**box, widest: (start, middle)})


def _reach(expression: Expression, box: Mapping[str, Bounds], name: str) -> int:
    """How far the value can move if only the variable `name` does."""
    low, high = expression.bounds(
        {other: (ends if other == name else (ends[0], ends[0])) for other, ends in box.items()}
    )
    return high - low

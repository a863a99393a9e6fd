"""Conversion formulas: integer expressions of the declaration table, rendered as Python for one int or for arrays.

===========================  ===================================================================================
in the table                 meaning
===========================  ===================================================================================
``4 * (e // 128) + e % 4``   index of the target, ``e`` = linear index of the source
``... if e < 8 else None``   the conversion is optional: no target for the other values
``... if e < 8 else ERROR``  the conversion raises for the other values
``Many("4 * e + i", 4)``     an array of targets, i = 0..3
===========================  ===================================================================================

Only ``+ - * // % < <= == != >= >``, ``and``, ``or``, conditionals and the names given may occur, so that the same text
works for ints; for arrays conditionals become ``np.where`` and ``None``/``ERROR`` become ``MISSING``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Formula", "FormulaError", "Many", "array_code", "scalar_statements"]


class FormulaError(ValueError):
    """A formula of the declaration table that is not understood."""


@dataclass(frozen=True)
class Many:
    """A conversion with ``count`` results; ``element`` is a formula in ``e`` and the position ``i``.

    ``index`` names the type that counts the positions.
    """

    element: str
    count: int
    index: str


Formula = str | Many

_ALLOWED = (
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.UnaryOp, ast.USub,
    ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.BoolOp, ast.And, ast.Or,
    ast.IfExp, ast.Name, ast.Load, ast.Constant,
)  # fmt: skip


def parsed(formula: str) -> ast.expr:
    """Return the expression tree of a formula; refuse anything but integer arithmetic and conditionals."""
    tree = ast.parse(formula, mode="eval").body
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise FormulaError(f"{formula!r}: {type(node).__name__} is not allowed in a formula")
        if isinstance(node, ast.Constant) and node.value is not None and type(node.value) is not int:
            raise FormulaError(f"{formula!r}: {node.value!r} is not an integer")
    return tree


def is_optional(formula: str) -> bool:
    """Return whether the formula has no result for some values."""
    return any(isinstance(node, ast.Constant) and node.value is None for node in ast.walk(parsed(formula)))


def _is_nothing(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or (
        isinstance(node, ast.Name) and node.id == "ERROR"
    )


def scalar_statements(formula: str, call: Callable[[str], str], error: str) -> list[str]:
    """Return the statements that return the target of one value.

    Args:
        formula: expression of the table.
        call: from the text of an index to the text that builds the target.
        error: text of the exception raised where the formula says ERROR.

    """
    tree = parsed(formula)
    if isinstance(tree, ast.IfExp) and _is_nothing(tree.orelse):
        condition, value = _segment(formula, tree.test), _segment(formula, tree.body)
        if isinstance(tree.orelse, ast.Constant):
            return [f"return {call(value)} if {condition} else None"]
        return [f"if {condition}:", f"    return {call(value)}", f"raise {error}"]
    if any(_is_nothing(node) for node in ast.walk(tree) if isinstance(node, ast.expr)):
        raise FormulaError(f"{formula!r}: None and ERROR may only stand in the last branch")
    return [f"return {call(formula)}"]


def _segment(formula: str, node: ast.expr) -> str:
    text = ast.get_source_segment(formula, node)
    if text is None:
        raise FormulaError(f"{formula!r}: no source for a part of it")
    return text


def array_code(formula: Formula) -> str:
    """Return an expression in the array ``e`` with the target indices, `MISSING` where there is no target."""
    if isinstance(formula, Many):
        elements = ", ".join(array_code(_with_position(formula.element, i)) for i in range(formula.count))
        return f"np.stack(({elements}), axis=-1)"
    tree = parsed(formula)
    if isinstance(tree, ast.Constant):
        return f"np.full_like(e, {formula})"
    return _array(tree, formula)


def _with_position(element: str, position: int) -> str:
    class Place(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant(position) if node.id == "i" else node

    return ast.unparse(Place().visit(ast.parse(element, mode="eval")))


def _comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
    """Return the text of one comparison, the constant on the right."""
    if isinstance(left, ast.Constant):
        turned = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
        left, operator, right = right, turned.get(type(operator), type(operator))(), left
    return ast.unparse(ast.Compare(left, [operator], [right]))


def _array(node: ast.expr, formula: str) -> str:
    if _is_nothing(node):
        return "MISSING"
    if isinstance(node, ast.IfExp):
        condition, value, other = (_array(part, formula) for part in (node.test, node.body, node.orelse))
        return f"np.where({condition}, {value}, {other})"
    if isinstance(node, ast.Compare) and len(node.ops) > 1:
        sides = [node.left, *node.comparators]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        return " & ".join(f"({_comparison(left, operator, right)})" for left, operator, right in pairs)
    if isinstance(node, ast.BoolOp):
        sign = " & " if isinstance(node.op, ast.And) else " | "
        return sign.join(f"({_array(part, formula)})" for part in node.values)
    if any(isinstance(part, ast.IfExp) for part in ast.walk(node)):
        raise FormulaError(f"{formula!r}: a conditional inside arithmetic; put the arithmetic into its branches")
    return _segment(formula, node)

"""A user's formula as the source of lane arithmetic.

The tree that :mod:`..theory.expression` admitted is written out again with the functions of
:mod:`.lane_math` and the number type of the kernel; nothing else can be in it.  Whole powers become
multiplications, half ones roots.
"""

import ast
from collections.abc import Callable
from typing import Any

WHOLE = 64.0  # up to this power products are better than a logarithm

Given = tuple[Callable[..., Any], slice]
"""A function f(y, p) of the user's own and which of the kernel's parameters are its p."""


def lane_source(tree: ast.expr, single: bool, offset: int = 0) -> str:
    """The expression as text; single: in single precision.  offset: of its parameters in ``p``.

    >>> from ..theory.expression import parse
    >>> lane_source(parse("a*y**2 + sqrt(y)", ("a",)), single=False, offset=3)
    'p[3] * y ** 2 + sqrt(y)'
    >>> lane_source(parse("y**-0.5"), single=True)
    'STATE(1.0) / STATE(sqrt(y))'
    """
    written = _Writer(single, offset).visit(tree)
    return ast.unparse(ast.fix_missing_locations(written))


class _Writer(ast.NodeTransformer):
    """Makes a new tree: the old one is the user's."""

    def __init__(self, single: bool, offset: int) -> None:
        self.single, self.offset = single, offset

    def number(self, value: float) -> ast.expr:
        node: ast.expr = ast.Constant(float(value))
        return self.typed(node)

    def typed(self, node: ast.expr) -> ast.expr:
        """Lane functions answer in double precision."""
        return _call("STATE", node) if self.single else node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # noqa: N802
        value = float(node.value)  # type: ignore[arg-type]
        if value < 0:
            return ast.UnaryOp(ast.USub(), self.number(-value))
        return self.number(value)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:  # noqa: N802
        index = node.slice.value + self.offset  # type: ignore[attr-defined]
        return ast.Subscript(ast.Name("p", ast.Load()), ast.Constant(index), ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.expr:  # noqa: N802
        name = node.func.id  # type: ignore[attr-defined]
        inner = _call(name, self.visit(node.args[0]))
        return inner if name == "abs" else self.typed(inner)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:  # noqa: N802
        left, right = self.visit(node.left), node.right
        if not isinstance(node.op, ast.Pow):
            return ast.BinOp(left, node.op, self.visit(right))
        power = _exponent(right)
        if power is None:
            return self.typed(
                ast.Call(ast.Name("power", ast.Load()), [left, self.visit(right)], [])
            )
        size = abs(power)
        raised: ast.expr = left
        if size == 0.5:
            raised = self.typed(_call("sqrt", left))
        elif size == 0:
            return self.number(1.0)
        elif size != 1:
            raised = ast.BinOp(left, ast.Pow(), ast.Constant(int(size)))
        return raised if power > 0 else ast.BinOp(self.number(1.0), ast.Div(), raised)


def _exponent(node: ast.expr) -> float | None:
    """A whole or half power as its number, None for any other."""
    sign = 1.0
    while isinstance(node, ast.UnaryOp):
        sign, node = -sign, node.operand
    if not isinstance(node, ast.Constant):
        return None
    value = sign * float(node.value)  # type: ignore[arg-type]
    easy = abs(value) == 0.5 or (value == int(value) and abs(value) <= WHOLE)
    return value if easy else None


def _call(name: str, argument: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])

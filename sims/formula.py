"""A user's formula as the source of lane arithmetic.

The tree that :mod:`..theory.expression` admitted is written out again with the functions of
:mod:`.lane_math` and the number type of the kernel; nothing else can be in it.  Whole powers become
multiplications, half ones roots.
"""

import ast
import math
import operator
from collections.abc import Callable

WHOLE = 64.0  # up to this power products are better than a logarithm


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


def halved(tree: ast.expr) -> ast.expr:
    """Half of the expression, taken from a constant factor where it has one.

    >>> from ..theory.expression import parse
    >>> ast.unparse(halved(parse("a*(2*y)", ("a",)))), ast.unparse(halved(parse("sin(y)")))
    ('y * p[0]', '0.5 * sin(y)')
    """
    folded = _folded_half(tree)
    return ast.BinOp(ast.Constant(0.5), ast.Mult(), tree) if folded is None else folded


def _folded_half(tree: ast.expr) -> ast.expr | None:
    match tree:
        case ast.Constant(value=float(value)):
            return ast.Constant(0.5 * value)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            half = _folded_half(left)
            return None if half is None else ast.BinOp(half, ast.Div(), right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            for one, other in ((left, right), (right, left)):
                half = _folded_half(one)
                if half is not None:
                    whole = isinstance(half, ast.Constant) and half.value == 1.0
                    return other if whole else ast.BinOp(half, ast.Mult(), other)
        case ast.BinOp(left=left, op=(ast.Add() | ast.Sub()) as op, right=right):
            halves = _folded_half(left), _folded_half(right)
            if halves[0] is not None and halves[1] is not None:
                return ast.BinOp(halves[0], op, halves[1])
    return None


class _Writer(ast.NodeTransformer):
    """Makes a new tree, node by node: the old one is the user's, and is derived from later."""

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

    def visit_Name(self, node: ast.Name) -> ast.expr:  # noqa: N802
        return ast.Name(node.id, ast.Load())

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:  # noqa: N802
        return ast.UnaryOp(ast.USub(), self.visit(node.operand))

    def generic_visit(self, node: ast.AST) -> ast.expr:
        msg = f"a tree from parse() holds no {ast.dump(node)}"
        raise AssertionError(msg)

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
    value = _number(node)
    if value is None or abs(value) > WHOLE or (value != int(value) and abs(value) != 0.5):
        return None
    return value


_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    **{ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul},
    **{ast.Div: operator.truediv, ast.Pow: operator.pow},
}


def _number(node: ast.expr) -> float | None:
    """The value of a tree of numbers alone; None if it is not, or has none."""
    match node:
        case ast.Constant(value=float() | int() as number):
            return float(number)
        case ast.UnaryOp(operand=operand):
            inner = _number(operand)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _number(left), _number(right)
            if a is None or b is None:
                return None
            try:
                value = _ARITHMETIC[type(op)](a, b)
            except ArithmeticError:
                return None
            return value if isinstance(value, float) and math.isfinite(value) else None
    return None


def _call(name: str, argument: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])

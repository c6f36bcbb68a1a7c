"""A formula that a user typed, as SymPy's: through the whitelist's tree, never from the text."""

import ast
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from ..errors import DomainError
from ..expression import parse

OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: _power(a, b),
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(sp, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan")},
    **{name: getattr(sp, name) for name in ("sinh", "cosh", "tanh", "sign")},
    **{"arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan, "abs": sp.Abs},
    **{"log1p": lambda u: sp.log(1 + u), "expm1": lambda u: sp.exp(u) - 1},
}
MOST = 709  # ln of the largest float
CONSTANTS = {math.pi: sp.pi, math.e: sp.E}


def symbolic_formula(text: str, variables: Mapping[str, Any]) -> Any:
    """``text`` as an expression in the symbols of ``variables``; numbers as exact as they read.

    Raises DomainError, naming the token, for anything outside the whitelist, and where a constant
    part has no finite value or one beyond the range of floats.

    >>> symbolic_formula("0.1*exp(y) + pi", {"y": sp.Symbol("y")})
    exp(y)/10 + pi
    """
    tree = parse(text, variables=tuple(variables))
    found = _expression(tree, variables)
    if found.has(sp.nan, sp.zoo, sp.oo, -sp.oo, sp.I):
        msg = f"the expression {text!r} has no value: it reads {found}"
        raise DomainError(msg)
    return found


def _power(base: Any, exponent: Any) -> Any:
    """A power; of two numbers only if a float holds it, since all its digits are worked out."""
    if base.is_Rational and exponent.is_Rational and base not in (-1, 0, 1):
        size = abs(exponent) * abs(math.log(abs(base.p)) - math.log(base.q))
        if size > MOST:
            msg = f"the power ({base})**({exponent}) is beyond the range of floats"
            raise DomainError(msg)
    return base**exponent


def _expression(node: ast.expr, variables: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=float(value)):
            return CONSTANTS.get(value) or sp.Rational(*Fraction(repr(value)).as_integer_ratio())
        case ast.Name(id=name):
            return variables[name]
        case ast.UnaryOp(operand=operand):
            return -_expression(operand, variables)
        case ast.BinOp(left=left, op=op, right=right):
            both = (_expression(side, variables) for side in (left, right))
            return OPERATIONS[type(op)](*both)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return FUNCTIONS[name](_expression(argument, variables))
    msg = f"a tree from parse() holds no {ast.dump(node)}"
    raise AssertionError(msg)

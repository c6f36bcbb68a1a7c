"""Taylor coefficients of a formula in one variable: the chain rule, done on numbers.

A tree of :mod:`.expression` that is differentiated six times has a hundred thousand nodes.  Its
coefficients c_n = (1/n!) dⁿf/dxⁿ need none of that: sums and products of series are series, and a
function of one follows its own differential equation, such as e' = e a' for e = exp(a), coefficient
by coefficient.  Griewank and Walther, Evaluating Derivatives, the chapter on Taylor arithmetic.
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .estimate import Array

Series = Array  # (order + 1, ...), the coefficients of 1, t, t², …


def taylor(
    tree: ast.expr, order: int, variable: str, at: Mapping[str, Any], params: Array
) -> Series:
    """(order + 1, ...): coefficients of ``tree`` around ``at[variable]``, exact.

    tree: from ``parse``.  at: a value for every variable, floats or arrays of one shape.  Where the
    formula has no derivative the coefficients are no finite numbers.

    >>> from .expression import parse
    >>> taylor(parse("exp(y)/y"), 2, "y", {"y": 1.0}, np.empty(0)).round(9).tolist()
    [2.718281828, 0.0, 1.359140914]
    """
    common = np.broadcast_shapes(*(np.shape(value) for value in at.values()))
    known = {}
    for name, value in at.items():
        known[name] = _constant(np.broadcast_to(np.asarray(value, float), common), order)
        if name == variable and order:
            known[name][1] = 1.0
    with np.errstate(all="ignore"):
        return _series(tree, known, params)


def _constant(value: Array, order: int) -> Series:
    series = np.zeros((order + 1, *np.shape(value)))
    series[0] = value
    return series


def _series(node: ast.expr, known: Mapping[str, Series], params: Array) -> Series:
    like = next(iter(known.values()))
    match node:
        case ast.Constant(value=value):
            return _constant(np.broadcast_to(float(str(value)), like.shape[1:]), len(like) - 1)
        case ast.Name(id=name):
            return known[name]
        case ast.Subscript(slice=ast.Constant(value=int(index))):
            return _constant(np.broadcast_to(params[index], like.shape[1:]), len(like) - 1)
        case ast.UnaryOp(operand=operand):
            return -_series(operand, known, params)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _FUNCTIONS[name](_series(argument, known, params))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _series(left, known, params), _series(right, known, params)
            return _OPERATIONS[type(op)](a, b)
    msg = f"a tree from parse() holds no {ast.dump(node)}"
    raise AssertionError(msg)


def _times(a: Series, b: Series) -> Series:
    return np.stack([np.sum(a[: n + 1] * b[n::-1], axis=0) for n in range(len(a))])


def _over(a: Series, b: Series) -> Series:
    found = np.zeros_like(a)
    for n in range(len(a)):
        found[n] = (a[n] - np.sum(found[:n] * b[n:0:-1], axis=0)) / b[0]
    return found


def _power(a: Series, b: Series) -> Series:
    if b[1:].any():
        return _exp(_times(b, _log(a)))
    r = b[0]
    whole = int(r.flat[0]) if r.size and np.all(r == np.round(r.flat[0])) else None
    if whole is not None and abs(whole) <= 64:  # by squaring, good where a is 0 or negative
        found, square, left = _constant(np.ones_like(r), len(a) - 1), a, abs(whole)
        while left:
            found = _times(found, square) if left & 1 else found
            square, left = _times(square, square) if left > 1 else square, left >> 1
        return found if whole >= 0 else _over(_constant(np.ones_like(r), len(a) - 1), found)
    found = np.zeros_like(a)
    found[0] = a[0] ** r
    for n in range(1, len(a)):
        terms = [((r + 1) * k - n) * a[k] * found[n - k] for k in range(1, n + 1)]
        found[n] = np.sum(terms, axis=0) / (n * a[0])
    return found


def _integral(first: Array, slope: Callable[[Series], Series], a: Series) -> Series:
    """The f with f₀ = first and f' = slope(f) a', coefficient by coefficient."""
    found = np.zeros_like(a)
    found[0] = first
    for n in range(1, len(a)):
        factor = slope(found[:n])
        terms = [k * a[k] * factor[n - k] for k in range(1, n + 1)]
        found[n] = np.sum(terms, axis=0) / n
    return found


def _shifted(a: Series, by: float) -> Series:
    found = a.copy()
    found[0] = found[0] + by
    return found


def _inverse(a: Series) -> Callable[[Series], Series]:
    """The slope 1/a, whatever the function's own series."""
    one = _constant(np.ones_like(a[0]), len(a) - 1)
    return lambda found: _over(one, a)[: len(found)]


def _exp(a: Series) -> Series:
    return _integral(np.exp(a[0]), lambda f: f, a)


def _log(a: Series) -> Series:
    return _integral(np.log(a[0]), _inverse(a), a)


def _sqrt(a: Series) -> Series:
    return _power(a, _constant(np.full_like(a[0], 0.5), len(a) - 1))


def _waves(a: Series, sign: int) -> tuple[Series, Series]:
    """Sine and cosine (sign −1), or the hyperbolic ones (+1)."""
    sine, cosine = np.zeros_like(a), np.zeros_like(a)
    sine[0], cosine[0] = (
        (np.sin(a[0]), np.cos(a[0])) if sign < 0 else (np.sinh(a[0]), np.cosh(a[0]))
    )
    for n in range(1, len(a)):
        sine[n] = sum(k * a[k] * cosine[n - k] for k in range(1, n + 1)) / n
        cosine[n] = sign * sum(k * a[k] * sine[n - k] for k in range(1, n + 1)) / n
    return sine, cosine


def _root(a: Series) -> Series:
    """√(1 − a²)."""
    return _sqrt(_shifted(-_times(a, a), 1))


_OPERATIONS: dict[type[ast.operator], Callable[[Series, Series], Series]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: _times,
    ast.Div: _over,
    ast.Pow: _power,
}
_FUNCTIONS: dict[str, Callable[[Series], Series]] = {
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "sin": lambda a: _waves(a, -1)[0],
    "cos": lambda a: _waves(a, -1)[1],
    "tan": lambda a: _integral(np.tan(a[0]), lambda f: _shifted(_times(f, f), 1), a),
    "sinh": lambda a: _waves(a, 1)[0],
    "cosh": lambda a: _waves(a, 1)[1],
    "tanh": lambda a: _integral(np.tanh(a[0]), lambda f: _shifted(-_times(f, f), 1), a),
    "arcsin": lambda a: _integral(np.arcsin(a[0]), _inverse(_root(a)), a),
    "arccos": lambda a: _integral(np.arccos(a[0]), _inverse(-_root(a)), a),
    "arctan": lambda a: _integral(np.arctan(a[0]), _inverse(_shifted(_times(a, a), 1)), a),
    "log1p": lambda a: _integral(np.log1p(a[0]), _inverse(_shifted(a, 1)), a),
    "expm1": lambda a: _integral(np.expm1(a[0]), lambda f: _shifted(f, 1), a),
    "abs": lambda a: np.sign(a[0]) * a,
    "sign": lambda a: _constant(np.sign(a[0]), len(a) - 1),
}

"""Formulas typed by a user, read through a whitelist and never evaluated as raw text.

``parse`` walks the syntax tree of Python and admits numbers, the variables, named parameters,
``+ - * / **`` and the elementary functions below; anything else is refused with the offending
token.  What comes out is an expression tree of our own, which is differentiated exactly and turned
into a plain Python function, ``f(y, p)`` or ``f(x, y, p)``: NumPy evaluates it here, Numba compiles
the same function.
"""

import ast
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from .errors import DomainError
from .estimate import Array, frozen

Function = Callable[..., Any]
Names = tuple[str, ...]

FUNCTIONS = (
    *("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("arcsin", "arccos", "arctan", "log1p", "expm1", "abs"),
)
CONSTANTS = {"pi": math.pi, "e": math.e}
_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    op: op for op in (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
}
_LONGEST = 1000  # characters; deeper nesting than Python's own parser allows is refused as well


@dataclass(frozen=True)
class Shape:
    """A function of the slow variable as plain arithmetic, with its slope.

    value(y, p), slope(y, p): ``y`` a float or an array, ``p`` the parameters (float64 array).
    Both must be compilable by Numba as they stand.  ``text`` is how a report names it.  tree: what
    it was read from; None if it was not.
    """

    value: Function
    slope: Function
    params: Array
    text: str
    tree: ast.expr | None = field(default=None, repr=False, compare=False)

    def __call__(self, y: Any) -> Any:
        """The value at ``y``, with the shape of ``y``."""
        return self._at(self.value, y)

    def derivative(self, y: Any) -> Any:
        """The slope at ``y``, with the shape of ``y``."""
        return self._at(self.slope, y)

    def _at(self, function: Function, y: Any) -> Any:
        return evaluated(function, (y,), self.params, self.text)


@dataclass(frozen=True)
class Surface:
    """A function of the fast and the slow variable as plain arithmetic, with its slopes.

    value(x, y, p), slope_x(x, y, p), slope_y(x, y, p): ``x`` and ``y`` floats or arrays, ``p`` the
    parameters (float64 array).  All must be compilable by Numba as they stand.  ``text`` is how a
    report names it.  tree: what it was read from, for further derivatives; None if it was not.
    """

    value: Function
    slope_x: Function
    slope_y: Function
    params: Array
    text: str
    tree: ast.expr | None = field(default=None, repr=False, compare=False)

    def __call__(self, x: Any, y: Any) -> Any:
        """The value at ``(x, y)``, with their common shape."""
        return evaluated(self.value, (x, y), self.params, self.text)

    def derivative(self, of_x: int = 0, of_y: int = 0) -> "Surface":
        """The surface of d^m/dx^m d^n/dy^n, m = of_x and n = of_y: exact.

        Raises DomainError if this surface was not read from a formula.

        >>> surface("x**4*y").derivative(of_x=3)(2.0, 5.0)
        240.0
        """
        if self.tree is None:
            msg = f"{self.text!r} was not read from a formula: its slopes are all there is"
            raise DomainError(msg)
        tree = self.tree
        with _shallow(self.text):
            for variable, times in (("x", of_x), ("y", of_y)):
                for _ in range(times):
                    tree = derivative(tree, variable)
        return _surface(tree, self.params, self.text)


def evaluated(function: Function, variables: tuple[Any, ...], params: Array, text: str) -> Any:
    """``function`` at the variables, with their common shape; refused if it is not real."""
    at = [np.asarray(v, float) for v in variables]
    try:
        values = function(*at, params)
    except ArithmeticError as error:  # a constant part alone, such as 1/0
        msg = f"the expression {text!r} has no value: {error.args[-1]}"
        raise DomainError(msg) from None
    except TypeError:  # fabs of a constant that is complex
        values = np.empty(0, complex)
    if np.iscomplexobj(values):  # a constant part alone, such as (-8)**0.5
        msg = f"the expression {text!r} is not real"
        raise DomainError(msg)
    common = np.broadcast_shapes(*(v.shape for v in at))
    values = np.broadcast_to(np.asarray(values, float), common)
    return values if common else float(values)


def shape(text: str, **parameters: float) -> Shape:
    """Read a formula in ``y`` and named parameters; its derivative is exact.

    Raises DomainError, naming the token, for anything outside the whitelist.

    >>> g = shape("1 + a*y**2", a=3.0)
    >>> g(2.0), g.derivative(2.0)
    (13.0, 12.0)
    >>> shape("__import__('os')")
    Traceback (most recent call last):
    ...
    entropic.theory.errors.DomainError: '__import__' is not allowed in an expression; known are \
the variable y, numbers, + - * / **, pi, e, exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh, \
arcsin, arccos, arctan, log1p, expm1, abs
    """
    tree, params = parse(text, tuple(parameters)), _numbers(parameters)
    with _shallow(text):
        value, slope = (_compiled(t, ("y",)) for t in (tree, derivative(tree)))
    return Shape(value, slope, params, text, tree)


def surface(text: str, **parameters: float) -> Surface:
    """Read a formula in ``x``, ``y`` and named parameters; its derivatives are exact.

    Raises DomainError, naming the token, for anything outside the whitelist.

    >>> v = surface("y**2 + a*x**2*y", a=3.0)
    >>> v(2.0, 1.0), v.derivative(of_x=1)(2.0, 1.0), v.derivative(of_y=1)(2.0, 1.0)
    (13.0, 12.0, 14.0)
    """
    tree = parse(text, tuple(parameters), ("x", "y"))
    return _surface(tree, _numbers(parameters), text)


def _numbers(parameters: Mapping[str, float]) -> Array:
    """The values of the parameters, refused unless all are finite."""
    for name, value in parameters.items():
        if not math.isfinite(value):
            msg = f"the parameter {name} must be a finite number; it is {value:g}"
            raise DomainError(msg)
    return frozen(list(parameters.values()))


def _surface(tree: ast.expr, params: Array, text: str) -> Surface:
    with _shallow(text):
        trees = (tree, derivative(tree, "x"), derivative(tree, "y"))
        value, slope_x, slope_y = (_compiled(t, ("x", "y")) for t in trees)
    return Surface(value, slope_x, slope_y, params, text, tree)


@contextmanager
def _shallow(text: str) -> Iterator[None]:
    """Refuses what is nested beyond Python's own depth."""
    try:
        yield
    except RecursionError:
        msg = f"the expression {text!r} is nested too deeply"
        raise DomainError(msg) from None


def constant(value: float) -> Shape:
    """The shape that is ``value`` everywhere.

    >>> constant(2.0)(5.0)
    2.0
    """
    return shape(repr(float(value)))


def parse(text: str, parameters: Names = (), variables: Names = ("y",)) -> ast.expr:
    """The whitelisted syntax tree of ``text``, rebuilt from scratch: no node of the input survives.

    A variable is a name in the tree, the i-th parameter ``p[i]``.  Raises DomainError, naming the
    token.
    """
    for name in parameters:
        if not name.isidentifier() or name in (*FUNCTIONS, *CONSTANTS, *variables, "p"):
            msg = f"'{name}' cannot name a parameter of an expression"
            raise DomainError(msg)
    if len(text) > _LONGEST:
        msg = f"an expression may have {_LONGEST} characters; this one has {len(text)}"
        raise DomainError(msg)
    try:
        with warnings.catch_warnings():  # the parser's thoughts on style are for programmers
            warnings.simplefilter("ignore")
            node = ast.parse(text.strip(), mode="eval").body
        return _admit(node, parameters, variables)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        if isinstance(error, DomainError):
            raise
        msg = f"cannot read the expression {text[:60]!r}: {getattr(error, 'msg', error)}"
        raise DomainError(msg) from None


def _admit(node: ast.expr, parameters: Names, variables: Names) -> ast.expr:
    known = parameters, variables
    match node:
        case ast.Constant(value=float() | int() as number) if not isinstance(number, bool):
            return _number(_float(number))
        case ast.Name(id=name) if name in variables:
            return ast.Name(name, ast.Load())
        case ast.Name(id=name) if name in CONSTANTS:
            return _number(CONSTANTS[name])
        case ast.Name(id=name) if name in parameters:
            index = ast.Constant(parameters.index(name))
            return ast.Subscript(ast.Name("p", ast.Load()), index, ast.Load())
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _admit(operand, *known)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ast.UnaryOp(ast.USub(), _admit(operand, *known))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            both = _admit(left, *known), _admit(right, *known)
            return ast.BinOp(both[0], _BINARY[type(op)](), both[1])
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return _call(name, _admit(argument, *known))
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
            msg = f"{name} takes one argument in an expression; it is {ast.unparse(node)[:60]!r}"
            raise DomainError(msg)
        case ast.Call(func=func):
            return _refuse(func, variables)
        case _:
            return _refuse(node, variables)


def _float(number: float) -> float:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        msg = "a number in an expression is too large for a float"
        raise DomainError(msg)
    return value


def _refuse(node: ast.expr, variables: Names) -> ast.expr:
    named = f"the variable{'s' * (len(variables) > 1)} {' and '.join(variables)}"
    known = f"{named}, numbers, + - * / **, {', '.join(CONSTANTS)}, {', '.join(FUNCTIONS)}"
    token = ast.unparse(node)
    msg = f"'{token[:60]}' is not allowed in an expression; known are {known}"
    raise DomainError(msg)


def _number(value: float) -> ast.expr:
    return ast.Constant(float(value))


def _call(name: str, argument: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])


def _is(node: ast.expr, value: float) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _free_of(variable: str, node: ast.expr) -> bool:
    return not any(isinstance(n, ast.Name) and n.id == variable for n in ast.walk(node))


def _add(a: ast.expr, b: ast.expr) -> ast.expr:
    if _is(a, 0):
        return b
    return a if _is(b, 0) else ast.BinOp(a, ast.Add(), b)


def _times(a: ast.expr, b: ast.expr) -> ast.expr:
    if _is(a, 0) or _is(b, 0):
        return _number(0)
    if _is(a, 1):
        return b
    return a if _is(b, 1) else ast.BinOp(a, ast.Mult(), b)


def _over(a: ast.expr, b: ast.expr) -> ast.expr:
    return a if _is(a, 0) else ast.BinOp(a, ast.Div(), b)


def _power(a: ast.expr, b: ast.expr) -> ast.expr:
    return a if _is(b, 1) else ast.BinOp(a, ast.Pow(), b)


def _minus(a: ast.expr) -> ast.expr:
    return a if _is(a, 0) else ast.UnaryOp(ast.USub(), a)


def derivative(node: ast.expr, variable: str = "y") -> ast.expr:
    """d/dy, or that by another ``variable``, of a tree that ``parse`` made.

    >>> ast.unparse(derivative(parse("y**2 + log(y)")))
    '2.0 * y + 1.0 / y'
    """
    match node:
        case ast.Name(id=name) if name == variable:
            return _number(1)
        case _ if _free_of(variable, node):
            return _number(0)
        case ast.UnaryOp(operand=operand):
            return _minus(derivative(operand, variable))
        case ast.Call(func=ast.Name(id=name), args=[u]):
            return _chain(name, node, u, variable)
        case ast.BinOp(left=a, op=op, right=b):
            return _product_rules(op, a, b, variable)
    msg = f"a tree from parse() holds no {ast.dump(node)}"
    raise AssertionError(msg)


def _product_rules(op: ast.operator, a: ast.expr, b: ast.expr, variable: str) -> ast.expr:
    da, db = derivative(a, variable), derivative(b, variable)
    match op:
        case ast.Add():
            return _add(da, db)
        case ast.Sub():
            return _add(da, _minus(db))
        case ast.Mult():
            return _add(_times(da, b), _times(a, db))
        case ast.Div():
            return _add(_over(da, b), _minus(_over(_times(a, db), _power(b, _number(2)))))
    if _free_of(variable, b):  # a**b with a constant exponent
        lowered: ast.expr = ast.BinOp(b, ast.Sub(), _number(1))
        if isinstance(b, ast.Constant) and isinstance(b.value, float):
            lowered = _number(b.value - 1)
        return _times(_times(b, _power(a, lowered)), da)
    exponent = _add(_times(db, _call("log", a)), _over(_times(b, da), a))
    return _times(ast.BinOp(a, ast.Pow(), b), exponent)


def _chain(name: str, node: ast.expr, u: ast.expr, variable: str) -> ast.expr:
    one, two, du = _number(1), _number(2), derivative(u, variable)
    square = _power(u, two)
    outer: dict[str, Callable[[], ast.expr]] = {
        "exp": lambda: node,
        "log": lambda: _over(one, u),
        "sqrt": lambda: _over(_number(0.5), node),
        "sin": lambda: _call("cos", u),
        "cos": lambda: _minus(_call("sin", u)),
        "tan": lambda: _add(one, _power(node, two)),
        "sinh": lambda: _call("cosh", u),
        "cosh": lambda: _call("sinh", u),
        "tanh": lambda: ast.BinOp(one, ast.Sub(), _power(node, two)),
        "arcsin": lambda: _over(one, _call("sqrt", ast.BinOp(one, ast.Sub(), square))),
        "arccos": lambda: _minus(_over(one, _call("sqrt", ast.BinOp(one, ast.Sub(), square)))),
        "arctan": lambda: _over(one, _add(one, square)),
        "log1p": lambda: _over(one, _add(one, u)),
        "expm1": lambda: _call("exp", u),
        "abs": lambda: _call("sign", u),
        "sign": lambda: _number(0),  # made by abs alone; the jump is left out
    }
    return _times(outer[name](), du)


_NAMESPACE: dict[str, Any] = {
    **{name: getattr(np, name) for name in (*FUNCTIONS, "sign")},
    "abs": np.fabs,  # of real numbers only
    "__builtins__": {},
}


def _compiled(tree: ast.expr, variables: Names) -> Function:
    """The function ``f(*variables, p)`` of a whitelisted tree, with nothing else in its reach."""
    names = [ast.arg(name) for name in (*variables, "p")]
    arguments = ast.arguments([], names, None, [], [], None, [])
    lambda_ = ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, tree)))
    module = compile(lambda_, "<expression>", "eval")
    code = next(c for c in module.co_consts if hasattr(c, "co_code"))
    return FunctionType(code, _NAMESPACE, "expression")

"""An expression that a user built with SymPy, as the text that the whitelist reads.

What comes out is a Shape or a Surface like any other: theory evaluates it, kernels compile it, and
its parameters stay free at run time.
"""

from typing import Any

import sympy as sp

from ..errors import DomainError
from ..expression import Shape, Surface, shape, surface
from .formula import FUNCTIONS

NAMES = {
    function: name for name, function in FUNCTIONS.items() if isinstance(function, type)
}  # the others are written with these


def sympy_shape(expression: Any, **parameters: float) -> Shape:
    """The function of the symbol ``y`` and of the named parameters.

    Raises DomainError for symbols and functions that the whitelist does not know.

    >>> y, a = sp.symbols("y a")
    >>> g = sympy_shape(a * (1 + y**2) / 2, a=4.0)
    >>> g(1.0), g.derivative(1.0)
    (4.0, 4.0)
    """
    return shape(formula_text(expression), **parameters)


def sympy_surface(expression: Any, **parameters: float) -> Surface:
    """The function of the symbols ``x`` and ``y`` and of the named parameters; see above.

    >>> x, y = sp.symbols("x y")
    >>> sympy_surface(sp.exp(y) * x**2)(2.0, 0.0)
    4.0
    """
    return surface(formula_text(expression), **parameters)


def formula_text(expression: Any) -> str:
    """The expression in the words of the whitelist.

    >>> y = sp.Symbol("y")
    >>> formula_text(y * sp.sqrt(y + 1))
    'y*(sqrt((1) + y))'
    """
    if isinstance(expression, (int, float)):
        return repr(float(expression))
    match expression:
        case sp.Symbol(name=name):
            return str(name)
        case sp.Rational(p=p, q=q):
            return str(p) if q == 1 else f"({p}/{q})"
        case sp.Float() as number:
            return repr(float(number))
        case number if number in (sp.pi, sp.E):
            return "pi" if number == sp.pi else "e"
        case sp.Add(args=terms):
            return " + ".join(_closed(term) for term in terms)
        case sp.Mul(args=factors):
            return "*".join(_closed(factor) for factor in factors)
        case sp.Pow(base=base, exp=power) if power == sp.Rational(1, 2):
            return f"sqrt({formula_text(base)})"
        case sp.Pow(base=base, exp=power):
            return f"{_closed(base)}**{_closed(power)}"
        case sp.Function(args=(argument,)) as call if call.func in NAMES:
            return f"{NAMES[call.func]}({formula_text(argument)})"
        case other:
            msg = f"'{str(other)[:60]}' is not known in a formula; known are {sorted(FUNCTIONS)}"
            raise DomainError(msg)


def _closed(expression: Any) -> str:
    text = formula_text(expression)
    return text if expression.is_Symbol or expression.is_Function else f"({text})"

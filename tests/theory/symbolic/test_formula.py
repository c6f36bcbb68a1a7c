import numpy as np
import pytest
import sympy as sp

from entropic.theory import DomainError, shape
from entropic.theory.expression import FUNCTIONS
from entropic.theory.symbolic.formula import symbolic_formula

Y = sp.Symbol("y", real=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_worth_what_the_formula_is(name):
    text = f"2*{name}(0.3*y)/(1 + y**2) - y**-1.5 + pi - e"
    found = symbolic_formula(text, {"y": Y})
    for y in (0.7, 2.3):
        assert float(found.subs(Y, y)) == pytest.approx(shape(text)(y), rel=1e-14)


def test_numbers_are_as_exact_as_they_read():
    assert symbolic_formula("0.1*y + 3", {"y": Y}) == Y / 10 + 3
    assert symbolic_formula("-1e-3", {"y": Y}) == -sp.Rational(1, 1000)
    assert symbolic_formula("pi + e", {"y": Y}) == sp.pi + sp.E
    x = sp.Symbol("x")
    assert symbolic_formula("x*y", {"x": x, "y": Y}) == x * Y


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("__import__('os')", "'__import__' is not allowed"),
        ("x", "'x' is not allowed"),
        ("1/0", "has no value"),
        ("y + log(0)", "has no value"),
        ("(-8)**0.5", "has no value"),
        ("sin(", "cannot read"),
        ("9**9**9", r"the power \(9\)\*\*\(387420489\) is beyond the range of floats"),
        ("y*0.5**1e5", "beyond the range of floats"),
    ],
)
def test_what_is_no_formula_is_refused(text, match):
    with pytest.raises(DomainError, match=match):
        symbolic_formula(text, {"y": Y})


def test_a_derivative_there_is_the_slope_here():
    text = "exp(-y**2/2)*sin(3*y)/(1 + y**2)"
    slope = sp.lambdify(Y, symbolic_formula(text, {"y": Y}).diff(Y))
    y = np.linspace(-1, 1, 5)
    np.testing.assert_allclose(slope(y), shape(text).derivative(y), rtol=1e-12)

import ast
from math import factorial

import mpmath
import numpy as np
import pytest

from entropic.theory import surface
from entropic.theory.expression import FUNCTIONS, parse
from entropic.theory.taylor import taylor

THEIRS = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "abs": "fabs"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_coefficients_of_every_function_against_mpmath_at_fifty_digits(name):
    tree, function = parse(f"{name}(0.3*y + 0.2*y**2)"), getattr(mpmath, THEIRS.get(name, name))

    def composed(t):
        return function(mpmath.mpf(0.3) * t + mpmath.mpf(0.2) * t**2)

    for y in (0.7, 1.3):
        found = taylor(tree, 6, "y", {"y": y}, np.empty(0))
        with mpmath.workdps(50):
            exact = [float(c) for c in mpmath.taylor(composed, mpmath.mpf(y), 6)]
        np.testing.assert_allclose(found, exact, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "text",
    [
        "a*x**4/4 + y*x**2/2 - x/3",
        "exp(x*y)*cosh(x)/(1 + x**2)**1.5",
        "log(1 + exp(x*y) + x**2)*sqrt(1 + x**2*y**2) + tanh(x - y)**3",
        "(2 + sin(x))**(y + x) - (1 + y)**x",
        "(x - 3)**5 + (x - 3)**-2 + abs(x - 3)**a",
    ],
)
def test_coefficients_in_x_are_the_exact_derivatives(text):
    v = surface(text, a=2.5)
    at = {"x": np.array([0.3, 1.1]), "y": np.array([0.7, 0.2])}
    found = taylor(v.tree, 4, "x", at, v.params)
    for n in range(5):
        exact = v.derivative(of_x=n)(at["x"], at["y"])
        np.testing.assert_allclose(found[n] * factorial(n), exact, rtol=1e-11, atol=1e-12)


def test_whole_powers_are_good_where_their_base_vanishes():
    found = taylor(parse("y**3 + (2*y)**2 + y**0"), 4, "y", {"y": np.zeros(2)}, np.empty(0))
    assert found.tolist() == [[1, 1], [0, 0], [4, 4], [1, 1], [0, 0]]
    assert taylor(parse("y**3"), 0, "y", {"y": 2.0}, np.empty(0)).tolist() == [8]


def test_where_there_is_no_derivative_there_is_no_number():
    found = taylor(parse("sqrt(y)"), 2, "y", {"y": 0.0}, np.empty(0))
    assert not np.isfinite(found[1:]).any()


def test_a_strange_tree_is_a_bug():
    with pytest.raises(AssertionError, match="holds no"):
        taylor(ast.List([], ast.Load()), 1, "y", {"y": 0.0}, np.empty(0))

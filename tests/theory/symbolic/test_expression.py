"""Expressions built with SymPy, and SymPy's derivatives beside the house's own."""

import numpy as np
import pytest
import sympy as sp

from entropic.theory import DomainError, shape, surface, sympy_shape, sympy_surface
from entropic.theory.symbolic.expression import formula_text
from entropic.theory.symbolic.formula import symbolic_formula

X, Y, A = sp.symbols("x y a")
TEXTS = [
    "y**4/4 - y**2/2 + 0.3*y",
    "exp(-y**2)*sin(3*y) + cosh(y/2)",
    "log(1 + y**2)/sqrt(2 + cos(y))",
    "arctan(y)*tanh(y) + expm1(y/3) - log1p(y**2)",
    "(1 + y**2)**1.5 + 2**y + y/(1 + y**4)",
    "arcsin(y/4) + arccos(y/5)**2 + sinh(y)*tan(y/3)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_house_differentiates_as_sympy_does(text: str) -> None:
    y = np.linspace(-1.3, 1.4, 11)
    symbolic = sp.lambdify(Y, sp.diff(symbolic_formula(text, {"y": Y}), Y), "numpy")
    np.testing.assert_allclose(shape(text).derivative(y), symbolic(y), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("text", ["x**2*(1 + y**2)/2 + sin(x*y)", "exp(x - y)*x**3 + y/x"])
def test_a_surface_is_differentiated_as_sympy_does(text: str) -> None:
    x, y = np.linspace(0.3, 2.0, 7), np.linspace(-1.0, 1.0, 7)
    expression, v = symbolic_formula(text, {"x": X, "y": Y}), surface(text)
    for found, by in ((v.derivative(of_x=1)(x, y), X), (v.derivative(of_y=1)(x, y), Y)):
        expected = sp.lambdify((X, Y), sp.diff(expression, by), "numpy")(x, y)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("text", TEXTS)
def test_an_expression_comes_back_from_sympy_as_it_went(text: str) -> None:
    y = np.linspace(-1.3, 1.4, 11)
    back = sympy_shape(symbolic_formula(text, {"y": Y}))
    np.testing.assert_allclose(back(y), shape(text)(y), rtol=1e-13)


def test_parameters_stay_free() -> None:
    g = sympy_shape(A * sp.exp(Y) + sp.pi, a=3.0)
    assert g(0.0) == pytest.approx(3.0 + np.pi)
    assert g.params.tolist() == [3.0]
    assert sympy_surface(A * X**2 * Y, a=2.0)(3.0, 0.5) == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sp.gamma(Y), r"'gamma\(y\)' is not known in a formula"),
        (sp.Symbol("z") + Y, "'z' is not allowed in an expression"),
        (sp.oo, "'oo' is not known in a formula"),
        (sp.I * Y, "'I' is not known in a formula"),
        (sp.Piecewise((Y, Y > 0), (0, True)), "'Piecewise.*' is not known in a formula"),
        (sp.Symbol("__import__('os')"), "is not allowed in an expression"),
    ],
)
def test_what_the_whitelist_does_not_know_is_refused(expression, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        sympy_shape(expression)


def test_a_text_is_no_expression() -> None:
    with pytest.raises(DomainError, match=r"'y\*\*2' is not known in a formula"):
        formula_text("y**2")


def test_a_plain_number_is_an_expression() -> None:
    assert [sympy_shape(number)(0.5) for number in (2, 0.1, np.float64(3.5))] == [2.0, 0.1, 3.5]

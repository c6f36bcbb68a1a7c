import math

import mpmath
import numpy as np
import pytest
import sympy

from entropic.theory import DomainError, Surface, constant, shape, surface
from entropic.theory.expression import FUNCTIONS, parse

X, Y = sympy.symbols("x y", real=True)
IN_SYMPY = {
    **{name: getattr(sympy, name) for name in FUNCTIONS if hasattr(sympy, name)},
    **{"arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan, "abs": sympy.Abs},
    **{"log1p": lambda u: sympy.log(1 + u), "expm1": lambda u: sympy.exp(u) - 1},
}


def random_formula(
    rng: np.random.Generator, depth: int, variables: dict[str, sympy.Symbol] | None = None
) -> tuple[str, sympy.Expr]:
    """A formula as text and, built beside it and never parsed, as SymPy's expression."""
    variables = variables or {"y": Y}
    if depth == 0:
        if rng.random() < 0.6:
            name = str(rng.choice(list(variables))) if len(variables) > 1 else "y"
            return name, variables[name]
        number = round(float(rng.uniform(0.5, 2)), 3)
        return repr(number), sympy.Float(number, 40)
    kind = rng.integers(7)
    a, A = random_formula(rng, depth - 1, variables)
    b, B = random_formula(rng, depth - 1, variables)
    if kind < 3:
        return {0: (f"({a} + {b})", A + B), 1: (f"({a} - {b})", A - B), 2: (f"{a}*({b})", A * B)}[
            int(kind)
        ]
    if kind == 3:  # a denominator that has no zero
        return f"({a})/(3 + sin({b}))", A / (3 + sympy.sin(B))
    if kind == 4:  # a power of what is positive
        return f"(2 + cos({a}))**(tanh({b}))", (2 + sympy.cos(A)) ** sympy.tanh(B)
    if kind == 5:
        power = int(rng.integers(-3, 4))
        return f"-(2 + sin({a}))**{power}", -((2 + sympy.sin(A)) ** power)
    name = str(rng.choice(FUNCTIONS))
    inner, INNER = f"sin({a})/2", sympy.sin(A) / 2
    if name in ("log", "sqrt"):
        inner, INNER = f"1 + {inner}", 1 + INNER
    return f"{name}({inner})", IN_SYMPY[name](INNER)


@pytest.mark.parametrize("seed", range(40))
def test_a_random_formula_and_its_slope_are_those_of_computer_algebra(seed):
    rng = np.random.default_rng(seed)
    text, expected = random_formula(rng, 3)
    ours = shape(text)
    for y in rng.uniform(-1.5, 1.5, 2):
        at = {Y: sympy.Float(float(y), 40)}
        for found, exact in (
            (ours(float(y)), expected),
            (ours.derivative(float(y)), sympy.diff(expected, Y)),
        ):
            assert found == pytest.approx(float(exact.evalf(30, subs=at)), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_random_formula_in_two_variables_and_its_derivatives_are_those_of_computer_algebra(seed):
    rng = np.random.default_rng(seed)
    text, expected = random_formula(rng, 2, {"x": X, "y": Y})
    ours, (x, y) = surface(text), rng.uniform(-1.5, 1.5, 2)
    at = {X: sympy.Float(float(x), 40), Y: sympy.Float(float(y), 40)}
    for m, n in ((0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (3, 0), (4, 0), (2, 1)):
        exact = float(sympy.diff(expected, X, m, Y, n).evalf(30, subs=at))
        assert ours.derivative(m, n)(x, y) == pytest.approx(exact, rel=1e-9, abs=1e-9)
    slopes = [f(x, y, ours.params) for f in (ours.slope_x, ours.slope_y)]
    assert slopes == [ours.derivative(1)(x, y), ours.derivative(0, 1)(x, y)]


def test_a_surface_has_the_common_shape_of_its_variables():
    v = surface("a*x + y**2 + 0*b", a=2.0, b=1.0)
    assert v(np.ones((3, 1)), np.zeros(4)).tolist() == [[2.0] * 4] * 3
    assert surface("1").derivative(of_x=1)(np.zeros(2), 0.0).tolist() == [0, 0]
    assert isinstance(v(1.0, 2.0), float)


def test_a_surface_refuses_what_it_cannot_tell():
    with pytest.raises(DomainError, match="'z' is not allowed .* the variables x and y, numbers"):
        surface("x + z")
    for name in ("x", "y", "p", "log"):
        with pytest.raises(DomainError, match="cannot name a parameter"):
            surface("x", **{name: 1.0})
    handmade = Surface(lambda x, y, p: x, lambda x, y, p: 1, lambda x, y, p: 0, np.empty(0), "mine")
    assert handmade(3.0, 4.0) == 3
    with pytest.raises(DomainError, match="'mine' was not read from a formula"):
        handmade.derivative(of_x=2)
    with pytest.raises(DomainError, match="is not real"):
        surface("x + (-8)**0.5")(1.0, 1.0)


def test_the_kink_of_an_absolute_value_has_slopes_beside_it():
    v = surface("abs(x)*y")
    assert v.derivative(of_x=1)(-2.0, 3.0) == -3
    assert v.derivative(of_x=2)(-2.0, 3.0) == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_and_its_slope_against_mpmath_at_thirty_digits(name):
    theirs = {
        **{"arcsin": "asin", "arccos": "acos", "arctan": "atan", "abs": "fabs"},
    }.get(name, name)
    ours = shape(f"{name}(0.3*y)")
    with mpmath.workdps(30):
        function = getattr(mpmath, theirs)
        for y in (0.7, 2.3):
            exact = function(mpmath.mpf("0.3") * y)
            slope = mpmath.diff(lambda x: function(mpmath.mpf("0.3") * x), y)
            assert ours(y) == pytest.approx(float(exact), rel=1e-14)
            assert ours.derivative(y) == pytest.approx(float(slope), rel=1e-12)


def test_a_slope_is_the_complex_step_derivative():
    """Im f(y + ih)/h has no cancellation: exact to rounding at any small h."""
    ours = shape("exp(-y**2/2)*sin(3*y)/(1 + y**2)**1.5 - log(2 + y)**3")
    y = np.linspace(-1, 3, 50)
    complex_step = ours.value(y + 1e-30j, ours.params).imag / 1e-30
    np.testing.assert_allclose(ours.derivative(y), complex_step, rtol=1e-13)


def test_precedence_is_that_of_python():
    y = 1.7
    assert shape("-y**2")(y) == -(y**2)
    assert shape("2**3**y")(y) == 2**3**y
    assert shape("8/4/2*y")(y) == 8 / 4 / 2 * y
    assert shape("1 - 2 - y")(y) == 1 - 2 - y
    assert shape("+y - -y")(y) == y + y


def test_parameters_are_handed_in_by_name():
    g = shape("a*exp(b*y) + e*pi", a=2.0, b=0.5)
    assert g(1.0) == pytest.approx(2 * math.exp(0.5) + math.e * math.pi)
    assert g.derivative(1.0) == pytest.approx(math.exp(0.5))
    assert g.params.tolist() == [2, 0.5]
    with pytest.raises(ValueError, match="read-only"):
        g.params[0] = 3
    for name in ("y", "exp", "pi", "p", "a b", "1"):
        with pytest.raises(DomainError, match="cannot name a parameter"):
            shape("y", **{name: 1.0})


def test_the_value_has_the_shape_of_y():
    for g in (shape("3"), shape("y**2"), constant(3)):
        for y in (np.zeros(3), np.zeros((2, 0)), np.zeros((2, 2))):
            assert g(y).shape == g.derivative(y).shape == y.shape
        assert isinstance(g(0.0), float)
    assert constant(0.1)(5.0) == 0.1
    assert constant(-1e-300).derivative(2.0) == 0


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ('__import__("os")', "__import__"),
        ('__import__("os").system("true")', "__import__('os').system"),
        ("y.__class__", "y.__class__"),
        ("y.real", "y.real"),
        ("().__class__.__bases__[0]", "().__class__.__bases__[0]"),
        ("(lambda: y)()", "lambda: y"),
        ("lambda y: y", "lambda y: y"),
        ("y[0]", "y[0]"),
        ("p[0]", "p[0]"),
        ("[y for y in (1, 2)]", "[y for y in (1, 2)]"),
        ("{y}", "{y}"),
        ("(y, y)", "(y, y)"),
        ("sum(y for y in (1,))", "sum"),
        ("(y := 1)", "(y := 1)"),
        ("y if y else 1", "y if y else 1"),
        ("y < 1", "y < 1"),
        ("y and 1", "y and 1"),
        ("not y", "not y"),
        ("~y", "~y"),
        ("y // 2", "y // 2"),
        ("y % 2", "y % 2"),
        ("y @ y", "y @ y"),
        ("y | 1", "y | 1"),
        ("y << 1", "y << 1"),
        ("'a'", "'a'"),
        ("b'a'", "b'a'"),
        ("f'{y}'", "f'{y}'"),
        ("1j", "1j"),
        ("True", "True"),
        ("None", "None"),
        ("...", "..."),
        ("x", "x"),
        ("exp", "exp"),
        ("eval('y')", "eval"),
        ("open('/etc/passwd')", "open"),
        ("sign(y)", "sign"),
        ("exp(*y)", "*y"),
        ("\u0435\u0445\u0440(y)", "\u0435\u0445\u0440"),  # Cyrillic letters that look like exp
        ("\u0443 + 1", "\u0443"),  # ... and like y
    ],
)
def test_what_is_not_on_the_list_is_refused_with_its_token(text, token):
    with pytest.raises(DomainError) as refused:
        shape(text)
    assert str(refused.value).startswith(f"'{token}' is not allowed in an expression; known are")


@pytest.mark.parametrize("text", ["exp()", "exp(y, y)", "exp(x=y)", "exp(**y)"])
def test_a_function_takes_one_argument(text):
    with pytest.raises(DomainError, match="exp takes one argument"):
        shape(text)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "1+", "y;y", "y = 1", "import os", "y\n+1", "\0", "(y", "1or", "*y", "yield y"],
)
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(DomainError, match="cannot read the expression"):
        shape(text)


def test_the_parsers_advice_to_programmers_is_not_passed_on(recwarn):
    for text in ("1or y", "'\\d'", "1 is y"):
        with pytest.raises(DomainError):
            shape(text)
    assert not recwarn


def test_a_formula_has_bounds_in_length_and_depth():
    with pytest.raises(DomainError, match="may have 1000 characters; this one has 10000"):
        shape("y" * 10_000)
    with pytest.raises(DomainError, match="too many nested parentheses"):
        shape("(" * 300 + "y" + ")" * 300)
    with pytest.raises(DomainError, match="nested too deeply|recursion"):
        shape("y+" * 499 + "y")
    with pytest.raises(DomainError, match="too large for a float"):
        shape("9" * 400)
    with pytest.raises(DomainError, match="too large for a float"):
        shape("1e999")
    assert shape("(" * 50 + "y" + ")" * 50)(2.0) == 2


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("1/0", "has no value"),
        ("y + 1/(1 - 1)", "has no value"),
        ("0**-1", "has no value"),
        ("9**9**9**9", "has no value"),
        ("10**400*y", "has no value"),
        ("(-8)**0.5", "is not real"),
        ("(-8)**(1/3) + y", "is not real"),
        ("abs((-8)**0.5)", "is not real"),
        ("sqrt((-1)**0.5)*y", "is not real"),
    ],
)
@pytest.mark.parametrize("y", [1.0, np.array([1.0, 2.0])])
def test_a_constant_part_without_a_real_value_is_refused_when_evaluated(text, match, y):
    with pytest.raises(DomainError, match=match):
        shape(text)(y)


def test_no_node_of_the_users_tree_survives_and_the_function_reaches_nothing_else():
    ours = shape("exp(y)")
    assert ours.value.__globals__["__builtins__"] == {}
    known = {*FUNCTIONS, "sign", "__builtins__", "__warningregistry__"}
    assert set(ours.value.__globals__) <= known
    assert parse("y") is not parse("y")


def test_parameters_that_are_no_numbers_are_refused():
    for ask in (lambda a: shape("a*y", a=a), lambda a: surface("a*x*y", a=a)):
        for value in (np.nan, np.inf):
            with pytest.raises(DomainError, match="the parameter a must be a finite number; it is"):
                ask(value)

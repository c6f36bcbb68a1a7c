"""A user's formula as lane arithmetic: the same number as theory's, and nothing of the user's."""

import ast

import numpy as np
import pytest
from lane_kernels import evaluated

from entropic.sims import workshop
from entropic.sims.formula import lane_source
from entropic.theory import DomainError
from entropic.theory.expression import FUNCTIONS, derivative, parse, shape

PARAMETERS = ("a", "b")
VALUES = (1.3, -0.4)
Y = np.concatenate([np.linspace(-3, 3, 121), [1e-3, -1e-3, 7.7, -7.7]])


def random_text(rng: np.random.Generator, depth: int) -> str:
    if depth == 0:
        return str(rng.choice(["y", "y", "a", "b", f"{rng.uniform(0.1, 3):.3g}", "pi"]))
    kind = rng.integers(6)
    inner = random_text(rng, depth - 1)
    if kind == 0:
        return f"{rng.choice(FUNCTIONS)}({inner})"
    if kind == 1:
        power = rng.choice(["2", "3", "-1", "0.5", "-0.5", "2.5", "(1+1)", "(4-1)", "b", "a", "0"])
        return f"({inner})**{power}"
    if kind == 2:
        return f"-({inner})"
    return f"({inner}) {rng.choice(['+', '-', '*', '/'])} ({random_text(rng, depth - 1)})"


def expressions(count: int) -> list[str]:
    rng = np.random.default_rng(4)
    return [random_text(rng, int(rng.integers(1, 4))) for _ in range(count)]


def test_random_formulas_and_slopes_are_what_theory_evaluates() -> None:
    """Where theory has a finite number; digits that a difference or a far angle loses are allowed.

    Those that both lose are measured by moving y by one unit in the last place.
    """
    known = dict(zip(PARAMETERS, VALUES, strict=True))
    texts = expressions(70)
    trees = [parse(text, PARAMETERS) for text in texts]
    sources = [lane_source(tree, single=False) for tree in trees]
    sources += [lane_source(derivative(tree), single=False) for tree in trees]
    found = evaluated(sources, Y, VALUES)
    compared = 0
    for i, text in enumerate(texts):
        formula = shape(text, **known)
        for row, function in ((found[i], formula.value), (found[i + 70], formula.slope)):
            with np.errstate(all="ignore"):
                try:
                    p = np.array(VALUES)
                    nearby = [
                        np.broadcast_to(np.asarray(function(y, p), complex), Y.shape)
                        for y in (Y, np.nextafter(Y, 9), np.nextafter(Y, -9))
                    ]
                except ArithmeticError:
                    continue
            if np.any(np.imag(nearby)):
                continue
            wanted, above, below = np.real(nearby)
            with np.errstate(invalid="ignore"):
                moved = np.abs(above - wanted) + np.abs(below - wanted)
                allowed = 1e-12 * np.maximum(np.abs(wanted), 1e-3) + 100 * moved
                off = np.abs(row - wanted)
            fine = np.isfinite(wanted) & (np.abs(wanted) < 1e100) & np.isfinite(moved)
            assert np.all(off[fine] <= allowed[fine]), (text, Y[fine][np.argmax(off[fine])])
            compared += fine.sum()
    assert compared > 8000


def test_the_tree_that_is_written_out_stays_as_it_was() -> None:
    tree = parse("-a*y**2 + exp(-y**2) - b**2", PARAMETERS)
    before = ast.dump(tree)
    for _ in range(2):
        lane_source(tree, single=True, offset=3)
    assert ast.dump(tree) == before


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("y**3", "y ** 3"),
        ("y**-2", "1.0 / y ** 2"),
        ("y**0.5", "sqrt(y)"),
        ("y**(2 - 1)", "y"),
        ("y**0", "1.0"),
        ("y**65", "power(y, 65.0)"),
        ("y**a", "power(y, p[2])"),
        ("-y**2", "-y ** 2"),
        ("(-y)**2", "(-y) ** 2"),
        ("-2**2", "-2.0 ** 2"),
        ("abs(y)", "abs(y)"),
    ],
)
def test_powers_become_products_and_roots(text: str, source: str) -> None:
    assert lane_source(parse(text, ("a",)), single=False, offset=2) == source


def test_single_precision_stays_single() -> None:
    """A number or a function in double precision on the way would halve the width of vectors."""
    texts = ["2*y + a*y**3 + y**-0.5 + exp(y)/3 + abs(y) + y**2.5 + y**0"]
    source = lane_source(parse(texts[0], ("a",)), single=True)
    y = np.linspace(0.5, 2, 11).astype(np.float32)
    found = evaluated([source], y, (0.7,))
    wanted = shape(texts[0], a=0.7)(y.astype(float))
    np.testing.assert_allclose(found[0], wanted, rtol=1e-6)
    assert kind_of(source) == "float32"


def kind_of(source: str) -> str:
    """The type that Numba finds for a formula of float32 numbers."""
    module = workshop.kernel((typed,), {"single": ("y, p", source), "STATE": np.float32})
    module.typed(np.float32(1), (np.float32(1),))
    (signature,) = module.typed.nopython_signatures
    return str(signature.return_type)


def typed(y, p):
    """The formula itself."""
    return single(y, p)


def single(y, p):
    """Stands for the formula."""
    return y


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')",
        "y.__class__",
        "(lambda: y)()",
        "[y for y in (1,)][0]",
        "exp.__globals__",
        "p[0]",
        "STATE(y)",
        "np",
        "power(y, 2)",
        "sign(y)",
        "y if y else y",
        "'y'",
        "f'{y}'",
        "(y := 1)",
        "1j*y",
        "True",
        "y; import os",
        "y\nimport os",
    ],
)
def test_nothing_but_arithmetic_gets_in(text: str) -> None:
    with pytest.raises(DomainError, match=r"not allowed|cannot read|takes one argument"):
        lane_source(parse(text), single=False)


@pytest.mark.parametrize("name", ["p", "y", "exp", "pi", "a b", "a=1,b", "import os", "x\n", ""])
def test_a_parameter_has_a_plain_name(name: str) -> None:
    with pytest.raises(DomainError, match="cannot name a parameter"):
        shape("y", **{name: 1.0})


@pytest.mark.parametrize("name", ["STATE", "power", "np", "own_pull", "__builtins__", "class_"])
def test_the_name_of_a_parameter_is_never_written(name: str) -> None:
    tree = parse(f"{name}*y", (name,))
    assert lane_source(tree, single=False) == "p[0] * y"

import ast
import re
from pathlib import Path

import pytest
from matplotlib.mathtext import MathTextParser
from symbolic_numbers import CASES, derivation, number

from entropic.theory import saddle_point, symbolic
from entropic.theory.errors import DomainError
from entropic.theory.symbolic.derivation import MODELS
from entropic.theory.symbolic.symbols import G, H, R, R_hat, alpha, kappa, q, q_hat, u

FILES = sorted(Path(symbolic.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(("load", "margin"), [(0.3, -1.0), (0.5, 0.0), (0.3, 0.8)])
@pytest.mark.parametrize("model", MODELS)
def test_the_derived_equations_and_entropy_are_those_of_the_saddle_points(model, load, margin):
    found, point = derivation(model), saddle_point(load, margin, model)
    values = {alpha: load, kappa: margin, q: float(point.q), q_hat: float(point.q_hat), R_hat: 0}
    for equation in found.equations:
        assert number(equation.lhs, values) == pytest.approx(number(equation.rhs, values), rel=1e-9)
    assert number(found.free_entropy, values) == pytest.approx(float(point.entropy), rel=1e-9)


# how it reads


@pytest.mark.parametrize(("model", "setting"), CASES)
def test_every_equation_is_valid_latex_and_all_prose_plain(model, setting):
    found = derivation(model, setting)
    parser = MathTextParser("path")
    for row in found.rows():
        parser.parse(f"${row['latex']}$")
    whole = found.latex()
    assert whole.isascii()
    assert whole.count("{") == whole.count("}")
    opened = re.findall(r"\\begin{(\w+)}", whole)
    assert opened == list(reversed(re.findall(r"\\end{(\w+)}", whole))) or sorted(opened) == sorted(
        re.findall(r"\\end{(\w+)}", whole)
    )


@pytest.mark.parametrize(("model", "setting"), CASES)
def test_the_text_has_numbered_steps_and_explains_its_symbols(model, setting):
    found = derivation(model, setting)
    lines = found.text().splitlines()
    for number_of, step in enumerate(found.steps, 1):
        assert f"{number_of}. {step.name}" in lines
    assert all(len(line) <= 92 for line in lines if not line.startswith("    "))
    explained = {symbol for symbol, _ in found.legend()}
    assert {alpha, kappa, q, G(u), H(u)} <= explained
    assert (R in explained) == (setting == "teacher")
    assert not re.search(r"\b(alpha|kappa|sqrt|qhat|log|pi)\b|[{}*]", found.text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_text_is_ever_parsed(path):
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"sympify", "S", "parse_expr", "eval", "exec"}


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("ising",), "model must be 'spherical' or 'binary'; it is 'ising'"),
        (("binary", "learning"), "setting must be 'storage' or 'teacher'; it is 'learning'"),
    ],
)
def test_an_unknown_question_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        derivation(*arguments)

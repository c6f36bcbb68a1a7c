import ast
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from matplotlib.mathtext import MathTextParser
from scipy.optimize import brentq
from symbolic_numbers import NUMERIC, number

from entropic.theory import critical_capacity, saddle_point, symbolic
from entropic.theory.errors import DomainError
from entropic.theory.symbolic import (
    MODELS,
    SETTINGS,
    E,
    E_hat,
    G,
    H,
    Mean,
    R,
    R_hat,
    W,
    alpha,
    by_parts,
    h,
    kappa,
    n,
    phi,
    q,
    q_hat,
    text,
    u,
    v,
    z,
)

derivation = cache(symbolic.derivation)
ALL = pytest.mark.parametrize(
    ("model", "setting"), [(model, setting) for model in MODELS for setting in SETTINGS]
)
OFF = {alpha: 0.7, kappa: -0.3, q: 0.45, R: 0.3, q_hat: 0.9, R_hat: 0.35, E_hat: 1.4}


def stationary_overlaps(load, model):
    """q = R of a student who knows as much as the teacher at margin 0: the second, lower branch."""

    def excess(tried):
        values = {alpha: load, kappa: 0, q: tried, R: tried}
        found = derivation(model, "teacher").equations
        if model == "spherical":
            return number(found[0].lhs - found[0].rhs, values)
        hat = number(found[0].rhs, values)
        return tried - number(found[2].rhs, values | {q_hat: hat, R_hat: hat})

    return brentq(excess, 1e-3, 0.85, xtol=1e-12)


# the house's own saddle points


@pytest.mark.parametrize(("load", "margin"), [(0.3, -1.0), (0.5, 0.0), (0.3, 0.8)])
@pytest.mark.parametrize("model", MODELS)
def test_the_derived_equations_and_entropy_are_those_of_the_saddle_points(model, load, margin):
    found, point = derivation(model), saddle_point(load, margin, model)
    values = {alpha: load, kappa: margin, q: float(point.q), q_hat: float(point.q_hat), R_hat: 0}
    for equation in found.equations:
        assert number(equation.lhs, values) == pytest.approx(number(equation.rhs, values), rel=1e-9)
    assert number(found.free_entropy, values) == pytest.approx(float(point.entropy), rel=1e-9)


@ALL
def test_the_equations_are_the_gradient_of_the_free_entropy_also_off_the_saddle(model, setting):
    found = derivation(model, setting)
    values = OFF if setting == "teacher" else OFF | {R_hat: 0}
    overlaps = [q, R] if setting == "teacher" else [q]
    hats = {q: q_hat, R: R_hat}
    factors = {q: (0.5, 0.5), R: (-1, -1)}  # of lhs − rhs, for the overlap and its conjugate
    along = [(x, factors[x][0]) for x in overlaps]
    if model == "binary":
        along += [(hats[x], factors[x][1]) for x in overlaps]
    else:  # multiplied up to be free of fractions
        gap = 1 - values[q]
        along = [(x, factor / gap) for x, factor in zip(overlaps, (0.5, -1.0), strict=False)]
    for equation, (x, factor) in zip(found.equations, along, strict=True):
        step = 1e-5
        rises = [
            number(found.free_entropy, values | {x: values[x] + way * step}) for way in (1, -1)
        ]
        slope = (rises[0] - rises[1]) / (2 * step)
        missing = number(equation.lhs - equation.rhs, values)
        assert slope == pytest.approx(factor * missing, rel=1e-6, abs=1e-9)


@ALL
def test_the_free_entropy_is_what_the_action_tends_to_per_replica(model, setting):
    steps = {step.name: step for step in derivation(model, setting).steps}
    (action,) = steps["replicas"].equations
    parts = {
        sp.log(W): steps["weights"].equations[-1].rhs,
        sp.log(E): sp.log(steps["patterns"].equations[-1].rhs),
    }
    values = OFF if setting == "teacher" else OFF | {R_hat: 0}

    def per_replica(count):
        return number(action.rhs.subs(parts).subs(n, count), values) / count

    small = 1e-3
    limit = 2 * per_replica(small) - per_replica(2 * small)
    (entropy,) = steps["no replicas"].equations
    assert number(entropy.rhs, values) == pytest.approx(limit, abs=1e-5)


# teacher and student


@pytest.mark.parametrize("model", MODELS)
def test_on_the_bayes_line_all_equations_hold_at_once(model):
    overlap = stationary_overlaps(0.8, model)
    values = {alpha: 0.8, kappa: 0, q: overlap, R: overlap}
    found = derivation(model, "teacher")
    hat = number(found.equations[0].rhs, values)
    values |= {q_hat: hat, R_hat: hat}
    for equation in found.equations:
        assert number(equation.lhs, values) == pytest.approx(number(equation.rhs, values), rel=1e-9)
    (last,) = found.steps[-1].equations
    assert number(last.lhs, values) == pytest.approx(number(last.rhs, values), rel=1e-9)


def test_binary_students_run_out_at_1_245():
    """G. Györgyi, Phys. Rev. A 41, 7097 (1990): α ≈ 1.245, where only the teacher is left."""

    def entropy(load):
        overlap = stationary_overlaps(load, "binary")
        values = {alpha: load, kappa: 0, q: overlap, R: overlap}
        found = derivation("binary", "teacher")
        hat = number(found.equations[0].rhs, values)
        return number(found.free_entropy, values | {q_hat: hat, R_hat: hat})

    before, after = entropy(1.24), entropy(1.25)
    assert before > 0 > after
    assert 1.24 + 0.01 * before / (before - after) == pytest.approx(1.245, abs=5e-4)


# the pieces


def test_two_replicas_without_margin_share_what_sheppard_says():
    (chance,) = (step for step in derivation().steps if step.name == "patterns")
    both = chance.equations[-1].rhs.subs(n, 2)
    for overlap in (0.1, 0.6):
        found = number(both, {kappa: 0, q: overlap})
        assert found == pytest.approx(0.25 + np.arcsin(overlap) / (2 * np.pi), rel=1e-12)


def test_the_capacity_is_gardners():
    (last,) = derivation().steps[-1].equations
    for margin in (-1.0, 0.0, 0.7):
        inverse = float(sp.lambdify(kappa, last.rhs, NUMERIC)(margin))
        assert 1 / inverse == pytest.approx(float(critical_capacity(margin)), rel=1e-12)


@pytest.mark.parametrize(
    "integrand",
    [z * G(u), z * G(u) * H(v), z * phi(v) * sp.log(H(u)), z * sp.tanh(h), z * u * G(u)],
)
def test_by_parts_leaves_the_average_as_it_is(integrand):
    average = Mean(integrand)
    assert not any(mean.args[0].has(z) for mean in by_parts(average).atoms(Mean))
    assert number(by_parts(average), OFF) == pytest.approx(number(average, OFF), rel=1e-9)


def test_means_are_linear_and_know_what_they_depend_on():
    assert Mean(sp.Integer(3)) == 3
    assert Mean(2 * alpha * G(u) + q) == 2 * alpha * Mean(G(u)) + q
    assert Mean(G(u)).free_symbols == {kappa, q}
    assert Mean(H(v)).free_symbols == {q, R}
    assert Mean(G(u)).diff(R) == 0
    step = 1e-6
    slope = number(Mean(G(u)).diff(q), OFF)
    rises = [number(Mean(G(u)), OFF | {q: OFF[q] + way * step}) for way in (1, -1)]
    assert slope == pytest.approx((rises[0] - rises[1]) / (2 * step), rel=1e-6)


@pytest.mark.parametrize(
    ("function", "slope"), [(H, -phi(u)), (phi, -u * phi(u)), (G, G(u) * (G(u) - u))]
)
def test_tail_density_and_their_ratio_know_their_slopes(function, slope):
    assert function(u).diff(u) == slope


# how it reads


@ALL
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


@ALL
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


def test_lines_of_text_are_short_and_greek():
    assert text(sp.Eq(q, alpha * sp.sqrt(q) * Mean(G(u) ** 2))) == "q = α √q ⟨G(u)²⟩"
    assert text(sp.sqrt(q - R**2) / (1 - q)) == "√(q − R²)/(1 − q)"


def test_no_text_is_ever_parsed():
    tree = ast.parse(Path(symbolic.__file__).read_text("utf-8"))
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

import pytest
import sympy as sp
from scipy.optimize import brentq
from symbolic_numbers import NUMERIC, derivation, number

from entropic.theory import critical_capacity
from entropic.theory.symbolic.derivation import MODELS
from entropic.theory.symbolic.symbols import R, R_hat, alpha, kappa, q, q_hat


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


def test_the_capacity_is_gardners():
    (last,) = derivation().steps[-1].equations
    for margin in (-1.0, 0.0, 0.7):
        inverse = float(sp.lambdify(kappa, last.rhs, NUMERIC)(margin))
        assert 1 / inverse == pytest.approx(float(critical_capacity(margin)), rel=1e-12)

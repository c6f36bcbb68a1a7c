import naive_temperature as naive
import numpy as np
import pytest

from entropic.theory.perceptron.gaussian import Pattern
from entropic.theory.perceptron.taught_pattern import CHECK_ORDER, ORDER, Constraint, TaughtPattern

AVERAGES = ["force", "lesson", "force_growth", "replicon", "entropy", "cost", "violated"]


def pattern(q, gamma, kappa, beta, cost, order=ORDER, gap=None):
    gap = 1 - q if gap is None else gap
    one = np.ones(1)
    return TaughtPattern(
        q * one, gap * one, gamma * one, Constraint(kappa * one, beta * one, cost), order
    )


@pytest.mark.parametrize("cost", ["hard", "count", "hinge", "quadratic"])
def test_the_finer_rule_agrees_to_rounding_over_margins_temperatures_and_overlaps(cost):
    axes = ([1e-9, 1e-4, 0.1, 0.9], [0.0, 0.4, 30.0, 1e4], [-2.5, 0.0, 1e-3, 3.0], [0.1, 9, 1e6])
    gap, gamma, kappa, beta = (a.ravel() for a in np.meshgrid(*axes))
    rough, fine = (
        TaughtPattern(1 - gap, gap, gamma, Constraint(kappa, beta, cost), order)
        for order in (ORDER, CHECK_ORDER)
    )
    for name in AVERAGES:
        wanted = getattr(fine, name)()
        scale = np.maximum(np.abs(wanted), 1e-3)
        rounding = 1e-9 if cost == "count" else 1e-10  # of ln f = −β at β = 1e6
        assert (np.abs(getattr(rough, name)() - wanted) < rounding * scale).all(), name


def test_without_a_teacher_the_hard_constraint_is_the_pattern_of_storage():
    gap, kappa = (a.ravel() for a in np.meshgrid([1e-9, 0.01, 0.6], [-2.0, 0.0, 1.0]))
    found = TaughtPattern(1 - gap, gap, 0 * gap, Constraint(kappa, 0 * gap, "hard"))
    known = Pattern(1 - gap, gap, kappa)
    for name in ("force", "replicon", "entropy", "force_growth"):
        assert getattr(found, name)() == pytest.approx(getattr(known, name)(), rel=1e-13)


@pytest.mark.parametrize("cost", ["count", "hinge", "quadratic"])
@pytest.mark.parametrize(("q", "R", "kappa", "beta"), [(0.6, 0.5, 0.3, 4.0)])
def test_one_more_labelled_pattern_costs_what_plain_integration_says(cost, q, R, kappa, beta):
    found = pattern(q, R / np.sqrt(q - R * R), kappa, beta, cost)
    value = found.entropy() - 0.5 * found.force() - found.cost()
    wanted = naive.log_fraction(q, R, kappa, beta, cost)
    assert value == pytest.approx(wanted, rel=1e-10)


def test_the_replicon_is_the_mean_square_curvature_of_ln_f():
    found = pattern(0.6, 0.5 / np.sqrt(0.35), 0.3, 4.0, "hinge")
    curvature = naive.curvature_squared(0.6, 0.5, 0.3, 4.0, "hinge")
    assert found.replicon() == pytest.approx(curvature * 0.4**2, rel=1e-6)


def test_the_lesson_is_the_slope_in_the_overlap_with_the_teacher():
    q, R, kappa, beta, step = 0.6, 0.5, 0.3, 4.0, 1e-4
    up, down = (naive.log_fraction(q, R + s, kappa, beta, "hinge") for s in (step, -step))
    found = pattern(q, R / np.sqrt(q - R * R), kappa, beta, "hinge")
    assert found.lesson() / np.sqrt(1 - q) == pytest.approx((up - down) / (2 * step), rel=1e-7)


def test_a_constraint_can_be_taken_in_parts():
    whole = Constraint(np.arange(4.0), np.arange(4.0) + 10, "hinge")
    part = whole[np.array([2, 0])]
    assert (part.kappa.tolist(), part.beta.tolist(), part.cost) == ([2, 0], [12, 10], "hinge")

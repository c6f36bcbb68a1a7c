import naive_franz_parisi as naive
import numpy as np
import pytest

from entropic.theory.perceptron.distance_curve import drawn
from entropic.theory.perceptron.fixed_distance import (
    SMALL,
    held_at,
    newton_step,
    overlaps_at,
    refine,
    unknowns,
)
from entropic.theory.perceptron.saddle import saddle_point
from entropic.theory.perceptron.stretched import FINE

# model, α, κ, κ̃, d, guess of x
CASES = [
    ("binary", 0.4, 0.0, 0.2, 0.2, -4.0),
    ("binary", 0.6, 0.1, 0.1, 0.4, -4.0),
    ("binary", 0.5, 0.0, 0.3, 0.02, -4.0),
    ("spherical", 0.8, 0.0, 0.3, 0.2, -4.0),
    ("spherical", 0.5, -0.4, 0.0, 0.6, -1.0),
]
COMMON = pytest.mark.parametrize("case", CASES)


def solved(case):
    model, alpha, kappa, margin, d, x = case
    ref = drawn(alpha, kappa, margin, model)
    guess = [x, ref.q * (1 - 2 * d) + 0.2 * ref.gap * 4 * d * (1 - d)]
    guess[1] = 4 * d * (1 - d) * ref.q
    guess += [np.arctanh(1 - 2 * d)] * (unknowns(ref) - 2)
    return ref, np.array([d]), refine(ref, np.array([d]), np.array([guess]), FINE, rounds=40)


@COMMON
def test_newton_comes_to_rest_where_the_equations_hold(case):
    ref, d, rest = solved(case)
    assert rest.rested.all()
    held = held_at(ref, d, rest.y, FINE)
    np.testing.assert_allclose(held.miss, 0, atol=1e-10)
    assert rest.size[0] < SMALL
    assert held.entropy == pytest.approx(rest.numbers[0], abs=1e-13)


@COMMON
def test_the_jacobian_is_the_slope_of_what_is_missing(case):
    ref, d, rest = solved(case)
    y = rest.y + 0.03
    jacobian = held_at(ref, d, y, FINE).jacobian[0]
    for i, column in enumerate(jacobian.T):
        move = 1e-5 * np.eye(unknowns(ref))[[i]]
        up, down = (held_at(ref, d, y + s * move, FINE).miss[0] for s in (1, -1))
        np.testing.assert_allclose((up - down) / 2e-5, column, rtol=1e-6, atol=1e-7)


@COMMON
def test_the_entropy_is_the_functional_and_stationary_in_every_overlap(case):
    """The functional is summed over every field as it is defined, sharing no formula."""
    model, alpha, kappa, margin, distance, _ = case
    ref, d, rest = solved(case)
    reference = saddle_point(alpha, margin, model)
    held = held_at(ref, d, rest.y, FINE)
    q = 1 - held.overlaps.gap[0]
    t = ref.q * held.overlaps.p[0] + ref.gap * rest.y[0, 1]
    point = [q, t]
    functional, accuracy = naive.spherical_functional, 1e-6
    if model == "binary":
        point += [held.q_hat[0], held.t_hat[0], held.p_hat[0]]
        functional, accuracy = naive.binary_functional, 1e-7

    def at(values):
        return functional(reference, alpha, kappa, 1 - 2 * distance, *values)

    assert rest.numbers[0, 0] == pytest.approx(at(point), abs=accuracy)
    for i in range(len(point)):
        step = 1e-4 * min(1 - q, 0.3) * np.eye(len(point))[i]
        slope = (at(point + step) - at(point - step)) / (2 * step[i])
        assert abs(slope) < 300 * accuracy


@COMMON
def test_the_slope_is_the_derivative_by_distance(case):
    ref, d, rest = solved(case)
    h = 1e-4 * d
    up, down = (refine(ref, d + s * h, rest.y, FINE).numbers[0] for s in (1, -1))
    assert rest.numbers[1] == pytest.approx((up - down) / (2 * h), rel=1e-6)


@COMMON
def test_an_error_of_the_unknowns_enters_the_entropy_squared(case):
    ref, d, rest = solved(case)
    off = [
        held_at(ref, d, rest.y + size * np.ones_like(rest.y), FINE).entropy - rest.numbers[0]
        for size in (1e-3, 1e-4)
    ]
    assert abs(off[1] / off[0] - 0.01) < 2e-3


def test_every_value_of_the_unknowns_is_a_possible_geometry():
    ref = drawn(0.5, 0.0, 0.1, "binary")
    x = np.linspace(-30, 30, 13)
    y = np.stack((x, np.full(13, 0.1), np.zeros(13)), axis=-1)
    at = overlaps_at(ref, np.full(13, 0.2), y)
    q = at.p**2 + at.c2 + ref.gap / ref.q * at.e**2
    np.testing.assert_allclose(1 - q, at.gap, rtol=1e-9, atol=1e-15)
    assert (at.c2 > 0).all()
    assert (at.gap > 0).all()


def test_what_cannot_be_stepped_from_is_nan():
    ref = drawn(0.5, 0.0, 0.1, "binary")
    with np.errstate(all="ignore"):
        held = held_at(ref, np.array([0.2]), np.array([[0.0, 50.0, 1.0]]), FINE)
    assert np.isnan(newton_step(held)).all()


def test_a_lost_point_is_not_rested_and_leaves_the_others_alone():
    ref, d, rest = solved(CASES[0])
    guess = np.concatenate((rest.y, [[0.0, 50.0, 1.0]]))
    with np.errstate(all="ignore"):
        found = refine(ref, np.repeat(d, 2), guess, FINE)
    assert found.rested.tolist() == [True, False]
    np.testing.assert_allclose(found.y[0], rest.y[0], rtol=1e-10)

import numpy as np
import pytest

from entropic.theory.perceptron.distance_curve import drawn, follow, logit, typical
from entropic.theory.perceptron.fixed_distance import refine
from entropic.theory.perceptron.saddle import saddle_point
from entropic.theory.perceptron.stretched import FINE

CASES = pytest.mark.parametrize(
    ("model", "alpha", "kappa", "margin"),
    [
        ("binary", 0.5, 0.0, 0.0),
        ("binary", 0.5, 0.0, 0.3),
        ("binary", 0.05, 3.0, 3.0),
        ("spherical", 1.0, -0.5, 0.2),
        ("spherical", 1.9, 0.0, 0.0),
    ],
)


def begun(model, alpha, kappa, margin):
    ref, counted = drawn(alpha, kappa, margin, model), saddle_point(alpha, kappa, model)
    return ref, counted, typical(ref, counted)


@CASES
def test_independent_weights_solve_the_equations_with_their_own_entropy(
    model, alpha, kappa, margin
):
    ref, counted, start = begun(model, alpha, kappa, margin)
    d = np.array([start.distance])
    # c² = 0 has no logarithm: from just beside
    guess = np.array([[np.log(start.explained + 1e-9), *start.rest]])
    entropy = refine(ref, d, guess, FINE, rounds=1).numbers[0]
    assert entropy == pytest.approx(float(counted.entropy), abs=1e-9)


def test_with_one_margin_independent_weights_are_more_references():
    ref, counted, start = begun("binary", 0.5, 0.2, 0.2)
    assert start.distance == pytest.approx(float(counted.distance), rel=1e-14)
    assert start.explained == 0
    assert start.rest == pytest.approx([ref.q, ref.q_hat], rel=1e-10)


def test_the_cross_overlap_is_that_of_two_margins_seen_from_either_side():
    one, other = begun("binary", 0.4, 0.0, 0.3)[2], begun("binary", 0.4, 0.3, 0.0)[2]
    assert one.distance == pytest.approx(other.distance, rel=1e-9)
    assert one.rest[1] == pytest.approx(other.rest[1], rel=1e-9)  # t̂ = p̂


@CASES
def test_knots_interpolate_to_what_newton_finds_between_them(model, alpha, kappa, margin):
    ref, _, start = begun(model, alpha, kappa, margin)
    branch = follow(ref, start, 0.3 * start.distance, 1.2 * start.distance)
    between = 0.3 * branch.place[1:] + 0.7 * branch.place[:-1]
    d = 1 / (1 + np.exp(-between))
    assert branch.covers(d).all()
    guess = branch.guess(d)
    with np.errstate(all="ignore"):
        rest = refine(ref, d, guess, FINE)
    assert rest.rested.all()
    assert np.abs(rest.y[:, 1] - guess[:, 1]).max() < 2e-3 * np.abs(rest.y[:, 1]).max()


def test_smooth_and_rough_are_inverse():
    ref, _, start = begun("binary", 0.5, 0.0, 0.1)
    branch = follow(ref, start, 0.2, 0.4)
    y = branch.rough(branch.smooth, branch.place)
    np.testing.assert_allclose(branch.flat(y, branch.place), branch.smooth, rtol=1e-12)


def test_a_branch_stops_where_the_overlap_reaches_one():
    ref, _, start = begun("binary", 0.8, 0.0, 0.0)
    branch = follow(ref, start, 1e-4, 0.9)
    ends = 1 / (1 + np.exp(-branch.place[[0, -1]]))
    assert 1e-3 < ends[0] < start.distance < ends[1] < 0.7
    assert not branch.covers(np.array([1e-4, 0.9])).any()
    # 1 − q is left with a few percent of 1 − p², and falls towards the end
    share = np.exp(-branch.rough(branch.smooth, branch.place)[:, 0])
    assert share[0] < share[1] < share[2]
    assert share[0] < 0.2


def test_the_coordinate_is_odd_around_one_half():
    assert logit(0.5) == 0
    assert logit(0.2) == pytest.approx(-logit(0.8))

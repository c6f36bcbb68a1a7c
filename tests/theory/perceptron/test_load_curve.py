import naive_perceptron as naive
import numpy as np
import pytest

from entropic.theory.perceptron.binary import Binary
from entropic.theory.perceptron.load_curve import UNFOLDED, folds, solve
from entropic.theory.perceptron.spherical import Spherical

KINDS = pytest.mark.parametrize("kind", [Spherical, Binary])


@KINDS
def test_above_a_margin_of_minus_two_and_a_half_the_load_always_rises(kind):
    for kappa in np.linspace(UNFOLDED, 6, 18):
        x = np.linspace(-25, 25, 201)
        assert (kind(x, np.full_like(x, kappa)).load_growth() > 0).all()


@KINDS
def test_below_it_the_load_rises_falls_and_rises_again(kind):
    kappa = np.array([-4.0, 1.0, -3.0, -4.0])
    first, second = folds(kappa, kind)
    assert first[1] == second[1] == kind.highest
    assert first[0] == first[3]
    for i in (0, 2):
        parts = [(-15.0, first[i]), (first[i], second[i]), (second[i], 20.0)]
        for (low, high), sign in zip(parts, (1, -1, 1), strict=True):
            x = np.linspace(low + 1e-6, high - 1e-6, 60)
            assert (sign * kind(x, np.full_like(x, kappa[i])).load_growth() > 0).all()


@KINDS
def test_just_before_the_curve_folds_none_is_found(kind):
    assert (folds(np.array([-2.6]), kind)[0] == kind.highest).all()


def test_of_three_saddle_points_the_one_of_lowest_entropy_is_taken():
    kappa = -4.0
    grid = 1 / (1 + np.exp(-np.linspace(-9, 9, 181)))
    for share in (0.5, 0.78, 0.9, 0.95):
        alpha = share * Spherical.limit(kappa)
        q = Spherical(solve(np.array([alpha]), np.array([kappa]), Spherical), np.array([kappa])).q
        entropy = [naive.spherical_functional(tried, alpha, kappa) for tried in grid]
        best = int(np.argmin(entropy))
        assert grid[best - 1] < q < grid[best + 1]


@KINDS
def test_the_entropy_stays_continuous_where_the_overlap_jumps(kind):
    kappa = -4.0
    alpha = np.linspace(0.7, 0.999, 300) * kind.limit(kappa)
    k = np.full_like(alpha, kappa)
    saddle = kind(solve(alpha, k, kind), k)
    jump = int(np.argmax(np.diff(saddle.q)))
    assert np.diff(saddle.q)[jump] > 0.5
    entropy = saddle.entropy(alpha)
    slope = np.diff(entropy) / np.diff(alpha)
    assert (slope < 0).all()
    assert (np.diff(slope) < 0).all()  # concave, across the jump too

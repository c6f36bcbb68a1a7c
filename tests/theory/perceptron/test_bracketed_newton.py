import numpy as np
import pytest

from entropic.theory.perceptron.bracketed_newton import bracketed_newton


def test_each_point_finds_its_own_root():
    shift = np.linspace(-4, 4, 9)
    found = bracketed_newton(
        lambda x, i: (np.exp(x) - np.exp(shift[i]), np.exp(x)), np.zeros(9), -10.0, 10.0
    )
    assert found == pytest.approx(shift, abs=1e-14)


def test_a_newton_step_that_would_leave_the_bracket_halves_it_instead():
    # the slope of arctan far out sends Newton to and fro with growing steps
    found = bracketed_newton(
        lambda x, i: (np.arctan(x - 1), 1 / (1 + (x - 1) ** 2)), np.array([50.0]), -90.0, 70.0
    )
    assert found == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf, -1.0])
def test_a_useless_slope_costs_time_but_not_the_root(slope):
    found = bracketed_newton(
        lambda x, i: (x**3 - 2, np.full_like(x, slope)), np.array([1.9]), -10.0, 10.0
    )
    assert found == pytest.approx(2 ** (1 / 3), rel=1e-14)


def test_an_infinite_value_is_above():
    found = bracketed_newton(
        lambda x, i: (np.where(x < 2, x - 1, np.inf), np.ones_like(x)), np.array([3.0]), 0.0, 4.0
    )
    assert found == pytest.approx(1.0, abs=1e-15)


def test_a_point_at_rest_is_not_evaluated_again():
    seen = []

    def curve(x, which):
        seen.append(which.tolist())
        return np.where(which == 0, 0.0, x - 1), np.full_like(x, np.nan)

    found = bracketed_newton(curve, np.array([0.25, 0.3]), np.zeros(2), np.full(2, 7.0))
    assert found == pytest.approx([0.25, 1.0], abs=1e-15)
    assert seen[0] == [0, 1]
    assert all(which == [1] for which in seen[1:])


def test_nan_stays_nan():
    found = bracketed_newton(lambda x, i: (x, np.ones_like(x)), np.array([np.nan, 1.0]), -2.0, 2.0)
    assert np.isnan(found).tolist() == [True, False]

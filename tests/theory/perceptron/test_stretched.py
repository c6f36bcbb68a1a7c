import mpmath as mp
import numpy as np
import pytest

from entropic.theory.perceptron.stretched import (
    COARSE,
    FINE,
    stretched,
    stretched_around_all,
    within_reach_of_bulk,
)


def column(*values):
    return np.array(values, dtype=float)


@pytest.mark.parametrize("width", [1.0, 0.1, 1e-4])
@pytest.mark.parametrize("centre", [0.0, 1.3, -2.0])
def test_a_normal_is_integrated_to_nine_digits_around_any_kink(width, centre):
    x, weight = stretched(column(centre), column(width), column(-9), column(9), FINE)
    density = weight * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    moments = [(density * x**power).sum() for power in (0, 1, 2, 4)]
    assert moments == pytest.approx([1, 0, 1, 3], abs=2e-9)


@pytest.mark.parametrize("width", [0.3, 1e-2, 1e-5])
def test_what_is_sharp_at_the_kink_is_resolved(width):
    # ∫ φ(x) √(w² + (x − c)²) dx, with a branch point at distance w from the line
    x, weight = stretched(column(0.7), column(width), column(-9), column(9), FINE)
    found = (weight * np.exp(-0.5 * x * x) * np.hypot(width, x - 0.7)).sum() / np.sqrt(2 * np.pi)
    with mp.workdps(25):
        edges = [-9, 0, 0.7 - 10 * width, 0.7, 0.7 + 10 * width, 3, 9]
        exact = mp.quad(lambda x: mp.npdf(x) * mp.hypot(width, x - mp.mpf("0.7")), sorted(edges))
    assert found == pytest.approx(float(exact), rel=1e-10)


def test_the_error_falls_exponentially_with_the_step():
    def error(step):
        x, weight = stretched(column(0.5), column(0.2), column(-9), column(9), step)
        return abs((weight * np.exp(-0.5 * x * x)).sum() / np.sqrt(2 * np.pi) - 1)

    assert error(0.8) > 1e3 * error(0.4) > 1e5 * error(0.25)
    assert error(COARSE) < 1e-9
    assert error(FINE) < 1e-13


@pytest.mark.parametrize("widths", [(0.1, 0.1), (1e-5, 0.5), (1e-3, 1e-7)])
def test_two_kinks_are_resolved_at_once(widths):
    centres, sharp = np.array([[-0.4, 1.1]]), np.array([widths])
    x, weight = stretched_around_all(centres, sharp, column(-9), column(9), FINE)
    assert (np.diff(x) > 0).all()
    for centre, width in zip(centres[0], widths, strict=True):
        # ∫ dx 3w/(9w² + (x − c)²) over the range is an angle
        found = (weight * 3 * width / (9 * width**2 + (x - centre) ** 2))[0]
        total = found.sum() - 0.5 * (found[0] + found[-1])
        angle = np.arctan((9 - centre) / (3 * width)) + np.arctan((9 + centre) / (3 * width))
        assert total == pytest.approx(angle, rel=1e-4)
        normal = weight * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
        assert normal.sum() == pytest.approx(1, abs=1e-10)


def test_one_kink_told_twice_is_the_rule_of_half_the_step():
    twice = stretched_around_all(
        np.zeros((1, 2)), np.full((1, 2), 0.3), column(-8), column(8), 2 * FINE
    )
    once = stretched(column(0), column(0.3), column(-8), column(8), FINE)
    for left, right in zip(twice, once, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-12)


def test_a_kink_in_the_tail_is_met_from_where_the_bulk_is_seen_too():
    assert within_reach_of_bulk(column(8, -8), column(1, 1)).tolist() == [1.0, -1.0]
    assert within_reach_of_bulk(column(2), column(1)) == 0
    assert within_reach_of_bulk(column(9), column(0.4)) == 2.5
    assert within_reach_of_bulk(column(2), column(0.1)) == pytest.approx(1.6)


def test_a_point_without_width_is_lost_alone():
    zero, nine = np.zeros(2), np.full(2, 9.0)
    with np.errstate(all="ignore"):
        x, weight = stretched(zero, np.array([1.0, 0.0]), -nine, nine, FINE)
    sums = (weight * np.exp(-0.5 * x * x)).sum(axis=-1)
    assert sums[0] == pytest.approx(np.sqrt(2 * np.pi))
    assert np.isnan(sums[1])

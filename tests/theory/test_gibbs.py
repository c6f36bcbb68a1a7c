import numpy as np
import pytest
from scipy.special import gamma, kv

from entropic.theory.gibbs import Unconfined, gibbs_averages

HEAT = 0.4


def averages(height, count=1):
    def observe(x, weight, rows):
        mean = np.sum(weight * x, axis=1)
        return np.array([mean, np.sum(weight * (x - mean[:, None]) ** 2, axis=1)])

    return gibbs_averages(height, observe, HEAT, count)


@pytest.mark.parametrize(
    ("height", "mass"),
    [
        (lambda x: 3 * x**2, np.sqrt(np.pi * HEAT / 3)),
        (lambda x: HEAT * x**4, 2 * gamma(1.25)),
        (lambda x: HEAT * (np.exp(x) - 2.5 * x), gamma(2.5)),
        (lambda x: HEAT * 3 * np.cosh(x), 2 * kv(0, 3)),
        (lambda x: HEAT * 2 * np.log1p(x**2), np.pi / 2),  # heavy tails, out to 10⁵ widths
    ],
)
@pytest.mark.parametrize(("centre", "scale"), [(0.0, 1.0), (-3e4, 1.0), (0.07, 1e-4), (0.0, 1e3)])
def test_the_mass_is_that_of_a_known_integral_wherever_and_however_wide(
    height, mass, centre, scale
):
    found = averages(lambda x, rows: height((x - centre) / scale))
    rounding = 1e-16 * abs(centre) / scale
    assert found.mass[0] == pytest.approx(np.log(mass * scale), abs=1e-10 + rounding)
    assert found.mass_error[0] < 1e-10 + rounding


def test_many_measures_are_one_by_one():
    """A wide one, a narrow one and one with two wells, at once and alone."""
    stiffness, apart = np.array([1e-4, 1e6, 1.0]), np.array([0.0, 0.0, 2.0])

    def height(x, rows):
        k, a = stiffness[rows, None], apart[rows, None]
        return np.where(a > 0, 0.02 * (x**2 - a**2) ** 2, 0.5 * k * x**2)

    together = averages(height, 3)
    for i in range(3):
        alone = averages(lambda x, rows, i=i: height(x, rows + i))
        for one, all_ in zip(alone, together, strict=True):
            np.testing.assert_allclose(one[..., 0], all_[..., i], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(together.seen[1, :2], HEAT / stiffness[:2], rtol=1e-10)
    assert together.barrier[:2].tolist() == [0, 0]
    assert together.barrier[2] == pytest.approx(0.02 * 16 / HEAT, rel=1e-3)


def test_the_barrier_is_seen_from_the_shallower_well():
    """V = x⁴ − 2x² + x/5: stationary points are the roots of 4x³ − 4x + 1/5."""
    found = averages(lambda x, rows: x**4 - 2 * x**2 + x / 5)
    low, top, shallow = sorted(np.roots([4, 0, -4, 0.2]).real)
    heights = [v**4 - 2 * v**2 + v / 5 for v in (low, top, shallow)]
    assert heights[0] < heights[2]
    assert found.barrier[0] == pytest.approx((heights[1] - heights[2]) / HEAT, rel=1e-3)


def test_a_far_well_that_counts_is_found():
    """Two wells of one depth, fifty widths apart."""
    found = averages(lambda x, rows: np.minimum(x**2, (x - 30) ** 2) / 2)
    assert found.mass[0] == pytest.approx(np.log(2 * np.sqrt(2 * np.pi * HEAT)), abs=1e-9)
    assert found.seen[0, 0] == pytest.approx(15, rel=1e-9)


@pytest.mark.parametrize(
    ("height", "must"),
    [
        (lambda x: x, "rise by 40 temperatures on both sides"),
        (lambda x: 0 * x, "rise by 40 temperatures on both sides"),
        (lambda x: -(x**2), "rise by 40 temperatures on both sides"),
        (lambda x: np.sqrt(1 - x**2), "be defined in between"),
        (lambda x: 1 / x, "have no wells farther apart than forty of their widths"),
        (lambda x: np.log(np.abs(x)), "have a finite lowest value"),
        (lambda x: x * np.nan, "have a finite lowest value"),
    ],
)
def test_a_potential_that_does_not_confine_is_refused(height, must):
    with pytest.raises(Unconfined, match=must) as refused:
        averages(lambda x, rows: np.where(rows[:, None] < 2, x**2, height(x)), 3)
    assert refused.value.which == 2

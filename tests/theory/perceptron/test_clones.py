import naive_clones as naive
import numpy as np
import pytest
from scipy.special import log_ndtr

from entropic.theory.perceptron.clones import (
    spin_group,
    threshold_group,
    threshold_peak,
    window_group,
)
from entropic.theory.perceptron.gaussian import CHECK_ORDER

GROUPS = [  # q0_hat, q1_hat, m
    (0.3, 1.13, 4),
    (0.9, 2.7, 2),
    (0.009, 0.23, 20),
    (0.5, 0.56, 30),
]


@pytest.mark.parametrize(("q0_hat", "q1_hat", "m"), GROUPS)
def test_a_group_of_spins_is_a_sum_over_how_many_are_down(q0_hat, q1_hat, m):
    found = spin_group(q0_hat, q1_hat - q0_hat, m)
    assert found.log == pytest.approx(naive.spins(q0_hat, q1_hat, m, 0.005), rel=1e-12)


@pytest.mark.parametrize(("q0_hat", "q1_hat", "m"), GROUPS)
def test_overlaps_are_slopes_by_the_conjugates(q0_hat, q1_hat, m):
    found, step = spin_group(q0_hat, q1_hat - q0_hat, m), 1e-5
    by_q1, by_q0 = (
        (up.log - down.log) / (2 * step)
        for up, down in (
            (
                spin_group(q0_hat, q1_hat + step - q0_hat, m),
                spin_group(q0_hat, q1_hat - step - q0_hat, m),
            ),
            (
                spin_group(q0_hat + step, q1_hat - q0_hat - step, m),
                spin_group(q0_hat - step, q1_hat - q0_hat + step, m),
            ),
        )
    )
    assert by_q1 == pytest.approx(0.5 * m + 0.5 * m * (m - 1) * found.square, rel=1e-8)
    assert by_q0 == pytest.approx(-0.5 * m**2 * found.mean_square, rel=1e-7)
    assert found.gap == pytest.approx(1 - found.square, rel=1e-10)


@pytest.mark.parametrize(
    ("q0", "q1", "kappa", "m"),
    [(0.65, 0.98, 0.0, 4), (0.3, 0.9, 1.0, 2), (0.6, 0.99, -1.0, 20), (0.5, 0.6, 0.5, 50)],
)
def test_a_group_before_a_threshold_is_the_trapezoidal_sum(q0, q1, kappa, m):
    found = threshold_group(q0, q1 - q0, 1 - q1, kappa, m)
    assert found.log == pytest.approx(naive.patterns(q0, q1, kappa, m, 0.01), rel=1e-9)
    step = 1e-5
    slope = (
        threshold_group(q0, q1 + step - q0, 1 - q1 - step, kappa, m).log
        - threshold_group(q0, q1 - step - q0, 1 - q1 + step, kappa, m).log
    ) / (2 * step)
    assert slope == pytest.approx(0.5 * m * (m - 1) * found.square, rel=1e-6)


@pytest.mark.parametrize(
    ("q", "kappa", "m"), [(0.5, 1.0, 2), (0.97, 1.0, 2), (0.9, 0.3, 3), (0.95, 2.5, 3)]
)
def test_a_group_in_a_window_is_the_probability_of_a_box(q, kappa, m):
    found = window_group(q, 1 - q, kappa, m)
    assert np.exp(found.log) == pytest.approx(naive.window_probability(q, m, kappa), rel=1e-10)
    up, down = (window_group(q + s, 1 - q - s, kappa, m).log for s in (1e-5, -1e-5))
    assert (up - down) / 2e-5 == pytest.approx(0.5 * m * (m - 1) * found.square, rel=1e-6)


def test_pairs_within_a_window_are_as_many_as_enumeration_finds_on_average():
    """All 2¹⁰ weights of 10 spins and 6 patterns: the mean number of pairs at each distance."""
    n, p, kappa = 10, 6, 1.0
    weights = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    random = np.random.default_rng(3)
    counts = []
    for _ in range(400):
        patterns = random.standard_normal((n, p))
        solved = weights[(np.abs(weights @ patterns) <= kappa * np.sqrt(n)).all(axis=1)]
        counts.append(np.bincount(((n - solved @ solved.T) // 2).ravel(), minlength=n + 1))
    mean, error = np.mean(counts, axis=0), np.std(counts, axis=0) / np.sqrt(len(counts))
    for d in (1, 2, 3, 4):
        q = 1 - 2 * d / n
        ways = 2**n * np.prod(np.arange(n, n - d, -1)) / np.prod(np.arange(1, d + 1))
        expected = ways * np.exp(p * window_group(q, 1 - q, kappa, 2).log)
        assert abs(mean[d] - expected) < 4 * error[d]
        assert error[d] < 0.06 * expected


@pytest.mark.parametrize("m", [1.1, 4.0, 300.0, 1000.0])
def test_the_finer_rule_agrees_however_many_clones(m):
    spin, finer = (spin_group(0.02, 0.03, m, order) for order in (20, CHECK_ORDER))
    assert np.isfinite(spin.log)
    assert spin.log == pytest.approx(finer.log, rel=1e-13)
    assert spin.gap == pytest.approx(finer.gap, rel=1e-12)
    for kappa in (-2.0, 0.0, 3.0):
        rough, fine = (threshold_group(0.7, 0.25, 0.05, kappa, m, o) for o in (20, CHECK_ORDER))
        assert rough.log == pytest.approx(fine.log, rel=1e-13)
        assert rough.square == pytest.approx(fine.square, rel=1e-12)


def test_the_peak_is_where_the_slope_vanishes():
    height = np.linspace(-5, 5, 21)
    z, curvature = threshold_peak(height, 0.6, 0.1, 8.0)

    def exponent(z):
        return -0.5 * z**2 + 8 * log_ndtr((0.6 * z - height) / 0.1)

    step = 1e-4
    up, here, down = exponent(z + step), exponent(z), exponent(z - step)
    assert np.abs((up - down) / (2 * step)).max() < 1e-2
    assert (2 * here - up - down) / step**2 == pytest.approx(curvature, rel=1e-4)

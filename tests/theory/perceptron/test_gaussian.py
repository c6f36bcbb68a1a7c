import mpmath as mp
import naive_perceptron as naive
import numpy as np
import pytest

from entropic.theory.perceptron.gaussian import (
    CHECK_ORDER,
    ORDER,
    Pattern,
    gaussian_rule,
    inverse_mills,
    kink_rule,
)

HARD = [  # q, 1 − q (one of them as None), κ
    (1e-10, None, -3.0),
    (1e-10, None, 5.0),
    (0.3, None, -3.0),
    (0.9, None, 0.0),
    (0.9, None, 5.0),
    (None, 1e-3, -1.0),
    (None, 1e-6, 0.5),
    (None, 1e-10, -3.0),
    (None, 1e-10, 0.0),
    (None, 1e-10, 5.0),
    (None, 1e-13, 2.0),
]


def pattern(q, gap, kappa, order=ORDER):
    q, gap = (1 - gap, gap) if q is None else (q, 1 - q)
    return Pattern(np.array([q]), np.array([gap]), np.array([kappa]), order)


@pytest.mark.parametrize(("q", "gap", "kappa"), HARD)
def test_averages_have_13_digits_where_the_integrand_is_sharp(q, gap, kappa):
    found = pattern(q, gap, kappa)
    averages = [found.force(), found.replicon(), found.entropy()]
    wanted = naive.pattern_averages(q, gap, kappa)
    assert np.ravel(averages) == pytest.approx(wanted, rel=1e-13, abs=0)


def test_the_finer_rule_agrees_to_rounding_over_the_plane():
    gap, kappa = (a.ravel() for a in np.meshgrid(np.logspace(-14, -0.001, 40), np.arange(-8, 9)))
    rough, fine = (Pattern(1 - gap, gap, kappa, order) for order in (ORDER, CHECK_ORDER))
    for name in ("force", "replicon", "entropy", "force_growth", "log_fraction"):
        assert getattr(rough, name)() == pytest.approx(getattr(fine, name)(), rel=2e-14, abs=0)


def test_the_inverse_mills_ratio_and_what_is_left_of_it_have_14_digits():
    u = np.array([-8.0, -5.0, -1.0, 0.0, 2.0, 4.99, 5.01, 8.0, 40.0, 1e3, 1e7])
    with mp.workdps(60):
        exact = [mp.npdf(v) / (mp.erfc(mp.mpf(v) / mp.sqrt(2)) / 2) for v in u]
        excess = [float(G - mp.mpf(v)) for G, v in zip(exact, u, strict=True)]
    found = inverse_mills(u)
    assert found[0] == pytest.approx([float(G) for G in exact], rel=2e-14, abs=0)
    assert found[1] == pytest.approx(excess, rel=1e-14, abs=0)


def test_far_below_zero_a_pattern_is_always_satisfied():
    assert inverse_mills(np.array([-1e3]))[0] == 0.0


def test_the_growth_of_the_force_is_its_derivative():
    q, step = np.array([0.2, 0.7, 0.95]), 1e-5
    kappa = np.array([-1.0, 0.3, 2.0])

    def scaled(q):
        return Pattern(q, 1 - q, kappa).force() / (1 - q)

    slope = (scaled(q + step) - scaled(q - step)) / (2 * step)
    assert Pattern(q, 1 - q, kappa).force_growth() / (1 - q) ** 2 == pytest.approx(slope, rel=1e-6)


def test_a_sharp_rule_still_knows_the_moments_of_the_normal():
    q, gap, kappa = np.array([1 - 1e-12]), np.array([1e-12]), np.array([0.7])
    u, weight = kink_rule(q, gap, kappa)
    z = (kappa - u * np.sqrt(gap)) / np.sqrt(q)
    moments = [(weight * z**k).sum() for k in (0, 1, 2, 3, 4)]
    assert moments == pytest.approx([1, 0, 1, 0, 3], abs=1e-12)


def test_panels_without_width_weigh_nothing():
    edges = np.linspace(-9.5, 9.5, 8)
    doubled = np.sort(np.concatenate((edges, edges)))
    z, weight = gaussian_rule(doubled)
    assert (weight * z**2).sum() == pytest.approx(1.0, rel=1e-14)


def test_gauss_hermite_would_have_failed_in_silence():
    """Why this file exists: 100 nodes, 1 − q = 1e-10, and the replicon is off by per cent."""
    z, weight = np.polynomial.hermite_e.hermegauss(100)
    G, excess = inverse_mills((0.5 - np.sqrt(1 - 1e-10) * z) / 1e-5)
    hermite = weight @ (G * excess) ** 2 / np.sqrt(2 * np.pi)
    right = pattern(None, 1e-10, 0.5).replicon().item()
    assert abs(hermite / right - 1) > 0.01

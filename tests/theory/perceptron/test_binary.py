import mpmath as mp
import numpy as np
import pytest

from entropic.theory.perceptron import spherical
from entropic.theory.perceptron.binary import Binary, critical_capacity, saddle_limit


def test_the_entropy_vanishes_at_0_833_without_margin():
    """W. Krauth and M. Mézard, J. Physique 50, 3057 (1989): α_c ≈ 0.833."""
    assert critical_capacity(0.0) == pytest.approx(0.833, abs=5e-4)


def test_the_saddle_ends_at_4_over_pi_without_margin():
    """E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988)."""
    assert saddle_limit(0.0) == pytest.approx(4 / np.pi, rel=1e-15)


@pytest.mark.parametrize("kappa", [-2.0, -0.5, 0.0, 1.0, 3.0])
def test_the_curve_of_saddle_points_runs_into_its_limit(kappa):
    x = np.array([30.0, 40.0])  # 1 − q = √(2/π) e^{−x/2}
    short = 1 - Binary(x, np.full(2, kappa)).load() / saddle_limit(kappa)
    # (1−q)⟨G²⟩ → 1/α_c + (1−q) Φ(κ) with the spherical α_c
    slope = spherical.critical_capacity(kappa) * float(mp.ncdf(kappa))
    assert short / np.sqrt(2 / np.pi) / np.exp(-x / 2) == pytest.approx(slope, rel=1e-2)
    assert short[1] / short[0] == pytest.approx(np.exp(-5), rel=1e-2)


@pytest.mark.parametrize("q_hat", [1e-10, 0.3, 10.0, 1e6, 1e12])
def test_the_overlap_and_what_it_misses_have_13_digits(q_hat):
    saddle = Binary(np.log([q_hat]), np.zeros(1))
    with mp.workdps(30):
        root = mp.sqrt(mp.mpf(float(saddle.q_hat[0])))
        edges = sorted(
            {min(e, mp.mpf(10)) for e in (0, 2, 5, 10, *(2**k / root for k in range(7)))}
        )
        q = 2 * mp.quad(lambda z: mp.npdf(z) * mp.tanh(root * z) ** 2, edges)
        gap = 2 * mp.quad(lambda z: mp.npdf(z) * mp.sech(root * z) ** 2, edges)
    assert saddle.q == pytest.approx(float(q), rel=1e-13, abs=0)
    assert saddle.gap == pytest.approx(float(gap), rel=1e-13, abs=0)


@pytest.mark.parametrize("kappa", [-4.0, -1.0, 0.0, 2.0])
def test_the_growth_is_the_slope_of_the_load(kappa):
    x, step = np.linspace(-6, 12, 37), 1e-5
    k = np.full_like(x, kappa)
    up, down = (np.log(Binary(x + s, k).load()) for s in (step, -step))
    assert Binary(x, k).load_growth() == pytest.approx((up - down) / (2 * step), abs=1e-8)


def test_the_capacity_keeps_below_what_counting_on_average_allows():
    # Markov: the mean number of solutions 2^N H(κ)^αN must not be below 1
    kappa = np.array([[-3.0, -1.0, 0.0], [0.5, 1.0, 4.0]])
    average = np.log(2) / -np.array([float(mp.log(mp.ncdf(-k))) for k in kappa.flat])
    capacity = critical_capacity(kappa)
    assert capacity.shape == (2, 3)
    assert (capacity < average.reshape(2, 3)).all()
    assert (capacity < saddle_limit(kappa)).all()


def test_the_capacity_of_no_margins_is_empty():
    assert critical_capacity([]).shape == (0,)

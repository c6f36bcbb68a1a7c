import numpy as np
import pytest

from entropic.theory.perceptron.jamming_exponents import (
    CHECK_NODES,
    ENDS,
    PUBLISHED,
    chebyshev,
    force_profile,
    ground_state,
    jamming_exponents,
)


def test_the_exponents_are_the_published_ones():
    """P. Charbonneau et al., J. Stat. Mech. P10009 (2014): 1.41574, 0.41269, 0.42311."""
    found = jamming_exponents()
    for name in ("overlap", "gap", "force"):
        assert getattr(found, name) == pytest.approx(getattr(PUBLISHED, name), abs=5e-6)


def test_they_keep_the_published_relations_and_12_digits():
    found = jamming_exponents()
    assert found.gap == pytest.approx(1 / (2 + found.force), rel=1e-13)
    assert found.gap == pytest.approx((2 - found.overlap) / found.overlap, rel=1e-13)
    assert found.force == pytest.approx((3 * found.overlap - 4) / (2 - found.overlap), rel=1e-12)
    assert 0 < found.uncertainty < 1e-12


def density(mu):
    """Dense t, p up to a factor, m as a polynomial and the energy; p = χ exp ∫b."""
    t, slope = chebyshev(CHECK_NODES, *ENDS)
    m = force_profile(mu, CHECK_NODES)
    b, growth = 0.5 * t + mu * m, 0.5 + mu * (slope @ m)
    energy = -0.5 * slope @ slope + np.diag(0.5 * (b**2 + growth))
    value, vector = np.linalg.eig(energy[1:-1, 1:-1])
    lowest = np.argmin(value.real)
    chi = np.abs(np.concatenate(([0], vector[:, lowest].real, [0])))
    dense = np.linspace(*ENDS, 40001)
    b_dense = np.polynomial.Chebyshev.fit(t, b, CHECK_NODES)(dense)
    integral = np.concatenate(([0], np.cumsum(0.5 * (b_dense[1:] + b_dense[:-1])))) * (
        dense[1] - dense[0]
    )
    integral -= np.interp(0, dense, integral)
    p = np.polynomial.Chebyshev.fit(t, chi, CHECK_NODES)(dense) * np.exp(integral)
    m_dense = np.polynomial.Chebyshev.fit(t, m, CHECK_NODES)
    return dense, p, m_dense, value.real[lowest]


def test_marginality_holds_at_all_overlaps():
    """∫ p [m″² − 2μ m′² (1 + m′)] = 0, what the eigenvalue was put in place of."""
    mu = 1 - 1 / jamming_exponents().overlap

    def imbalance(mu):
        t, p, m, _ = density(mu)
        inner = (t > -10) & (t < 7)
        rise, bend = m.deriv()(t[inner]), m.deriv(2)(t[inner])
        gain, loss = bend**2, 2 * mu * rise**2 * (1 + rise)
        return (p[inner] @ (gain - loss)) / (p[inner] @ gain)

    assert abs(imbalance(mu)) < 1e-6
    assert abs(imbalance(mu + 0.01)) > 1e-2


def test_the_density_falls_with_both_powers():
    found = jamming_exponents()
    t, p, _, energy = density(1 - 1 / found.overlap)
    assert energy == pytest.approx(1 - 1 / found.overlap, rel=1e-10)
    for (low, high), power in (((4.5, 6.0), -found.gap), ((-8.0, -6.0), found.force)):
        inside = (t > low) & (t < high)
        slope = np.gradient(np.log(p[inside]), np.log(np.abs(t[inside])))
        assert slope.mean() == pytest.approx(power, abs=0.05)


def test_without_breaking_the_ground_state_is_an_oscillator():
    """μ = 0: b = t/2 and the levels of an oscillator, ¼ + ¼."""
    assert ground_state(0.0, CHECK_NODES) == pytest.approx(0.5, abs=1e-9)


def test_the_force_is_that_of_its_equation():
    t, slope = chebyshev(CHECK_NODES, *ENDS)
    mu = 0.29
    m = force_profile(mu, CHECK_NODES)
    rise = slope @ m
    left = slope @ rise - (m - t * rise - 2 * mu * m * (1 + rise))
    assert np.abs(left[1:-1]).max() < 1e-9
    assert (np.diff(m) > -1e-12).all()  # t falls along the nodes
    assert m[np.abs(t).argmin()] > 0

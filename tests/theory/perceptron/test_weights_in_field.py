import mpmath as mp
import numpy as np
import pytest

from entropic.theory.perceptron.weights_in_field import Sphere, Spins


def spins_in_many_digits(q_hat, rho):
    with mp.workdps(40):
        root, rho = mp.sqrt(q_hat), mp.mpf(rho)
        bends = [k / root - rho for k in (-60, -20, -6, -2, 0, 2, 6, 20, 60)]
        edges = sorted({*mp.linspace(-14, 14, 15), *(b for b in bends if abs(b) < 40), -40, 14})

        def mean(f):
            return mp.quad(lambda z: mp.npdf(z) * f(root * (z + rho)), edges)

        R = mean(mp.tanh)
        gap = mean(lambda h: mp.sech(h) ** 2)
        spread = mean(lambda h: (mp.tanh(h) - R) ** 2)
        return [float(each) for each in (1 - gap, gap, R, spread)]


@pytest.mark.parametrize(
    ("q_hat", "rho"),
    [(1e-12, 1e-6), (0.3, 0.5), (9.0, 3.0), (80.0, 8.9), (1e8, 0.2), (1e-4, 300.0)],
)
def test_overlaps_and_what_they_miss_have_12_digits(q_hat, rho):
    found = Spins(np.log([q_hat]), np.array([rho]))
    wanted = spins_in_many_digits(q_hat, rho)
    values = [float(each[0]) for each in (found.q, found.gap, found.R, found.spread)]
    assert values[1:] == pytest.approx(wanted[1:], rel=1e-12, abs=0)


def test_with_equal_fields_the_overlaps_are_equal():
    """Nishimori: q̂ = R̂ makes ⟨tanh h⟩ = ⟨tanh² h⟩."""
    x = np.linspace(-10, 4, 15)
    found = Spins(x, np.exp(x / 2))
    assert np.abs(found.R / found.q - 1).max() < 1e-12


def test_the_sphere_solves_its_two_equations():
    found = Sphere(np.array([-3.0, 0.5, 20.0]), np.array([0.1, 2.0, 0.7]))
    assert (found.q - found.R**2) == pytest.approx(found.spread, rel=1e-12)
    assert found.spread / found.gap**2 == pytest.approx(found.q_hat, rel=1e-14)
    R_hat = np.sqrt(found.q_hat) * np.array([0.1, 2.0, 0.7])
    assert found.R / found.gap == pytest.approx(R_hat, rel=1e-12)


@pytest.mark.parametrize("kind", [Sphere, Spins])
def test_the_growth_is_a_pair_of_slopes(kind):
    x, none, step = np.linspace(-6, 9, 16), np.zeros(16), 1e-5
    up, down = kind(x + step, none), kind(x - step, none)
    log_q_hat, q = kind(x, none).growth()
    assert log_q_hat == pytest.approx(np.log(up.q_hat / down.q_hat) / (2 * step), rel=1e-7)
    assert q == pytest.approx((up.q - down.q) / (2 * step), rel=1e-5, abs=1e-9)


def test_without_field_all_spins_count_and_in_a_strong_one_none():
    entropy = Spins(np.array([-60.0, 40.0]), np.zeros(2)).entropy()
    assert entropy == pytest.approx([np.log(2), 0], abs=1e-8)

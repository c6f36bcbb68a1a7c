import numpy as np
import pytest
from scipy.integrate import quad

from entropic.theory.half_line import absorbing_layer, overshoot, reflected_moments
from entropic.theory.relaxation import OVERSHOOT


def bell(z):
    return np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)


def test_the_end_seems_moved_by_the_constant_of_the_zeta_function():
    assert overshoot() == pytest.approx(OVERSHOOT, abs=1e-12)


def test_the_bend_of_the_harmonic_function_makes_half_of_the_overshoot():
    """A noise a little stronger makes kicks, and with them the shift, a little longer."""
    assert absorbing_layer(0.5).bending == pytest.approx(OVERSHOOT / 2, abs=1e-11)


@pytest.mark.parametrize("memory", [0.0, 0.3, 0.9])
def test_the_layer_against_the_walk_on_a_long_uniform_grid(memory):
    """Simpson's rule on (0, 60): H by iteration from z + 0.58, V from 1, no tail."""
    n, length = 1601, 60.0
    z = np.linspace(0, length, n)
    w = np.full(n, 2.0)
    w[1::2], w[0], w[-1] = 4.0, 1.0, 1.0
    w *= (z[1] - z[0]) / 3
    kernel = bell(z[:, None] - z) * w
    inner = z < 45  # beyond, both are what they are far inside
    linear = z + OVERSHOOT
    a, b = np.eye(n)[inner][:, inner] - kernel[inner][:, inner], kernel[inner][:, ~inner]
    harmonic = linear.copy()
    harmonic[inner] = np.linalg.solve(a, b @ linear[~inner])
    away = z[:, None] - z
    slope = np.where(inner, -(away * kernel) @ harmonic, 1.0)
    answer = np.ones(n)
    right = (1 - memory) * slope[inner] + memory * b.sum(axis=1)
    answer[inner] = np.linalg.solve(np.eye(inner.sum()) - memory * kernel[inner][:, inner], right)
    change = np.where(inner, -(away * kernel) @ answer, 0.0)
    assert absorbing_layer(memory).forgetting == pytest.approx(w @ (harmonic * change), rel=3e-5)


def test_a_long_memory_makes_the_layer_of_continuous_time():
    for memory in (0.99, 0.9999, 1 - 1e-7):
        smooth = 1 / np.sqrt(2 * (1 - memory))
        for found in (absorbing_layer(memory).forgetting, *reflected_moments(memory)):
            assert found == pytest.approx(smooth, rel=1 - memory if memory == 1 - 1e-7 else 0.01)


@pytest.mark.parametrize("memory", [0.0, 0.4, 0.9])
def test_the_moments_of_a_geometric_sum_of_kicks_from_its_characteristic_function(memory):
    """E|S| = (2/π) ∫ (1 − Re χ)/ω² dω with χ = (1 − q) e^{−ω²/2}/(1 − q e^{−ω²/2})."""

    def integrand(w):
        decay = np.exp(-0.5 * w**2)
        return (1 - (1 - memory) * decay / (1 - memory * decay)) / w**2

    expected = 2 / np.pi * (quad(integrand, 0, 1)[0] + quad(integrand, 1, np.inf)[0])
    assert reflected_moments(memory)[0] == pytest.approx(expected, rel=1e-7)
    if memory == 0:
        assert reflected_moments(0.0)[1] == pytest.approx(2 * np.sqrt(2 / np.pi) / 3)

import numpy as np
import pytest
from naive import iterated_variance

from entropic.theory import CurvatureAligned, DomainError, Thermal

NOISES = [Thermal(0.3), CurvatureAligned(0.3), CurvatureAligned(0.3, reference=2.5)]


@pytest.mark.parametrize("noise", NOISES, ids=str)
@pytest.mark.parametrize("step", [0.01, 0.2, 0.6])
def test_the_variance_is_where_the_linear_map_comes_to_rest(noise, step):
    for g in (0.1, 1.0, 3.0):
        strength = float(noise.strength(np.array(g)))
        expected = iterated_variance(g, strength, step)
        assert float(noise.variance(np.array(g), step)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("noise", NOISES, ids=str)
@pytest.mark.parametrize("step", [0.0, 0.1, 0.6])
def test_the_slope_of_the_entropic_potential_is_half_the_variance(noise, step):
    """The definition of W: the mean force −½ g'⟨x²⟩ is −dW/dy."""
    g, h = np.linspace(0.2, 3, 20), 1e-4

    def w(shift: float) -> np.ndarray:
        return noise.potential(g + shift * h, step)

    slope = (8 * (w(1) - w(-1)) - (w(2) - w(-2))) / (12 * h)  # fourth order
    np.testing.assert_allclose(slope, 0.5 * noise.variance(g, step), rtol=1e-9)


@pytest.mark.parametrize("noise", NOISES, ids=str)
def test_a_vanishing_step_is_continuous_time_and_the_gap_is_of_first_order(noise):
    g = np.array([0.5, 2.0])
    gaps = [np.abs(noise.variance(g, h) - noise.variance(g)).max() for h in (1e-3, 5e-4)]
    assert np.log2(gaps[0] / gaps[1]) == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(noise.potential(g, 1e-9), noise.potential(g), rtol=1e-7)


def test_without_a_step_thermal_noise_feels_the_logarithm_and_aligned_noise_the_trace():
    g = np.array([0.5, 1.0, 4.0])
    np.testing.assert_allclose(Thermal(0.3).potential(g), 0.15 * np.log(g), rtol=1e-15)
    np.testing.assert_allclose(CurvatureAligned(0.3, 2).potential(g), 0.15 * g / 2, rtol=1e-15)


def test_at_the_reference_stiffness_both_noises_are_equally_strong():
    g = np.array(2.5)
    aligned, thermal = CurvatureAligned(0.3, 2.5), Thermal(0.3)
    assert aligned.strength(g) == thermal.strength(g) == 0.3
    assert aligned.variance(g, 0.1) == pytest.approx(thermal.variance(g, 0.1))


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
def test_a_temperature_is_positive(temperature):
    for kind in (Thermal, CurvatureAligned):
        with pytest.raises(DomainError, match="temperature must be a positive number; it is"):
            kind(temperature)
    with pytest.raises(DomainError, match="reference stiffness must be a positive number"):
        CurvatureAligned(1.0, temperature)


@pytest.mark.parametrize("noise", NOISES, ids=str)
def test_a_step_beyond_the_edge_of_stability_is_refused(noise):
    g = np.array([1.0, 4.0])
    for ask in (noise.variance, noise.potential):
        with pytest.raises(DomainError, match="must stay below 2, .*; it reaches 2$"):
            ask(g, 0.5)
        with pytest.raises(DomainError, match="zero .continuous time. or positive; it is -0.1"):
            ask(g, -0.1)
        with pytest.raises(DomainError, match="it is nan"):
            ask(g, np.nan)

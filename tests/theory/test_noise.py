import numpy as np
import pytest
from naive import iterated_variance
from naive_updates import at_rest
from scipy.integrate import quad

from entropic.theory import CurvatureAligned, DomainError, Measured, Thermal, Update

TILTED = np.array([[0.5, 0.2], [0.2, 0.1]])
NOISES = [
    Thermal(0.3),
    CurvatureAligned(0.3),
    CurvatureAligned(0.3, reference=2.5),
    Measured(TILTED),
]
UPDATES = [
    Update(0.4, momentum=0.9),
    Update(0.0, momentum=0.9),
    Update(0.6, integrator="heun"),
    Update(0.6, integrator="leimkuhler-matthews"),
    Update(0.6, integrator="baoab"),
    Update(0.6, integrator="exact"),
]


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


@pytest.mark.parametrize("noise", NOISES, ids=str)
@pytest.mark.parametrize("update", UPDATES, ids=str)
def test_with_momentum_and_every_integrator_the_potential_is_the_integral_of_the_push(
    noise, update
):
    low, high = 0.3, 2.9
    by_hand = quad(lambda g: 0.5 * float(noise.push(np.array(g), update)), low, high)[0]
    ends = noise.potential(np.array([low, high]), update)
    assert ends[1] - ends[0] == pytest.approx(by_hand, rel=1e-10)


@pytest.mark.parametrize("noise", NOISES, ids=str)
@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_with_momentum_the_variance_is_where_the_pair_of_place_and_velocity_comes_to_rest(
    noise, beta
):
    for g in (0.1, 1.0, 3.0):
        strength = np.array([[float(noise.strength(np.array(g)))]])
        expected = at_rest("euler", np.array([[g]]), strength, 0.6, beta)[0].item()
        found = float(noise.variance(np.array(g), Update(0.6, momentum=beta)))
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("update", [Update(), Update(0.4), *UPDATES[:3]], ids=str)
def test_a_measured_covariance_acts_through_its_trace(update):
    """|x|² of two directions that share a noise, from their joint map."""
    g, noise = 1.7, Measured(TILTED)
    law, push = at_rest(
        *(update.integrator, g * np.eye(2), TILTED),
        *((update.step, update.momentum) if update.step else (0.0,)),
    )
    scale = 1 if update.step else update.mobility
    assert 2 * float(noise.variance(np.array(g), update)) == pytest.approx(scale * np.trace(law))
    assert 2 * float(noise.push(np.array(g), update)) == pytest.approx(scale * np.trace(push))
    assert (noise.fast_dims, noise.temperature) == (2, pytest.approx(0.3))
    assert noise.strength(np.ones(3)).tolist() == pytest.approx([0.3] * 3)


def test_equal_directions_of_a_measured_covariance_are_thermal():
    g = np.array([0.5, 2.0])
    for ask in ("variance", "potential", "push"):
        found = getattr(Measured(0.3 * np.eye(4)), ask)(g, 0.2)
        np.testing.assert_allclose(found, getattr(Thermal(0.3), ask)(g, 0.2), rtol=1e-14)


@pytest.mark.parametrize(
    ("covariance", "match"),
    [
        ([[1.0, 2.0]], "must be a square matrix; it has shape .1, 2."),
        ([[[1.0]]], "must be a square matrix"),
        ([[np.nan]], "must be finite"),
        ([[1.0, 0.5], [0.4, 1.0]], "must be symmetric; it differs from its transpose by 0.1"),
        ([[1.0, 2.0], [2.0, 1.0]], "no negative eigenvalue, .* the lowest is -1"),
        (np.zeros((2, 2)), "and a positive one; the lowest is 0"),
    ],
)
def test_what_is_no_covariance_is_refused(covariance, match):
    with pytest.raises(DomainError, match=match):
        Measured(covariance)


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

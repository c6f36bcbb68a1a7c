import numpy as np
import pytest

from entropic.theory import (
    DomainError,
    SlowDynamics,
    first_passage,
    kramers_rate,
    mean_exit_time,
    mean_position,
    relaxation_spectrum,
)
from entropic.theory.fokker_planck import generator


def flow(drift, diffusion, low=-1.0, high=1.0, points=2001):
    y = np.linspace(low, high, points)
    return SlowDynamics(y, drift(y), np.broadcast_to(diffusion, points))


def double_well(heat):
    return flow(lambda y: y - y**3, heat, -2, 2, 4001)


@pytest.mark.parametrize(
    ("absorb", "odd"), [(None, [2, 4, 6]), ("both", [2, 4, 6]), ("left", [1, 3, 5])]
)
def test_free_diffusion_forgets_as_its_cosines_do(absorb, odd):
    found = relaxation_spectrum(flow(np.zeros_like, 0.7), 3, absorb).rates
    expected = 0.7 * (np.array(odd) * np.pi / 4) ** 2
    np.testing.assert_allclose(found.value, expected, rtol=1e-9)
    assert np.all(np.abs(found.value - expected) < found.error)


def test_ornstein_and_uhlenbeck_have_the_multiples_of_their_rate_and_hermite_functions():
    found = relaxation_spectrum(flow(lambda y: -1.5 * y, 0.3, -4, 4), 5)
    np.testing.assert_allclose(found.rates.value, 1.5 * np.arange(1, 6), rtol=1e-6)
    np.testing.assert_allclose(found.times.value * found.rates.value, 1)
    inner, z = np.abs(found.y) < 1.2, found.y / np.sqrt(0.2)
    np.testing.assert_allclose(found.functions[0][inner], z[inner], atol=1e-4)
    second = (z**2 - 1) / np.sqrt(2)
    np.testing.assert_allclose(np.abs(found.functions[1][inner]), np.abs(second[inner]), atol=2e-4)
    np.testing.assert_allclose(found.amplitudes, 0, atol=1e-8)


@pytest.mark.parametrize("absorb", ["left", "right", "both"])
def test_modes_add_up_to_the_quadrature_and_to_the_contour(absorb):
    slow, starts = flow(lambda y: 2 * np.sin(4 * y) - y, 0.3), [-0.5, 0.1, 0.6]
    found = relaxation_spectrum(slow, 120, absorb)
    times = mean_exit_time(slow, starts, absorb).time.value
    np.testing.assert_allclose(found.mean_exit(starts), times, rtol=3e-5)
    clock = np.array([0.1, 0.5, 3.0]) * times.max()
    curves = first_passage(slow, starts, clock, absorb).survival.value
    np.testing.assert_allclose(found.survival(starts, clock), curves, atol=3e-6)
    assert found.amplitudes[0] > 0
    # orthonormal in the stationary weights
    gram = (found.functions[:20] * found.weights) @ found.functions[:20].T
    np.testing.assert_allclose(gram, np.eye(20), atol=1e-8)


def test_a_mean_between_mirrors_decays_along_the_modes():
    slow = flow(lambda y: np.cos(3 * y), 0.5)
    found = relaxation_spectrum(slow, 60)
    clock = np.array([0.05, 0.4, 1.0])
    overlap = (found.functions * found.weights) @ found.y
    decay = np.exp(-np.outer(found.rates.value, clock))
    at = np.array([np.interp(0.3, found.y, f) for f in found.functions])
    expected = found.weights @ found.y + (overlap * at) @ decay
    np.testing.assert_allclose(mean_position(slow, 0.3, clock)[0], expected, atol=1e-5)


def test_a_double_well_mixes_at_twice_the_rate_of_kramers():
    """Down to 1e-87 of the next rate, where a matrix of floats would see only its rounding."""
    for heat, rel in ((0.02, 4e-3), (1 / 800, 1e-4)):
        slow = double_well(heat)
        found = relaxation_spectrum(slow, 2, cells=4000).rates
        kramers = kramers_rate(lambda y: y**3 - y, heat, -1.0, 0.0)
        assert found.value[0] == pytest.approx(2 * float(kramers.value), rel=rel)
        # within a well: 2 but for the curvature
        assert found.value[1] == pytest.approx(1.0, abs=0.15)
        assert found.error[0] < 1e-3 * found.value[0]


def test_the_slowest_exit_is_the_reciprocal_of_the_mean_time_from_the_well():
    slow = flow(lambda y: y**2 - y, 1 / 60, -0.8, 1.6, 4001)
    found = relaxation_spectrum(slow, 2, "right", cells=4000)
    bottom = mean_exit_time(slow, 0.0, "right").time.value[0]
    assert found.times.value[0] == pytest.approx(bottom, rel=1e-3)
    assert found.rates.value[1] > 1000 * found.rates.value[0]


@pytest.mark.parametrize("absorb", [None, "right", "both"])
def test_rates_and_functions_against_the_whole_matrix(absorb):
    slow = flow(lambda y: 3 * np.cos(3 * y), 0.3 + 0.1 * np.linspace(-1, 1, 2001))
    found = relaxation_spectrum(slow, 3, absorb, cells=80)
    centre, rates = generator(slow, absorb, 80)
    values, vectors = np.linalg.eig(-rates)
    order = np.argsort(values.real)[absorb is None :][:3]
    _, coarse = generator(slow, absorb, 40)
    rough = np.sort(np.linalg.eigvals(-coarse).real)[absorb is None :][:3]
    np.testing.assert_allclose(found.rates.value, (4 * values.real[order] - rough) / 3, rtol=1e-9)
    np.testing.assert_array_equal(found.y, centre)
    for mine, other in zip(found.functions, vectors.real.T[order], strict=True):
        np.testing.assert_allclose(np.abs(mine / other) / np.abs(mine[0] / other[0]), 1, rtol=1e-6)


def test_a_number_of_modes_that_the_cells_cannot_hold_is_refused():
    slow = flow(np.zeros_like, 1.0)
    for modes in (0, 26):
        with pytest.raises(DomainError, match=f"from 1 to 25, a quarter .*; it is {modes}"):
            relaxation_spectrum(slow, modes, cells=100)


def test_unknown_ends_and_half_a_mode_are_refused():
    y = np.linspace(-1, 1, 101)
    free = SlowDynamics(y, np.zeros(101), np.full(101, 0.5))
    with pytest.raises(DomainError, match="ends must be one of left, right, both; it is 'up'"):
        relaxation_spectrum(free, 1, "up")
    with pytest.raises(DomainError, match="modes must be a whole one from 1 to 500.* it is 2.5"):
        relaxation_spectrum(free, 2.5)


def test_rates_beyond_floats_are_refused():
    y = np.linspace(-1, 1, 101)
    for drift, diffusion in ((0.0, 1e200), (0.0, 1e-304)):
        with pytest.raises(DomainError, match="beyond the range of floats"):
            relaxation_spectrum(SlowDynamics(y, np.full(101, drift), np.full(101, diffusion)), 2)


@pytest.mark.parametrize("absorb", [None, "both"])
@pytest.mark.parametrize("drift", [-5.0, -50.0, -100.0])
def test_rates_that_crowd_are_told_apart(drift, absorb):
    """D[(f/2D)² + (nπ/L)²]: at f = −100 the first two are 0.3 % apart; it was 5 % too small."""
    y = np.linspace(-1, 1, 2001)
    steady = SlowDynamics(y, np.full(2001, drift), np.ones(2001))
    found = relaxation_spectrum(steady, 3, absorb).rates
    exact = drift**2 / 4 + (np.pi * np.arange(1, 4) / 2) ** 2
    np.testing.assert_allclose(found.value, exact, rtol=3e-7)
    assert np.all(np.abs(found.value - exact) <= found.error)

import math

import numpy as np
import pytest
from scipy.integrate import simpson, trapezoid

from entropic.theory import (
    CurvatureAligned,
    DomainError,
    SlowDynamics,
    Thermal,
    Valley,
    effective_potential,
    first_passage,
    mean_exit_time,
    mean_position,
    shape,
    slow_dynamics,
    stationary_density,
    stationary_probabilities,
    stationary_square,
    survival,
)
from entropic.theory.fokker_planck import generator


def flow(drift, diffusion, low=-1.0, high=1.0, points=1001):
    y = np.linspace(low, high, points)
    return SlowDynamics(y, drift(y), np.full_like(y, diffusion))


def cubic(y):
    return np.cos(2 * y) - 3 * y**3


@pytest.mark.parametrize("absorb", ["left", "right", "both"])
def test_the_area_under_the_survival_is_the_mean_exit_time(absorb):
    slow, starts = flow(cubic, 0.5), [-0.5, 0.2]
    times = mean_exit_time(slow, starts, absorb).time.value
    clock = np.linspace(0, 20 * times.max(), 2001)
    curves = survival(slow, starts, clock, absorb)
    area = simpson(curves, clock, axis=1)
    np.testing.assert_allclose(area, times, rtol=2e-4)
    assert np.all(np.diff(curves, axis=1) <= 1e-12)
    np.testing.assert_allclose(curves[:, 0], 1, atol=1e-12)


def test_free_diffusion_survives_as_its_sine_series():
    d, clock = 0.5, np.linspace(0, 2, 21)
    odd = np.arange(1, 400, 2)[:, None]
    modes = (-1.0) ** ((odd - 1) // 2) * np.exp(-d * (odd * np.pi / 2) ** 2 * clock)
    series = (4 / (np.pi * odd) * modes).sum(axis=0)
    found = survival(flow(np.zeros_like, d), 0.0, clock, cells=400)[0]
    np.testing.assert_allclose(found[1:], series[1:], atol=2e-5)


def test_the_mean_of_ornstein_and_uhlenbeck_decays_exponentially():
    slow, clock = flow(lambda y: -y, 0.1, -4, 4), np.linspace(0, 3, 31)
    found = mean_position(slow, [1.0, -0.5], clock, cells=600)
    np.testing.assert_allclose(found, np.outer([1.0, -0.5], np.exp(-clock)), atol=2e-4)


def test_the_mean_moves_at_first_with_the_drift():
    slow, h = flow(cubic, 0.2), 1e-3
    found = mean_position(slow, [-0.3, 0.1], np.array([0, h]), cells=600)
    np.testing.assert_allclose(np.diff(found)[:, 0] / h, cubic(np.array([-0.3, 0.1])), rtol=0.02)


@pytest.mark.parametrize("noise", [Thermal(0.3), CurvatureAligned(0.3)], ids=str)
@pytest.mark.parametrize("step", [0.0, 0.3])
def test_the_stationary_density_is_boltzmanns_of_the_effective_potential(noise, step):
    valley = Valley(shape("y**4 - y**2/2"), shape("1 + y**2 + y/2"), fast_dims=3)
    slow = slow_dynamics(valley, noise, (-1.2, 1.2), step, slow_temperature=0.4)
    weight = np.exp(-effective_potential(valley, noise, slow.y, step) / 0.4)
    found = stationary_density(slow)
    np.testing.assert_allclose(found, weight / trapezoid(weight, slow.y), rtol=1e-6)
    assert trapezoid(found, slow.y) == pytest.approx(1, abs=1e-7)


def test_where_the_diffusion_changes_the_walker_gathers_where_it_is_slow():
    """Itô without drift: the density is ∝ 1/D."""
    y = np.linspace(0, 1, 401)
    found = stationary_density(SlowDynamics(y, np.zeros_like(y), 1 + y))
    np.testing.assert_allclose(found, 1 / (1 + y) / np.log(2), rtol=1e-8)


def test_the_probabilities_of_bins_are_the_density_summed_over_them():
    slow = flow(cubic, 0.3)
    edges = np.array([-1.0, -0.35, 0.1, 0.12, 1.0])
    found = stationary_probabilities(slow, edges)
    fine = flow(cubic, 0.3, points=20_001)
    density = stationary_density(fine)
    for low, high, probability in zip(edges[:-1], edges[1:], found, strict=True):
        inside = (fine.y >= low - 1e-9) & (fine.y <= high + 1e-9)
        assert probability == pytest.approx(simpson(density[inside], fine.y[inside]), rel=1e-7)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    twice = stationary_probabilities(slow, edges[[0, 2, 4]])
    np.testing.assert_allclose(twice, [found[:2].sum(), found[2:].sum()], rtol=1e-12)


def test_the_second_moment_at_rest_is_that_of_the_gaussian_and_of_the_uniform_density():
    bowl = flow(lambda y: -3 * y, 0.12, -3, 3)
    assert stationary_square(bowl) == pytest.approx(0.12 / 3, rel=1e-9)
    assert stationary_square(flow(np.zeros_like, 0.5)) == pytest.approx(1 / 3, rel=1e-12)


def test_rates_are_positive_and_lose_probability_only_through_the_absorbing_ends():
    slow = flow(lambda y: 40 * np.sin(5 * y), 0.05)
    for absorb, leaking in ((None, []), ("left", [0]), ("right", [-1]), ("both", [0, -1])):
        _, rates = generator(slow, absorb, cells=100)
        off = rates - np.diag(np.diag(rates))
        assert off.min() >= 0
        escape = -rates.sum(axis=1)
        assert np.all(escape[leaking] > 0)
        kept = np.delete(escape, leaking)
        np.testing.assert_allclose(kept, 0, atol=1e-9 * np.abs(rates).max())


def test_cells_hold_boltzmanns_density_where_the_force_is_constant():
    """Detailed balance, exactly: ρ_i R_ij = ρ_j R_ji with ρ = e^{cy/D} at any steepness."""
    slow = flow(lambda y: np.full_like(y, 30.0), 0.5)
    centre, rates = generator(slow, None, cells=50)
    flux = np.exp(60 * (centre - 1))[:, None] * rates
    np.testing.assert_allclose(flux, flux.T, rtol=1e-9)


@pytest.mark.parametrize("absorb", ["right", "both"])
def test_the_order_of_the_cells_is_two(absorb):
    """Exit times from the cells, −L⁻¹1, against the quadrature at the cell centres."""
    slow, gaps = flow(cubic, 0.3), []
    for cells in (50, 100, 200, 400):
        centre, rates = generator(slow, absorb, cells)
        exact = mean_exit_time(slow, centre, absorb).time.value
        gaps.append(np.abs(np.linalg.solve(rates, -np.ones(cells)) - exact).max())
    orders = np.log2(np.array(gaps[:-1]) / gaps[1:])
    assert np.all((orders > 1.85) & (orders < 2.15)), orders


@pytest.mark.parametrize(
    ("start", "clock", "match"),
    [
        (0.0, [-1.0, 2.0], "numbers of at least 0"),
        (0.0, [0.0, np.inf], "numbers of at least 0"),
        (0.0, [[0.0, 1.0]], "numbers of at least 0"),
        (2.0, [0.0, 1.0], r"start must lie within \[-1, 1\]"),
    ],
)
def test_a_clock_that_runs_backwards_and_a_start_outside_are_refused(start, clock, match):
    slow = flow(np.zeros_like, 1.0)
    for ask in (survival, mean_position):
        with pytest.raises(DomainError, match=match):
            ask(slow, start, np.array(clock), cells=20)


def test_the_first_passage_of_free_diffusion_is_its_theta_function():
    """Sine series for late times, image charges for early ones; on a clock of any spacing."""
    d, clock, starts = 0.5, np.array([3.0, 0.02, 0.3, 0.0, 1.1]), np.array([0.0, -0.7])
    found = first_passage(flow(np.zeros_like, d), starts, clock)
    n = np.arange(1, 200)[:, None, None]
    away = (1 + starts)[:, None]
    rates = d * (n * np.pi / 2) ** 2
    modes = 2 / (n * np.pi) * (1 - (-1.0) ** n) * np.sin(n * np.pi * away / 2)
    late = np.exp(-rates * np.where(clock > 0, clock, 1))
    known = clock > 0
    np.testing.assert_allclose(
        found.survival.value[:, known], (modes * late).sum(axis=0)[:, known], atol=2e-10
    )
    np.testing.assert_allclose(
        found.density.value[:, known], (rates * modes * late).sum(axis=0)[:, known], atol=5e-9
    )
    assert np.all(found.survival.value[:, 3] == 1)
    assert np.all(found.density.value[:, 3] == 0)
    # one image at the nearer end: y/√(4πDt³) e^{−y²/4Dt}
    t, gap = 0.02, 0.3
    early = gap / np.sqrt(4 * np.pi * d * t**3) * np.exp(-(gap**2) / (4 * d * t))
    assert found.density.value[1, 1] == pytest.approx(early, rel=1e-6)


@pytest.mark.parametrize("absorb", ["left", "right", "both"])
def test_the_density_integrates_to_one_and_its_mean_is_that_of_the_quadrature(absorb):
    slow, starts = flow(cubic, 0.5), [-0.5, 0.2]
    times = mean_exit_time(slow, starts, absorb).time.value
    # t = e^s: early and late alike
    s = np.linspace(np.log(1e-3), np.log(60 * times.max()), 1201)
    found = first_passage(slow, starts, np.exp(s), absorb).density.value * np.exp(s)
    np.testing.assert_allclose(simpson(found, s, axis=1), 1, rtol=1e-7)
    np.testing.assert_allclose(simpson(found * np.exp(s), s, axis=1), times, rtol=1e-7)


def test_the_error_of_the_cells_is_stated_and_of_fourth_order():
    slow, clock = flow(lambda y: 9 * np.sin(7 * y) - 3 * y**3, 0.3), np.array([0.1, 0.5, 2.0])
    exact = first_passage(slow, [-0.7, 0.2], clock, cells=6000)
    gaps = []
    for cells in (200, 400):
        found = first_passage(slow, [-0.7, 0.2], clock, cells=cells)
        gaps.append(np.abs(found.survival.value - exact.survival.value).max())
        assert gaps[-1] <= found.survival.error.max()
    assert np.log2(gaps[0] / gaps[1]) == pytest.approx(4, abs=0.5)


def test_a_start_at_an_absorbing_end_has_left_and_at_a_mirror_it_has_not():
    found = first_passage(flow(np.zeros_like, 1.0), [-1.0, 1.0], [0.0, 0.1], "right")
    assert found.survival.value[0, 0] == 1
    assert found.survival.value[1] == pytest.approx([0, 0], abs=1e-12)


def test_unknown_ends_bins_beyond_the_grid_and_too_few_cells_are_refused():
    y = np.linspace(-1, 1, 101)
    free = SlowDynamics(y, np.zeros(101), np.full(101, 0.5))
    with pytest.raises(DomainError, match="ends must be one of left, right, both; it is 'up'"):
        first_passage(free, 0.0, [1.0], "up")
    for cells in (3, 4.5, np.nan):
        with pytest.raises(DomainError, match="cells must be a whole number of at least 4"):
            first_passage(free, 0.0, [1.0], cells=cells)
    with pytest.raises(DomainError, match="cells must be a whole number of at least 2; they are 1"):
        generator(free, None, 1)
    with pytest.raises(DomainError, match=r"edges of the bins must be a list within \[-1, 1\]"):
        stationary_probabilities(free, np.array([-5.0, 5.0]))


def test_a_start_within_a_cell_of_an_end_says_how_little_is_known_of_it():
    """erf(d/√(4Dt)) at a distance d of half a cell."""
    y = np.linspace(-1, 1, 101)
    free = SlowDynamics(y, np.zeros(101), np.full(101, 0.5))
    for time in (1e-300, 1e-8, 1e-6, 4e-6, 1e-5, 1e-4):
        found = first_passage(free, [0.0, 0.999], [time]).survival
        exact = np.array([1.0, math.erf(min(9, 1e-3 / math.sqrt(2 * time)))])
        assert np.all(np.abs(found.value[:, 0] - exact) <= 2.1 * found.error[:, 0] + 1e-12)


def test_a_drift_that_no_float_follows_is_refused():
    y = np.linspace(-1, 1, 101)
    steep = SlowDynamics(y, np.full(101, 1e300), np.full(101, 0.5))
    with pytest.raises(DomainError, match=r"stay below 1e\+200; it reaches 2e\+300"):
        first_passage(steep, 0.0, [1.0])

import numpy as np
import pytest
from naive import nested_exit_time
from naive_momentum import extrapolation_length

from entropic.theory import (
    DomainError,
    Estimate,
    Relaxation,
    SlowDynamics,
    Thermal,
    Valley,
    leaves_right,
    mean_exit_time,
    monitoring_shift,
    shape,
    slow_dynamics,
)
from entropic.theory.fokker_planck import generator
from entropic.theory.relaxation import MILNE, OVERSHOOT


def flow(drift, diffusion, low=-1.0, high=1.0, points=2001):
    y = np.linspace(low, high, points)
    return SlowDynamics(y, drift(y), np.broadcast_to(diffusion, points))


STARTS = np.array([-0.8, -0.1, 0.0, 0.6])


def test_free_diffusion_leaves_as_known():
    """(1 − y²)/2D between two ends a distance 2 apart; (4 − (1 ± y)²)/2D past a mirror."""
    free = flow(np.zeros_like, 0.7)
    for absorb, expected in {
        "both": (1 - STARTS**2) / 1.4,
        "right": (4 - (1 + STARTS) ** 2) / 1.4,
        "left": (4 - (1 - STARTS) ** 2) / 1.4,
    }.items():
        found = mean_exit_time(free, STARTS, absorb).time
        np.testing.assert_allclose(found.value, expected, rtol=1e-12)
        assert found.origin == "theory"


@pytest.mark.parametrize("c", [-3.0, 0.5, 8.0])
def test_a_constant_drift_leaves_as_known(c):
    """Gambler's ruin: T = (P·2 − (1 + y))/c with P the chance to reach the right end first."""
    d = 0.7
    slow = flow(lambda y: np.full_like(y, c), d)
    up = np.expm1(-c * (1 + STARTS) / d) / np.expm1(-2 * c / d)
    both = (2 * up - (1 + STARTS)) / c
    right = (1 - STARTS) / c - d / c**2 * (np.exp(-c * (1 + STARTS) / d) - np.exp(-2 * c / d))
    np.testing.assert_allclose(mean_exit_time(slow, STARTS).time.value, both, rtol=1e-9)
    np.testing.assert_allclose(mean_exit_time(slow, STARTS, "right").time.value, right, rtol=1e-9)


@pytest.mark.parametrize("absorb", ["left", "right", "both"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_random_landscape_against_one_quadrature_inside_another(absorb, seed):
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=3)
    heat = 0.4

    def height(y):
        return a * np.sin(3 * y) + b * y**2 + c * y

    slow = flow(lambda y: -(3 * a * np.cos(3 * y) + 2 * b * y + c), heat)
    found = mean_exit_time(slow, [-0.6, 0.3], absorb).time.value
    for start, time in zip((-0.6, 0.3), found, strict=True):
        expected = nested_exit_time(height, heat, (-1, 1), start, absorb)
        assert time == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("absorb", ["left", "right", "both"])
def test_the_order_of_the_quadrature_is_four_and_its_error_is_stated(absorb):
    starts = np.linspace(-0.95, 0.95, 39)

    def time(points):
        slow = flow(lambda y: 9 * np.sin(7 * y) - 3 * y**3, 0.3, points=points)
        return mean_exit_time(slow, starts, absorb).time

    exact = time(12801).value
    gaps = np.array([abs(time(n).value - exact).max() for n in (101, 201, 401, 801)])
    orders = np.log2(gaps[:-1] / gaps[1:])
    assert np.all((orders > 3.5) & (orders < 4.7)), orders
    for points in (101, 201, 401):
        stated = time(points)
        assert np.abs(stated.value - exact).max() <= stated.error.max()


def test_a_high_barrier_is_left_at_the_rate_of_kramers():
    """T → 2π e^{ΔV/T}/√(V''(well)|V''(top)|) from the well of y²/2 − y³/3 over its top at 1."""
    gaps = []
    for heat in (1 / 48, 1 / 96):
        slow = flow(lambda y: y**2 - y, heat, -0.8, 2.0, 8001)
        time = mean_exit_time(slow, 0.0, "right").time.value[0]
        gaps.append(time / (2 * np.pi * np.exp(1 / (6 * heat))) - 1)
    assert abs(gaps[1]) < 0.02
    assert gaps[0] / gaps[1] == pytest.approx(2, abs=0.25)  # the correction is linear in T


def test_from_the_quasi_stationary_state_it_is_the_reciprocal_of_the_smallest_eigenvalue():
    slow = flow(lambda y: y**2 - y, 1 / 48, -0.8, 1.6)
    centre, rates = generator(slow, "right", cells=250)
    values, vectors = np.linalg.eig(rates.T)
    slowest = np.argmax(values.real)
    state = np.abs(vectors[:, slowest].real)
    times = mean_exit_time(slow, centre, "right").time.value
    mean = (state / state.sum()) @ times
    assert mean == pytest.approx(-1 / values[slowest].real, rel=2e-3)
    bottom = mean_exit_time(slow, 0.0, "right").time.value[0]
    assert bottom == pytest.approx(-1 / values[slowest].real, rel=2e-3)  # 8 T high


def test_the_mirror_image_leaves_through_the_other_end():
    slow = flow(lambda y: np.exp(y) - 2 * y, 0.2 + np.linspace(0, 1, 2001) ** 2)
    mirrored = SlowDynamics(-slow.y[::-1], -slow.drift[::-1], slow.diffusion[::-1])
    for one, other in (("left", "right"), ("right", "left"), ("both", "both")):
        np.testing.assert_allclose(
            mean_exit_time(slow, STARTS, one).time.value,
            mean_exit_time(mirrored, -STARTS, other).time.value,
            rtol=1e-9,
        )


def test_the_time_solves_its_differential_equation():
    """Drift T' + diffusion T'' = −1, with a diffusion that changes along y (Itô)."""
    grid = np.linspace(-1, 1, 2001)
    slow = flow(lambda y: np.sin(4 * y) - y, 0.3 + 0.2 * np.cos(3 * grid))
    inner = grid[200:-200:40]
    h = 1e-3
    low, mid, high = (
        mean_exit_time(slow, inner + shift, "both").time.value for shift in (-h, 0, h)
    )
    drift, diffusion = np.sin(4 * inner) - inner, 0.3 + 0.2 * np.cos(3 * inner)
    left = drift * (high - low) / (2 * h) + diffusion * (high - 2 * mid + low) / h**2
    np.testing.assert_allclose(left, -1, atol=1e-4)


def test_only_ratios_of_the_stiffness_matter_for_a_thermal_exit():
    times = [
        mean_exit_time(
            slow_dynamics(Valley(shape("0"), shape(g), 4), Thermal(0.2), (-1, 1)), STARTS
        ).time.value
        for g in ("1 + y**2", "50 + 50*y**2")
    ]
    np.testing.assert_allclose(times[0], times[1], rtol=1e-12)


def test_an_end_is_left_at_once():
    free = flow(np.zeros_like, 1.0)
    np.testing.assert_allclose(mean_exit_time(free, [-1, 1]).time.value, 0, atol=1e-14)


def test_a_start_outside_and_a_barrier_beyond_the_floats_are_refused():
    free = flow(np.zeros_like, 1.0)
    with pytest.raises(DomainError, match=r"within \[-1, 1\]; 1.5 does not"):
        mean_exit_time(free, [0.0, 1.5])
    with pytest.raises(DomainError, match="nan does not"):
        mean_exit_time(free, np.nan)
    with pytest.raises(DomainError, match="barrier of 1e.03 temperatures is beyond the range"):
        mean_exit_time(flow(lambda y: -2000 * y, 1.0), 0.0)
    with pytest.raises(DomainError, match="barrier of inf temperatures is beyond the range"):
        mean_exit_time(flow(lambda y: -1e300 * y, 1e-300), 0.0)


def test_an_end_watched_once_a_step_moves_by_the_constant_of_chernoff_and_siegmund():
    """−ζ(1/2)/√(2π), from the zeta function."""
    import mpmath

    assert pytest.approx(float(-mpmath.zeta(0.5) / mpmath.sqrt(2 * mpmath.pi))) == OVERSHOOT
    assert monitoring_shift(0.5, 0.04) == pytest.approx(OVERSHOOT * 0.2)
    assert monitoring_shift(0.5, 0.0) == 0


def test_prediction_and_measurement_compare_start_by_start():
    predicted = Relaxation([0.0, 1.0], Estimate([2.0, 1.0], 0.0, "theory"))
    measured = Relaxation([0.0, 1.0], Estimate([2.2, 1.0], 0.1, "langevin"))
    assert measured.sigmas_from(predicted) == pytest.approx([2, 0])
    assert predicted.sigmas_from(measured) == pytest.approx([-2, 0])
    assert predicted.survival.shape == (0, 0)


@pytest.mark.parametrize("momentum", [0.0, 0.25, 0.45])
def test_with_momentum_the_end_moves_by_the_extrapolation_length_of_the_walk(momentum):
    """Between the nodes of the polynomial, from the integral equation itself."""
    found = monitoring_shift(0.5, 1.0, momentum)
    assert found == pytest.approx(extrapolation_length(momentum), rel=1e-5)


def test_with_momentum_a_walk_leaves_where_the_shift_says():
    """The mean of y + βv/(1 − β) does not move: at the exit it is the end plus the shift."""
    momentum, end, walkers = 0.8, 80.0, 20_000
    rng = np.random.default_rng(3)
    y = np.zeros(walkers)
    v = rng.normal(size=walkers) / np.sqrt(1 - momentum**2)
    gone = []
    while len(y):
        v = momentum * v + rng.normal(size=len(v))
        y = y + v
        out = np.abs(y) > end
        gone.append(np.abs(y[out] + momentum / (1 - momentum) * v[out]))
        y, v = y[~out], v[~out]
    beyond = np.concatenate(gone) - end
    mean, error = beyond.mean(), beyond.std() / np.sqrt(walkers)
    expected = monitoring_shift(0.5 / (1 - momentum) ** 2, 1.0, momentum)
    rival = monitoring_shift(0.5 / (1 - momentum) ** 2, 1.0)
    assert error < 0.02 * mean
    assert abs(mean - expected) < 4 * error
    assert abs(mean - rival) > 50 * error


def test_milnes_constant_is_that_of_the_zeta_function_and_the_limit_of_a_long_memory():
    import mpmath

    assert pytest.approx(float(-mpmath.zeta(0.5))) == MILNE
    beta = 0.999
    assert monitoring_shift(0.5, 1.0, beta) * np.sqrt(2 * (1 - beta)) == pytest.approx(
        MILNE, rel=1e-3
    )
    for momentum in (1.0, -0.1, np.nan):
        with pytest.raises(DomainError, match="momentum must be at least 0 and below 1"):
            monitoring_shift(0.5, 1.0, momentum)


def test_the_end_that_is_reached_is_that_of_the_gambler():
    c, d = 3.0, 0.7
    slow = flow(lambda y: np.full_like(y, c), d)
    expected = np.expm1(-c * (1 + STARTS) / d) / np.expm1(-2 * c / d)
    np.testing.assert_allclose(leaves_right(slow, STARTS), expected, rtol=1e-9)
    mirrored = SlowDynamics(-slow.y[::-1], -slow.drift[::-1], slow.diffusion[::-1])
    np.testing.assert_allclose(leaves_right(mirrored, -STARTS), 1 - expected, rtol=1e-7)
    with pytest.raises(DomainError, match=r"within \[-1, 1\]; 2 does not"):
        leaves_right(slow, 2.0)


def test_unknown_ends_and_negative_steps_are_refused():
    free = flow(np.zeros_like, 0.7)
    with pytest.raises(DomainError, match="ends must be one of left, right, both; it is 'up'"):
        mean_exit_time(free, 0.0, "up")
    for diffusion, step, match in ((-1, 0.1, "diffusion"), (1, -0.1, "step"), (1, np.nan, "step")):
        with pytest.raises(DomainError, match=f"the {match} must be a number of at least 0"):
            monitoring_shift(diffusion, step)


@pytest.mark.parametrize("points", [5, 8, 20, 21])
def test_every_grid_tells_its_error(points):
    """sin(3y) on so few points; an even number of them used to claim to be exact."""
    found = mean_exit_time(flow(lambda y: np.sin(3 * y), 1.0, points=points), 0.2).time
    exact = mean_exit_time(flow(lambda y: np.sin(3 * y), 1.0), 0.2).time
    assert 0 < abs(found.value - exact.value).item() < 3 * found.error.item()

from dataclasses import replace

import numpy as np
import pytest

from entropic.theory import (
    CurvatureAligned,
    DomainError,
    Measured,
    SlowDynamics,
    Thermal,
    Valley,
    effective_potential,
    mean_forces,
    shape,
    slow_dynamics,
    stationary_square,
)

Y = np.linspace(-1, 1, 41)
NOISES = [Thermal(0.3), CurvatureAligned(0.3, 2.0)]
WAYS = [
    *({}, {"momentum": 0.8}),
    *({"integrator": name} for name in ("heun", "leimkuhler-matthews", "baoab", "exact")),
]


@pytest.mark.parametrize("noise", [*NOISES, Measured(np.diag([0.5, 0.1, 0]))], ids=str)
@pytest.mark.parametrize("step", [0.0, 0.3])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_forces_are_minus_the_slope_of_the_effective_potential(noise, step, way):
    valley, h = Valley(shape("sin(y)"), shape("2 + y**2 + y/3"), fast_dims=3), 1e-3

    def v(shift: float) -> np.ndarray:
        return effective_potential(valley, noise, Y + shift * h, step, **way)

    slope = (8 * (v(1) - v(-1)) - (v(2) - v(-2))) / (12 * h)
    energetic, entropic = mean_forces(valley, noise, Y, step, **way)
    np.testing.assert_allclose(energetic, -np.cos(Y), rtol=1e-14)
    np.testing.assert_allclose(energetic + entropic, -slope, atol=1e-10)


def test_only_ratios_of_the_stiffness_matter_in_a_thermal_bath():
    one, two = (Valley(shape("y**2"), shape(f"{c}*(1 + y**2)")) for c in (1, 7))
    gap = effective_potential(two, NOISES[0], Y) - effective_potential(one, NOISES[0], Y)
    np.testing.assert_allclose(gap, 0.15 * np.log(7), rtol=1e-12)
    for part_one, part_two in zip(
        mean_forces(one, NOISES[0], Y), mean_forces(two, NOISES[0], Y), strict=True
    ):
        np.testing.assert_allclose(part_one, part_two, rtol=1e-12)
    aligned = [mean_forces(valley, NOISES[1], Y)[1] for valley in (one, two)]
    np.testing.assert_allclose(aligned[1], 7 * aligned[0], rtol=1e-12)


def test_every_fast_direction_pushes_alike():
    for noise in NOISES:
        alone, many = (
            mean_forces(Valley(shape("0"), shape("1 + y**2"), k), noise, Y, 0.1)[1] for k in (1, 5)
        )
        np.testing.assert_allclose(many, 5 * alone, rtol=1e-14)


def test_the_drift_is_the_sum_of_its_parts_and_the_diffusion_the_slow_temperature():
    valley = Valley(shape("y**4"), shape("2 + y"))
    slow = slow_dynamics(valley, NOISES[0], (-1, 1), 0.1, points=41)
    np.testing.assert_allclose(slow.y, Y, atol=1e-15)
    np.testing.assert_array_equal(slow.drift, slow.parts["energetic"] + slow.parts["entropic"])
    assert set(slow.diffusion) == {0.3}
    cold = slow_dynamics(valley, NOISES[0], (-1, 1), 0.1, slow_temperature=0.01, points=41)
    assert set(cold.diffusion) == {0.01}
    np.testing.assert_array_equal(cold.drift, slow.drift)


def test_adiabaticity_counts_the_change_of_stiffness_within_one_relaxation():
    """By hand, g = e^y, U = cy: g'/g = 1, |drift| = c + T/2, and ε = (c + T/2 + T)/g."""
    slow = slow_dynamics(Valley(shape("0.2*y"), shape("exp(y)")), Thermal(0.3), (-1, 1), points=41)
    np.testing.assert_allclose(slow.adiabaticity, (0.2 + 0.15 + 0.3) / np.exp(Y), rtol=1e-12)
    flat = slow_dynamics(Valley(shape("y**2"), shape("3")), Thermal(0.3), (-1, 1), points=41)
    assert not flat.adiabaticity.any()


def test_momentum_raises_the_mobility_and_its_square_the_diffusion():
    """By hand: dy = −V_eff'/(1 − β) dt + √(2T_y)/(1 − β) dW; here 1/(1 − β) = 5."""
    valley, interval = Valley(shape("y**4"), shape("2 + y")), (-1.0, 1.0)
    energetic, entropic = mean_forces(valley, NOISES[0], Y, 0.1, momentum=0.8)
    slow = slow_dynamics(valley, NOISES[0], interval, 0.1, 0.01, 41, momentum=0.8)
    np.testing.assert_allclose(slow.drift, 5 * (energetic + entropic), rtol=1e-12)
    np.testing.assert_allclose(slow.diffusion, 25 * 0.01, rtol=1e-12)
    np.testing.assert_allclose(slow.parts["energetic"] + slow.parts["entropic"], slow.drift)
    without = mean_forces(valley, NOISES[0], Y)[1]
    np.testing.assert_allclose(entropic / without, 5 / (1 - 0.1 * (2 + Y) / 3.6), rtol=1e-12)


@pytest.mark.parametrize(
    "way",
    [{"momentum": 0.5}, {"integrator": "heun"}, {"integrator": "leimkuhler-matthews"}],
    ids=str,
)
@pytest.mark.slow
def test_walkers_in_the_whole_valley_rest_as_predicted(way):
    """x and y moved together, step by step; ηg = 0.8 to 1.6, four fast directions, T = T_y.

    (At T_y far below T the trembling of x² would heat y beyond the adiabatic limit.)
    """
    step, heat = 0.01, 0.04
    valley = Valley(shape("0.02*y**2"), shape("80*(1 + y**2/(1 + y**2))"), fast_dims=4)
    measured, error = _resting_square(way, step, heat)
    slow = slow_dynamics(valley, Thermal(heat), (-8, 8), step, **way)
    predicted = stationary_square(slow)
    assert error < 0.02 * measured
    assert abs(measured - predicted) < 4 * error
    if way != {"integrator": "leimkuhler-matthews"}:  # which is as if there were no step
        calm = slow_dynamics(valley, Thermal(heat), (-8, 8), momentum=way.get("momentum", 0.0))
        assert abs(measured - stationary_square(calm)) > 5 * error


@pytest.mark.slow
def test_where_the_noise_on_y_is_weak_the_trembling_of_x_heats_it():
    """The limit of all this: g = 80 e^y, T = 1, T_y = 0.01, in V_eff = 0.1 y².

    The force −½ g' x² has variance ½ g'² T²/g² for a time 1/(2g): it adds T² (g'/g)²/(4g) to the
    diffusion, 0.003 here.
    """
    step, walkers, rng = 0.002, 2000, np.random.default_rng(3)
    x, y, total, looks = np.zeros(walkers), np.zeros(walkers), np.zeros(walkers), 0
    for t in range(40_000):
        g, kicks = 80 * np.exp(y), np.sqrt(2 * step) * rng.standard_normal((2, walkers))
        force = -0.2 * y + 0.5 - 0.5 * g * x * x
        x, y = x - step * g * x + kicks[0], y + step * force + 0.1 * kicks[1]
        if t > 10_000 and t % 20 == 0:
            total, looks = total + y * y, looks + 1
    means = total / looks
    measured, error = means.mean(), means.std() / np.sqrt(walkers)
    valley = Valley(shape("0.1*y**2 - 0.5*y"), shape("80*exp(y)"))
    slow = slow_dynamics(valley, Thermal(1.0), (-1.5, 1.5), step, 0.01)
    heated = replace(slow, diffusion=slow.diffusion + 1 / (4 * valley.stiffness(slow.y)))
    assert error < 0.015 * measured
    assert abs(measured - stationary_square(heated)) < 4 * error
    assert abs(measured - stationary_square(slow)) > 10 * error


def _resting_square(way, step, heat, walkers=1200, steps=30_000):
    """⟨y²⟩ at rest and its standard error, from the spread over the walkers."""
    rng, beta = np.random.default_rng(5), way.get("momentum", 0.0)
    z, v, total, looks = np.zeros((5, walkers)), np.zeros((5, walkers)), np.zeros(walkers), 0

    def force(z):
        x, y = z[:4], z[4]
        q = 1 + y * y
        return np.vstack([-80 * (2 - 1 / q) * x, -0.04 * y - 80 * y / q**2 * (x * x).sum(axis=0)])

    last = np.sqrt(2 * heat * step) * rng.standard_normal(z.shape)
    for t in range(steps):
        f, w = step * force(z), np.sqrt(2 * heat * step) * rng.standard_normal(z.shape)
        if beta:
            v = beta * v + f + w
            z = z + v
        elif way["integrator"] == "heun":
            z = z + 0.5 * (f + step * force(z + f + w)) + w
        else:
            z, last = z + f + 0.5 * (last + w), w
        if t > steps // 3 and t % 10 == 0:
            total, looks = total + z[4] ** 2, looks + 1
    means = total / looks
    return means.mean(), means.std() / np.sqrt(walkers)


def test_results_are_read_only():
    slow = slow_dynamics(Valley(shape("0"), shape("1")), Thermal(1), (-1, 1), points=5)
    for array in (slow.y, slow.drift, slow.diffusion, slow.parts["entropic"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"y": [0, 1, 2, 2, 3]}, "grid must increase"),
        ({"y": [0, 1]}, "at least 5 points"),
        ({"drift": [0, 1, np.nan, 0, 0]}, "drift must be finite"),
        ({"diffusion": [1, 1, 0, 1, 1]}, "diffusion must be positive"),
        ({"diffusion": [1, 1, np.inf, 1, 1]}, "diffusion must be positive"),
    ],
)
def test_a_grid_that_carries_no_dynamics_is_refused(change, match):
    fields = {"y": range(5), "drift": np.zeros(5), "diffusion": np.ones(5)} | change
    with pytest.raises(DomainError, match=match):
        SlowDynamics(**fields)


@pytest.mark.parametrize(
    ("energy", "stiffness", "options", "match"),
    [
        ("0", "1", {"interval": (1, -1)}, "from low to high; it is 1 to -1"),
        ("0", "1", {"interval": (0, np.nan)}, "from low to high"),
        ("0", "1", {"slow_temperature": 0.0}, "slow temperature must be a positive number"),
        ("0", "1", {"slow_temperature": np.nan}, "slow temperature must be a positive number"),
        ("0", "y", {}, "must be positive"),
        ("1/y", "1", {}, "energy '1/y' must be finite"),
        ("sqrt(abs(y))", "1", {}, "slope of the energy .* must be finite"),
        ("0", "1 + sqrt(abs(y))", {}, "slope of the stiffness .* must be finite"),
        ("0", "1 + y**2", {"step": 1.0}, "must stay below 2, the edge of stability; it reaches 2"),
        ("0", "1", {"momentum": 1.0}, "momentum must be from 0 to below 1"),
        ("0", "1", {"step": 0.1, "integrator": "baoab"}, "mobility of y is 1/friction"),
    ],
)
def test_what_has_no_slow_dynamics_is_refused(energy, stiffness, options, match):
    options = {"interval": (-1, 1), "points": 41} | options
    with pytest.raises(DomainError, match=match):
        slow_dynamics(Valley(shape(energy), shape(stiffness)), Thermal(1.0), **options)


def test_a_covariance_of_other_directions_is_refused():
    noise = Measured(np.eye(3))
    for ask in (effective_potential, mean_forces):
        with pytest.raises(DomainError, match="of the valley's 1 fast directions; it is one of 3"):
            ask(Valley(shape("0"), shape("1")), noise, Y)


def test_an_effective_potential_beyond_the_floats_is_refused():
    valley = Valley(shape("0"), shape("exp(y)"), fast_dims=1000)
    with pytest.raises(DomainError, match="effective potential must be finite"):
        effective_potential(valley, Thermal(1e308), np.array([300.0]))


def test_misshaped_dynamics_and_too_few_points_are_refused():
    y = np.linspace(-1, 1, 9)
    with pytest.raises(DomainError, match=r"those at the 9 points of the grid; they are \(5,\)"):
        SlowDynamics(y, np.zeros(5), np.ones(9))
    with pytest.raises(DomainError, match="the grid must be finite"):
        SlowDynamics([0, 1, 2, 3, np.inf], np.zeros(5), np.ones(5))
    for points in (4, -3, 6.5, np.nan):
        with pytest.raises(DomainError, match="whole number of at least 5; they are"):
            slow_dynamics(Valley(shape("0"), shape("1")), Thermal(0.5), (-1, 1), points=points)

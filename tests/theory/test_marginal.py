import numpy as np
import pytest
from scipy.special import kv

from entropic.theory import (
    DomainError,
    NotConverged,
    Thermal,
    Valley,
    effective_potential,
    marginal_dynamics,
    marginal_potential,
    mean_exit_time,
    mean_position,
    shape,
    slow_dynamics,
    stationary_square,
    surface,
)

Y = np.linspace(-1, 1, 9)


def test_a_valley_is_the_quadratic_case():
    found = marginal_potential(surface("y**2 + (2 + sin(y))*x**2/2"), 0.3, Y)
    valley = Valley(shape("y**2"), shape("2 + sin(y)"))
    exact = effective_potential(valley, Thermal(0.3), Y)
    np.testing.assert_allclose(found.potential.value, exact, atol=1e-13)
    np.testing.assert_allclose(found.variance, 0.3 / (2 + np.sin(Y)), rtol=1e-12)
    np.testing.assert_allclose(found.position, 0, atol=1e-13)
    assert not found.barrier.any()
    assert found.potential.error.max() < 1e-12


def test_a_quartic_is_a_bessel_function():
    """∫ exp(−ax² − bx⁴) dx = ½ √(a/b) exp(a²/8b) K_¼(a²/8b), a known integral."""
    heat, a = 0.2, (2 + Y) / 0.2
    found = marginal_potential(surface("(2 + y)*x**2 + x**4"), heat, Y)
    z = a**2 * heat / 8
    exact = np.log(0.5 * np.sqrt(a * heat)) + z + np.log(kv(0.25, z))
    shift = 0.5 * heat * np.log(2 * np.pi * heat)
    np.testing.assert_allclose(found.potential.value, shift - heat * exact, atol=1e-13)


@pytest.mark.parametrize(
    "text", ["x**4/4 + y*x**2/2 + y**2", "exp(x - y) - x*(2 + y)", "cosh(2*x - y**2)*(1.5 + y)"]
)
def test_the_force_is_minus_the_slope_of_the_potential_and_the_slope_that_of_the_position(text):
    v, h = surface(text), 1e-3
    found = marginal_potential(v, 0.2, Y)
    near = [marginal_potential(v, 0.2, Y + n * h) for n in (-2, -1, 1, 2)]
    for given, values in (
        (-found.force.value, [m.potential.value for m in near]),
        (found.slope, [m.position for m in near]),
    ):
        slope = (8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * h)
        np.testing.assert_allclose(given, slope, atol=1e-8)


def test_two_wells_are_both_counted_and_the_barrier_is_told():
    found = marginal_potential(surface("(2 + y)*(x**2 - 1)**2/4"), 0.02, [0.0])
    assert found.barrier[0] == pytest.approx(0.5 / 0.02, rel=1e-3)
    # 2 x² below each of them: twice the mass of one, and 0.02·(0.36) beyond the Gaussian
    gaussian = 0.01 * np.log(4) - 0.02 * np.log(2)
    assert found.potential.value[0] == pytest.approx(gaussian, abs=3e-4)
    assert found.position[0] == pytest.approx(0, abs=1e-12)


def test_where_a_barrier_parts_the_wells_there_is_no_dynamics_of_y_alone():
    v = surface("(x**2 - y)**2")
    with pytest.raises(DomainError, match="one well at every y; at y = 0.4[0-9]* 1[.0-9]* temper"):
        marginal_dynamics(v, 0.2, (-1, 1), 201)
    assert marginal_dynamics(v, 0.2, (-1, 0.4), 21).y[-1] == 0.4


def test_the_dynamics_of_a_valley_is_that_of_the_house():
    valley = Valley(shape("y**2"), shape("20 + y"))
    slow = marginal_dynamics(surface("y**2 + (20 + y)*x**2/2"), 0.3, (-1, 1), 101)
    plain = slow_dynamics(valley, Thermal(0.3), (-1, 1), points=101)
    np.testing.assert_allclose(slow.drift, plain.drift, atol=1e-10)
    np.testing.assert_allclose(slow.diffusion, plain.diffusion, rtol=1e-10)
    np.testing.assert_allclose(slow.adiabaticity, plain.adiabaticity, rtol=1e-3)
    assert set(slow.parts) == {"effective potential", "mobility"}


def test_on_a_straight_tilted_floor_the_length_walked_is_what_counts():
    """x = 2y: √5 units of length per unit of y, so that all takes five times as long."""
    tilted = marginal_dynamics(surface("50*(x - 2*y)**2 + y**2/2"), 0.3, (-1, 1), 201)
    level = slow_dynamics(Valley(shape("y**2/2"), shape("1")), Thermal(0.3), (-1, 1), points=201)
    times = [mean_exit_time(slow, 0.0).time.value[0] for slow in (tilted, level)]
    assert times[0] == pytest.approx(5 * times[1], rel=1e-9)


def test_a_bent_floor_leaves_the_law_at_rest_to_the_potential():
    """∝ exp(−V_eff/T) whatever the mobility; V_eff is y²/2 but for a constant."""
    slow = marginal_dynamics(surface("100*(x - y**2)**2 + y**2/2"), 0.1, (-2, 2), 401)
    assert stationary_square(slow) == pytest.approx(0.1, rel=1e-4)
    np.testing.assert_allclose(slow.diffusion, 0.1 / (1 + 4 * slow.y**2), rtol=1e-9)


def test_a_stiff_tilted_floor_has_the_slow_rate_of_its_hessian():
    """V = K(x − 2y)²/2 + 0.3y²/2 is linear: the small eigenvalue is 0.3/5 and 1/K more."""
    slow = marginal_dynamics(surface("K*(x - 2*y)**2/2 + 0.15*y**2", K=1e4), 0.1, (-1, 1), 11)
    hessian = np.array([[1e4, -2e4], [-2e4, 4e4 + 0.3]])
    rate = np.linalg.eigvalsh(hessian)[0]
    np.testing.assert_allclose(slow.drift, -rate * slow.y, rtol=1e-4, atol=1e-9)


@pytest.mark.slow
def test_walkers_on_a_bent_floor_come_down_as_slowly_as_its_length_says():
    """x and y moved together in V = 400 (x − y²)² + y²/2, from y = 1."""
    step, heat, walkers, rng = 1e-4, 0.1, 4000, np.random.default_rng(7)
    v = surface("400*(x - y**2)**2 + y**2/2")
    z = np.ones((2, walkers))
    for _ in range(15_000):
        slopes = np.array([v.slope_x(*z, v.params), v.slope_y(*z, v.params)])
        z = z - step * slopes + np.sqrt(2 * heat * step) * rng.standard_normal(z.shape)
    measured, error = z[1].mean(), z[1].std() / np.sqrt(walkers)
    clock = np.linspace(0, 1.5, 301)
    slow = marginal_dynamics(v, heat, (-2.5, 2.5), 1001)
    predicted = mean_position(slow, 1.0, clock)[0, -1]
    assert error < 0.02 * measured
    assert abs(predicted - measured) < 4 * error
    assert abs(np.exp(-1.5) - measured) > 20 * error  # with the mobility of a level floor


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        ("x*y", {}, "'x.y' must rise by 40 temperatures on both sides in x; at y = -1 it does not"),
        ("x**2*(0.5 - y)", {}, "at y = 0.5 it does not"),
        ("sqrt(1 - x**2) + y", {}, "must be defined in between in x; at y = -1 it does not"),
        ("x**2", {"temperature": 0.0}, "temperature must be a positive number; it is 0"),
        ("x**2", {"temperature": np.nan}, "temperature must be a positive number"),
        ("x**2 + (-8)**0.5", {}, "is not real"),
    ],
)
def test_what_cannot_be_integrated_out_is_refused(text, options, match):
    options = {"temperature": 0.1, "y": Y} | options
    with pytest.raises(DomainError, match=match):
        marginal_potential(surface(text), **options)


def test_an_interval_that_does_not_rise_is_refused():
    with pytest.raises(DomainError, match="from low to high; it is 1 to 0"):
        marginal_dynamics(surface("x**2"), 0.1, (1, 0))


def test_a_kink_ends_in_what_was_found():
    """|x|: the trapezoid rule is of second order there, and says how far it came."""
    found = marginal_potential(surface("abs(x)*(2 + y)"), 0.3, [0.0])
    exact = -0.3 * np.log(2 * 0.3 / 2) + 0.15 * np.log(2 * np.pi * 0.3)
    assert abs(found.potential.value[0] - exact) < 3 * found.potential.error[0] < 1e-7
    with pytest.raises(NotConverged, match="points in x give the potential at y = 0 to no") as lost:
        marginal_potential(surface("sqrt(abs(x))"), 1.0, [0.0])  # a cusp
    found = lost.value.found.potential
    assert abs(found.value[0] - 0.5 * np.log(2 * np.pi) + np.log(4)) < 3 * found.error[0] < 1e-4


def test_a_pole_is_no_well():
    """Down to the spacing of floats it looks like one, of -1e15."""
    for text in ("tan(x)", "x**2 + tan(x)"):
        with pytest.raises(DomainError, match="must have no well too narrow for floats in x"):
            marginal_potential(surface(text), 0.1, [0.3])
    narrow = marginal_potential(surface("1e10*(x - 1)**2"), 0.1, [0.3])
    np.testing.assert_allclose(narrow.variance, 5e-12, rtol=1e-6)


def test_no_places_at_all_are_refused():
    for y in ([], [[0.0, 1.0]], [np.nan]):
        with pytest.raises(DomainError, match="a number or a list of finite numbers"):
            marginal_potential(surface("x**2"), 0.1, y)

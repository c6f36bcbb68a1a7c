import numpy as np
import pytest
from naive import nested_exit_time
from naive_updates import at_rest
from scipy.integrate import quad
from scipy.linalg import logm

from entropic.theory import (
    DomainError,
    Modes,
    NotConverged,
    Thermal,
    Update,
    Valley,
    constant,
    effective_potential,
    mean_exit_time,
    mean_forces,
    modes_dynamics,
    modes_forces,
    modes_potential,
    shape,
    slow_dynamics,
    stationary_covariance,
    stationary_square,
)

Y = np.linspace(-1, 1, 9)
UPDATES = [
    Update(),
    Update(0.3),
    Update(0.3, momentum=0.6),
    Update(0.3, integrator="heun"),
    Update(0.3, integrator="leimkuhler-matthews"),
    Update(0.3, integrator="exact"),
]


def turned(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def turning(y):
    """A Hessian whose axes turn by one radian per unit of y while one stiffness changes."""
    return turned(y) @ np.diag([2 + np.sin(y), 5.0]) @ turned(y).T


def turning_slope(y):
    """By the complex step, which is exact."""
    return turning(y + 1e-30j).imag / 1e-30


UNEVEN = np.diag([0.3, 0.05])


@pytest.mark.parametrize("update", UPDATES, ids=str)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_covariance_solves_the_lyapunov_equation(update, n):
    rng = np.random.default_rng(n)
    axes = np.linalg.qr(rng.standard_normal((n, n)))[0]
    hessian = axes @ np.diag(rng.uniform(0.2, 5, n)) @ axes.T
    hessian, half = 0.5 * (hessian + hessian.T), rng.standard_normal((n, n))
    law = at_rest(update.integrator, hessian, half @ half.T, update.step, update.momentum)[0]
    found = stationary_covariance(hessian, half @ half.T, update)
    np.testing.assert_allclose(found, law, rtol=1e-9, atol=1e-9)
    stack = stationary_covariance(np.stack([hessian, hessian / 2]), np.eye(n), update)
    np.testing.assert_allclose(stack[0], stationary_covariance(hessian, np.eye(n), update))


@pytest.mark.parametrize("update", UPDATES, ids=str)
def test_the_force_is_half_the_trace_of_slope_and_covariance(update):
    modes = Modes(shape("sin(y)"), turning, lambda y: UNEVEN)
    energetic, entropic = modes_forces(modes, Y, update)
    np.testing.assert_allclose(energetic, -np.cos(Y))
    for y, found in zip(Y, entropic, strict=True):
        push = at_rest(update.integrator, turning(y), UNEVEN, update.step, update.momentum)[1]
        assert found == pytest.approx(-0.5 * np.trace(turning_slope(y) @ push), rel=1e-9)
    given = Modes(shape("sin(y)"), turning, lambda y: UNEVEN, turning_slope)
    np.testing.assert_allclose(modes_forces(given, Y, update)[1], entropic, rtol=1e-10)


@pytest.mark.parametrize("update", UPDATES, ids=str)
def test_the_potential_is_the_work_against_the_force(update):
    modes = Modes(shape("y**2"), turning, lambda y: UNEVEN)
    found = modes_potential(modes, Y, update)

    def force(y):
        return sum(modes_forces(modes, y, update)).item()

    for i in (1, 4, 8):
        work = -quad(force, Y[0], Y[i], epsabs=1e-12)[0]
        assert found.value[i] - found.value[0] == pytest.approx(work, abs=1e-10)
    assert found.error.max() < 1e-11
    shuffled = modes_potential(modes, Y[::-1], update).value
    np.testing.assert_allclose(shuffled, found.value[::-1], rtol=1e-12)
    alone = modes_potential(modes, [0.5], update)
    assert (alone.value[0], alone.error[0]) == (0.25, 0)


def test_white_noise_feels_the_log_determinant_however_the_axes_turn():
    modes = Modes(constant(0.0), turning, lambda y: 0.4 * np.eye(2))
    found = modes_potential(modes, Y)
    height = np.array([0.2 * np.trace(logm(turning(y))) for y in Y])
    np.testing.assert_allclose(found.value, height - height[0], atol=1e-11)
    # at a finite step log det H/(1 − ½ηH), which needs no more than the eigenvalues either
    coarse = modes_potential(modes, Y, 0.3).value
    steep = [turning(y) @ np.linalg.inv(np.eye(2) - 0.15 * turning(y)) for y in Y]
    height = np.array([0.2 * np.linalg.slogdet(s)[1] for s in steep])
    np.testing.assert_allclose(coarse, height - height[0], atol=1e-11)


def test_a_covariance_along_the_axes_feels_every_stiffness_by_itself():
    fixed = turned(0.7)
    modes = Modes(
        constant(0.0),
        lambda y: fixed @ np.diag([2 + np.sin(y), 3 - y]) @ fixed.T,
        lambda y: fixed @ UNEVEN @ fixed.T,
    )
    height = 0.15 * np.log(2 + np.sin(Y)) + 0.025 * np.log(3 - Y)
    np.testing.assert_allclose(modes_potential(modes, Y).value, height - height[0], atol=1e-11)


def test_hessian_noise_feels_the_trace():
    modes = Modes(constant(0.0), turning, lambda y: 0.3 * turning(y))
    height = np.array([0.15 * np.trace(turning(y)) for y in Y])
    np.testing.assert_allclose(modes_potential(modes, Y).value, height - height[0], atol=1e-11)


def test_equal_modes_are_the_valley():
    valley = Valley(shape("y**4"), shape("2 + y**2"), fast_dims=3)
    modes = Modes(valley.energy, lambda y: (2 + y * y) * np.eye(3), lambda y: 0.3 * np.eye(3))
    for update in UPDATES:
        way = {"momentum": update.momentum, "integrator": update.integrator}
        height = effective_potential(valley, Thermal(0.3), Y, update.step, **way)
        found = modes_potential(modes, Y, update).value
        np.testing.assert_allclose(np.diff(found), np.diff(height), atol=1e-10)
        both = (
            modes_forces(modes, Y, update),
            mean_forces(valley, Thermal(0.3), Y, update.step, **way),
        )
        np.testing.assert_allclose(*both, atol=1e-10)
        slow = modes_dynamics(modes, (-1, 1), 0.2, update, points=101)
        plain = slow_dynamics(valley, Thermal(0.3), (-1, 1), update.step, 0.2, 101, **way)
        np.testing.assert_allclose(slow.drift, plain.drift, atol=1e-9)
        np.testing.assert_allclose(slow.diffusion, plain.diffusion)
        np.testing.assert_allclose(slow.adiabaticity, plain.adiabaticity, atol=1e-9)


def test_exit_times_follow_from_the_dynamics_of_modes():
    """White noise of 0.4 around turning axes: V_eff = y²/2 + 0.2 ln[5(2 + sin y)]."""
    modes = Modes(shape("y**2/2"), turning, lambda y: 0.4 * np.eye(2))
    slow = modes_dynamics(modes, (-1, 1), 0.2)
    assert set(slow.parts) == {"energetic", "entropic"}
    found = float(mean_exit_time(slow, 0.5, "right").time.value[0])

    def height(y):
        return y * y / 2 + 0.2 * np.log(5 * (2 + np.sin(y)))

    assert found == pytest.approx(nested_exit_time(height, 0.2, (-1, 1), 0.5, "right"), rel=1e-6)


def test_a_loop_of_hessians_does_not_bring_the_potential_back():
    """The work once around, with the force by hand in the eigenbasis."""

    def around(angle):
        stiff = np.diag([2 * np.exp(0.5 * np.sin(2 * angle)), 5.0])
        return turned(angle) @ stiff @ turned(angle).T

    ends = [0.0, np.pi]  # the Hessian is the same
    np.testing.assert_allclose(around(ends[0]), around(ends[1]), atol=1e-14)
    uneven = modes_potential(Modes(constant(0.0), around, lambda y: UNEVEN), ends)
    white = modes_potential(Modes(constant(0.0), around, lambda y: 0.3 * np.eye(2)), ends)

    def force(angle):
        stiff = 2 * np.exp(0.5 * np.sin(2 * angle)), 5.0
        along, beside = 0.3 * np.cos(angle) ** 2 + 0.05 * np.sin(angle) ** 2, -0.125
        beside *= np.sin(2 * angle)
        softer = along * np.cos(2 * angle)  # C₁₁ λ₁'/λ₁
        return -0.5 * softer - 2 * beside * (stiff[0] - stiff[1]) / sum(stiff)

    work = -quad(force, 0, np.pi, epsabs=1e-12)[0]
    assert uneven.value[1] == pytest.approx(work, abs=1e-10)
    assert abs(work) > 0.01
    assert white.value[1] == pytest.approx(0, abs=1e-10)


@pytest.mark.slow
def test_walkers_feel_the_force_of_noise_that_does_not_commute_with_the_hessian():
    """y held; then y let go.  The rivals take the noise along the axes of H, or its mean."""
    step, y, walkers, rng = 0.1, 0.4, 40_000, np.random.default_rng(3)
    hessian, slope = turning(y), turning_slope(y)
    root = np.sqrt(2 * step) * np.linalg.cholesky(UNEVEN)
    x, forces = np.zeros((2, walkers)), np.zeros(walkers)
    for t in range(1200):
        x = x - step * hessian @ x + root @ rng.standard_normal(x.shape)
        if t >= 200:
            forces += -0.5 * np.einsum("in,ij,jn->n", x, slope, x) / 1000
    mean, error = forces.mean(), forces.std() / np.sqrt(walkers)
    modes = Modes(constant(0.0), turning, lambda y: UNEVEN)
    predicted = modes_forces(modes, y, step)[1].item()
    assert error < 0.01 * abs(mean)
    assert abs(mean - predicted) < 4 * error
    stiffness, axes = np.linalg.eigh(hessian)
    along = axes @ np.diag(np.diag(axes.T @ UNEVEN @ axes)) @ axes.T
    for rival, coarse in ((along, step), (0.175 * np.eye(2), step), (UNEVEN, 0.0)):
        wrong = Modes(constant(0.0), turning, lambda y, rival=rival: rival)
        assert abs(mean - modes_forces(wrong, y, coarse)[1].item()) > 10 * error


@pytest.mark.slow
def test_walkers_among_turning_modes_rest_as_predicted():
    """All of x and y move; the Hessian's axes turn against a fixed, uneven noise."""
    step, heat, walkers, rng = 0.01, 0.04, 2000, np.random.default_rng(4)
    noise = np.diag([0.09, 0.01])

    def hessian(y):
        q = 0.5 * np.pi * np.tanh(y)
        return turned(q) @ np.diag([30.0, 120.0]) @ turned(q).T

    modes = Modes(shape("0.02*(y - 1)**2"), hessian, lambda y: noise)
    slow = modes_dynamics(modes, (-6, 7), heat, step)
    x, y, total, looks = np.zeros((2, walkers)), np.zeros(walkers), np.zeros(walkers), 0
    root = np.sqrt(2 * step) * np.sqrt(np.diag(noise))[:, None]
    for t in range(25_000):
        tanh = np.tanh(y)
        turn = 0.5 * np.pi * (1 - tanh**2)
        cos, sin = np.cos(np.pi * tanh), np.sin(np.pi * tanh)  # of twice the angle
        a, b = x
        pull = np.array([75 * a - 45 * (cos * a + sin * b), 75 * b - 45 * (sin * a - cos * b)])
        bend = -0.5 * turn * 90 * (sin * (a * a - b * b) - 2 * cos * a * b)
        x = x - step * pull + root * rng.standard_normal(x.shape)
        kick = np.sqrt(2 * heat * step) * rng.standard_normal(walkers)
        y = y + step * (bend - 0.04 * (y - 1)) + kick
        if t > 5000 and t % 20 == 0:
            total, looks = total + y * y, looks + 1
    means = total / looks
    measured, error = means.mean(), means.std() / np.sqrt(walkers)
    assert error < 0.02 * measured
    assert abs(measured - stationary_square(slow)) < 4 * error
    commuting = Modes(modes.energy, hessian, lambda y: 0.05 * np.eye(2))
    rival = stationary_square(modes_dynamics(commuting, (-6, 7), heat, step))
    assert abs(measured - rival) > 5 * error


@pytest.mark.parametrize(
    ("hessian", "covariance", "match"),
    [
        (np.ones(2), np.eye(2), "hessian at y = 0.* must be a square matrix; its shape is .2,"),
        ([[1, 0.5], [0, 1]], np.eye(2), "hessian at y = 0.* must be symmetric and finite"),
        ([[np.nan]], [[1]], "hessian at y = 0.* must be symmetric and finite"),
        (np.diag([1, -1]), np.eye(2), "must have positive eigenvalues; the lowest is -1"),
        (np.eye(2), np.diag([1, -1]), "covariance at y = 0.* no negative eigenvalue; .* is -1"),
        (np.eye(2), np.eye(3), "must have one size; they have .2, 2., .2, 2. and .3, 3. at y"),
        (np.diag([1, 20]), np.eye(2), "must stay below 2, the edge of stability; it reaches 4"),
    ],
)
def test_modes_that_cannot_be_are_refused(hessian, covariance, match):
    modes = Modes(constant(0.0), lambda y: hessian, lambda y: covariance)
    for ask in (modes_forces, modes_potential):
        with pytest.raises(DomainError, match=match):
            ask(modes, [0.0, 1.0], 0.2)


def test_an_energy_or_a_question_that_cannot_be_is_refused():
    modes = Modes(shape("1/y"), lambda y: np.eye(1), lambda y: np.eye(1))
    with pytest.raises(DomainError, match="energy must be finite"):
        modes_potential(modes, [0.0])
    with pytest.raises(DomainError, match="slope of the energy must be finite"):
        modes_forces(modes, [0.0])
    with pytest.raises(DomainError, match="interval must run from low to high"):
        modes_dynamics(modes, (1, 0), 0.1)
    with pytest.raises(DomainError, match="slow temperature must be a positive number; it is 0"):
        modes_dynamics(modes, (1, 2), 0.0)


def test_a_kinked_hessian_is_integrated_as_well_as_it_can_be():
    kinked = Modes(
        *(constant(0.0), lambda y: [[1 + abs(y - 0.3)]], lambda y: [[1.0]]),
        lambda y: [[np.sign(y - 0.3)]],
    )
    with pytest.raises(NotConverged, match="of every panel give the work of the modes to") as lost:
        modes_potential(kinked, [0.0, 1.0])
    found = lost.value.found
    exact = 0.5 * np.log(1.7) - 0.5 * np.log(1.3)
    assert abs(found.value[1] - exact) < 10 * found.error[1]


def test_sizes_that_differ_and_places_that_are_none_are_refused():
    with pytest.raises(DomainError, match=r"must have one size; they have \(2, 2\) and \(3, 3\)"):
        stationary_covariance(np.eye(2), np.eye(3))
    modes = Modes(constant(0.0), lambda y: np.eye(2), lambda y: np.eye(2))
    for y in ([], [[0.0]], np.nan, np.inf):
        with pytest.raises(DomainError, match="a number or a list of finite numbers"):
            modes_potential(modes, y)
    bent = Modes(constant(0.0), lambda y: np.eye(2), lambda y: np.eye(2), lambda y: np.nan)
    with pytest.raises(DomainError, match="slope of the hessian at y = 0 must be a square matrix"):
        modes_forces(bent, 0.0)

"""What may be walked, and how well each integrator rests, in compiled ensembles."""

import numpy as np
import pytest
from scipy.integrate import quad

from entropic.sims import Langevin, Observation, observe
from entropic.sims.langevin import INTEGRATORS, RADIUS_FROM
from entropic.theory import (
    CurvatureAligned,
    DomainError,
    Estimate,
    Surface,
    Thermal,
    Valley,
    constant,
    shape,
    surface,
)

BATH = Thermal(0.5)
BOWL = Valley(shape("0.5*y**2"), shape("1 + y**2"), 2)


class Oval(Thermal):
    """A covariance of its own."""

    covariance = np.diag([0.5, 0.3, 0.1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": -1.0}, "the step must be a positive number; it is -1"),
        ({"integrator": "rk4"}, "the integrator must be one of euler, .*; it is 'rk4'"),
        ({"precision": "half"}, "the precision must be one of mixed, double, single; it is 'half'"),
        ({"integrator": "heavy-ball", "momentum": 1.0}, "momentum must be at least 0 and below 1"),
        ({"momentum": 0.5}, "momentum belongs to the heavy-ball integrator, not to euler"),
        ({"friction": 0.0}, "the friction must be a positive number; it is 0"),
        ({"slow_temperature": 0.0}, "the slow temperature must be a positive number"),
        ({"radius": True}, "the radius stands for 3 or more fast directions of a valley"),
        (
            {"integrator": "leimkuhler-matthews", "noise": CurvatureAligned(0.5)},
            "leimkuhler-matthews needs a noise that is the same everywhere; take euler",
        ),
        ({"noise": Oval(0.5)}, "the covariance has 3 directions, the valley 2"),
        (
            {"landscape": surface("x**2 + y**2"), "noise": CurvatureAligned(0.5)},
            r"on a surface V\(x, y\) the noise must be isotropic",
        ),
        (
            {"landscape": surface("x**2 + y**2"), "integrator": "ornstein-uhlenbeck"},
            "ornstein-uhlenbeck needs a valley, whose fast directions are harmonic",
        ),
    ],
)
def test_a_combination_without_a_meaning_is_refused(changes: dict, message: str) -> None:
    settings = {"landscape": BOWL, "noise": BATH, "step": 0.1, **changes}
    with pytest.raises(DomainError, match=message):
        Langevin(**settings)


def test_the_radius_is_walked_where_it_pays_and_is_allowed() -> None:
    def walks(k: int, integrator: str = "euler", radius: bool | None = None) -> bool:
        valley = Valley(shape("0"), constant(1.0), k)
        return Langevin(valley, BATH, 0.1, integrator, radius=radius).walks_radius

    assert [walks(k) for k in (1, RADIUS_FROM - 1, RADIUS_FROM)] == [False, False, True]
    assert walks(3, radius=True)
    assert not walks(1000, radius=False)
    assert not walks(1000, "baoab")


def test_everything_that_decides_a_walk_is_in_its_fingerprint() -> None:
    base = {"landscape": BOWL, "noise": BATH, "step": 0.1}
    changes = [
        *({}, {"step": 0.2}, {"noise": Thermal(0.4)}, {"noise": CurvatureAligned(0.5)}),
        *({"integrator": "heun"}, {"precision": "double"}, {"slow_temperature": 0.4}),
        *({"integrator": "heavy-ball"}, {"integrator": "heavy-ball", "momentum": 0.5}),
        *({"integrator": "baoab"}, {"integrator": "baoab", "friction": 2.0}),
        {"landscape": Valley(BOWL.energy, BOWL.stiffness, 3)},
        {"landscape": Valley(BOWL.energy, BOWL.stiffness, 3), "radius": True},
        {"landscape": Valley(BOWL.energy, BOWL.stiffness, 3), "noise": Oval(0.5)},
        {"landscape": Valley(BOWL.energy, shape("1 + a*y**2", a=1.0), 2)},
        {"landscape": Valley(BOWL.energy, shape("1 + a*y**2", a=2.0), 2)},
        {"landscape": surface("x**2 + y**2")},
    ]
    names = [Langevin(**(base | change)).fingerprint for change in changes]
    assert len(set(names)) == len(names)
    assert names[0] == Langevin(**base).fingerprint


QUARTIC = surface("0.25*x**4 + 0.5*x**2 + 0.5*y**2")


def exact_square() -> float:
    """⟨x²⟩ of exp(−V/T) on the quartic surface."""
    weights = [quad(lambda x, m=m: x**m * np.exp(-2 * QUARTIC(x, 0.0)), -9, 9)[0] for m in (0, 2)]
    return weights[1] / weights[0]


def at_rest(
    integrator: str, step: float, where: Surface | Valley = QUARTIC, **more: object
) -> Observation:
    settings = {"trajectories": 32_768, "seed": 8, "burn_in": int(10 / step), "every": 2, **more}
    walk = Langevin(where, BATH, step, integrator, friction=2.0)
    return observe(walk, steps=int(250 / step), **settings)


def bias(run: Observation, exact: float) -> Estimate:
    found = run.fast_variance
    return Estimate(found.value / exact - 1, found.error / exact, "langevin")


@pytest.mark.slow
@pytest.mark.parametrize(("integrator", "step"), [("leimkuhler-matthews", 0.1), ("baoab", 0.3)])
def test_a_good_integrator_hardly_biases_an_anharmonic_well(integrator: str, step: float) -> None:
    """At a step times the curvature at the bottom of 0.1 (baoab: as far as it needs no less)."""
    found = bias(at_rest(integrator, step), exact_square())
    assert abs(found.value) < 0.003
    assert found.error < 0.001


@pytest.mark.slow
@pytest.mark.parametrize(("integrator", "order"), [("euler", 1), ("heun", 2)])
def test_the_bias_of_others_there_falls_with_their_order(integrator: str, order: int) -> None:
    coarse, fine = (bias(at_rest(integrator, h), exact_square()) for h in (0.1, 0.05))
    assert abs(coarse.value) > 0.01
    measured = np.log2(coarse.value / fine.value)
    error = np.hypot(coarse.error / coarse.value, fine.error / fine.value) / np.log(2)
    assert abs(measured - order) < 4 * error + 0.1
    assert error < 0.15


@pytest.mark.parametrize(("integrator", "order"), [("euler", 1), ("heun", 2)])
def test_the_bias_in_a_harmonic_well_falls_with_the_order(integrator: str, order: int) -> None:
    valley = Valley(shape("0"), constant(2.0))
    biases = [
        Langevin(valley, BATH, h, integrator).width_at_rest(0.0) ** 2 / 0.25 - 1
        for h in (0.01, 0.005)
    ]
    assert np.log2(biases[0] / biases[1]) == pytest.approx(order, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_a_harmonic_well_has_the_variance_of_the_lyapunov_equation(integrator: str) -> None:
    """In x from the first step on, for it starts at rest; in y as soon as it is there."""
    valley = Valley(shape("0.5*y**2"), shape("2 + 0*y"), 2)
    momentum = 0.4 if integrator == "heavy-ball" else 0.0
    walk = Langevin(valley, BATH, 0.3, integrator, momentum=momentum, friction=2.0)
    exact = walk.width_at_rest(0.0) ** 2
    settings = {"trajectories": 100_000, "seed": 4, "every": 1}
    first = observe(walk, steps=2, **settings).fast_variance
    assert abs(first.value - exact) < 4 * first.error
    assert first.error < 0.005 * exact
    late = observe(walk, steps=100, burn_in=100, **settings)
    assert abs(late.fast_variance.value - exact) < 4 * late.fast_variance.error
    if integrator in ("baoab", "leimkuhler-matthews"):  # no bias at all, of y neither
        assert abs(late.position_squared.value - 0.5) < 4 * late.position_squared.error


@pytest.mark.slow
def test_each_direction_has_the_width_of_its_noise() -> None:
    """Three directions, ⟨|x|²⟩/k their mean; T_y another temperature altogether."""
    valley = Valley(shape("0.5*y**2"), shape("2 + 0*y"), 3)
    walk = Langevin(valley, Oval(0.5), 0.3, slow_temperature=0.1)
    run = observe(walk, trajectories=50_000, steps=100, burn_in=50, every=5, seed=2)
    exact = np.mean(np.diag(Oval.covariance)) / (2 * (1 - 0.3))
    assert abs(run.fast_variance.value - exact) < 4 * run.fast_variance.error
    assert run.fast_variance.error < 0.005 * exact
    assert abs(run.position_squared.value - 0.1 / (1 - 0.15)) < 4 * run.position_squared.error

"""Every integrator on every kind of landscape, noise for noise against the textbook formulas."""

from itertools import islice, product
from pathlib import Path

import naive_langevin as naive
import numpy as np
import pytest
from plain_kernels import uncompile
from scipy.linalg import solve_discrete_lyapunov

from entropic.sims import Langevin, first_passage, observe
from entropic.sims.langevin import INTEGRATORS, MEMORIES
from entropic.theory import CurvatureAligned, Noise, Surface, Thermal, Valley, shape, surface

BATH = Thermal(0.5)
WELL = surface("0.25*x**4 + 0.5*a*(x - y)**2 + 0.5*y**2", a=3.0)
STEPS = 70  # more than two segments of the 32 steps that they have here


class Unlike(Thermal):
    """A noise with a covariance of its own."""

    covariance = np.array([[0.5, 0.2], [0.2, 0.5]])


def bowl(k: int) -> Valley:
    return Valley(shape("0.5*y**2"), shape("g0*(1 + y**2)", g0=4.0), k)


def langevin(where: Valley | Surface, noise: Noise, integrator: str, **more: object) -> Langevin:
    momentum = 0.6 if integrator == "heavy-ball" else 0.0
    settings = {"step": 0.05, "momentum": momentum, "friction": 2.0, "slow_temperature": 0.3}
    return Langevin(where, noise, integrator=integrator, **(settings | more))


WALKS = [
    *(langevin(bowl(k), BATH, integrator) for k, integrator in product((1, 2, 5), INTEGRATORS)),
    *(
        langevin(bowl(k), CurvatureAligned(0.5, 2.0), i)
        for k, i in product((1, 5), INTEGRATORS)
        if i != "leimkuhler-matthews"
    ),
    *(langevin(WELL, BATH, i) for i in INTEGRATORS if i != "ornstein-uhlenbeck"),
    *(langevin(bowl(2), Unlike(0.5), integrator) for integrator in INTEGRATORS),
    *(
        langevin(bowl(4), noise, i, radius=True)
        for i in ("euler", "heun", "ornstein-uhlenbeck")
        for noise in (BATH, CurvatureAligned(0.5, 2.0))
    ),
    *(langevin(bowl(2), BATH, i, precision="double") for i in ("euler", "baoab")),
    *(langevin(bowl(1), BATH, i, precision="single") for i in INTEGRATORS),
    langevin(bowl(4), BATH, "euler", precision="double", radius=True),
    langevin(WELL, BATH, "heun", precision="single"),
]


def name(walk: Langevin) -> str:
    radius = "-radius" if walk.walks_radius else ""
    kind = type(walk.landscape).__name__ + f"-{walk.fast_dims}{radius}"
    return f"{walk.integrator}-{kind}-{type(walk.noise).__name__}-{walk.precision}"


@pytest.mark.parametrize("reflect", [None, (-0.3, 0.9)])
@pytest.mark.parametrize("walk", WALKS, ids=name)
def test_the_engine_walks_as_the_formulas_say(
    walk: Langevin, reflect: tuple[float, float] | None, monkeypatch, tmp_path: Path
) -> None:
    uncompile(monkeypatch, tmp_path)
    settings = {"start": 0.4, "fast_start": 0.2, "equilibrate": reflect is None, "seed": 7}
    run = observe(
        walk, trajectories=2, steps=STEPS, every=1, reflect=reflect, threads=1,
        trails=2, trail_points=STEPS, **settings,
    )  # fmt: skip
    mirrors = reflect or (-np.inf, np.inf)
    squares = []
    for trajectory in range(2):
        arguments = (walk, 7, trajectory, 0.4, 0.2, reflect is None, mirrors)
        path = list(islice(naive.walk(*arguments), STEPS))
        expected = np.array([(x[0], y) for x, y in path])
        rel = 2e-4 if walk.precision == "single" else 1e-9
        np.testing.assert_allclose(run.trails[trajectory], expected, rtol=rel, atol=rel)
        squares.append(np.mean([x @ x for x, _ in path]) / walk.fast_dims)
    assert run.fast_variance.value == pytest.approx(np.mean(squares), rel=rel)


@pytest.mark.parametrize("walk", [w for w in WALKS[:18] if w.fast_dims == 2], ids=name)
def test_a_walk_crosses_into_the_next_segment(walk: Langevin, monkeypatch, tmp_path: Path) -> None:
    """At the true length of a segment, 1024 steps; looked at around its end."""
    uncompile(monkeypatch, tmp_path, segment=1024, lanes=1)
    settings = {"start": 0.2, "seed": 3, "trajectories": 2, "threads": 1, "reflect": (-1.0, 1.0)}
    run = observe(walk, steps=1030, every=10, trails=1, trail_points=103, **settings)
    path = naive.walk(walk, 3, 0, 0.2, mirrors=(-1.0, 1.0))
    expected = np.array([(x[0], y) for x, y in islice(path, 9, 1030, 10)])
    np.testing.assert_allclose(run.trails[0], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("absorb", [(-0.4, 0.9), (0.9,), (-0.4,)])
@pytest.mark.parametrize("walk", [WALKS[0], WALKS[7], WALKS[17], WALKS[28], WALKS[41]], ids=name)
def test_the_first_step_outside_is_the_exit(
    walk: Langevin, absorb: tuple[float, ...], monkeypatch, tmp_path: Path
) -> None:
    uncompile(monkeypatch, tmp_path)
    most, mirror = 101, {(0.9,): -0.2, (-0.4,): 0.5}.get(absorb)
    mirrors = {(0.9,): (-0.2, np.inf), (-0.4,): (-np.inf, 0.5)}.get(absorb, (-np.inf, np.inf))
    settings = {"trajectories": 5, "seed": 2, "max_steps": most, "threads": 1, "reflect": mirror}
    run = first_passage(walk, [0.1, 0.4], absorb, **settings)
    low, high = run.low, run.high
    for row, trajectory in product((0, 1), range(5)):
        number, start = row << 40 | trajectory, run.start[row]
        path = [y for _, y in islice(naive.walk(walk, 2, number, start, mirrors=mirrors), most)]
        outside = [i for i, y in enumerate(path) if not low < y < high]
        steps, place = (outside[0] + 1, path[outside[0]]) if outside else (-1, None)
        assert run.steps[row, trajectory] == steps
        if place is not None:
            assert run.place[row, trajectory] == pytest.approx(place, rel=1e-3)
    assert run.absorbed.sum() > 0 or walk.integrator == "baoab"


LINEAR = [
    langevin(Valley(shape("0"), shape("3.0"), 1), noise, integrator, step=step)
    for step in (0.05, 0.4)
    for noise in (BATH, CurvatureAligned(0.5, 2.0))
    for integrator in INTEGRATORS
    if not (integrator == "leimkuhler-matthews" and noise is not BATH)
]


def linear_map(walk: Langevin) -> tuple[np.ndarray, np.ndarray]:
    """(x, u) ← A (x, u) + B ξ of one step of the naive walk where it is linear; u as it has it."""
    gradient = naive.force(walk)

    def step(x: float, u: float, a: float) -> np.ndarray:
        x1, _, u1, _ = naive.advance(
            walk, gradient, np.array([x]), 0.0, np.array([u]), 0.0, np.array([a]), 0.0, (-9.0, 9.0)
        )
        return np.array([x1[0], u1[0]])

    a, b = np.stack([step(1, 0, 0), step(0, 1, 0)], axis=1), step(0, 0, 1)[:, None]
    if walk.integrator not in MEMORIES:
        a[1] = b[1] = 0
    return a, b


@pytest.mark.parametrize("walk", LINEAR, ids=lambda w: f"{name(w)}-{w.step}")
def test_the_law_at_the_start_is_that_of_the_discrete_lyapunov_equation(walk: Langevin) -> None:
    a, b = linear_map(walk)
    exact = solve_discrete_lyapunov(a, b @ b.T)
    assert walk.width_at_rest(0.0) ** 2 == pytest.approx(exact[0, 0], rel=1e-12)
    width, lean, rest, _ = walk.law_at_start(0.0, equilibrate=True)
    if walk.integrator == "baoab":  # the engine's velocity is that before the half kick
        lean -= 0.5 * walk.step * 3.0 * width
    if walk.integrator in MEMORIES:
        found = [[width**2, width * lean], [width * lean, lean**2 + rest**2]]
        np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("walk", LINEAR[:6], ids=name)
def test_the_edge_of_stability_is_where_the_linear_map_stops_contracting(walk: Langevin) -> None:
    if np.isinf(walk.edge):
        return
    for z, stable in ((walk.edge * 0.999, True), (walk.edge * 1.001, False)):
        stiff = Valley(shape("0"), shape("g", g=z / walk.step))
        a, _ = linear_map(langevin(stiff, BATH, walk.integrator, step=walk.step))
        assert (np.abs(np.linalg.eigvals(a)).max() < 1) == stable

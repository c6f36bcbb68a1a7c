"""Averages over an ensemble: what is added up, and a run that is cut, taken up and extended."""

import tracemalloc
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import naive_langevin as naive
import numpy as np
import pytest
from cut_runs import cut, saved
from plain_kernels import uncompile

from entropic.sims import Langevin, Observation, observation, observe
from entropic.theory import DomainError, Thermal, Valley, constant, shape, surface

BATH = Thermal(0.5)
BOWL = Valley(shape("0.5*y**2"), shape("g0*(1 + c*y**2)", g0=40.0, c=1.0), fast_dims=2)
WALK = Langevin(BOWL, BATH, 0.005, slow_temperature=0.3)
EDGES = [-1.0, -0.2, -0.1, 0.05, 0.1, 0.3, 1.2]
EVERYTHING = {"edges": EDGES, "time_bins": 4, "lags": 5, "trails": 3, "trail_points": 7}


def run(walk: Langevin = WALK, **changes: Any) -> Observation:
    settings = {"trajectories": 7, "steps": 90, "burn_in": 11, "every": 3, "seed": 3, "start": 0.1}
    return observe(walk, **{**settings, "threads": 1, **EVERYTHING, **changes})


def parts(found: Observation) -> dict[str, np.ndarray]:
    """Every array of it by name."""
    arrays = {"trails": found.trails, "final": found.final, "lags": found.lags}
    course = {f"course {n}": getattr(found.course, n) for n in ("position", "fast_variance")}
    names = ("position", "position_squared", "fast_variance", "histogram", "autocorrelation")
    estimates = {name: getattr(found, name) for name in names} | course
    for name, estimate in estimates.items():
        arrays |= {name: np.asarray(estimate.value), f"{name} error": np.asarray(estimate.error)}
    return arrays


def same(one: Observation, other: Observation) -> bool:
    both = parts(one), parts(other)
    return all(np.array_equal(both[0][n], both[1][n], equal_nan=True) for n in both[0])


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    uncompile(monkeypatch, tmp_path)
    return monkeypatch


def test_everything_is_what_the_paths_say(plain: pytest.MonkeyPatch) -> None:
    """Of 7 trajectories in blocks of 2, every 3rd of 90 steps after 11: by NumPy from the paths."""
    found = run()
    paths = [list(islice(naive.walk(WALK, 3, i, 0.1), 101)) for i in range(7)]
    y = np.array([[y for _, y in path[13::3]] for path in paths])
    x = np.array([[x for x, _ in path[13::3]] for path in paths])
    assert y.shape == (7, 30)

    def agrees(estimate: Any, values: np.ndarray) -> None:
        np.testing.assert_allclose(estimate.value, values.mean(axis=0), rtol=1e-9)
        error = values.std(axis=0, ddof=1) / np.sqrt(7)
        np.testing.assert_allclose(estimate.error, error, rtol=1e-6, atol=1e-12)

    square = (x**2).mean(axis=2)
    agrees(found.position, y.mean(axis=1))
    agrees(found.position_squared, (y**2).mean(axis=1))
    agrees(found.fast_variance, square.mean(axis=1))
    agrees(found.histogram, np.array([np.histogram(row, EDGES)[0] / 30 for row in y]))
    bins = (y[:, :28].reshape(7, 4, 7), square[:, :28].reshape(7, 4, 7))
    agrees(found.course.position, bins[0].mean(axis=2))
    agrees(found.course.position_squared, (bins[0] ** 2).mean(axis=2))
    agrees(found.course.fast_variance, bins[1].mean(axis=2))
    middle = [(11 + 3 * np.arange(7 * b + 1, 7 * b + 8)).mean() * 0.005 for b in range(4)]
    np.testing.assert_allclose(found.course.time, middle)
    np.testing.assert_allclose(found.final, y[:, -1], rtol=1e-9)
    pairs = [(y[:, lag:] * y[:, : 30 - lag]).mean() - y.mean() ** 2 for lag in range(5)]
    np.testing.assert_allclose(found.autocorrelation.value, np.array(pairs) / pairs[0], rtol=1e-8)
    np.testing.assert_allclose(found.lags, 0.015 * np.arange(5))
    trails = np.stack([x[:3, ::4, 0], y[:3, ::4]], axis=2)[:, :7]
    np.testing.assert_allclose(found.trails, trails, rtol=1e-9)


@pytest.mark.parametrize("threads", [2, 4, 8])
def test_threads_leave_no_trace(plain: pytest.MonkeyPatch, threads: int) -> None:
    assert same(run(), run(threads=threads))


def test_slices_leave_no_trace(plain: pytest.MonkeyPatch) -> None:
    whole = run()
    plain.setattr(observation, "_SLICE", 1)
    assert same(whole, run(threads=2))


def test_the_width_of_a_block_leaves_no_trace_but_in_the_order_of_a_sum(
    plain: pytest.MonkeyPatch,
) -> None:
    narrow = parts(run())
    plain.setattr(observation, "LANES", 5)
    for name, array in parts(run()).items():
        np.testing.assert_allclose(array, narrow[name], rtol=1e-8, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(("after", "threads", "again"), [(1, 1, 4), (2, 3, 1), (3, 2, 2)])
def test_a_run_that_was_cut_and_taken_up_is_the_run(
    plain: pytest.MonkeyPatch, tmp_path: Path, after: int, threads: int, again: int
) -> None:
    plain.setattr(observation, "_SLICE", 1)
    changes = {"trajectories": 21, "steps": 300}
    state = saved(cut(run, after, threads=threads, **changes), tmp_path / "kept.npz")
    assert state["folded"] < 11
    assert same(run(threads=again, resume=state, **changes), run(**changes))


@pytest.mark.parametrize("first", [3, 9, 51, 90])
def test_an_extended_run_is_the_long_run(
    plain: pytest.MonkeyPatch, tmp_path: Path, first: int
) -> None:
    """From within a segment; finished or cut before; and once more."""
    changes = {"time_bins": 0, "trails": 0, "lags": 1, "extendable": True}
    kept: list[Mapping[str, Any]] = []
    run(steps=first, keep=kept.append, **changes)
    state = saved(kept[-1], tmp_path / "kept.npz")
    run(steps=150, resume=state, keep=kept.append, threads=2, **changes)
    state = saved(kept[-1], tmp_path / "kept.npz")
    longer = run(steps=240, resume=state, threads=3, **changes)
    assert same(longer, run(steps=240, **changes))


def test_what_cannot_be_extended_is_refused(plain: pytest.MonkeyPatch) -> None:
    kept: list[Mapping[str, Any]] = []
    changes = {"time_bins": 0, "trails": 0, "keep": kept.append}
    run(extendable=True, keep=kept.append)
    with pytest.raises(DomainError, match="bins of time and trails .* cannot be extended"):
        run(steps=120, resume=kept[-1], extendable=True)
    run(extendable=True, **changes)
    with pytest.raises(DomainError, match="belongs to another run, or to one that cannot"):
        run(steps=60, resume=kept[-1], extendable=True, **changes)
    state = cut(run, 1, time_bins=0, trails=0)
    with pytest.raises(DomainError, match="belongs to another run, or to one that cannot"):
        run(steps=120, resume=state, **changes)


@pytest.mark.parametrize(
    "change",
    [
        *({"seed": 4}, {"start": 0.0}, {"trajectories": 8}, {"burn_in": 12}, {"every": 1}),
        *({"edges": [0.0, 1.0]}, {"time_bins": 3}, {"lags": 4}, {"trails": 2}, {"steps": 93}),
        *({"equilibrate": False}, {"reflect": -1.0}, {"fast_start": 0.1}),
        {"walk": Langevin(BOWL, BATH, 0.005, slow_temperature=0.4)},
        {"walk": Langevin(surface("x**2 + y**2"), BATH, 0.005)},
    ],
)
def test_a_state_of_another_run_is_refused(plain: pytest.MonkeyPatch, change: dict) -> None:
    state = cut(run, 1)
    with pytest.raises(DomainError, match="the kept state belongs to another run"):
        run(**change, resume=state)


@pytest.mark.parametrize(
    ("energy", "stiffness", "message"),
    [
        ("0", "1 + 100*y**2", r"edge of stability \(0, 2\)"),
        ("0", "1 - 4*y**2", r"edge of stability \(0, 2\)"),
        ("0", "sqrt(0.2 - y)", r"edge of stability \(0, 2\)"),
        ("-y**4", "2", "must stay finite"),
        ("-exp(5*y)", "2", "must stay finite"),
    ],
)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_walk_that_blows_up_is_named_and_never_averaged_in(
    plain: pytest.MonkeyPatch, energy: str, stiffness: str, message: str, k: int
) -> None:
    walk = Langevin(Valley(shape(energy), shape(stiffness), k), BATH, 0.1, radius=k == 5 or None)
    settings = {"trajectories": 7, "steps": 2000, "seed": 1, "equilibrate": False}
    with pytest.raises(DomainError, match=message + r".* [1-7] of 7 trajectories .* by time") as e:
        observe(walk, threads=2, start=0.1, **settings)
    assert 1 <= int(str(e.value).split("; ")[1].split(" of ")[0]) <= 7


@pytest.mark.parametrize("integrator", ["heavy-ball", "baoab"])
def test_the_edge_of_stability_is_that_of_the_integrator(
    plain: pytest.MonkeyPatch, integrator: str
) -> None:
    """Of the heavy ball 2 (1 + β), of baoab 4/η: more than 2 is no offence."""
    momentum = 0.5 if integrator == "heavy-ball" else 0.0
    walk = Langevin(
        Valley(shape("0.5*y**2"), constant(27.0)), BATH, 0.1, integrator, momentum=momentum
    )
    settings = {"trajectories": 3, "steps": 200, "seed": 1, "start": 0.0}
    assert np.isfinite(observe(walk, **settings).fast_variance.value)
    steep = Langevin(Valley(shape("0"), shape("27 + 1e4*y**2")), BATH, 0.1, integrator, momentum)
    with pytest.raises(DomainError, match=f"edge of stability \\(0, {walk.edge:g}\\)"):
        observe(steep, **settings)


def test_a_surface_that_runs_away_is_named(plain: pytest.MonkeyPatch) -> None:
    walk = Langevin(surface("-x**4 + y**2"), BATH, 0.1)
    with pytest.raises(DomainError, match="must stay finite; . of 3 trajectories"):
        observe(walk, trajectories=3, steps=500, seed=1)


def test_memory_does_not_grow_with_the_steps() -> None:
    def walk(steps: int) -> None:
        run(steps=steps, trajectories=1000, trails=0, time_bins=0)

    def peak(steps: int) -> int:
        tracemalloc.start()
        walk(steps)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    walk(100)
    assert peak(30_000) < 1.1 * peak(300) + 50_000


def test_a_linear_walk_relaxes_and_forgets_as_it_should() -> None:
    """dy = −y dt, in steps of η: ⟨y⟩ = y₀ (1 − η)ⁿ and a correlation (1 − η)ᵐ at rest."""
    valley = Valley(shape("0.5*y**2"), shape("g0*(1 + c*y**2)", g0=40.0, c=0.0), fast_dims=2)
    walk = Langevin(valley, BATH, 0.02)
    settings = {"trajectories": 4000, "seed": 5, "threads": 1}
    way = observe(walk, steps=100, every=5, time_bins=20, start=3.0, **settings)
    exact = 3.0 * 0.98 ** (5.0 * np.arange(1, 21))
    assert np.all(np.abs(way.course.position.value - exact) < 4 * way.course.position.error)
    assert np.all(way.course.position.error < 0.02)
    rest = observe(walk, steps=2000, burn_in=400, every=10, lags=11, **settings)
    kept = rest.autocorrelation
    off = np.abs(kept.value - 0.98 ** (10.0 * np.arange(11)))
    assert np.all(off[1:] < 4 * kept.error[1:])
    assert np.all(kept.error < 0.02)
    assert abs(rest.position_squared.value - 0.5 / 0.99) < 4 * rest.position_squared.error
    assert abs(rest.fast_variance.value - 0.5 / 40 / 0.6) < 4 * rest.fast_variance.error


@pytest.mark.slow
def test_a_million_trajectories_rest() -> None:
    found = observe(WALK, trajectories=1_000_000, steps=100, every=50, seed=1)
    few = observe(WALK, trajectories=300, steps=100, every=50, seed=1)
    np.testing.assert_array_equal(found.final[:256], few.final[:256])


@pytest.mark.slow
@pytest.mark.parametrize("centre", [0.0, 5.0])
def test_the_errors_of_the_autocorrelation_are_its_spread(centre: float) -> None:
    """ρ of Euler's walk in y²/2 is (1 − η)^steps, wherever the well stands."""
    well = Valley(shape("0.5*(y - c)**2", c=centre), shape("1"), 1)
    walk, exact = Langevin(well, Thermal(0.1), 0.05), 0.95 ** (5 * np.arange(1, 6))
    settings = {"trajectories": 256, "steps": 800, "burn_in": 200, "every": 5, "lags": 6}
    z = []
    for seed in range(60):
        found = observe(walk, start=centre, seed=seed, **settings).autocorrelation
        z.append((found.value[1:] - exact) / found.error[1:])
    assert np.abs(np.mean(z, axis=0)).max() < 4 / np.sqrt(60)
    assert np.square(z).mean(axis=0) == pytest.approx(np.ones(5), abs=4 * np.sqrt(2 / 60))

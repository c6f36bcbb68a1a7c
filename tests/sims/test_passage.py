"""First passage: what is counted, what is never counted, and a run that is cut and taken up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cut_runs import cut, saved
from plain_kernels import uncompile
from scipy import stats

from entropic.sims import FirstPassage, Langevin, blocks, first_passage, partial_passage, passage
from entropic.theory import DomainError, Thermal, Valley, constant, shape

BATH = Thermal(0.5)
BOWL = Valley(shape("0.5*y**2"), shape("g0*(1 + c*y**2)", g0=40.0, c=1.0), fast_dims=2)
WALK = Langevin(BOWL, BATH, 0.005)
ENDS = (-0.7, 0.7)


def run(walk: Langevin = WALK, **changes: Any) -> FirstPassage:
    settings = {"trajectories": 7, "seed": 3, "threads": 1, "max_steps": 300, **changes}
    return first_passage(walk, settings.pop("start", [0.0, 0.4]), ENDS, **settings)


def same(one: FirstPassage, other: FirstPassage) -> bool:
    return np.array_equal(one.steps, other.steps) and np.array_equal(one.place, other.place)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    uncompile(monkeypatch, tmp_path, lanes=4)
    return monkeypatch


@pytest.mark.parametrize("threads", [2, 4, 8])
def test_threads_leave_no_trace(plain: pytest.MonkeyPatch, threads: int) -> None:
    assert same(run(), run(threads=threads))


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (passage, "_LANES", (1, 1)),
        (passage, "_LANES", (16, 16)),
        (passage, "_SLICE", 1),
        (passage, "_BATCH", 2),
    ],
)
def test_blocks_slices_and_batches_leave_no_trace(
    plain: pytest.MonkeyPatch, module: Any, name: str, value: Any
) -> None:
    whole = run(threads=2)
    plain.setattr(module, name, value)
    assert same(whole, run(threads=2))


@pytest.mark.parametrize("steps", [1, 8, 32])
def test_the_length_of_a_round_leaves_no_trace_in_what_left(
    plain: pytest.MonkeyPatch, steps: int
) -> None:
    whole = run()
    plain.setattr(blocks, "ROUND", steps)
    other = run()
    left = whole.steps > 0
    assert left.any()
    assert not left.all()
    np.testing.assert_array_equal(other.steps, whole.steps)
    np.testing.assert_array_equal(other.place[left], whole.place[left])


@pytest.mark.parametrize("most", [1, 2, 15, 16, 17, 31, 32, 33, 47])
def test_giving_up_earlier_changes_nothing_of_what_left_before(
    plain: pytest.MonkeyPatch, most: int
) -> None:
    long, short = run(trajectories=12), run(trajectories=12, max_steps=most)
    expected = np.where((long.steps > 0) & (long.steps <= most), long.steps, -1)
    np.testing.assert_array_equal(short.steps, expected)
    assert short.most == most
    assert short.censored.sum() == np.sum(expected < 0)


@pytest.mark.parametrize(("after", "threads", "again"), [(1, 1, 4), (2, 3, 1), (3, 2, 2)])
def test_a_run_that_was_cut_and_taken_up_is_the_run(
    plain: pytest.MonkeyPatch, tmp_path: Path, after: int, threads: int, again: int
) -> None:
    plain.setattr(passage, "_SLICE", 1)
    changes = {"trajectories": 20, "max_steps": 1500}
    state = saved(cut(run, after, threads=threads, **changes), tmp_path / "kept.npz")
    assert np.sum(state["steps"] == 0) > 0
    assert same(run(threads=again, resume=state, **changes), run(**changes))


def test_a_run_may_be_cut_many_times(plain: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain.setattr(passage, "_SLICE", 1)
    changes = {"trajectories": 20, "max_steps": 1500}
    state: dict[str, Any] | None = None
    for threads in (2, 1, 3):
        state = saved(cut(run, 1, threads=threads, resume=state, **changes), tmp_path / "k.npz")
    assert same(run(threads=2, resume=state, **changes), run(**changes))


def test_compiled_too_any_width_threads_and_cut_give_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = Langevin(BOWL, BATH, 0.0005)
    changes = {"walk": slow, "trajectories": 1500, "max_steps": 10**6}
    whole = run(**changes)
    assert np.all(whole.steps > 0)
    monkeypatch.setattr(passage, "_SLICE", 1)
    for threads, again in ((1, 4), (8, 2)):
        state = saved(cut(run, 1, threads=threads, **changes), tmp_path / "kept.npz")
        assert same(run(threads=again, resume=state, **changes), whole)


@pytest.mark.slow
def test_compiled_wide_blocks_give_the_bytes_of_narrow_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes = {"trajectories": 1500, "max_steps": 10**6}
    whole = run(**changes)
    monkeypatch.setattr(passage, "_LANES", (256, 256))
    assert same(run(threads=4, **changes), whole)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"max_steps": 301},
        {"start": [0.0, 0.3]},
        {"trajectories": 8},
        {"equilibrate": False},
        {"fast_start": 0.1},
        {"walk": Langevin(BOWL, BATH, 0.004)},
        {"walk": Langevin(BOWL, Thermal(0.4), 0.005)},
        {"walk": Langevin(BOWL, BATH, 0.005, integrator="heun")},
        {"walk": Langevin(BOWL, BATH, 0.005, precision="double")},
        {"walk": Langevin(Valley(shape("y**2"), BOWL.stiffness, 2), BATH, 0.005)},
    ],
)
def test_a_state_of_another_run_is_refused(plain: pytest.MonkeyPatch, change: dict) -> None:
    state = cut(run, 1)
    with pytest.raises(DomainError, match="the kept state belongs to a run with other arguments"):
        run(**change, resume=state)


STEEP_OUTSIDE = Valley(shape("0"), shape("1/(1 - y)"))  # infinite at the end, negative beyond


def test_what_lies_beyond_an_end_does_not_count_against_a_walker_that_left(
    plain: pytest.MonkeyPatch,
) -> None:
    found = first_passage(
        Langevin(STEEP_OUTSIDE, BATH, 0.05), 0.0, 0.8, trajectories=12, seed=1, max_steps=200
    )
    assert found.absorbed[0] > 3
    assert np.all(np.isfinite(found.place))


@pytest.mark.parametrize(
    ("stiffness", "message"),
    [
        ("1 + 100*y**2", r"edge of stability \(0, 2\)"),
        ("1 - 4*y**2", r"edge of stability \(0, 2\)"),
        ("sqrt(0.2 - y)", r"edge of stability \(0, 2\)"),
        ("y - y + 2.0/abs(y - 0.5)**9", r"edge of stability \(0, 2\)"),
    ],
)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_step_beyond_the_edge_of_stability_ends_the_run(
    plain: pytest.MonkeyPatch, stiffness: str, message: str, k: int
) -> None:
    walk = Langevin(Valley(shape("0"), shape(stiffness), k), BATH, 0.1, radius=k == 5 or None)
    states: list[Mapping[str, Any]] = []
    settings = {"trajectories": 6, "seed": 1, "equilibrate": False, "keep": states.append}
    with pytest.raises(DomainError, match=message) as caught:
        first_passage(walk, 0.0, (-50.0, 50.0), threads=2, **settings)
    assert 1 <= int(str(caught.value).split("; ")[1].split(" of ")[0]) <= 6
    partial = partial_passage(states[-1])
    assert not np.any(partial.steps > 0)
    with pytest.raises(DomainError, match=message):
        first_passage(walk, 0.0, (-50.0, 50.0), resume=states[-1], **settings)


def test_a_walk_without_a_number_is_in_no_average_of_what_was_kept(
    plain: pytest.MonkeyPatch,
) -> None:
    walk = Langevin(Valley(shape("-y**4"), constant(1.0)), BATH, 0.1)
    states: list[Mapping[str, Any]] = []
    settings = {"trajectories": 6, "seed": 1, "keep": states.append}
    with pytest.raises(DomainError, match="must stay finite; . of 6 trajectories"):
        first_passage(walk, 0.0, 1e308, **settings)
    assert np.all(np.isfinite(partial_passage(states[-1]).place))


def test_numbers_too_large_are_refused(plain: pytest.MonkeyPatch) -> None:
    with pytest.raises(DomainError, match="seed must be below 2\\^63"):
        run(seed=2**63)
    with pytest.raises(DomainError, match="max_steps must be below 2\\^62"):
        run(max_steps=2**62)


def made_up(rng: np.random.Generator, n: int = 60) -> FirstPassage:
    """Exit times with ties, some cut at times of their own, some never begun."""
    exits, cuts = rng.integers(1, 25, n), rng.integers(0, 30, n)
    steps = np.where(exits <= cuts, exits, -2)
    inside = np.where(steps == -2, cuts, 0)
    steps[:5], inside[:5] = 0, 0
    zeros = np.zeros((1, n))
    return FirstPassage(
        np.zeros(1), 0.5, 99, steps[None], zeros, inside[None].astype(np.int64), -1.0, 1.0
    )


def naive_survival(found: FirstPassage, time: float) -> tuple[float, float]:
    """The product over exit times, one factor after the other, and Greenwood's sum."""
    begun = found.steps[0] != 0
    steps, inside = found.steps[0][begun], found.inside[0][begun]
    alive, greenwood = 1.0, 0.0
    for t in sorted({int(s) for s in steps if s > 0}):
        if t * found.step > time:
            break
        risk = sum(1 for s, c in zip(steps, inside, strict=True) if (s if s > 0 else c) >= t)
        died = sum(1 for s in steps if s == t)
        alive *= 1 - died / risk
        greenwood += died / (risk * (risk - died)) if risk > died else 0.0
    return alive, alive * np.sqrt(greenwood)


@pytest.mark.parametrize("seed", range(5))
def test_survival_is_the_product_over_exit_times(seed: int) -> None:
    found = made_up(np.random.default_rng(seed))
    longest = 0.5 * max(found.steps.max(), found.inside.max())
    clock = np.arange(0.0, longest, 0.25)
    survival = found.survival(clock)
    for i, time in enumerate(clock):
        alive, error = naive_survival(found, time)
        assert survival.value[0, i] == pytest.approx(alive, abs=1e-12)
        assert survival.error[0, i] == pytest.approx(error, abs=1e-12)
    if found.survival([longest]).value[0, 0] > 0:
        assert np.isnan(found.survival([longest + 1.0]).value[0, 0])


@pytest.mark.parametrize("seed", range(5))
def test_the_mean_time_is_the_area_under_the_survival_curve(seed: int) -> None:
    found = made_up(np.random.default_rng(seed))
    last = max(found.steps.max(), found.inside.max())
    curve = [naive_survival(found, 0.5 * t)[0] for t in range(last)]
    assert found.mean_time.value[0] == pytest.approx(0.5 * sum(curve), rel=1e-12)


def test_the_errors_are_those_of_many_repetitions() -> None:
    rng = np.random.default_rng(1)
    runs = [made_up(rng, 200) for _ in range(400)]
    means = np.array([r.mean_time.value[0] for r in runs])
    errors = np.array([r.mean_time.error[0] for r in runs])
    assert np.mean(errors) == pytest.approx(means.std(), rel=0.1)
    alive = np.array([r.survival([5.0]).value[0, 0] for r in runs])
    errors = np.array([r.survival([5.0]).error[0, 0] for r in runs])
    assert np.mean(errors) == pytest.approx(alive.std(), rel=0.1)
    exact = 1 - 10 / 24
    assert abs(alive.mean() - exact) < 4 * alive.std() / np.sqrt(len(runs))


def test_all_that_left_at_one_horizon_have_the_plain_mean(plain: pytest.MonkeyPatch) -> None:
    found = run(max_steps=10**5)
    times = found.steps * found.step
    np.testing.assert_allclose(found.mean_time.value, times.mean(axis=1), rtol=1e-12)
    expected = times.std(axis=1, ddof=1) / np.sqrt(7)
    np.testing.assert_allclose(found.mean_time.error, expected, rtol=1e-12)
    share = np.mean(found.place > 0, axis=1)
    np.testing.assert_allclose(found.through_high.value, share)


def test_a_cut_run_says_of_the_survival_what_the_whole_says() -> None:
    """Cut as soon as possible, and for good: by the clock on the wall, whatever left until then."""
    slow = Langevin(BOWL, BATH, 0.0001)
    changes = {"walk": slow, "trajectories": 12_000, "max_steps": 10**7, "start": 0.0}
    whole, kept = run(**changes), []
    clock = np.quantile(whole.steps, [0.2, 0.5, 0.8]) * whole.step
    exact = whole.survival(clock)

    class Enough(Exception):
        pass

    def enough(done: float) -> None:
        if done > 0.1:
            raise Enough

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passage, "_SLICE", 100_000)
        settings = changes | {"seed": 99, "keep": kept.append}
        with pytest.raises(Enough):
            run(**settings, progress=enough)
    partial = partial_passage(kept[-1])
    assert 100 < partial.absorbed[0] < 12_000
    assert partial.censored[0] > 0
    z = exact.sigmas_from(partial.survival(clock))
    assert np.all(np.abs(z) < 4)


@pytest.mark.slow
@pytest.mark.parametrize("integrator", ["euler", "heun", "ornstein-uhlenbeck"])
def test_the_radius_leaves_as_all_its_directions_do(integrator: str) -> None:
    valley = Valley(shape("0.5*y**2"), shape("8*(1 + y**2)"), 5)
    both = [
        first_passage(
            Langevin(valley, BATH, 0.02, integrator=integrator, radius=radius),
            *(0.0, (-0.8, 0.8)),
            **{"trajectories": 20_000, "seed": 5 + radius},
        ).steps[0]
        for radius in (False, True)
    ]
    assert stats.ks_2samp(*both).pvalue > 1e-3


@pytest.mark.slow
def test_a_million_trajectories_leave() -> None:
    found = run(trajectories=1_000_000, start=0.5, max_steps=10**6, threads=None)
    assert found.absorbed[0] == 1_000_000
    few = run(trajectories=1500, start=0.5, max_steps=10**6)
    np.testing.assert_array_equal(found.steps[0, :1500], few.steps[0])

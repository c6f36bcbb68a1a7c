"""An observation that was cut, against shorter runs of the same trajectories."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from entropic.sims import Langevin, Observation, observe, partial_observation
from entropic.theory import DomainError, Thermal, TooShort, Valley, shape

VALLEY = Valley(shape("0.5*y**2"), shape("a + y**2", a=4.0))
WALK = Langevin(VALLEY, Thermal(0.2), 0.02, "leimkuhler-matthews")
EVERY = 8
ASKED: dict[str, Any] = {"seed": 3, "start": 0.5, "every": EVERY, "threads": 1}
ASKED |= {"edges": np.linspace(-1, 1, 5), "lags": 3}


class Cut(Exception):
    """Stands for Ctrl-C."""


def cut(trajectories: int, slices: int, steps: int = 500_000, **asked: Any) -> Mapping[str, Any]:
    """The state of a run that is cut after so many slices of work, all in one thread."""
    found: list[Mapping[str, Any]] = []

    def keep(state: Mapping[str, Any]) -> None:
        found.append(dict(state))
        if len(found) == slices:
            raise Cut

    # keep_every: a copy between any two slices
    with pytest.raises(Cut):
        observe(
            WALK, trajectories=trajectories, steps=steps, keep=keep, keep_every=0.0, **ASKED | asked
        )
    return found[slices - 1]


def same(one: Observation, other: Observation, lags: bool = True) -> None:
    names = ("position", "position_squared", "fast_variance", "histogram", "autocorrelation")
    for name in names if lags else names[:-1]:
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
        np.testing.assert_allclose(a.error, b.error, rtol=1e-9, atol=1e-15)


def steps_of(state: Mapping[str, Any], unit: int) -> int:
    return int(dict(zip(state["unit_index"], state["unit_step"], strict=True))[unit])


def test_a_cut_run_says_what_a_shorter_run_says() -> None:
    state = cut(100, 1, burn_in=1000)
    step = steps_of(state, 0)
    assert 1000 < step < 500_000
    looks = (step - 1000) // EVERY
    shorter = observe(WALK, trajectories=100, steps=looks * EVERY, burn_in=1000, **ASKED)
    found = partial_observation(state)
    same(found, shorter)
    np.testing.assert_array_equal(found.lags, shorter.lags)
    assert found.position.error > 0


def test_trajectories_that_came_farther_count_as_much_as_others() -> None:
    slices = 1
    while True:  # until one block has finished and the next is on its way
        state = cut(600, slices)
        if int(state["folded"]) == 1 and list(state["unit_index"]) == [1]:
            break
        slices += 1
        assert slices < 20
    step = steps_of(state, 1)
    looks = step // EVERY * EVERY
    first = observe(WALK, trajectories=256, steps=500_000, **ASKED)
    short = [observe(WALK, trajectories=n, steps=looks, **ASKED) for n in (256, 512)]
    found = partial_observation(state)
    for name in ("position", "position_squared", "fast_variance", "histogram"):
        a, b, c = (getattr(run, name).value for run in (first, *short))
        np.testing.assert_allclose(getattr(found, name).value, 0.5 * (a + 2 * c - b), rtol=1e-9)
    assert np.isfinite(found.final).sum() == 512


def test_bins_of_time_that_nobody_has_filled_are_no_number() -> None:
    asked = {"time_bins": 4, "lags": 0}
    state = cut(100, 1, **asked)
    filled = steps_of(state, 0) // 125_000
    assert filled < 4
    whole = observe(WALK, trajectories=100, steps=500_000, **ASKED | asked).course
    found = partial_observation(state).course
    np.testing.assert_array_equal(found.time, whole.time)
    np.testing.assert_allclose(found.position.value[:filled], whole.position.value[:filled])
    np.testing.assert_allclose(found.position.error[:filled], whole.position.error[:filled])
    assert np.all(np.isnan(found.fast_variance.value[filled:]))


def test_a_run_cut_before_any_look_says_nothing() -> None:
    with pytest.raises(TooShort, match="cut before two trajectories had a look"):
        partial_observation(cut(100, 1, burn_in=1_000_000))


def test_a_finished_state_says_what_the_run_says() -> None:
    states: list[Mapping[str, Any]] = []
    asked = {"trajectories": 300, "steps": 4000, "extendable": True, "keep": states.append}
    whole = observe(WALK, **ASKED | asked)
    same(partial_observation(states[-1]), whole)


def test_an_error_while_the_state_is_kept_ends_the_run() -> None:
    """A full disk; the threads that wait for the copy to be made must not wait forever."""

    def full(state: Mapping[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left on device"):
        observe(WALK, trajectories=600, steps=500_000, keep=full, keep_every=0.0, **ASKED)


def test_more_visits_than_a_count_can_hold_are_refused() -> None:
    with pytest.raises(DomainError, match="a histogram counts at most 2147483647 looks; there are"):
        observe(WALK, trajectories=2, steps=EVERY * 2**31, **ASKED)

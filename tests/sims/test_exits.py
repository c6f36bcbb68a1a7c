"""The full dynamics of a valley against what is known of it exactly, and against a slow version."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from entropic.sims import Observation, exit_time, stationary
from entropic.theory import (
    CurvatureAligned,
    DomainError,
    Noise,
    Relaxation,
    Thermal,
    TooShort,
    Valley,
    shape,
)

BOWL = Valley(shape("0.5*y**2"), shape("g0*(1 + c*y**2)", g0=40.0, c=1.0), fast_dims=2)
BATH = Thermal(0.5)


def exits(walkers: int = 100, seed: int = 1, **changes: object) -> Relaxation:
    settings = {"step": 0.005, "walkers": walkers, "seed": seed, **changes}
    return exit_time(BOWL, BATH, [0.0, 0.4], (-0.7, 0.7), **settings)


def rest(walkers: int = 40, seed: int = 1, **changes: object) -> Observation:
    settings = {"step": 0.005, "steps": 2000, "burn_in": 100, "reflect": (-1, 1)}
    settings |= {"edges": np.linspace(-1, 1, 9), "walkers": walkers, "seed": seed, **changes}
    return stationary(BOWL, BATH, **settings)


def same(one: Observation, other: Observation) -> bool:
    estimates = ("histogram", "position", "position_squared", "fast_variance")
    pairs = [(getattr(one, name), getattr(other, name)) for name in estimates]
    return all(
        np.array_equal(a.value, b.value) and np.array_equal(a.error, b.error) for a, b in pairs
    ) and np.array_equal(one.final, other.final)


@pytest.mark.parametrize("threads", [2, 8])
def test_threads_leave_no_trace_in_exit_times(threads: int) -> None:
    alone, together = exits(threads=1), exits(threads=threads)
    np.testing.assert_array_equal(alone.time.value, together.time.value)
    np.testing.assert_array_equal(alone.time.error, together.time.error)


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_leave_no_trace_at_rest(threads: int) -> None:
    assert same(rest(threads=1), rest(threads=threads))


def test_another_seed_is_another_sample() -> None:
    assert not np.any(exits(seed=1).time.value == exits(seed=2).time.value)
    assert not same(rest(seed=1), rest(seed=2))


def test_a_start_more_leaves_the_others_as_they_were() -> None:
    settings = {"step": 0.005, "walkers": 20, "seed": 3}
    few = exit_time(BOWL, BATH, 0.1, (-0.7, 0.7), **settings)
    more = exit_time(BOWL, BATH, [0.1, 0.3], (-0.7, 0.7), **settings)
    assert few.time.value[0] == more.time.value[0]


@pytest.mark.parametrize("noise", [Thermal(0.5), CurvatureAligned(0.5, 3.0)])
def test_the_variance_at_rest_is_exact_at_any_step(noise: Noise) -> None:
    """With constant g both x and y are linear: T/[g(1 − ηg/2)] and T_y/(1 − η/2), far from T."""
    step, stiffness = 0.5, 2.0
    flat = shape("g0*(1 + c*y**2)", g0=stiffness, c=0.0)
    valley = Valley(shape("0.5*y**2"), flat, fast_dims=3)
    settings = {"edges": [-1, 1], "steps": 5000, "burn_in": 50, "sample_every": 1}
    run = stationary(valley, noise, step=step, walkers=200, seed=1, **settings)
    for found, exact, continuous in (
        (run.position_squared, 0.5 / (1 - step / 2), 0.5),
        (run.fast_variance, noise.variance(stiffness, step), noise.variance(stiffness)),
    ):
        assert abs(found.value - exact) < 4 * found.error
        assert found.error < 0.02 * exact
        assert abs(found.value - continuous) > 5 * found.error
    assert abs(run.position.value) < 4 * run.position.error


def test_survival_is_the_share_of_walkers_that_are_inside_still() -> None:
    run = exits(walkers=50, clock=[0.0, 0.005, 0.1, 100.0])
    assert run.survival.shape == (2, 4)
    np.testing.assert_array_equal(run.survival[:, [0, -1]], [[1, 0], [1, 0]])
    assert np.all(np.diff(run.survival, axis=1) <= 0)


def test_the_integral_of_survival_is_the_mean_exit_time() -> None:
    run = exits(clock=np.arange(20000) * 0.005)
    np.testing.assert_allclose(run.survival.sum(axis=1) * 0.005, run.time.value, rtol=1e-12)


def test_the_histogram_counts_visits_of_all() -> None:
    inside, part = rest(), rest(edges=[-0.25, 0.0, 0.25])
    assert inside.histogram.value.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(part.histogram.value, inside.histogram.value[3:5], rtol=1e-12)
    assert np.all(np.abs(inside.final) <= 1)


def test_walkers_that_remain_are_counted_and_handed_over() -> None:
    message = r"\d+ of 200 walkers were still inside after 50 steps of 0.005; raise max_steps or"
    with pytest.raises(TooShort, match=message) as caught:
        exits(max_steps=50)
    found = caught.value.found
    assert found.walkers == 100
    assert np.all((found.inside > 0) & (found.inside <= 100))
    assert np.all(found.restricted.time.value <= 50 * 0.005)


def test_a_walk_beyond_the_edge_of_stability_is_never_averaged_in() -> None:
    message = r"edge of stability.*; \d+ of 40 trajectories broke this .* first by time .* at y = "
    with pytest.raises(DomainError, match=message):
        exit_time(BOWL, BATH, 0.0, (-3, 3), step=0.03, walkers=40, seed=1)
    with pytest.raises(DomainError, match=message):
        rest(step=0.03, reflect=None)


def test_a_walk_that_jumps_from_mirror_to_mirror_is_refused() -> None:
    with pytest.raises(DomainError, match="a step must not lead from mirror to mirror; "):
        rest(reflect=(-0.01, 0.01))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"walkers": 1}, "walkers must be a whole number of at least 2; it is 1"),
        ({"walkers": 2.5}, "walkers must be a whole number of at least 2; it is 2.5"),
        ({"seed": -1}, "seed must be a whole number of at least 0; it is -1"),
        ({"step": 0.0}, "the step must be a positive number; it is 0"),
        ({"step": np.nan}, "the step must be a positive number; it is nan"),
        ({"step": 0.06}, "step \\* stiffness must stay below 2, the edge of stability; it reaches"),
        ({"slow_temperature": -1.0}, "the slow temperature must be a positive number; it is -1"),
        ({"threads": 0}, "threads must be at least 1"),
    ],
)
@pytest.mark.parametrize("run", [exits, rest])
def test_arguments_without_a_meaning_are_refused(run, changes: dict, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        run(**changes)


def test_what_only_one_of_them_asks_is_checked_there() -> None:
    with pytest.raises(DomainError, match="max_steps must be a whole number of at least 1"):
        exits(max_steps=0)
    with pytest.raises(DomainError, match="the times of the clock must be finite and increase"):
        exits(clock=[1.0, 0.0])
    with pytest.raises(DomainError, match="the edges of the histogram must be finite and increase"):
        rest(edges=[0.0, 0.0])
    with pytest.raises(DomainError, match="bins must be a whole number of at least 1"):
        rest(edges=[0.0])
    with pytest.raises(DomainError, match="steps must be a whole number of at least 10; it is 9"):
        rest(steps=9)
    with pytest.raises(DomainError, match="sample_every must be a whole number of at least 1"):
        rest(sample_every=0)


def test_a_noise_that_no_kernel_knows_is_refused() -> None:
    class Cubic(Thermal):
        def strength(self, stiffness: np.ndarray) -> np.ndarray:
            return stiffness**3

    with pytest.raises(DomainError, match=r"noises of strength a \+ b \* stiffness; 'isotropic'"):
        exit_time(BOWL, Cubic(0.5), 0.0, (-1, 1), step=0.01, walkers=2, seed=1)


RUN = """
import numpy as np
from entropic.sims import exit_time, stationary
from entropic.theory import Thermal, Valley, shape
valley = Valley(shape("0.5*y**2"), shape("g0*(1 + c*y**2)", g0=40.0, c=1.0), fast_dims=2)
settings = dict(step=0.01, walkers=3, seed=1)
times = exit_time(valley, Thermal(0.5), 0.0, (-0.4, 0.4), **settings).time
run = stationary(valley, Thermal(0.5), steps=20, burn_in=5, edges=[-1, 0, 1], **settings)
found = [*times.value, run.position_squared.value, run.fast_variance.value, *run.histogram.value]
"""


def test_the_kernels_give_the_same_without_compilation() -> None:
    compiled: dict[str, list[float]] = {}
    exec(RUN, compiled)  # the very text that the other process runs
    command = [sys.executable, "-W", "error", "-c", RUN + "print(*map(float, found))"]
    world = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    out = subprocess.run(command, env=world, capture_output=True, text=True, check=True)
    found = [float(number) for number in out.stdout.split()]
    np.testing.assert_allclose(found, compiled["found"], rtol=1e-6)  # noise in single precision


ENDLESS = """
from entropic.sims import exit_time
from entropic.theory import Thermal, Valley, shape
valley = Valley(shape("0.5*y**2"), shape("g0*(1 + c*y**2)", g0=40.0, c=1.0), fast_dims=2)
settings = dict(step=0.001, seed=1, max_steps=10**12)
exit_time(valley, Thermal(0.5), 0.0, (-0.1, 0.1), walkers=2, **settings)
print("awake", flush=True)
exit_time(valley, Thermal(0.5), 0.0, (-9.0, 9.0), walkers=100, **settings)
"""


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_control_c_ends_a_run_that_would_take_forever() -> None:
    command = [sys.executable, "-c", ENDLESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"awake\n"
        time.sleep(0.2)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        run.wait(30)
        assert time.monotonic() - began < 5  # a fraction of a second on a quiet machine
        assert run.stderr is not None
        assert b"KeyboardInterrupt" in run.stderr.read()

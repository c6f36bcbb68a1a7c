"""A valley watched at every step: the full Langevin dynamics of an ensemble of walkers.

Fast x ∈ R^k and slow y move together at a finite step η (see :mod:`.kernels`); nothing is averaged
out, so that what is measured can contradict the reduction to y alone.  Unit mobility, k_B = 1.
"""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..theory.errors import DomainError, TooShort
from ..theory.estimate import Array, Estimate, frozen, mean_estimate
from ..theory.expression import Shape
from ..theory.noise import Noise
from ..theory.relaxation import Relaxation
from ..theory.valley import Valley
from .compiled import compiled
from .ends import Ends, absorbing, increasing, mirrored
from .kernels import INSIDE, LOST, OUT, STEEP, _advance, _observe
from .streams import Progress, each_walker, stream

ORIGIN = "langevin"
_DRAWS = 10_000_000  # random numbers between two looks at whether to stop
Rules = tuple[Any, ...]  # what the kernels take from ``step`` on


@dataclass(frozen=True)
class Unfinished:
    """What exit times are worth when walkers remain: found in the TooShort of :func:`exit_time`.

    restricted: Relaxation whose times are means of min(exit time, last step), lower bounds.
    inside: (n,) how many of the ``walkers`` of each start were inside still.
    """

    restricted: Relaxation
    inside: Array
    walkers: int


@dataclass(frozen=True)
class Stationary:
    """Averages at rest over time and walkers; errors from the spread of the walkers.

    edges: (bins + 1,) of y.  histogram: Estimate (bins,) of the probability of [edge, next edge).
    position, position_squared: ⟨y⟩, ⟨y²⟩.  fast_variance: ⟨|x|²⟩/k.  final: (walkers,) the last y.
    """

    edges: Array
    histogram: Estimate
    position: Estimate
    position_squared: Estimate
    fast_variance: Estimate
    final: Array

    def __post_init__(self) -> None:
        for name in ("edges", "final"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


def exit_time(
    valley: Valley,
    noise: Noise,
    start: ArrayLike,
    absorb: ArrayLike,
    *,
    step: float,
    walkers: int,
    seed: int,
    slow_temperature: float | None = None,
    reflect: float | None = None,
    max_steps: int = 10_000_000,
    clock: ArrayLike | None = None,
    threads: int | None = None,
    equilibrate: bool = True,
    progress: Progress | None = None,
) -> Relaxation:
    """Mean time until y is first seen beyond an absorbing end, from each start.

    start: (n,).  absorb: one end, or two with the starts between them; watched once a step, so
    that theory must move them outwards by ``monitoring_shift``.  reflect: a mirror for y, behind
    the starts as seen from the one absorbing end.  slow_temperature: T_y (default: the noise's).
    equilibrate: x starts from its stationary law at the start, else from 0.  clock: increasing
    times (m,) at which the survival (n, m) is wanted.  Times in 1/(mobility · curvature); the
    error is the standard error of the mean over ``walkers``.

    Raises DomainError for inadmissible arguments and where a walk meets step * stiffness ≥ 2 or
    diverges; TooShort with an :class:`Unfinished` if walkers remain inside after ``max_steps``.
    """
    start = np.atleast_1d(np.asarray(start, float))
    ends = absorbing(start, absorb, reflect)
    rules = _rules(valley, noise, step, slow_temperature, ends)
    times = increasing("times of the clock", [] if clock is None else clock)
    _at_least(walkers=(walkers, 2), max_steps=(max_steps, 1), seed=(seed, 0))
    spread = equilibrate * _spread(valley, noise, start, step)
    walks = _Walks(len(start), walkers)

    def walk(walker: int, stop: threading.Event) -> None:
        place = divmod(walker, walkers)
        rng = stream(seed, *place)
        x = spread[place[0]] * rng.standard_normal(valley.fast_dims)
        walks.put(place, *_walk(rng, x, start[place[0]], max_steps, rules, stop))

    _wake(_advance, valley, rules)
    each_walker(walk, start.size * walkers, threads, progress)
    _refuse_lost(walks, step, valley.stiffness)
    return _relaxation(start, walks, step, times)


def stationary(
    valley: Valley,
    noise: Noise,
    *,
    step: float,
    walkers: int,
    seed: int,
    edges: ArrayLike,
    steps: int,
    burn_in: int,
    start: float = 0.0,
    slow_temperature: float | None = None,
    reflect: float | tuple[float, float] | None = None,
    sample_every: int = 10,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Stationary:
    """Histogram and moments of y at rest, from ``steps`` steps per walker after ``burn_in``.

    edges: (bins + 1,) increasing; visits outside count in the denominator.  start: where every y
    begins, x in its stationary law there.  reflect: a mirror for y, or one on either side.
    sample_every: steps between two looks.  slow_temperature: T_y (default: the noise's).

    Raises DomainError for inadmissible arguments and where a walk meets step * stiffness ≥ 2,
    diverges or crosses from mirror to mirror in one step.
    """
    bins = increasing("edges of the histogram", edges)
    rules = _rules(valley, noise, step, slow_temperature, mirrored(start, reflect))
    _at_least(walkers=(walkers, 2), seed=(seed, 0), burn_in=(burn_in, 0))
    _at_least(sample_every=(sample_every, 1), steps=(steps, sample_every), bins=(len(bins) - 1, 1))
    spread = _spread(valley, noise, np.array([start]), step)[0]
    samples, walks = steps // sample_every, _Walks(1, walkers)
    counts, sums = np.zeros((walkers, len(bins) - 1)), np.zeros((walkers, 3))

    def walk(walker: int, stop: threading.Event) -> None:
        rng = stream(seed, walker)
        x = spread * rng.standard_normal(valley.fast_dims)
        y, taken, end = _walk(rng, x, start, burn_in, rules, stop)
        left, most = samples, max(1, _slice(x) // sample_every)
        while left > 0 and end == INSIDE and not stop.is_set():
            look = (min(left, most), sample_every, bins, counts[walker], sums[walker])
            y, more, end = _observe(rng, x, y, *look, *rules)
            left, taken = left - most, taken + more
        walks.put((0, walker), y, taken, end)

    _wake(_observe, valley, rules, 0, bins, counts[0], sums[0])
    each_walker(walk, walkers, threads, progress)
    _refuse_lost(walks, step, valley.stiffness)
    walks.refuse(OUT, "a step must not lead from mirror to mirror", step, valley.stiffness)
    position, square, fast = sums.T / samples
    return Stationary(
        edges=bins,
        histogram=mean_estimate(counts / samples, ORIGIN),
        position=mean_estimate(position, ORIGIN),
        position_squared=mean_estimate(square, ORIGIN),
        fast_variance=mean_estimate(fast / valley.fast_dims, ORIGIN),
        final=walks.y[0],
    )


class _Walks:
    """Where and when each walk ended, (starts, walkers) each, and how."""

    def __init__(self, starts: int, walkers: int) -> None:
        self.y = np.full((starts, walkers), np.nan)
        self.taken = np.zeros((starts, walkers), np.int64)
        self.end = np.full((starts, walkers), INSIDE, np.int8)

    def put(self, place: tuple[int, int], y: float, taken: int, end: int) -> None:
        self.y[place], self.taken[place], self.end[place] = y, taken, end

    def refuse(self, end: int, must: str, step: float, stiffness: Shape) -> None:
        """Raise the DomainError of the walks that came to such an ``end``, if there are any."""
        bad = self.end == end
        if bad.any():
            first = np.unravel_index(np.where(bad, self.taken, np.inf).argmin(), bad.shape)
            y = float(self.y[first])
            with np.errstate(all="ignore"):
                steep = step * stiffness(y)
            msg = (
                f"{must}; {bad.sum()} of {bad.size} walkers broke this, the first at time "
                f"{self.taken[first] * step:.6g} at y = {y:.6g}, step * stiffness = {steep:.4g}"
            )
            raise DomainError(msg)


def _refuse_lost(walks: _Walks, step: float, stiffness: Shape) -> None:
    """No average may hold a walk that blew up."""
    edge = "step * stiffness must stay below 2, the edge of stability, and above 0"
    walks.refuse(STEEP, edge, step, stiffness)
    walks.refuse(LOST, "a walk must stay finite", step, stiffness)


def _walk(
    rng: np.random.Generator, x: Array, y: float, steps: int, rules: Rules, stop: threading.Event
) -> tuple[float, int, int]:
    """``_advance`` in slices, so that an interrupted run ends soon."""
    taken, end = 0, INSIDE
    while taken < steps and end == INSIDE and not stop.is_set():
        y, more, end = _advance(rng, x, y, min(steps - taken, _slice(x)), *rules)
        taken += more
    return y, taken, end


def _slice(x: Array) -> int:
    return max(1, _DRAWS // (len(x) + 1))


def _wake(kernel: Any, valley: Valley, rules: Rules, *between: Any) -> None:
    """Compile in the calling thread, where Ctrl-C is heard, by walking no step at all."""
    kernel(stream(0), np.zeros(valley.fast_dims), 0.0, 0, *between, *rules)


def _relaxation(start: Array, walks: _Walks, step: float, clock: Array) -> Relaxation:
    inside = (walks.end == INSIDE).sum(axis=1)
    time = mean_estimate(walks.taken.T * step, ORIGIN)
    seen = np.floor(clock / step * (1 + 1e-12))  # steps taken by then
    alive = [[np.mean(row > n) for n in seen] for row in walks.taken]
    survival = np.array(alive).reshape(len(start), len(clock)) if len(clock) else np.empty((0, 0))
    found = Relaxation(start, time, clock, survival)
    if inside.any():
        msg = (
            f"{inside.sum()} of {walks.end.size} walkers were still inside after "
            f"{walks.taken.max()} steps of {step:g}; raise max_steps or the temperature"
        )
        raise TooShort(msg, Unfinished(found, frozen(inside), walks.end.shape[1]))
    return found


def _rules(
    valley: Valley, noise: Noise, step: float, slow_temperature: float | None, ends: Ends
) -> Rules:
    """All that a kernel needs to know of valley and noise, checked."""
    if not (np.isfinite(step) and step > 0):
        msg = f"the step must be a positive number; it is {step:g}"
        raise DomainError(msg)
    heat = noise.temperature if slow_temperature is None else slow_temperature
    if not (np.isfinite(heat) and heat > 0):
        msg = f"the slow temperature must be a positive number; it is {heat:g}"
        raise DomainError(msg)
    d1, d2, d5 = (float(d) for d in noise.strength(np.array([1.0, 2.0, 5.0])))
    plain, aligned = 2 * d1 - d2, d2 - d1
    if not np.isclose(d5, plain + 5 * aligned, rtol=1e-9):
        msg = f"the walk knows noises of strength a + b * stiffness; {noise.name!r} is none"
        raise DomainError(msg)
    _, force = compiled(valley.energy)
    stiffness, slope = compiled(valley.stiffness)
    shapes = (force, valley.energy.params, stiffness, slope, valley.stiffness.params)
    return (float(step), plain, aligned, float(heat), *ends, *shapes)


def _spread(valley: Valley, noise: Noise, start: Array, step: float) -> Array:
    """√⟨x²⟩ of a fast direction in its stationary law at each start."""
    valley.energy_at(start)
    return np.sqrt(noise.variance(valley.stiffness_at(start), step))


def _at_least(**counts: tuple[int, int]) -> None:
    for name, (count, least) in counts.items():
        if not isinstance(count, int | np.integer) or count < least:
            msg = f"{name} must be a whole number of at least {least}; it is {count}"
            raise DomainError(msg)

"""Drift and diffusion of projected SGD along a path, and the mean motion that follows from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from ..theory.chain import Chain
from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.path import Path
from ..theory.slow import SlowDynamics
from .displacement import CycleResponse, Displacement, algorithm_response, check_linear
from .fluctuation import Sampling
from .levelling import path_slopes
from .noiseless import held_way
from .optimizer_map import linear_map
from .preconditioner import preconditioners
from .problem import Problem, array, parts
from .sgd import ProjectedSGD

Progress = Callable[[float], None]
TOGETHER = 64  # noiseless cycles side by side


@dataclass(frozen=True)
class PathPrediction:
    """What theory says of one algorithm on one path.

    s, energetic (m,): the noiseless displacement per cycle on a fine grid.  displacements: all of
    the prediction at fewer positions, between which the noise terms are interpolated (monotone
    cubic).
    """

    path: Path
    sgd: ProjectedSGD
    s: Array
    energetic: Array
    displacements: tuple[Displacement, ...]

    def dynamics(self, sigmas: float = 0.0) -> SlowDynamics:
        """Drift and diffusion of the arc length, per cycle, on the fine grid.

        sigmas: makes the entropic drift stronger by so many of its errors, to see what they do.
        Raises DomainError where there is no noise to diffuse.
        """
        points = self.displacements
        if any(float(p.variance.value) <= 0 for p in points):
            msg = self._still()
            raise DomainError(msg)
        variance = np.exp(self._between([float(np.log(p.variance.value)) for p in points]))
        parts = self.parts(sigmas)
        return SlowDynamics(self._grid, sum(parts.values(), np.zeros(1)), variance / 2, parts)

    def parts(self, sigmas: float = 0.0) -> dict[str, Array]:
        """The addends of the drift on the fine grid of :meth:`dynamics`."""
        points = self.displacements
        stronger = [sigmas * np.copysign(p.entropic.error, p.entropic.value) for p in points]
        entropic = [float(p.entropic.value + e) for p, e in zip(points, stronger, strict=True)]
        return {
            "energetic": self.energetic[self._inside],
            "entropic": self._between(entropic),
            "bending": self._between([p.bending for p in points]),
        }

    def mean_trajectory(
        self, start: Array | list[float], cycles: int, low: float, high: float, sigmas: float = 0.0
    ) -> Array:
        """E[s] (n, cycles + 1) after 0, 1, … cycles; who leaves [low, high] is held at that end.

        By the kick chain; without noise by the drift alone.
        """
        if all(float(p.variance.value) > 0 for p in self.displacements):
            chain = Chain(self.dynamics(sigmas), low, high)
            return chain.mean_position(start, cycles)
        start = np.atleast_1d(np.asarray(start, float))
        if not (self._grid[0] <= low < high <= self._grid[-1]):
            grid = f"[{self._grid[0]:g}, {self._grid[-1]:g}]"
            msg = f"the interval must lie within {grid}; it is [{low:g}, {high:g}]"
            raise DomainError(msg)
        if not np.all((start >= low) & (start <= high)):
            msg = f"a start must lie within [{low:g}, {high:g}]"
            raise DomainError(msg)
        drift = CubicSpline(self._grid, sum(self.parts(sigmas).values(), np.zeros(1)))
        rows, gone = [start], np.zeros(len(start), bool)
        for _ in range(cycles):
            moved = np.where(gone, rows[-1], rows[-1] + drift(rows[-1]))
            gone |= (moved < low) | (moved > high)
            rows.append(np.clip(moved, low, high))
        return np.array(rows).T

    def objection(self, low: float, high: float) -> str:
        """Why the prediction cannot be trusted between two arc lengths; empty where it can."""
        for point in self.displacements:
            if low <= point.s <= high and point.objection:
                return f"at s = {point.s:.4g}: {point.objection}"
        return ""

    def _still(self) -> str:
        if self.sgd.noise == "none":
            return "without noise nothing diffuses; mean_trajectory is the motion of the drift"
        return (
            f"batches of {self.sgd.batch} samples make no noise along the path; take smaller ones"
        )

    @property
    def _where(self) -> Array:
        return np.array([p.s for p in self.displacements])

    @property
    def _inside(self) -> Array:
        where = self._where
        return np.asarray((self.s >= where[0]) & (self.s <= where[-1]))

    @property
    def _grid(self) -> Array:
        return np.asarray(self.s[self._inside])

    def _between(self, values: list[float]) -> Array:
        return np.asarray(PchipInterpolator(self._where, values)(self._grid))


def responses_along(
    problem: Problem,
    path: Path,
    sgd: ProjectedSGD,
    positions: Array,
    fine: Array,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Array, tuple[CycleResponse, ...]]:
    """The noiseless displacement at ``fine`` (m,) and responses at ``positions`` (n ≥ 2).

    Both increasing arc lengths, best the middles of segments, where the projection is smooth.
    """
    if len(positions) < 2 or not (np.all(np.diff(positions) > 0) and np.all(np.diff(fine) > 0)):
        msg = "the positions along the path must increase and be at least 2"
        raise DomainError(msg)
    sgd.check(problem.samples)
    check_linear(problem, sgd)
    slopes = path_slopes(problem, path) if sgd.level else None
    energetic = energetic_displacements(problem, path, np.asarray(fine), sgd, slopes)
    responses = []
    for i, s in enumerate(positions):
        sampling = Sampling(seed=seed)
        responses.append(algorithm_response(problem, path, float(s), sgd, sampling, slopes))
        if progress is not None:
            progress((i + 1) / len(positions))
    return energetic, tuple(responses)


def energetic_displacements(
    problem: Problem, path: Path, s: Array, sgd: ProjectedSGD, slopes: Array | None
) -> Array:
    """The noiseless displacement (m,) from the arc lengths ``s`` (m,)."""
    found = []
    for part in parts(len(s), TOGETHER):
        adam = sgd.optimizer == "adam"
        scale = preconditioners(problem, path, s[part], sgd, slopes) if adam else None
        way = held_way(problem, path, s[part], linear_map(sgd, scale), sgd.cycle, slopes)
        found.append(path.project(array(way[-1])) - s[part])
    return np.concatenate(found)


def path_predictions(
    problem: Problem,
    path: Path,
    sgds: Sequence[ProjectedSGD],
    positions: Array,
    fine: Array,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[PathPrediction, ...]:
    """The prediction for each algorithm: displacements at ``positions``, energetic at ``fine``.

    Both increasing arc lengths, best the middles of segments, where the projection is smooth.
    Algorithms that differ in their batch alone share one pass, but for Adam; a buffer that begins
    cold moves, over many cycles, like a warm one.
    """
    for sgd in sgds:
        sgd.check(problem.samples)
        check_linear(problem, sgd)
    keys = list(dict.fromkeys(_pass(sgd) for sgd in sgds))
    found = {}
    for i, key in enumerate(keys):

        def tick(done: float, at: int = i) -> None:
            if progress is not None:
                progress((at + done) / len(keys))

        found[key] = responses_along(problem, path, key, positions, fine, seed, tick)
    predictions = []
    for sgd in sgds:
        energetic, responses = found[_pass(sgd)]
        points = tuple(response.with_batch(sgd.batch) for response in responses)
        predictions.append(PathPrediction(path, sgd, np.asarray(fine), energetic, points))
    return tuple(predictions)


def _pass(sgd: ProjectedSGD) -> ProjectedSGD:
    """What stands for all algorithms that share one pass."""
    return sgd if sgd.optimizer == "adam" else replace(sgd, batch=1)

"""Drift and diffusion of projected SGD along a path, and the mean motion that follows from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from ..theory.chain import Chain
from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.path import Path
from ..theory.slow import SlowDynamics
from .displacement import Displacement
from .problem import Problem
from .sgd import ProjectedSGD

Progress = Callable[[float], None]


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
            return Chain(self.dynamics(sigmas), low, high).mean_position(start, cycles)
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
        return self.s[self._inside]

    def _between(self, values: list[float]) -> Array:
        return np.asarray(PchipInterpolator(self._where, values)(self._grid))


def path_prediction(
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
    """
    from .along_path import path_response

    for sgd in sgds:
        sgd.check(problem.samples)
        if not sgd.plain:
            msg = f"there is no prediction yet for {sgd.label}"
            raise DomainError(msg)
    keys = sorted({(sgd.step, sgd.cycle) for sgd in sgds})
    found = {}
    for i, (step, cycle) in enumerate(keys):

        def tick(done: float, at: int = i) -> None:
            if progress is not None:
                progress((at + done) / len(keys))

        found[step, cycle] = path_response(problem, path, step, positions, fine, cycle, seed, tick)
    return tuple(
        PathPrediction(
            path,
            sgd,
            found[sgd.step, sgd.cycle].s,
            found[sgd.step, sgd.cycle].energetic,
            found[sgd.step, sgd.cycle].displacements(sgd.batch),
        )
        for sgd in sgds
    )

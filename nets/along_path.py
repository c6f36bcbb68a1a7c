"""Everything the prediction needs, measured along a path: drift and diffusion."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.path import Path
from ..theory.slow import SlowDynamics
from .displacement import CycleResponse, Displacement, cycle_response
from .problem import Problem, array
from .sgd import ProjectedSGD, full_batch_cycle

Progress = Callable[[float], None]


@dataclass(frozen=True)
class PathResponse:
    """How every point of a path answers one cycle at step η, for any batch size.

    s, energetic (m,): the noiseless displacement on a fine grid.  responses: full responses at
    fewer positions, between which the noise terms are interpolated (monotone cubic).
    """

    path: Path
    s: Array
    energetic: Array
    responses: tuple[CycleResponse, ...]

    def displacements(self, batch: int) -> tuple[Displacement, ...]:
        """The predicted displacement at each position with a full response."""
        return tuple(response.with_batch(batch) for response in self.responses)

    def dynamics(self, batch: int, sigmas: float = 0.0) -> SlowDynamics:
        """Drift and diffusion of the arc length, per cycle, on the fine grid.

        sigmas: makes the entropic drift stronger by so many of its errors, to see what they do.
        Raises DomainError where there is no noise to diffuse: for a full batch.
        """
        points = self.displacements(batch)
        if any(float(p.variance.value) <= 0 for p in points):
            msg = f"batches of {batch} samples make no noise along the path; take smaller ones"
            raise DomainError(msg)
        where = np.array([p.s for p in points])
        inside = (self.s >= where[0]) & (self.s <= where[-1])
        s = self.s[inside]

        def between(values: list[float]) -> Array:
            return np.asarray(PchipInterpolator(where, values)(s))

        stronger = [sigmas * np.copysign(p.entropic.error, p.entropic.value) for p in points]
        entropic = between(
            [float(p.entropic.value + e) for p, e in zip(points, stronger, strict=True)]
        )
        bending = between([p.bending for p in points])
        variance = np.exp(between([float(np.log(p.variance.value)) for p in points]))
        energetic = self.energetic[inside]
        parts = {"energetic": energetic, "entropic": entropic, "bending": bending}
        return SlowDynamics(s, energetic + entropic + bending, variance / 2, parts)


def path_response(
    problem: Problem,
    path: Path,
    step: float,
    positions: Array,
    fine: Array,
    cycle: int = 15,
    seed: int = 0,
    progress: Progress | None = None,
) -> PathResponse:
    """Responses at ``positions`` (n ≥ 2) and the noiseless displacement at ``fine`` (m,).

    Both increasing arc lengths, best the middles of segments, where the projection is smooth.
    """
    if len(positions) < 2 or not (np.all(np.diff(positions) > 0) and np.all(np.diff(fine) > 0)):
        msg = "the positions along the path must increase and be at least 2"
        raise DomainError(msg)
    sgd = ProjectedSGD(step, 1, cycle)
    moved = full_batch_cycle(problem, problem.tensor(path.at(fine)), sgd)
    energetic = path.project(array(moved)) - fine
    responses = []
    for i, s in enumerate(positions):
        responses.append(cycle_response(problem, path, float(s), step, cycle, seed=seed))
        if progress is not None:
            progress((i + 1) / len(positions))
    return PathResponse(path, np.asarray(fine), energetic, tuple(responses))

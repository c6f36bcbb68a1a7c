"""Everything the prediction needs, measured along a path: drift and diffusion."""

from dataclasses import dataclass, replace

import numpy as np

from ..theory.estimate import Array
from ..theory.path import Path
from ..theory.slow import SlowDynamics
from .displacement import CycleResponse, Displacement
from .path_prediction import PathPrediction, Progress, responses_along
from .problem import Problem
from .sgd import ProjectedSGD


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

    def prediction(self, batch: int) -> PathPrediction:
        """The prediction for minibatches of ``batch`` samples, or noise as strong as theirs."""
        sgd = replace(self.responses[0].sgd, batch=batch)
        return PathPrediction(self.path, sgd, self.s, self.energetic, self.displacements(batch))

    def dynamics(self, batch: int, sigmas: float = 0.0) -> SlowDynamics:
        """Drift and diffusion of the arc length, as :meth:`.PathPrediction.dynamics` says."""
        return self.prediction(batch).dynamics(sigmas)


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
    """The response of plain SGD; see :func:`.path_prediction.path_prediction`."""
    sgd = ProjectedSGD(step, 1, cycle)
    energetic, responses = responses_along(problem, path, sgd, positions, fine, seed, progress)
    return PathResponse(path, np.asarray(fine), energetic, responses)

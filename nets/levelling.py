"""The slope of the loss along a path: what is taken off to leave a path that only noise descends.

A control.  With g ← g − (t·∇L) t at every step, t and ∇L those of the place where the cycle began,
the loss along the path is level to first order while curvature and noise stay as they are: what
still moves a replica along it is entropic (and the curvature of the path itself).
"""

import numpy as np
from torch import Tensor
from torch.func import grad, vmap

from ..theory.estimate import Array, frozen
from ..theory.path import Path
from .operators import CHUNK
from .problem import Problem, array, parts


def path_slopes(problem: Problem, path: Path) -> Array:
    """t·∇L (n − 1,) over the whole training set, in the middle of each segment of the path."""
    middles = 0.5 * (path.arc[1:] + path.arc[:-1])
    gradient = vmap(grad(problem.full), chunk_size=CHUNK)
    found = []
    for part in parts(len(middles), CHUNK):
        s = middles[part]
        slopes = array(gradient(problem.tensor(path.at(s))))
        found.append((slopes * path.tangent(s)).sum(axis=1))
    return frozen(np.concatenate(found))


def slopes_at(problem: Problem, path: Path, slopes: Array, s: Array) -> Tensor:
    """(t·∇L) t (m, P) at the arc lengths ``s`` (m,): what is to be taken off the gradients.

    slopes: of :func:`path_slopes`; each holds on its segment.
    """
    along = slopes[path.segment_of(s)]
    return problem.tensor(along[:, None] * path.tangent(s))

r"""Adam's second moment where a replica is held at a point: what its steps are divided by.

.. math:: u = \bar g^2 + c\,\mathrm{var}_i(g_i), \qquad D = 1/(\sqrt u + 10^{-8}) ,

coordinate by coordinate, ḡ the gradient of all samples (levelled where the path is) and c that of
the minibatches or of the noise as strong as theirs.  It is taken at the point itself, and not along
the cycle; and its own fluctuations, of relative variance about (1 − β₂)/2, are left off.
"""

import numpy as np
import torch
from torch import Tensor

from ..theory.estimate import Array
from ..theory.path import Path
from .kick_noise import kick_noise
from .levelling import slopes_at
from .noiseless import full_gradients
from .optimizers import SECOND, SMALL
from .problem import Problem
from .sgd import ProjectedSGD

REMEMBERED = 1 / (1 - SECOND)  # steps


def preconditioners(
    problem: Problem, path: Path, s: Array, sgd: ProjectedSGD, slopes: Array | None = None
) -> Tensor:
    """D (m, P) at the arc lengths ``s`` (m,)."""
    thetas = problem.tensor(path.at(s))
    means = full_gradients(problem)(thetas)
    if slopes is not None:
        means = means - slopes_at(problem, path, slopes, s)
    second = means.square()
    c = 0.0 if sgd.noise == "none" else sgd.noise_factor(problem.samples)
    if c > 0:
        noise = [kick_noise(problem, theta, sgd.noise).diagonal for theta in thetas]
        second = second + c * torch.stack(noise)
    return 1 / (second.sqrt() + SMALL)


def steepness(
    problem: Problem, path: Path, s: float, sgd: ProjectedSGD, slopes: Array | None = None
) -> float:
    """|dD/ds|/|D| across the neighbouring segments: what a moving replica's memory is behind by."""
    segment = int(path.segment_of(np.asarray(s)))
    middle = 0.5 * (path.arc[1:] + path.arc[:-1])
    low, high = middle[max(segment - 1, 0)], middle[min(segment + 1, len(middle) - 1)]
    if low == high:
        return 0.0
    behind, ahead = preconditioners(problem, path, np.array([low, high]), sgd, slopes)
    return float((ahead - behind).norm() / (0.5 * (ahead + behind)).norm() / (high - low))

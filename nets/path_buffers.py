r"""What an optimizer remembers of a long time held at one point: the buffers of a warm start.

Momentum: replicas are held at the start, put back to it exactly after every cycle while their
buffers are kept, until those have forgotten how they began, β^{steps} < 10⁻³.  Adam's second moment
takes 1/(1 − β₂) = 1000 steps to do so; it is set to its mean there instead,

.. math:: u = \bar g^2 + \mathrm{Var}\,g, \qquad
    \mathrm{Var}\,g_i = \Big(\frac1B - \frac1n\Big) S_i^2

with S² the variance of the gradients of single samples, 1/(n − 1) convention; its fluctuation about
that mean is left out.  The bias corrections of Adam are gone.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.func import grad, vmap

from .draws import ALONE, Streams, minibatch_indices
from .problem import Problem, parts
from .recipe import Recipe
from .sgd import ProjectedSGD

FORGOTTEN = 1e-3  # what is left of the beginning
LONG_AGO = 10**9  # steps: every bias correction is 1 to the last bit
AT_ONCE = 64  # samples, or minibatches, differentiated together
DRAWN = 512  # minibatches that make a second moment where samples have no gradients of their own


def recipe_of(sgd: ProjectedSGD) -> Recipe:
    """The optimizer in the words of :mod:`.optimizers`."""
    if sgd.optimizer == "adam":
        return Recipe("adam", sgd.step, sgd.momentum)
    momentum = 0.0 if sgd.optimizer == "sgd" else sgd.momentum
    nesterov = sgd.optimizer == "nesterov" and momentum > 0
    return Recipe("sgd", sgd.step, momentum, nesterov)


def held_cycles(sgd: ProjectedSGD) -> int:
    """Cycles at the start after which a warm momentum has forgotten that it began at nothing.

    >>> held_cycles(ProjectedSGD(0.1, 4, 15, "nesterov", 0.9)), held_cycles(ProjectedSGD(0.1, 4))
    (5, 0)
    """
    beta = recipe_of(sgd).momentum
    if beta == 0 or sgd.buffers != "warm":
        return 0
    return math.ceil(math.log(FORGOTTEN) / (sgd.cycle * math.log(beta)))


def second_moment(
    problem: Problem, theta: Tensor, sgd: ProjectedSGD, off: Tensor | None = None, seed: int = 0
) -> Tensor:
    """Mean square (P,) of every coordinate of the gradient that ``sgd`` sees at ``theta`` (P,).

    off: (P,), what is taken off every gradient.  With batch statistics it is an average over
    minibatches that follow from ``seed``.
    """
    if problem.normalisation == "batch":
        mean, variance = _of_minibatches(problem, theta, sgd, seed)
    else:
        mean, variance = _of_samples(problem, theta)
        variance = variance * sgd.noise_factor(problem.samples)
    mean = mean if off is None else mean - off
    if sgd.noise == "none":
        return mean.square()
    if sgd.noise == "isotropic":
        variance = variance.mean().expand_as(variance)
    return mean.square() + variance


def _of_samples(problem: Problem, theta: Tensor) -> tuple[Tensor, Tensor]:
    """∇L and S², both (P,), over single samples."""

    def loss(theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        return problem.sample_losses(theta, inputs[None], targets[None])[0]

    each = vmap(grad(loss), in_dims=(None, 0, 0))
    count, mean, spread = 0, torch.zeros_like(theta), torch.zeros_like(theta)
    for some in parts(problem.samples, AT_ONCE):
        rows = each(theta, problem.inputs[some], problem.targets[some])
        count, mean, spread = _merged(count, mean, spread, rows)
    return mean + problem.decay * theta, spread / (count - 1)


def _of_minibatches(
    problem: Problem, theta: Tensor, sgd: ProjectedSGD, seed: int
) -> tuple[Tensor, Tensor]:
    """Mean and variance (P,) of the gradients of minibatches."""
    [stream] = Streams(seed).of(np.zeros(1, np.int64), 0, ALONE)
    picks = minibatch_indices(problem.samples, sgd.batch, DRAWN, [stream])[:, 0]
    slope = grad(problem.objective)
    count, mean, spread = 0, torch.zeros_like(theta), torch.zeros_like(theta)
    for row in torch.from_numpy(picks).to(problem.device):
        found = slope(theta, problem.inputs[row], problem.targets[row])
        count, mean, spread = _merged(count, mean, spread, found[None])
    return mean, spread / (count - 1)


def _merged(count: int, mean: Tensor, spread: Tensor, rows: Tensor) -> tuple[int, Tensor, Tensor]:
    """Count, mean and sum of squares about it, with ``rows`` (r, P) added (Chan et al., 1979)."""
    more = len(rows)
    own = rows.mean(dim=0)
    above, whole = own - mean, count + more
    inner = (rows - own).square().sum(dim=0)
    spread = spread + inner + above.square() * (count * more / whole)
    return whole, mean + above * (more / whole), spread

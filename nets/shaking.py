r"""The gradient that a replica steps against, with the noise that shakes it.

    minibatch      mean gradient of a minibatch of B of the n samples, drawn anew
    none           gradient on all samples
    uncorrelated   that plus σ ∘ ξ, ξ ~ N(0, 1)
    isotropic      that plus ξ √(mean of σ² over the coordinates)

.. math:: \sigma_i^2 = \Big(\frac1B - \frac1n\Big) S_i^2, \qquad
    S_i^2 = \frac{B}{m - 1} \sum_{j=1}^m (G_j^{(i)} - \bar G^{(i)})^2

G_j are the gradients on m minibatches into which the samples are split anew at every step, for each
replica; S² has the variance of single samples as its mean, and σ² is that of a minibatch drawn
without replacement.  Where B divides n this is (1/m) Σ (G − Ḡ)²: eqs. (19)-(21) of Zhang, Saxe,
Advani & Lee, Mol. Phys. (2018), with σ in units of a gradient (:mod:`.matched_noise`).  Any B will
do: samples that fill no minibatch are left out of the sum, others at every step.  For B > n/2 the
split is into two halves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from .batched_mlp import batched_mlp
from .choice import choose
from .draws import minibatch_indices, normals, shuffled
from .problem import Problem, parts
from .replicas import Replicas, Way, gathered
from .sgd import ProjectedSGD

Gradient = Callable[[Tensor], tuple[Tensor, Tensor]]  # θ (R, P) → loss (R,), gradient (R, P)
AT_ONCE = 512  # samples in one product of all replicas


@dataclass(frozen=True)
class Shaking:
    """Gradients of many replicas of ``problem`` with the noise of ``sgd``."""

    problem: Problem
    sgd: ProjectedSGD
    replicas: Replicas

    def cycle(self, generators: Sequence[Generator]) -> Iterator[Gradient]:
        """The gradient of every step of a cycle; a generator for each replica."""
        n, device = self.problem.samples, self.problem.device
        if self.sgd.noise == "minibatch":
            picks = minibatch_indices(n, self.sgd.batch, self.sgd.cycle, generators)
            for some in torch.from_numpy(picks).to(device):
                yield lambda thetas, some=some: self._on(thetas, some)  # type: ignore[misc]
            return
        quiet = self.sgd.noise == "none" or self.sgd.batch == n
        for _ in range(self.sgd.cycle):
            yield self.full if quiet else lambda thetas: self._kicked(thetas, generators)

    def _on(self, thetas: Tensor, picks: Tensor) -> tuple[Tensor, Tensor]:
        problem = self.problem
        return self.replicas(
            thetas, gathered(problem.inputs, picks), gathered(problem.targets, picks)
        )

    def full(self, thetas: Tensor) -> tuple[Tensor, Tensor]:
        """On all samples; with batch statistics, on the blocks of the landscape."""
        problem = self.problem
        tied = problem.normalisation == "batch"
        blocks = problem.blocks if tied else parts(problem.samples, AT_ONCE)
        losses, slopes = thetas.new_zeros(len(thetas)), torch.zeros_like(thetas)
        for block in blocks:
            found = self.replicas(thetas, problem.inputs[block], problem.targets[block], True)
            weight = (block.stop - block.start) / problem.samples
            losses += weight * found[0]
            slopes += weight * found[1]
        return losses, slopes

    def _kicked(self, thetas: Tensor, generators: Sequence[Generator]) -> tuple[Tensor, Tensor]:
        losses, slopes, variance = self._split(thetas, generators)
        if self.sgd.noise == "isotropic":
            variance = variance.mean(dim=1, keepdim=True)
        kicks = self.problem.tensor(normals(thetas.shape[1], generators))
        return losses, slopes + variance.sqrt() * kicks

    def _split(
        self, thetas: Tensor, generators: Sequence[Generator]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Loss and gradient on all samples, and σ² (R, P), from a random split of the samples."""
        n = self.problem.samples
        size = min(self.sgd.batch, n // 2)
        order = torch.from_numpy(shuffled(n, generators)).to(self.problem.device)
        pieces = torch.split(order, size, dim=1)
        whole = n // size
        losses = thetas.new_zeros(len(thetas))
        total, mean, spread = (torch.zeros_like(thetas) for _ in range(3))
        for j, picks in enumerate(pieces, start=1):
            found, slopes = self._on(thetas, picks)
            weight = picks.shape[1] / n
            losses += weight * found
            total += weight * slopes
            if j > whole:
                continue  # the samples left over
            above = slopes - mean  # Welford: no difference of large squares
            mean += above / j
            spread += above * (slopes - mean)
        single = spread * (size / (whole - 1))  # S²
        return losses, total, single * self.sgd.noise_factor(n)


def chosen_way(problem: Problem, thetas: Tensor, sgd: ProjectedSGD) -> Way:
    """How gradients of replicas are computed: the quickest way, of which perceptrons need no trial.

    thetas: (R, P), as many as will be computed together.
    """
    if batched_mlp(problem) is not None:
        return choose(problem, thetas[:2], sgd.batch, together=True).way
    return choose(problem, thetas, sgd.batch).way


def together(problem: Problem, replicas: int, memory: float = 2.0**28) -> int:
    """Replicas in one batched program: within ``memory`` bytes, and no more than fill the cache."""
    size = problem.layout.size * np.dtype(np.float64).itemsize
    return int(np.clip(memory // (8 * size), 1, min(replicas, 512)))

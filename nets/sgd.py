"""The algorithm whose motion is predicted: its numbers, and one step for many replicas at once."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad, vmap

from ..theory.errors import DomainError
from .gradient_noise import minibatch_factor
from .operators import CHUNK
from .problem import Problem


@dataclass(frozen=True)
class ProjectedSGD:
    """``cycle`` steps of plain SGD with step η on minibatches of ``batch``, then a projection.

    Every minibatch is drawn anew from all samples, without replacement within the batch.
    """

    step: float
    batch: int
    cycle: int = 15

    def check(self, samples: int) -> None:
        """DomainError unless η > 0, 1 ≤ batch ≤ samples and cycle ≥ 1."""
        if not (self.step > 0 and self.step < float("inf")):
            msg = f"the step size must be positive; it is {self.step:g}"
            raise DomainError(msg)
        if not 1 <= self.batch <= samples:
            msg = f"the batch must have 1 to {samples} samples; it has {self.batch}"
            raise DomainError(msg)
        if self.cycle < 1:
            msg = f"a cycle needs at least one step; it has {self.cycle}"
            raise DomainError(msg)

    def noise_factor(self, samples: int) -> float:
        """C in Cov(minibatch gradient) = c · (covariance of per-sample gradients, 1/(n − 1)).

        c = (1 − B/n)/B, exact for batches without replacement (Zhang et al., eq. 4).
        """
        return minibatch_factor(self.batch, samples)


def minibatches(samples: int, batch: int, replicas: int, generator: torch.Generator) -> Tensor:
    """Indices (replicas, batch), each row without repetition and uniform over all subsets."""
    keys = torch.rand(replicas, samples, generator=generator)
    return keys.topk(batch, dim=1).indices


def draw_cycle(
    samples: int, sgd: ProjectedSGD, replicas: int, generator: torch.Generator
) -> Tensor:
    """The minibatches (cycle, replicas, batch) of one cycle, as indices of samples."""
    draws = [minibatches(samples, sgd.batch, replicas, generator) for _ in range(sgd.cycle)]
    return torch.stack(draws)


def follow(problem: Problem, thetas: Tensor, sgd: ProjectedSGD, draws: Tensor) -> Tensor:
    """``thetas`` (replicas, P) after a step on each of ``draws`` (cycle, replicas, batch)."""
    gradient = vmap(grad(problem.objective))
    for picks in draws:
        thetas = thetas - sgd.step * gradient(thetas, problem.inputs[picks], problem.targets[picks])
    return thetas


def sgd_cycle(
    problem: Problem, thetas: Tensor, sgd: ProjectedSGD, generator: torch.Generator
) -> Tensor:
    """``thetas`` (replicas, P) after one cycle of independent minibatch steps."""
    return follow(problem, thetas, sgd, draw_cycle(problem.samples, sgd, len(thetas), generator))


def full_batch_cycle(problem: Problem, thetas: Tensor, sgd: ProjectedSGD) -> Tensor:
    """``thetas`` (m, P) after one cycle of full-batch steps: the motion without noise."""
    gradient = vmap(grad(problem.full), chunk_size=CHUNK)
    for _ in range(sgd.cycle):
        thetas = thetas - sgd.step * gradient(thetas)
    return thetas

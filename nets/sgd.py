"""The algorithm whose motion is predicted: its numbers, and one step for many replicas at once."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.func import grad, vmap

from ..theory.errors import DomainError
from .gradient_noise import minibatch_factor
from .operators import CHUNK
from .problem import Problem

Rule = Literal["sgd", "heavy-ball", "nesterov", "adam"]
Shaking = Literal["minibatch", "isotropic", "uncorrelated", "none"]
Buffers = Literal["warm", "cold", "reset"]


@dataclass(frozen=True)
class ProjectedSGD:
    """``cycle`` steps of an optimizer with step η, then a projection onto the path.

    noise: what shakes the steps.  "minibatch": minibatches of ``batch``, each drawn anew from all
    samples, without replacement within the batch.  Else the gradient is that of all samples, plus
    Gaussian noise as strong as those minibatches': "uncorrelated" with its variance of each
    coordinate, "isotropic" with the mean of these in every direction, "none" without noise.
    optimizer, momentum: in torch's conventions (:mod:`.optimizers`); plain SGD has no momentum.
    buffers: what the optimizer remembers when a replica is put back onto the path.  "warm": all,
    and at the start it remembers what it would after a long time held there; "cold": all, but
    nothing at the start; "reset": nothing, every cycle begins anew.
    level: the slope of the loss along the path is taken off every gradient, so that the path is
    level and only the noise can move a replica along it (:mod:`.levelling`).
    """

    step: float
    batch: int
    cycle: int = 15
    optimizer: Rule = "sgd"
    momentum: float = 0.9
    noise: Shaking = "minibatch"
    buffers: Buffers = "warm"
    level: bool = False

    def check(self, samples: int) -> None:
        """DomainError unless η > 0, 1 ≤ batch ≤ samples, cycle ≥ 1 and 0 ≤ momentum < 1."""
        if not (self.step > 0 and self.step < float("inf")):
            msg = f"the step size must be positive; it is {self.step:g}"
            raise DomainError(msg)
        if not 1 <= self.batch <= samples:
            msg = f"the batch must have 1 to {samples} samples; it has {self.batch}"
            raise DomainError(msg)
        if self.cycle < 1:
            msg = f"a cycle needs at least one step; it has {self.cycle}"
            raise DomainError(msg)
        if not 0 <= self.momentum < 1:
            msg = f"the momentum must be at least 0 and below 1; it is {self.momentum:g}"
            raise DomainError(msg)
        for name, kind in (("optimizer", Rule), ("noise", Shaking), ("buffers", Buffers)):
            if getattr(self, name) not in get_args(kind):
                known = ", ".join(get_args(kind))
                msg = f"the {name} must be one of {known}; it is {getattr(self, name)!r}"
                raise DomainError(msg)

    @property
    def plain(self) -> bool:
        """Whether this is SGD with minibatches, without memory, on the path as it is."""
        return self.optimizer == "sgd" and self.noise == "minibatch" and not self.level

    @property
    def label(self) -> str:
        """How tables name it.

        >>> ProjectedSGD(0.05, 16, optimizer="nesterov", level=True).label
        'nesterov 0.9, η=0.05, B=16, k=15, level'
        """
        words = [self.optimizer if self.optimizer == "sgd" else self._with_momentum]
        words += [f"η={self.step:g}", f"B={self.batch}", f"k={self.cycle}"]
        words += [] if self.noise == "minibatch" else [f"{self.noise} noise"]
        words += [self.buffers] if self.optimizer != "sgd" and self.buffers != "warm" else []
        return ", ".join([*words, "level"] if self.level else words)

    @property
    def _with_momentum(self) -> str:
        return f"{self.optimizer} {self.momentum:g}"

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

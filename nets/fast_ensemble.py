r"""Fast geometric ensembling: walk along the valley with a rate that rises and falls.

.. math:: \alpha(t) = \begin{cases}
    (1 - 2t)\,\alpha_1 + 2t\,\alpha_2 & 0 \le t < 1/2 \\
    (2 - 2t)\,\alpha_2 + (2t - 1)\,\alpha_1 & 1/2 \le t < 1 \end{cases}

with t the fraction of a cycle of c epochs.  From a trained network, a member is kept whenever the
rate is at its lowest, :math:`t = 1/2`.  Minima are joined by curves of low loss, so a few epochs at
a large rate lead to another good network, and not over a barrier.  Garipov, Izmailov, Podoprikhin,
Vetrov & Wilson, NeurIPS 2018; schedule as in the authors' code (dnn-mode-connectivity), whose
settings for CIFAR-100 are the defaults: α₁ = 0.05, α₂ = 0.01, c = 2 for residual networks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array
from .optimizers import Optimizer
from .problem import Problem, array
from .recipe import Recipe
from .replicas import Replicas

Progress = Callable[[float], None]
RateAt = Callable[[float], float]


@dataclass(frozen=True)
class Cycle:
    """The rate between ``high`` (α₁) and ``low`` (α₂), ``epochs`` (c, even) from peak to peak."""

    high: float = 0.05
    low: float = 0.01
    epochs: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high < float("inf"):
            msg = (
                "the rates must be positive and the low one not above the high one; "
                f"they are {self.low:g} and {self.high:g}"
            )
            raise DomainError(msg)
        if self.epochs < 2 or self.epochs % 2:
            msg = f"a cycle must be an even number of epochs, 2 or more; it is {self.epochs}"
            raise DomainError(msg)

    def rate_at(self, epochs: float) -> float:
        """The rate after so many epochs.

        >>> [round(Cycle(0.05, 0.01, 4).rate_at(e), 3) for e in (0, 1, 2, 3, 4)]
        [0.05, 0.03, 0.01, 0.03, 0.05]
        """
        t = (epochs % self.epochs) / self.epochs
        return self.low + abs(1 - 2 * t) * (self.high - self.low)

    def budget(self, members: int) -> int:
        """Epochs until so many members are kept."""
        return self.epochs // 2 + (members - 1) * self.epochs


@dataclass(frozen=True)
class Walk:
    """points (k, P): the members; epochs, distances (k,): when kept, and how far from the start."""

    points: Array
    epochs: tuple[int, ...]
    distances: tuple[float, ...]


def fast_geometric_ensemble(
    problem: Problem,
    start: Tensor,
    members: int = 10,
    cycle: Cycle | None = None,
    *,
    momentum: float = 0.9,
    batch: int = 128,
    seed: int = 0,
    progress: Progress | None = None,
) -> Walk:
    """``members`` networks met on a walk of ``cycle.budget(members)`` epochs from ``start`` (P,).

    Minibatch SGD with momentum, which is never reset; samples reshuffled every epoch by ``seed``.
    Raises DomainError for bad numbers, or where the loss stops being finite.
    """
    cycle = cycle or Cycle()
    if members < 1:
        msg = f"an ensemble must have at least 1 member; it has {members}"
        raise DomainError(msg)
    kept = tuple(cycle.budget(k) for k in range(1, members + 1))
    return _walk(problem, start, cycle.rate_at, kept, momentum, batch, seed, progress)


def single_network(
    problem: Problem,
    start: Tensor,
    epochs: int,
    cycle: Cycle | None = None,
    *,
    momentum: float = 0.9,
    batch: int = 128,
    seed: int = 0,
    progress: Progress | None = None,
) -> Walk:
    """One network for the budget of an ensemble: the rate falls from high to low on a line."""
    cycle = cycle or Cycle()
    if epochs < 1:
        msg = f"a training must take at least 1 epoch; it takes {epochs}"
        raise DomainError(msg)

    def rate_at(now: float) -> float:
        return cycle.high + (cycle.low - cycle.high) * now / epochs

    return _walk(problem, start, rate_at, (epochs,), momentum, batch, seed, progress)


def _walk(
    problem: Problem,
    start: Tensor,
    rate_at: RateAt,
    kept: tuple[int, ...],
    momentum: float,
    batch: int,
    seed: int,
    progress: Progress | None,
) -> Walk:
    recipe = Recipe(rate=rate_at(0.0), momentum=momentum, batch=batch)  # checks the numbers
    problem.check_batch(batch, problem.samples % batch)
    thetas = start.detach().clone()[None]
    optimizer = Optimizer.at(recipe, thetas)
    gradient = Replicas(problem, "loop")
    generator = torch.Generator().manual_seed(seed)
    points = []
    for epoch in range(kept[-1]):
        order = torch.randperm(problem.samples, generator=generator).to(problem.device)
        starts = range(0, problem.samples, batch)
        for step, at in enumerate(starts):
            pick = order[at : at + batch]
            inputs, targets = problem.inputs[pick], problem.targets[pick]
            if problem.augment is not None:
                inputs = problem.augment(inputs, generator)
            _, slopes = gradient(thetas, inputs[None], targets[None])
            optimizer.step(thetas, slopes, rate_at(epoch + step / len(starts)))
        if not bool(thetas.isfinite().all()):
            msg = f"the weights stopped being finite in epoch {epoch + 1}; lower the rates"
            raise DomainError(msg)
        if epoch + 1 in kept:
            points.append(thetas[0].clone())
        if progress is not None:
            progress((epoch + 1) / kept[-1])
    distances = tuple(float((point - start).norm()) for point in points)
    return Walk(array(torch.stack(points)), kept, distances)

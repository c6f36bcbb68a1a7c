"""From random weights to a minimum: SGD first, then gradient descent to a stated gradient norm."""

import torch
from torch import Tensor
from torch.func import grad

from ..theory.errors import DomainError, NotConverged
from ..theory.estimate import Array
from .problem import Problem, array


def train_minimum(
    problem: Problem,
    start: Tensor,
    seed: int,
    rate: float = 0.05,
    batch: int = 32,
    steps: int = 3000,
    gradient_norm: float = 5e-3,
    longest: int = 20_000,
) -> Array:
    """A minimum (P,) of the whole loss, reached from ``start`` (P,).

    ``steps`` of minibatch SGD (momentum 0.9, effective rate ``rate``), then full-batch descent with
    momentum until |∇L| ≤ ``gradient_norm``.  Raises NotConverged, holding the last point, after
    ``longest`` such steps; DomainError for bad numbers, or if the loss is not finite.
    """
    if not rate > 0 or batch < 1 or steps < 0 or longest < 1:
        msg = (
            "rate, batch and longest must be positive and steps not negative; "
            f"they are {rate:g}, {batch}, {longest} and {steps}"
        )
        raise DomainError(msg)
    generator = torch.Generator().manual_seed(seed)
    minibatch, full = grad(problem.objective), grad(problem.full)
    batch = min(batch, problem.samples)
    theta, velocity = start.clone(), torch.zeros_like(start)
    for _ in range(steps):
        pick = torch.randperm(problem.samples, generator=generator)[:batch]
        slope = minibatch(theta, problem.inputs[pick], problem.targets[pick])
        velocity = 0.9 * velocity - 0.1 * rate * slope
        theta = theta + velocity
    for _ in range(longest):
        slope = full(theta)
        if not bool(torch.isfinite(slope).all()):
            msg = "the loss must stay finite while training; lower the rate"
            raise DomainError(msg)
        if float(slope.norm()) <= gradient_norm:
            return array(theta)
        velocity = 0.9 * velocity - rate * slope
        theta = theta + velocity
    msg = f"|gradient| is {float(slope.norm()):.2g} after {longest} steps, not {gradient_norm:g}"
    raise NotConverged(msg, array(theta))

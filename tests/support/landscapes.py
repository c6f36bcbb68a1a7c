"""Small landscapes and slow obvious versions of what ``nets`` computes in batches."""

import numpy as np
import torch
from torch import Tensor

from entropic.nets import Problem, mlp
from entropic.nets.losses import cross_entropy, half_square
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import Path, straight


def small_problem(samples: int = 12, decay: float = 0.02, seed: int = 0) -> Problem:
    """A (3, 4, 3) tanh network on random data: 31 parameters."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(samples, 3, generator=generator, dtype=torch.float64)
    targets = torch.randint(3, (samples,), generator=generator)
    return Problem(mlp((3, 4, 3), seed), cross_entropy, inputs, targets, decay)


def hessian(problem: Problem, theta: Tensor) -> Tensor:
    """Double backward, row by row."""
    return torch.autograd.functional.hessian(problem.full, theta)


def third_derivative(problem: Problem, theta: Tensor, direction: Tensor) -> Tensor:
    """∂H along ``direction`` by Richardson-extrapolated central differences of ``hessian``."""

    def difference(h: float) -> Tensor:
        ahead = hessian(problem, theta + h * direction)
        return (ahead - hessian(problem, theta - h * direction)) / (2 * h)

    return (4 * difference(1e-3) - difference(2e-3)) / 3


class Anchored(torch.nn.Module):
    """Puts out its own parameters, whatever comes in."""

    def __init__(self, start: Tensor) -> None:
        super().__init__()
        self.place = torch.nn.Parameter(start.clone())

    def forward(self, inputs: Tensor) -> Tensor:
        return self.place.expand(len(inputs), -1)


def anchored_problem(anchors: Tensor, decay: float = 0.0) -> Problem:
    """½|θ − anchor|² for every sample: Hessian 1 + decay, noise covariance that of the anchors."""
    model = Anchored(torch.zeros_like(anchors[0]))
    return Problem(model, half_square, torch.zeros(len(anchors), 1), anchors, decay)


def line_through(problem: Problem, seed: int = 3) -> Path:
    """A straight path through the model's own parameters, in a random direction."""
    theta = array(flat_parameters(problem.model))
    way = np.random.default_rng(seed).normal(size=len(theta))
    return straight(theta - way, theta + way, 4)


def digits_like(seed: int = 0) -> tuple[Problem, Path, float]:
    """A minimum of a (10, 8, 4) network, and the way in which the trace of H grows fastest."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(64, 10, generator=generator, dtype=torch.float64)
    targets = torch.randint(4, (64,), generator=generator)
    problem = Problem(mlp((10, 8, 4), seed), cross_entropy, inputs, targets, 1e-2)
    theta = flat_parameters(problem.model)
    descent = torch.func.grad(problem.full)
    for _ in range(1000):
        theta = theta - 0.3 * descent(theta)
    # the way in which the trace of the Hessian grows fastest from the minimum
    free = theta.clone().requires_grad_()
    trace = torch.autograd.functional.hessian(problem.full, free, create_graph=True).trace()
    way = array(torch.autograd.grad(trace, free)[0])
    way /= np.linalg.norm(way)
    path = straight(array(theta) - 2.1 * way, array(theta) + 2 * way, 2)
    return problem, path, 2.1

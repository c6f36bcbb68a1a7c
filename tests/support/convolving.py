"""A small network that convolves and normalises over the batch, and points of any network."""

import torch
from torch import nn

from entropic.nets import Problem, flat_parameters
from entropic.nets.losses import cross_entropy


def convolving_problem(decay: float = 0.01, block: int = 8) -> Problem:
    """A small convolutional network with batch normalisation on random images."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(20, 1, 6, 6, generator=generator, dtype=torch.float64)
    targets = torch.randint(3, (20,), generator=generator)
    layers = (nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 3))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(*layers).double()
        for layer in model:
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
    return Problem(model, cross_entropy, inputs, targets, decay, block=block)


def some_points(problem: Problem, count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(count, problem.layout.size, generator=generator, dtype=torch.float64)
    return flat_parameters(problem.model) + 0.3 * noise

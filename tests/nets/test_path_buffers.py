"""Second moments against gradients sample by sample, and against minibatches enumerated."""

from itertools import combinations

import numpy as np
import pytest
import torch
from landscapes import small_problem
from torch import nn

from entropic.nets import Problem, ProjectedSGD, held_cycles, second_moment
from entropic.nets.losses import cross_entropy
from entropic.nets.parameters import flat_parameters
from entropic.nets.path_buffers import recipe_of


def test_the_mean_square_is_that_of_all_minibatches():
    problem = small_problem(samples=7)
    theta = flat_parameters(problem.model) + 0.3
    found = second_moment(problem, theta, ProjectedSGD(0.1, 3, optimizer="adam"))
    off = torch.linspace(0, 0.1, len(theta), dtype=theta.dtype)
    level = second_moment(problem, theta, ProjectedSGD(0.1, 3, optimizer="adam"), off)
    slopes = [
        torch.func.grad(problem.objective)(theta, problem.inputs[list(p)], problem.targets[list(p)])
        for p in combinations(range(7), 3)
    ]
    every = torch.stack(slopes)
    torch.testing.assert_close(found, every.square().mean(0))
    torch.testing.assert_close(level, (every - off).square().mean(0))
    gradient = torch.func.grad(problem.full)(theta)
    quiet = second_moment(problem, theta, ProjectedSGD(0.1, 3, optimizer="adam", noise="none"))
    torch.testing.assert_close(quiet, gradient.square())
    round_ = second_moment(
        problem, theta, ProjectedSGD(0.1, 3, optimizer="adam", noise="isotropic")
    )
    torch.testing.assert_close(round_ - quiet, every.var(0, correction=0).mean().expand(len(theta)))


def test_with_batch_statistics_minibatches_are_drawn():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).double()
    problem = Problem(model, cross_entropy, inputs, torch.arange(6) % 2)
    theta = flat_parameters(problem.model)
    found = second_moment(problem, theta, ProjectedSGD(0.1, 4, optimizer="adam"))
    every = torch.stack([
        torch.func.grad(problem.objective)(theta, inputs[list(p)], problem.targets[list(p)])
        for p in combinations(range(6), 4)
    ])  # fmt: skip
    expected = every.square().mean(0)
    error = every.square().std(0) / 512**0.5
    assert torch.all(abs(found - expected) < 4.5 * error + 1e-12)


@pytest.mark.parametrize(
    ("momentum", "cycle", "cycles"), [(0.9, 15, 5), (0.0, 15, 0), (0.5, 1, 10)]
)
def test_the_start_is_held_until_the_beginning_is_forgotten(momentum, cycle, cycles):
    sgd = ProjectedSGD(0.1, 4, cycle, "heavy-ball", momentum)
    assert held_cycles(sgd) == cycles
    assert momentum ** (cycle * cycles) < 1e-3 or momentum == 0
    assert held_cycles(ProjectedSGD(0.1, 4, cycle, "nesterov", momentum, buffers="cold")) == 0


def test_recipes_are_those_of_the_algorithm():
    assert recipe_of(ProjectedSGD(0.1, 4)).momentum == 0
    assert recipe_of(ProjectedSGD(0.1, 4, optimizer="nesterov", momentum=0.7)).nesterov
    assert not recipe_of(ProjectedSGD(0.1, 4, optimizer="nesterov", momentum=0.0)).nesterov
    adam = recipe_of(ProjectedSGD(0.1, 4, optimizer="adam", momentum=0.7))
    assert (adam.optimizer, adam.momentum, adam.rate) == ("adam", 0.7, 0.1)
    assert np.isfinite(adam.rate)

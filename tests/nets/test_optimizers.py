"""Against torch.optim, stepping a plain module."""

import pytest
import torch
from landscapes import small_problem
from torch.func import functional_call

from entropic.nets import Recipe
from entropic.nets.optimizers import Optimizer
from entropic.nets.replicas import Replicas

RECIPES = {
    "plain": Recipe("sgd", 0.3, 0.0, epochs=40),
    "heavy ball": Recipe("sgd", 0.05, 0.9, epochs=40),
    "nesterov": Recipe("sgd", 0.05, 0.8, nesterov=True, epochs=40),
    "adam": Recipe("adam", 0.02, 0.9, epochs=40),
    "adam with another beta": Recipe("adam", 0.02, 0.5, epochs=40),
}


def _theirs(recipe: Recipe, weights: list[torch.Tensor], decay: float) -> torch.optim.Optimizer:
    if recipe.optimizer == "adam":
        betas = (recipe.momentum, 0.999)
        return torch.optim.Adam(weights, recipe.rate, betas, weight_decay=decay)
    return torch.optim.SGD(
        *(weights, recipe.rate, recipe.momentum),
        weight_decay=decay,
        nesterov=recipe.nesterov,
    )


@pytest.mark.parametrize("name", RECIPES)
def test_many_steps_with_a_schedule_are_those_of_torch(name):
    recipe, problem = RECIPES[name], small_problem(20, decay=0.03)
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(2, problem.layout.size, generator=generator, dtype=torch.float64)
    picks = torch.randint(20, (200, 8), generator=generator)

    theirs = []
    for theta in start:
        named = problem.layout.unflatten(theta.clone())
        weights = {key: value.clone().requires_grad_() for key, value in named.items()}
        optimizer = _theirs(recipe, list(weights.values()), decay=0.03)
        for step, pick in enumerate(picks):
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate_at(step // 5 / recipe.epochs)
            outputs = functional_call(problem.model, weights, (problem.inputs[pick],))
            loss = problem.loss(outputs, problem.targets[pick]).mean()
            slopes = torch.autograd.grad(loss, list(weights.values()))
            for weight, slope in zip(weights.values(), slopes, strict=True):
                weight.grad = slope
            optimizer.step()
        theirs.append(torch.cat([weight.detach().flatten() for weight in weights.values()]))

    thetas, gradient = start.clone(), Replicas(problem, "loop")
    ours = Optimizer.at(recipe, thetas)
    for step, pick in enumerate(picks):
        _, slopes = gradient(thetas, problem.inputs[pick], problem.targets[pick], shared=True)
        ours.step(thetas, slopes, recipe.rate_at(step // 5 / recipe.epochs))
    torch.testing.assert_close(thetas, torch.stack(theirs), rtol=1e-10, atol=1e-12)
    assert (thetas - start).norm() > 0.1

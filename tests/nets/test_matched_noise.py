"""The kicks of matched Langevin steps, against the gradients of single samples."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem

from entropic.nets import Recipe, train
from entropic.nets.matched_noise import matched_noise_step, splits
from entropic.theory import DomainError


def test_one_step_is_equations_19_to_21_written_by_hand():
    problem = small_problem(20)
    thetas = torch.randn(2, 31, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    picks = torch.randperm(20, generator=torch.Generator().manual_seed(1)).split(5)
    slope = torch.func.vmap(torch.func.grad_and_value(problem.objective), in_dims=(0, None, None))

    def minibatch(pick):
        def found(thetas):
            slopes, losses = slope(thetas, problem.inputs[pick], problem.targets[pick])
            return losses, slopes

        return found

    moved = thetas.clone()
    generators = [torch.Generator().manual_seed(seed) for seed in (7, 8)]
    losses = matched_noise_step(moved, [minibatch(pick) for pick in picks], 0.3, generators)
    for i, seed in enumerate((7, 8)):
        each = torch.stack([minibatch(pick)(thetas)[1][i] for pick in picks])
        sigma = each.var(dim=0, correction=0).sqrt()
        kick = torch.randn(31, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        expected = thetas[i] - 0.3 * torch.func.grad(problem.full)(thetas[i]) + 0.3 * sigma * kick
        torch.testing.assert_close(moved[i], expected, rtol=1e-10, atol=1e-13)
        assert losses[i].item() == pytest.approx(float(problem.full(thetas[i])), rel=1e-12)


def test_the_noise_is_as_strong_as_that_of_sgd_direction_by_direction():
    """In a bowl the anchors' covariance alone decides."""
    anchors = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    anchors = anchors * torch.tensor([1.0, 3.0, 0.2], dtype=torch.float64)
    problem = anchored_problem(anchors)
    problem = replace(problem, fresh=lambda seed: problem.model)
    recipe = Recipe("langevin", 0.01, 0.0, batch=5, epochs=1, drops=())
    found = train(problem, recipe, range(2000), together=True).points
    variance = anchors.var(dim=0).numpy() * (1 - 5 / 20) / 5  # without replacement
    decay = (1 - 0.01) ** (2 * np.arange(4))
    expected = 0.01**2 * variance * decay.sum()
    measured, error = found.var(axis=0, ddof=1), np.sqrt(2 / 2000)
    assert np.all(np.abs(measured / expected - 1) < 4 * error)
    rival = expected * 20 / 15  # with replacement
    assert np.all(np.abs(measured / rival - 1) > 5 * error)
    cross = np.corrcoef(found.T)[np.triu_indices(3, 1)]
    assert np.all(np.abs(cross) < 4 / np.sqrt(2000))


@pytest.mark.parametrize("batch", [20, 30, 7])
def test_a_split_into_unequal_parts_is_refused(batch):
    with pytest.raises(DomainError, match=f"must divide .* they are {batch} and 20"):
        splits(20, batch)

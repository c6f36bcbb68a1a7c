from itertools import combinations

import numpy as np
import pytest
import torch
from landscapes import small_problem
from torch import nn

from entropic.nets import Problem, flat_parameters, mlp
from entropic.nets.losses import cross_entropy, half_square
from entropic.nets.problem import array
from entropic.theory import DomainError

INPUTS, TARGETS = torch.ones(5, 3, dtype=torch.float64), torch.zeros(5, 1, dtype=torch.float64)


def test_the_landscape_is_the_mean_loss_and_half_the_decay_times_the_square():
    problem = small_problem(decay=0.3)
    theta = 1.7 * flat_parameters(problem.model)
    with torch.no_grad():
        for parameter in problem.model.parameters():
            parameter *= 1.7
    losses = [
        cross_entropy(problem.model(x[None]), y[None]).item()
        for x, y in zip(problem.inputs, problem.targets, strict=True)
    ]
    expected = np.mean(losses) + 0.15 * float((theta**2).sum())
    assert problem.full(theta).item() == pytest.approx(expected, rel=1e-12)
    found = problem.sample_losses(theta, problem.inputs, problem.targets)
    np.testing.assert_allclose(array(found), losses, rtol=1e-12)


def test_the_mean_over_all_batches_of_a_size_is_the_whole_landscape():
    problem = small_problem(samples=6)
    theta = flat_parameters(problem.model)
    batches = [
        problem.objective(theta, problem.inputs[list(pick)], problem.targets[list(pick)]).item()
        for pick in combinations(range(6), 2)
    ]
    assert np.mean(batches) == pytest.approx(problem.full(theta).item(), rel=1e-12)


def test_the_order_of_the_samples_does_not_matter():
    problem = small_problem()
    theta, turned = flat_parameters(problem.model), torch.arange(12).flip(0)
    other = Problem(
        problem.model, cross_entropy, problem.inputs[turned], problem.targets[turned], 0.02
    )
    assert other.full(theta).item() == pytest.approx(problem.full(theta).item(), rel=1e-13)


def test_numbers_cross_the_border_in_the_type_of_the_model_and_come_back_as_doubles():
    model = mlp((3, 1), 0, torch.float32)
    problem = Problem(model, half_square, INPUTS.float(), TARGETS.float())
    assert problem.dtype == torch.float32
    assert problem.tensor(np.ones(4)).dtype == torch.float32
    assert array(problem.tensor(np.array([0.5, -2.0]))).tolist() == [0.5, -2.0]
    assert array(problem.tensor(np.ones(4))).dtype == np.float64
    assert (problem.samples, problem.layout.size) == (5, 4)


@pytest.mark.parametrize(("inputs", "targets"), [(5, 4), (1, 1), (0, 0)])
def test_data_that_do_not_match_or_are_too_few_are_refused(inputs, targets):
    match = f"equally many and at least 2; there are {inputs} and {targets}"
    with pytest.raises(DomainError, match=match):
        Problem(mlp((3, 1), 0), half_square, INPUTS[:inputs], TARGETS[:targets])


@pytest.mark.parametrize("decay", [-0.1, float("nan")])
def test_a_negative_decay_is_refused(decay):
    with pytest.raises(DomainError, match="weight decay must be zero or positive; it is"):
        Problem(mlp((3, 1), 0), half_square, INPUTS, TARGETS, decay)


def test_a_loss_that_is_already_averaged_is_refused():
    def mean_square(outputs, targets):
        return half_square(outputs, targets).mean()

    with pytest.raises(DomainError, match=r"one number per sample; for 2 it gave \(\)"):
        Problem(mlp((3, 1), 0), mean_square, INPUTS, TARGETS)


def test_a_model_with_nothing_to_train_is_refused_at_once():
    with pytest.raises(DomainError, match="the model Flatten has no trainable parameters"):
        Problem(nn.Flatten(), half_square, INPUTS, TARGETS)

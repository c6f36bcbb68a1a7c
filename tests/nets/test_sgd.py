import numpy as np
import pytest
import torch
from landscapes import small_problem

from entropic.nets import ProjectedSGD, flat_parameters
from entropic.nets.sgd import full_batch_cycle, minibatches, sgd_cycle
from entropic.theory import DomainError


def starts(problem, replicas: int) -> torch.Tensor:
    noise = torch.randn(replicas, 31, generator=torch.Generator().manual_seed(1))
    return flat_parameters(problem.model) + 0.1 * noise


def slope(problem, theta, inputs, targets):
    free = theta.clone().requires_grad_()
    return torch.autograd.grad(problem.objective(free, inputs, targets), free)[0]


def test_a_cycle_is_a_hand_written_loop_over_the_same_minibatches():
    problem, sgd = small_problem(), ProjectedSGD(0.3, 5, cycle=4)
    thetas = starts(problem, 3)
    found = sgd_cycle(problem, thetas, sgd, torch.Generator().manual_seed(9))
    generator = torch.Generator().manual_seed(9)
    batches = [minibatches(12, 5, 3, generator) for _ in range(4)]
    for replica, theta in enumerate(thetas):
        for batch in batches:
            pick = batch[replica]
            theta = theta - 0.3 * slope(problem, theta, problem.inputs[pick], problem.targets[pick])
        torch.testing.assert_close(found[replica], theta, rtol=1e-12, atol=1e-12)


def test_a_noiseless_cycle_is_gradient_descent_and_so_is_one_of_full_batches():
    problem, sgd = small_problem(), ProjectedSGD(0.3, 12, cycle=4)
    thetas = starts(problem, 70)  # more than are differentiated at once
    found = full_batch_cycle(problem, thetas, sgd)
    for replica in (0, 1, 69):
        theta = thetas[replica]
        for _ in range(4):
            theta = theta - 0.3 * slope(problem, theta, problem.inputs, problem.targets)
        torch.testing.assert_close(found[replica], theta, rtol=1e-12, atol=1e-12)
    stochastic = sgd_cycle(problem, thetas, sgd, torch.Generator().manual_seed(0))
    torch.testing.assert_close(stochastic, found, rtol=1e-11, atol=1e-11)


def test_the_batch_of_one_replica_does_not_follow_from_another():
    picks = minibatches(50, 3, 4000, torch.Generator().manual_seed(2)).double().mean(dim=1)
    correlation = np.corrcoef(picks[:-1], picks[1:])[0, 1]
    assert abs(correlation) < 4 / 4000**0.5


def test_the_noise_of_a_step_has_the_covariance_that_the_noise_factor_says():
    problem, sgd = small_problem(), ProjectedSGD(1.0, 4, cycle=1)
    theta = flat_parameters(problem.model)
    each = torch.stack(
        [
            slope(problem, theta, problem.inputs[i : i + 1], problem.targets[i : i + 1])
            for i in range(12)
        ]
    )
    expected = sgd.noise_factor(12) * each.var(dim=0).sum()
    moved = sgd_cycle(problem, theta.expand(20_000, -1), sgd, torch.Generator().manual_seed(3))
    squares = ((moved - moved.mean(dim=0)) ** 2).sum(dim=1)
    error = squares.std() / 20_000**0.5
    assert error < 0.02 * expected
    assert abs(squares.mean() - expected) < 4 * error


@pytest.mark.parametrize(
    ("sgd", "match"),
    [
        (ProjectedSGD(-0.1, 4), "step size must be positive; it is -0.1"),
        (ProjectedSGD(float("inf"), 4), "step size must be positive; it is inf"),
        (ProjectedSGD(0.1, 0), "the batch must have 1 to 12 samples; it has 0"),
        (ProjectedSGD(0.1, 13), "the batch must have 1 to 12 samples; it has 13"),
        (ProjectedSGD(0.1, 4, 0), "a cycle needs at least one step; it has 0"),
    ],
)
def test_numbers_that_make_no_sgd_are_refused(sgd, match):
    with pytest.raises(DomainError, match=match):
        sgd.check(12)


def test_a_full_batch_has_noise_factor_zero_and_a_single_sample_nearly_one():
    assert ProjectedSGD(0.1, 12).noise_factor(12) == 0
    assert ProjectedSGD(0.1, 1).noise_factor(12) == pytest.approx(11 / 12)

import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem

from entropic.nets import train_minimum
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import DomainError, NotConverged


@pytest.fixture(scope="module")
def anchors() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(30, 4, generator=generator, dtype=torch.float64)


def test_the_gradient_is_as_small_as_was_asked_for():
    problem = small_problem(40)
    start = flat_parameters(problem.model)
    for wanted in (5e-3, 1e-4):
        theta = train_minimum(problem, start, seed=0, steps=200, gradient_norm=wanted)
        slope = torch.func.grad(problem.full)(torch.tensor(theta))
        assert float(slope.norm()) <= wanted
        assert float(problem.full(torch.tensor(theta))) < float(problem.full(start))


def test_the_minimum_of_a_bowl_is_the_mean_of_its_anchors_drawn_in_by_the_decay(anchors):
    problem = anchored_problem(anchors, decay=0.25)
    found = train_minimum(problem, torch.zeros(4).double(), 3, steps=50, gradient_norm=1e-10)
    np.testing.assert_allclose(found, array(anchors.mean(dim=0)) / 1.25, atol=1e-10)


def test_the_descent_is_sgd_with_momentum_then_heavy_ball_written_by_hand(anchors):
    """One minibatch step and one full step; the velocity is carried over."""
    problem, start = anchored_problem(anchors), torch.ones(4).double()
    pick = torch.randperm(30, generator=torch.Generator().manual_seed(5))[:7]
    velocity = -0.1 * 0.3 * (start - anchors[pick].mean(dim=0))
    middle = start + velocity
    velocity = 0.9 * velocity - 0.3 * (middle - anchors.mean(dim=0))
    with pytest.raises(NotConverged) as stopped:
        train_minimum(problem, start, 5, rate=0.3, batch=7, steps=1, longest=1)
    np.testing.assert_allclose(stopped.value.found, array(middle + velocity), rtol=1e-12)


def test_the_seed_decides_the_minibatches_and_nothing_else_does(anchors):
    problem, start = anchored_problem(anchors), torch.ones(4).double()
    first, again, other = (
        train_minimum(problem, start, seed, steps=20, gradient_norm=0.1) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(start, torch.ones(4).double())  # what was handed in is untouched


def test_a_batch_larger_than_the_data_is_all_of_it(anchors):
    problem, start = anchored_problem(anchors), torch.ones(4).double()
    large, whole = (
        train_minimum(problem, start, 0, batch=batch, steps=9, gradient_norm=0.1)
        for batch in (64, 30)
    )
    np.testing.assert_allclose(large, whole, rtol=1e-12)


def test_a_descent_that_is_cut_short_hands_over_where_it_was(anchors):
    problem, start = anchored_problem(anchors), 100 * torch.ones(4).double()
    match = r"\|gradient\| is .* after 3 steps, not 1e-08"
    with pytest.raises(NotConverged, match=match) as stopped:
        train_minimum(problem, start, 0, steps=0, gradient_norm=1e-8, longest=3)
    assert stopped.value.found.shape == (4,)
    assert np.all(stopped.value.found < 100)


def test_a_rate_that_is_too_large_is_named(anchors):
    problem = anchored_problem(anchors)
    with pytest.raises(DomainError, match="must stay finite while training; lower the rate"):
        train_minimum(problem, torch.ones(4).double(), 0, rate=1e200, steps=5)


@pytest.mark.parametrize(
    "numbers", [{"rate": 0.0}, {"rate": np.nan}, {"batch": 0}, {"steps": -1}, {"longest": 0}]
)
def test_numbers_that_train_nothing_are_refused(anchors, numbers):
    with pytest.raises(DomainError, match="must be positive and steps not negative; they are"):
        train_minimum(anchored_problem(anchors), torch.ones(4).double(), 0, **numbers)

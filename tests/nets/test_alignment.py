from itertools import permutations, product

import numpy as np
import pytest
import small_networks as networks
import torch
from torch import nn

from entropic.nets import (
    Problem,
    Recipe,
    aligned,
    flat_parameters,
    initial_parameters,
    preset,
    train,
)
from entropic.nets.alignment import _all_moved, _flat, _named
from entropic.nets.losses import cross_entropy, half_square
from entropic.nets.operators import losses_and_gradients
from entropic.nets.permutations import Move, unit_groups
from entropic.nets.problem import array
from entropic.nets.residual import resnet, wide_resnet
from entropic.theory import DomainError


def problem(make, seed: int = 0, **more) -> Problem:
    generator = torch.Generator().manual_seed(1)
    shape = (4,) if make is networks.perceptron else (3, 8, 8)
    inputs = torch.randn(20, *shape, generator=generator).double()
    targets = torch.randint(2, (20,), generator=generator)
    torch.manual_seed(seed)
    return Problem(networks.shaken(make(), seed), cross_entropy, inputs, targets, **more)


def shuffled(problem: Problem, theta, seed: int = 5):
    rng, groups = np.random.default_rng(seed), unit_groups(problem.model, problem.inputs)
    moves = tuple(
        Move(
            rng.permutation(group.units),
            rng.choice([-1, 1], group.units) if group.odd else np.ones(group.units, int),
        )
        for group in groups
    )
    return _flat(_all_moved(groups, moves, _named(problem, theta)))


@pytest.mark.parametrize(
    "make",
    [
        networks.perceptron,
        networks.plain_convolutions,
        networks.Residual,
        networks.PreActivation,
    ],
)
def test_shuffled_units_are_put_back_exactly(make):
    own = problem(make)
    theta = array(flat_parameters(own.model))
    other = shuffled(own, theta)
    assert np.linalg.norm(other - theta) > 0.5 * np.linalg.norm(theta)
    assert own.full(own.tensor(other)).item() == pytest.approx(
        own.full(own.tensor(theta)).item(), rel=1e-10
    )
    found = aligned(own, other, theta)
    np.testing.assert_array_equal(found.theta, theta)
    assert (found.distance_after, found.mismatch < 1e-12) == (0.0, True)
    assert found.cosine_after == pytest.approx(1.0, abs=1e-12)
    assert found.distance_before == pytest.approx(np.linalg.norm(other - theta), rel=1e-12)


@pytest.mark.parametrize(
    "make", [lambda s: resnet(8, 4, seed=s), lambda s: wide_resnet(10, 1, seed=s)]
)
def test_published_residual_networks_are_put_back_to_the_last_bit(make):
    images = torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    own = Problem(make(0), cross_entropy, images, torch.zeros(8).long())
    theta = array(flat_parameters(own.model))
    found = aligned(own, shuffled(own, theta), theta)
    np.testing.assert_array_equal(found.theta, theta)
    assert found.mismatch < 1e-12
    other = array(flat_parameters(make(1)))
    assert aligned(own, other, theta).cosine_after > aligned(own, other, theta).cosine_before + 0.02


def test_the_best_of_all_signed_permutations_is_found_for_one_hidden_layer():
    """With one group the assignment is the whole problem: enumerate 4! × 2⁴ moves."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    own = Problem(model, half_square, torch.randn(8, 3).double(), torch.zeros(8, 2).double())
    theta, goal = (np.random.default_rng(i).normal(size=own.layout.size) for i in (1, 2))
    (group,) = unit_groups(own.model, own.inputs)
    distances = {
        True: [np.inf],
        False: [np.inf],
    }
    for order in permutations(range(4)):
        for signs in product([-1, 1], repeat=4):
            move = Move(np.array(order), np.array(signs))
            tried = _flat(_all_moved((group,), (move,), _named(own, theta)))
            distances[min(signs) == -1].append(float(np.linalg.norm(tried - goal)))
    free = aligned(own, theta, goal)
    assert free.distance_after == pytest.approx(min(map(min, distances.values())), rel=1e-12)
    unsigned = aligned(own, theta, goal, signs=False)
    assert unsigned.distance_after == pytest.approx(min(distances[False]), rel=1e-12)
    assert free.distance_after < unsigned.distance_after < unsigned.distance_before


def test_no_single_group_can_do_better_and_the_seed_decides():
    own, reference = problem(networks.Residual), problem(networks.Residual, seed=1)
    theta, goal = (array(flat_parameters(p.model)) for p in (own, reference))
    found = aligned(own, theta, goal, seed=3)
    assert found.distance_after < found.distance_before
    assert np.linalg.norm(found.theta) == pytest.approx(np.linalg.norm(theta), rel=1e-12)
    again = aligned(own, found.theta, goal, orders=1)
    assert again.distance_after <= found.distance_after
    np.testing.assert_array_equal(found.theta, aligned(own, theta, goal, seed=3).theta)


def test_a_line_between_two_networks_on_digits_climbs_far_less_once_they_are_aligned():
    """Measured: barrier 0.90 before, 0.20 after, over minima of loss 0.88 at 16 units a layer."""
    own = preset("digits-mlp").make()
    recipe = Recipe(rate=0.05, batch=32, epochs=60)
    first, second = train(own, recipe, (0, 1), together=True).points
    found = aligned(own, second, first)

    def barrier(end):
        s = np.linspace(0, 1, 11)[:, None]
        losses, _ = losses_and_gradients(own, (1 - s) * first + s * end)
        return (losses - (1 - s[:, 0]) * losses[0] - s[:, 0] * losses[-1]).max()

    assert barrier(found.theta) < 0.4 * barrier(second)
    assert found.distance_after < 0.8 * found.distance_before
    permuted = aligned(own, second, first, signs=False)
    assert found.distance_after < permuted.distance_after < found.distance_before


def test_running_statistics_cannot_follow():
    own = problem(networks.Residual, statistics="running")
    theta = flat_parameters(own.model)
    with pytest.raises(DomainError, match="cannot follow; use statistics='batch'"):
        aligned(own, theta, theta)


def test_a_network_without_hidden_units_is_refused():
    own = Problem(nn.Linear(4, 2), cross_entropy, torch.randn(5, 4), torch.zeros(5).long())
    theta = flat_parameters(own.model)
    with pytest.raises(DomainError, match="Linear has no hidden units that may be permuted"):
        aligned(own, theta, theta)


def test_numbers_that_make_no_alignment_are_refused():
    own = problem(networks.perceptron)
    theta = flat_parameters(own.model)
    with pytest.raises(DomainError, match="at least one order of search; there are 0"):
        aligned(own, theta, theta, orders=0)
    with pytest.raises(DomainError, match="must be finite numbers"):
        aligned(own, theta * torch.nan, theta)
    with pytest.raises(DomainError, match="a point of this model has"):
        aligned(own, theta[:-1], theta)


class Odd(nn.Module):
    """Claims to be a tanh, and is not elementwise."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 6), nn.Linear(6, 2)

    def forward(self, x):
        return self.last(tanh(self.first(x)))


@torch.fx.wrap
def tanh(x):
    return x * torch.arange(6, dtype=x.dtype)


def test_a_permutation_that_changes_the_outputs_is_never_returned():
    torch.manual_seed(0)
    own = Problem(Odd(), cross_entropy, torch.randn(9, 4), torch.zeros(9).long())
    first, second = initial_parameters(own, 0), initial_parameters(own, 1)
    with pytest.raises(DomainError, match="must leave the outputs as they are; they change by"):
        aligned(own, first, second)

import numpy as np
import pytest
import torch
from torch import nn

from entropic.nets import (
    Cycle,
    Problem,
    fast_geometric_ensemble,
    initial_parameters,
    single_network,
)
from entropic.nets.losses import cross_entropy
from entropic.nets.problem import array
from entropic.theory import DomainError


def problem(**more) -> Problem:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(25, 4, generator=generator).double()
    targets = torch.randint(3, (25,), generator=generator)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    return Problem(model, cross_entropy, inputs, targets, 0.01, **more)


def test_the_rate_is_the_triangle_of_the_authors_code():
    """Garipov et al.'s utils.cyclic_learning_rate, written out."""
    cycle = Cycle(0.05, 0.01, 4)
    for epoch in range(9):
        for part in (0.0, 0.25, 0.9):
            t = ((epoch % 4) + part) / 4
            expected = 0.05 * (1 - 2 * t) + 0.01 * 2 * t
            if t >= 0.5:
                expected = 0.05 * (2 * t - 1) + 0.01 * (2 - 2 * t)
            assert cycle.rate_at(epoch + part) == pytest.approx(expected, rel=1e-12)


def test_members_are_kept_where_the_rate_is_lowest():
    own = problem()
    start = initial_parameters(own, 0)
    walk = fast_geometric_ensemble(own, start, 3, Cycle(0.1, 0.01, 4), batch=10)
    assert walk.epochs == (2, 6, 10)
    assert [Cycle(0.1, 0.01, 4).rate_at(e) for e in walk.epochs] == pytest.approx([0.01] * 3)
    assert walk.points.shape == (3, own.layout.size)
    expected = np.linalg.norm(walk.points - array(start), axis=1)
    np.testing.assert_allclose(walk.distances, expected, rtol=1e-12)


def by_torch(own: Problem, start, rates, epochs: int, batch: int = 10):
    """The same with torch's own optimizer."""
    theta = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=1.0, momentum=0.9)
    generator = torch.Generator().manual_seed(7)
    for epoch in range(epochs):
        order = torch.randperm(25, generator=generator)
        for step in range(3):
            pick = order[batch * step : batch * (step + 1)]
            optimizer.param_groups[0]["lr"] = rates(epoch + step / 3)
            loss = own.objective(theta, own.inputs[pick], own.targets[pick])
            (theta.grad,) = torch.autograd.grad(loss, theta)
            optimizer.step()
    return theta.detach().numpy()


def test_the_walk_is_that_of_torchs_own_optimizer():
    own, cycle = problem(), Cycle(0.1, 0.02, 2)
    start = initial_parameters(own, 3)
    walk = fast_geometric_ensemble(own, start, 2, cycle, batch=10, seed=7)
    np.testing.assert_allclose(walk.points[1], by_torch(own, start, cycle.rate_at, 3), rtol=1e-10)
    one = single_network(own, start, 3, cycle, batch=10, seed=7)
    falling = by_torch(own, start, lambda e: 0.1 - 0.08 * e / 3, 3)
    np.testing.assert_allclose(one.points[0], falling, rtol=1e-10)
    assert one.epochs == (3,)


def test_minibatches_are_augmented():
    def nothing(inputs, generator):
        return torch.zeros_like(inputs)

    own = problem(augment=nothing)
    start = initial_parameters(own, 0)
    walk = fast_geometric_ensemble(own, start, 1, batch=25)
    first = own.layout.unflatten(own.tensor(walk.points[0]))["0.weight"]
    decayed = own.layout.unflatten(start)["0.weight"] * (1 - 0.05 * 0.01)  # one step of decay alone
    torch.testing.assert_close(first, decayed)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"high": 0.01, "low": 0.1}, "the low one not above the high one; they are 0.1 and 0.01"),
        ({"low": 0.0}, "the rates must be positive"),
        ({"epochs": 3}, "an even number of epochs, 2 or more; it is 3"),
    ],
)
def test_cycles_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(DomainError, match=message):
        Cycle(**settings)


def test_bad_numbers_are_refused():
    own = problem()
    start = initial_parameters(own, 0)
    with pytest.raises(DomainError, match="at least 1 member; it has 0"):
        fast_geometric_ensemble(own, start, 0)
    with pytest.raises(DomainError, match="at least 1 epoch; it takes 0"):
        single_network(own, start, 0)
    with pytest.raises(DomainError, match=r"momentum must be from 0 to below 1; it is 1"):
        fast_geometric_ensemble(own, start, 1, momentum=1.0)
    with pytest.raises(DomainError, match="stopped being finite in epoch 1; lower the rates"):
        fast_geometric_ensemble(own, start, 1, Cycle(1e200, 1e200), batch=5)

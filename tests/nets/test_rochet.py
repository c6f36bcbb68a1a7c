import math

import pytest
import torch

from entropic.nets import RochetNet, evaluate, flat_parameters, initial_parameters
from entropic.nets.presets import preset
from entropic.nets.rochet import negative_payment, revenue, valuations
from entropic.theory import DomainError

BEST_OF_TWO = (12 + 2 * math.sqrt(2)) / 27


def menu(allocation: list[list[float]], price: list[float]) -> RochetNet:
    net = RochetNet(len(allocation[0]), len(price), 0)
    with torch.no_grad():
        net.allocation.copy_(torch.tensor(allocation).double().logit())
        net.price.copy_(torch.tensor(price))
    return net


def test_the_buyer_takes_the_best_offer_or_nothing():
    net = menu([[0.5, 0.0], [1.0, 1.0]], [0.1, 1.2])
    values = torch.tensor([[0.1, 0.1], [0.6, 0.3], [0.9, 0.9]]).double()
    offers = net(values)
    assert offers.shape == (3, 3, 2)
    assert not offers[:, 0].any()
    torch.testing.assert_close(offers[2, :, 0], torch.tensor([0, 0.35, 0.6]).double())
    assert revenue(offers, values).tolist() == pytest.approx([0, 0.1, 1.2])


def test_one_item_at_one_half_earns_a_quarter():
    net = menu([[1.0]], [0.5])
    values, nothing = valuations(2**14, 1, 0)
    assert revenue(net(values), nothing).mean().item() == pytest.approx(0.25, abs=1e-4)


def test_the_best_menu_of_two_items_earns_what_the_formula_says():
    """2/3 · 2 · P(one) + b · P(both), from the areas in which each offer is best."""
    one, both = 2 / 3, (4 - math.sqrt(2)) / 3
    side = both - one  # the other item is added from this value on
    p_one = (1 - one) * side
    p_both = (1 - side) ** 2 - (one - side) ** 2 / 2
    assert 2 * one * p_one + both * p_both == pytest.approx(BEST_OF_TWO, rel=1e-12)
    net = menu([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [one, one, both])
    values, nothing = valuations(2**16, 2, 0)
    assert revenue(net(values), nothing).mean().item() == pytest.approx(BEST_OF_TWO, abs=2e-4)
    for change in (-0.03, 0.03):  # no price of it can be bettered
        for which in range(3):
            other = [one, one, both]
            other[which] += change
            earned = revenue(menu(net.allocation.sigmoid().tolist(), other)(values), nothing)
            assert earned.mean().item() < BEST_OF_TWO - 1e-4


def test_a_cold_buyer_pays_what_a_rational_one_pays():
    net = RochetNet(2, 6, 1)
    values, nothing = valuations(500, 2, 3)
    cold = -negative_payment(1e-7)(net(values), nothing)
    torch.testing.assert_close(cold, revenue(net(values), nothing), rtol=0, atol=1e-4)


def test_the_loss_is_the_mean_price_under_the_softmax():
    net = RochetNet(3, 4, 0)
    values, nothing = valuations(20, 3, 0)
    offers = net(values)
    weights = torch.exp(offers[..., 0] / 0.3)
    expected = -(weights * offers[..., 1]).sum(1) / weights.sum(1)
    torch.testing.assert_close(negative_payment(0.3)(offers, nothing), expected)


def test_a_warm_buyer_is_exploited_by_many_copies_of_one_offer():
    """K copies of an offer weigh like one that is cheaper by T ln K: an entropic force."""
    values, nothing = valuations(4096, 1, 0)
    loss = negative_payment(0.05)
    alone = -loss(menu([[1.0]], [0.5])(values), nothing).mean().item()
    copies = -loss(menu([[1.0]] * 50, [0.5] * 50)(values), nothing).mean().item()
    assert alone < 0.2505
    assert copies > 0.3


def test_valuations_fill_the_cube_more_evenly_than_independent_draws():
    values, nothing = valuations(4096, 2, 5)
    assert torch.equal(values, valuations(4096, 2, 5)[0])
    assert not torch.equal(values, valuations(4096, 2, 6)[0])
    assert 0 <= values.min() < values.max() <= 1
    independent = (1 / 12 / 4096) ** 0.5
    assert torch.all(abs(values.mean(0) - 0.5) < independent / 10)
    assert not nothing.any()


def test_menus_follow_from_the_seed():
    state = torch.get_rng_state()
    first = flat_parameters(RochetNet(2, 5, 1))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first, flat_parameters(RochetNet(2, 5, 1)))
    assert not torch.equal(first, flat_parameters(RochetNet(2, 5, 2)))
    assert len(first) == 15


@pytest.mark.parametrize(
    ("items", "entries", "steps", "best"), [(1, 20, 1000, 0.25), (2, 100, 1500, BEST_OF_TWO)]
)
def test_descent_finds_a_menu_that_earns_nearly_the_most(items, entries, steps, best):
    """Adam with the preset's rate; two items earn more than the best price for the pair alone."""
    problem = preset("rochetnet").make(items=items, entries=entries, samples=1024)
    theta = initial_parameters(problem, 0).requires_grad_()
    rule = torch.optim.Adam([theta], lr=0.02)
    generator = torch.Generator().manual_seed(0)
    for step in range(steps):
        if step == 2 * steps // 3:
            rule.param_groups[0]["lr"] /= 5
        batch = torch.randint(1024, (256,), generator=generator)
        loss = problem.objective(theta, problem.inputs[batch], problem.targets[batch])
        (theta.grad,) = torch.autograd.grad(loss, theta)
        rule.step()
    earned = evaluate(problem, theta.detach(), "test").metric
    assert problem.metric_name == "revenue"
    assert earned < best + 1e-3
    assert earned > 0.99 * best
    if items == 2:
        pair = 2 * (2 / 3) ** 1.5 / 2  # max_p p (1 − p²/2), at p = √(2/3)
        assert earned > pair


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: RochetNet(0, 3, 0), "at least one item and one entry; it has 0 and 3"),
        (lambda: negative_payment(0.0), "temperature must be positive; it is 0"),
        (lambda: valuations(1, 2, 0), "at least 2 samples of 1 item; they are 1 of 2"),
    ],
)
def test_menus_and_temperatures_that_are_none_are_refused(make, match):
    with pytest.raises(DomainError, match=match):
        make()

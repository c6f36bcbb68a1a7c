import numpy as np
import pytest
import torch

from entropic.nets import Menu, initial_parameters, menu_of, menu_parameters, preset
from entropic.theory import DomainError

BEST = Menu([[1, 0], [0, 1], [1, 1]], [2 / 3, 2 / 3, (4 - 2**0.5) / 3])


def test_either_at_two_thirds_and_both_at_less_earn_the_known_optimum():
    """(12 + 2√2)/27 for two uniform items; on a grid of midpoints."""
    middles = (np.arange(700) + 0.5) / 700
    grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    assert BEST.revenue(grid) == pytest.approx((12 + 2 * 2**0.5) / 27, abs=5e-4)


def test_buyers_take_what_is_worth_most_to_them():
    buyers = np.array([[0.1, 0.2], [0.9, 0.05], [0.05, 0.9], [0.8, 0.7]])
    assert BEST.taken(buyers).tolist() == [-1, 0, 1, 2]
    assert BEST.shares(buyers).tolist() == [0.25, 0.25, 0.25]
    rng = np.random.default_rng(0)
    menu, buyers = Menu(rng.random((6, 3)), rng.random(6)), rng.random((50, 3))
    payments = []
    for buyer in buyers:
        offers = [(0.0, 0.0)]
        offers += [(a @ buyer - b, b) for a, b in zip(menu.allocations, menu.prices, strict=True)]
        payments.append(max(offers)[1])
    assert menu.revenue(buyers) == pytest.approx(np.mean(payments), rel=1e-12)


def test_menus_mix_entry_by_entry():
    half = BEST.towards(Menu(np.zeros((3, 2)), np.zeros(3)), 0.5)
    np.testing.assert_allclose(half.prices, BEST.prices / 2)
    np.testing.assert_allclose(half.allocations, BEST.allocations / 2)


@pytest.mark.parametrize(
    ("allocations", "prices", "message"),
    [
        ([[1.2]], [0.1], "allocations must be probabilities from 0 to 1"),
        ([[0.2]], [np.nan], "prices must be finite"),
        ([[0.2]], [0.1, 0.2], r"needs allocations \(J, m\) and prices \(J,\); they have \(1, 1\)"),
    ],
)
def test_what_is_no_menu_is_refused(allocations, prices, message):
    with pytest.raises(DomainError, match=message):
        Menu(np.array(allocations), np.array(prices))


def test_a_network_offers_its_menu_and_the_menu_makes_the_network():
    own = preset("rochetnet").make(entries=5, samples=256, test_samples=64)
    theta = initial_parameters(own, 3)
    menu = menu_of(own, theta)
    with torch.no_grad():
        expected = own.metric(own.reestimated(theta)(own.inputs), own.targets)
    assert menu.revenue(own.inputs.numpy()) == pytest.approx(expected.mean().item(), rel=1e-12)
    np.testing.assert_allclose(menu_parameters(menu), theta.numpy(), rtol=1e-9, atol=1e-12)
    sure = menu_parameters(Menu(np.array([[0.0, 1.0]]), np.array([0.3])))
    assert sure.tolist() == [-20.0, 20.0, 0.3]


def test_other_networks_offer_no_menu():
    own = preset("linear").make()
    with pytest.raises(DomainError, match="only a RochetNet offers a menu; .* is Sequential"):
        menu_of(own, initial_parameters(own, 0))

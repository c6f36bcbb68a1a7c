import numpy as np
import pytest

from entropic.nets import Menu
from entropic.theory import DomainError

BEST = Menu([[1, 0], [0, 1], [1, 1]], [2 / 3, 2 / 3, (4 - 2**0.5) / 3])


def test_either_at_two_thirds_and_both_at_less_earn_the_known_optimum():
    """(12 + 2√2)/27 for two uniform items; on a grid of midpoints."""
    middles = (np.arange(700) + 0.5) / 700
    grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    assert BEST.revenue(grid) == pytest.approx((12 + 2 * 2**0.5) / 27, abs=2e-4)


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

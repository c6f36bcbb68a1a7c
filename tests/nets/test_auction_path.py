import numpy as np
import pytest

from entropic.nets import Menu, menu_path, preset
from entropic.theory import DomainError

BUYERS = np.random.default_rng(9).random((4000, 2))


def random_menu(slots: int, seed: int, lowest: float = 0.0) -> Menu:
    rng = np.random.default_rng(seed)
    allocations = rng.random((slots, 2))
    return Menu(allocations, lowest + rng.random(slots) * allocations.sum(1))


def scattered(entries, slots: int, seed: int) -> Menu:
    """A few entries at random slots; all other slots are too dear for anyone."""
    rng = np.random.default_rng(seed)
    allocations, prices = rng.random((slots, 2)), 2 + rng.random(slots)
    for slot, (*allocation, price) in zip(rng.permutation(slots), entries, strict=False):
        allocations[slot], prices[slot] = allocation, price
    return Menu(allocations, prices)


def revenues(path, count: int = 31):
    return np.array([path.at(t).revenue(BUYERS) for t in np.linspace(0, 3, 3 * count - 2)])


FEW = [(1, 0, 0.6), (0, 1, 0.7), (1, 1, 0.9)]
OTHERS = [(1, 0.1, 0.65), (0.1, 1, 0.7), (0.9, 1, 0.85)]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_at_all_is_lost_where_the_entries_in_use_fit_as_pairs(seed):
    first, second = scattered(FEW, 15, seed), scattered(OTHERS, 15, seed + 100)
    path = menu_path(first, second, BUYERS)
    found = revenues(path)
    assert path.dropped == (0.0, 0.0)
    assert path.promised == pytest.approx(min(path.ends), rel=1e-12)
    np.testing.assert_allclose(found[:31], path.ends[0], rtol=1e-12)
    np.testing.assert_allclose(found[60:], path.ends[1], rtol=1e-12)
    np.testing.assert_allclose(found[30:61], np.linspace(*path.ends, 31), rtol=1e-12)
    line = [first.towards(second, t).revenue(BUYERS) for t in np.linspace(0, 1, 31)]
    assert min(line) < path.promised - 0.005  # which the straight line does not do


@pytest.mark.parametrize("lowest", [0.0, -0.05])
@pytest.mark.parametrize("slots", [3, 8, 24])
def test_revenue_never_falls_below_the_promise(slots, lowest):
    for seed in range(4):
        first, second = (random_menu(slots, 2 * seed + k, lowest) for k in (0, 1))
        path = menu_path(first, second, BUYERS)
        assert revenues(path).min() >= path.promised - 1e-12
        sizes = [len(kept) + 1 for kept in path.kept]
        assert sizes[0] * sizes[1] <= slots + 1


def test_between_the_reduced_menus_revenue_is_linear_whatever_was_dropped():
    path = menu_path(random_menu(15, 0), random_menu(15, 1), BUYERS)
    middle = [path.at(t).revenue(BUYERS) for t in np.linspace(1, 2, 9)]
    np.testing.assert_allclose(middle, np.linspace(middle[0], middle[-1], 9), rtol=1e-12)


def test_entries_that_stay_stay_in_their_slots_and_every_pair_finds_one():
    first, second = scattered(FEW, 17, 3), scattered(OTHERS, 17, 4)
    path = menu_path(first, second, BUYERS)
    for menu, reduced, kept in zip((first, second), path.menus[1:3], path.kept, strict=True):
        np.testing.assert_array_equal(menu.allocations[kept], reduced.allocations[kept])
        np.testing.assert_array_equal(menu.prices[kept], reduced.prices[kept])
    pairs = {(*path.menus[1].prices[[s]], *path.menus[2].prices[[s]]) for s in range(17)}
    assert len(pairs | {(0.0, 0.0)}) == 16


def test_there_and_back_are_the_same_path():
    first, second = random_menu(15, 5), random_menu(15, 6)
    there, back = menu_path(first, second, BUYERS), menu_path(second, first, BUYERS)
    assert there.promised == pytest.approx(back.promised, rel=1e-12)
    np.testing.assert_allclose(there.at(0).prices, back.at(3).prices)


def test_networks_along_the_path_earn_what_the_menus_do():
    own = preset("rochetnet").make(entries=15, samples=2048, test_samples=64)
    buyers, t = own.inputs.numpy(), np.linspace(0, 3, 13)
    path = menu_path(scattered(FEW, 15, 1), scattered(OTHERS, 15, 2), buyers)
    for position, theta in zip(t, path.parameters(t), strict=True):
        paid = own.metric(own.reestimated(own.tensor(theta))(own.inputs), own.targets).mean().item()
        assert paid == pytest.approx(path.at(position).revenue(buyers), abs=1e-3)  # a buyer or two


def test_menus_and_buyers_that_do_not_fit_are_refused():
    menu = random_menu(4, 0)
    with pytest.raises(DomainError, match="equally many entries of equally many items"):
        menu_path(menu, random_menu(5, 0), BUYERS)
    with pytest.raises(DomainError, match=r"valuations must be \(n, 2\); they are \(3, 1\)"):
        menu_path(menu, menu, np.zeros((3, 1)))
    with pytest.raises(DomainError, match="the path runs from 0 to 3; 3.5 lies outside"):
        menu_path(menu, menu, BUYERS).at(3.5)

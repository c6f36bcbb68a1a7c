r"""Two auctions are joined by three straight pieces along which revenue hardly falls.

Hertrich, Tao & Végh, "Mode Connectivity in Auction
Design" (2023), prove that optima of RochetNet are joined by piecewise linear paths almost as good
as one of the ends.  Of that article only the abstract is at hand; the construction and its bound
are derived here.

    reduce     Keep m of the first menu's entries; every other entry moves straight to a copy of
               one of them, or of nothing.  On the way it is worth a mixture of what it was and of
               what it copies, no more than the best: whoever took a kept entry still does, and
               only what dropped entries earned can be lost.
    cross      Let slot (i, j) hold kept entry i of the first menu, and move it straight to kept
               entry j of the second.  Since :math:`\max_{ij} [(1-t)u_i + t w_j]
               = (1-t) \max_i u_i + t \max_j w_j`, everyone takes the pair of both choices: revenue
               changes **linearly** from that of one reduced menu to that of the other.
    expand     The first step of the second menu, backwards.

So revenue stays above :math:`\min_k (R_k - \rho_k)`, ρ what dropped entries earn above the lowest
price (nothing costs 0, and a negative price would pay the buyer).  With
nothing counted as an entry of either there must be (m₁ + 1)(m₂ + 1) − 1 ≤ J slots: about √J entries
may be kept.  Pieces are straight in (α, β), not in a network's own parameters.  All this holds for
any distribution of valuations, also for a sample, but for buyers exactly between two choices.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..theory.errors import DomainError
from ..theory.estimate import Array
from .menu import Menu, menu_parameters
from .permutations import Integers


@dataclass(frozen=True)
class MenuPath:
    """A polygon of four menus, and what is promised along it.

    menus: the first, it reduced, the second reduced, the second.  kept: which entries of either
    stay.  ends: revenue of either.  dropped: ρ, at most what is lost with those that do not stay.
    """

    menus: tuple[Menu, Menu, Menu, Menu]
    kept: tuple[Integers, Integers]
    ends: tuple[float, float]
    dropped: tuple[float, float]

    @property
    def promised(self) -> float:
        """The revenue below which no menu of the path falls."""
        return min(end - lost for end, lost in zip(self.ends, self.dropped, strict=True))

    def at(self, t: float) -> Menu:
        """The menu at t ∈ [0, 3], one unit for each piece."""
        if not 0 <= t <= 3:
            msg = f"the path runs from 0 to 3; {t:g} lies outside"
            raise DomainError(msg)
        piece = min(int(t), 2)
        return self.menus[piece].towards(self.menus[piece + 1], t - piece)

    def parameters(self, t: Array) -> Array:
        """Points (n, P) of a RochetNet at ``t`` (n,), for whatever takes points of a network."""
        return np.array([menu_parameters(self.at(float(value))) for value in t])


def menu_path(first: Menu, second: Menu, valuations: Array) -> MenuPath:
    """The path of three pieces between two menus of J entries, for ``valuations`` (n, m).

    Of either menu those entries stay that earn most, as many as make the promise largest.
    Raises DomainError for menus of different shapes, or valuations of another number of items.
    """
    if first.allocations.shape != second.allocations.shape:
        msg = (
            "menus must offer equally many entries of equally many items; they have shapes "
            f"{first.allocations.shape} and {second.allocations.shape}"
        )
        raise DomainError(msg)
    if valuations.ndim != 2 or valuations.shape[1] != first.allocations.shape[1]:
        msg = f"valuations must be (n, {first.allocations.shape[1]}); they are {valuations.shape}"
        raise DomainError(msg)
    worth = [_worth(menu, valuations) for menu in (first, second)]
    ends = (first.revenue(valuations), second.revenue(valuations))
    kept = _kept(worth, ends)
    cells = _cells(first, second, kept)
    return MenuPath(
        menus=(first, _holding(first, cells[:, 0]), _holding(second, cells[:, 1]), second),
        kept=kept,
        ends=ends,
        dropped=(_without(worth[0], kept[0]), _without(worth[1], kept[1])),
    )


def _worth(menu: Menu, valuations: Array) -> Array:
    """What every entry (J,) earns above the lowest price there is."""
    lowest = min(0.0, float(menu.prices.min()))
    return np.asarray(menu.shares(valuations) * (menu.prices - lowest))


def _without(worth: Array, kept: Integers) -> float:
    return float(np.delete(worth, kept).sum())


def _kept(worths: list[Array], ends: tuple[float, float]) -> tuple[Integers, Integers]:
    """The worthiest entries of either: so many that all pairs find a slot and most is promised."""
    slots = len(worths[0])
    orders = [np.argsort(-worth, kind="stable") for worth in worths]
    used = [int(np.count_nonzero(worth)) for worth in worths]
    promises = [
        end - np.concatenate([np.cumsum(worth[order][::-1])[::-1], [0.0]])
        for end, worth, order in zip(ends, worths, orders, strict=True)
    ]
    best, sizes = (-np.inf, -np.inf), (0, 0)
    for mine in range(used[0] + 1):
        theirs = min((slots + 1) // (mine + 1) - 1, used[1])
        both = (float(promises[0][mine]), float(promises[1][theirs]))
        if (min(both), max(both)) > best:  # where one end decides, the other still loses least
            best, sizes = (min(both), max(both)), (mine, theirs)
    return np.sort(orders[0][: sizes[0]]), np.sort(orders[1][: sizes[1]])


def _cells(first: Menu, second: Menu, kept: tuple[Integers, Integers]) -> Integers:
    """For every slot (J, 2) which kept entry of either menu it holds; −1 for nothing.

    An entry that stays keeps its slot, paired with nothing unless both menus keep that slot; the
    other pairs go where the way is shortest, and slots left over hold nothing.
    """
    slots = len(first.prices)
    cells = np.full((slots, 2), -1)
    for side in (0, 1):
        cells[kept[side], side] = kept[side]
    settled = {tuple(cell) for cell in cells.tolist()} | {(-1, -1)}
    pairs = [(i, j) for i in (-1, *kept[0].tolist()) for j in (-1, *kept[1].tolist())]
    waiting = [pair for pair in pairs if pair not in settled]
    free = np.setdiff1d(np.arange(slots), np.concatenate(kept))
    cost = np.zeros((len(free), len(waiting)))
    for side, menu in enumerate((first, second)):
        entries = np.column_stack([menu.allocations, menu.prices])
        with_nothing = np.vstack([entries, np.zeros(entries.shape[1])])  # index −1
        targets = with_nothing[[pair[side] for pair in waiting]]
        cost += ((entries[free][:, None] - targets[None]) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(cost)
    cells[free[rows]] = np.array(waiting, dtype=int).reshape(-1, 2)[columns]
    return cells


def _holding(menu: Menu, cells: Integers) -> Menu:
    """The menu whose slots hold the entries that ``cells`` (J,) names, −1 for nothing."""
    there = (cells >= 0).astype(float)
    return Menu(menu.allocations[cells] * there[:, None], menu.prices[cells] * there)

"""Where a family of local entropies, drawn as curves over the distance, just touches zero.

The family has one number s (a margin or a load).  A touching point (d, s) has φ = φ' = 0, or
φ' = φ'' = 0 for the slope; a few curves bracket it, then Newton's method in both numbers finds it,
the derivatives along d from five neighbouring points.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from ..estimate import Array
from .distance_curve import Branch, follow, typical
from .fixed_distance import refine
from .pair_pattern import Reference
from .saddle import saddle_point
from .stretched import COARSE, FINE

NEAREST = 1e-9  # distance
HALVINGS = 12  # at most; Newton's method is tried from the second on
STRIDE = 0.02  # of the five points, in ln d/(1 − d)
STENCIL = STRIDE * np.arange(-2, 3)
SLOPE = np.array([1, -8, 0, 8, -1]) / (12 * STRIDE)
BEND = np.array([-1, 16, -30, 16, -1]) / (12 * STRIDE**2)
NUDGE = 1e-4  # of the margin or the load, for the derivative by it
STILL = 1e-9  # of margin or load: Newton's last step
TIGHT = 1e-10  # at which the unknowns rest, since derivatives are taken of what they make
NONE = float("nan")


def branch_towards(ref: Reference) -> Branch:
    """φ from the typical distance down to where the patterns are no longer felt."""
    start = typical(ref, saddle_point(ref.alpha, ref.kappa, ref.model))
    with np.errstate(all="ignore"):
        nearest = max(NEAREST, (ref.margin - ref.kappa) ** 2 / 144)
        return follow(ref, start, nearest, start.distance)


class Family:
    """References along one number, and the branches already followed around them."""

    def __init__(self, reference: Callable[[float], Reference]) -> None:
        self.reference = reference
        self.branches: dict[float, Branch] = {}

    def dip(self, s: float, kind: str) -> tuple[float, int]:
        """The lowest φ (``kind`` "entropy") or φ' ("slope") before the typical distance.

        The number of its knot goes with it; −∞ where nothing could be followed.
        """
        if s not in self.branches:
            self.branches[s] = branch_towards(self.reference(s))
        branch = self.branches[s]
        before = branch.place < branch.centre
        if not before.any():
            return -np.inf, 0
        depth = np.where(before, getattr(branch, kind), np.inf)
        return float(depth.min()), int(np.argmin(depth))


def touch(family: Family, tries: list[float], kind: str) -> tuple[float, float]:
    """Where along the family φ (``kind`` "entropy") or φ' ("slope") just touches zero.

    The first of ``tries`` must not dip below zero, else there is none, NaN ± NaN; a later one must,
    and be refined, else it was not found, NaN ± ∞.  Until one could be followed, the next is tried.
    """
    known = next((i for i, s in enumerate(tries) if family.dip(s, kind)[0] > -np.inf), None)
    if known is None:
        return NONE, np.inf
    high = tries[known]
    if family.dip(high, kind)[0] < 0:
        return NONE, np.inf if known else NONE
    for low in tries[known + 1 :]:
        if family.dip(low, kind)[0] < 0:
            break
        high = low
    else:
        return NONE, np.inf
    for halving in range(HALVINGS):
        middle = 0.5 * (low + high)
        if family.dip(middle, kind)[0] < 0:
            low = middle
        else:
            high = middle
        if halving:
            found = _from_dip(family, low, kind)
            if min(low, high) <= found[0] <= max(low, high):
                return found
    return NONE, np.inf


def _from_dip(family: Family, s: float, kind: str) -> tuple[float, float]:
    """Newton's method from the deepest knot at ``s``: the touching point and its error."""
    branch, i = family.branches[s], family.dip(s, kind)[1]
    if not len(branch.place):
        return NONE, NONE
    place, results = float(branch.place[i]), []
    y = branch.guess(expit(place + STENCIL))
    for rule in (COARSE, FINE):
        s, place, y = _tangent(family.reference, s, place, y, kind, rule)
        if not np.isfinite(s):
            return NONE, NONE
        results.append(s)
    return results[1], abs(results[1] - results[0]) + STILL


def _tangent(
    family: Callable[[float], Reference], s: float, place: float, y: Array, kind: str, rule: float
) -> tuple[float, float, Array]:
    """Newton's method for a touching point (place, s); NaN if it is lost."""
    for _ in range(20):
        here, y = _stencil(family(s), place, y, kind, rule)
        up, _ = _stencil(family(s + NUDGE), place, y, kind, rule)
        down, _ = _stencil(family(s - NUDGE), place, y, kind, rule)
        by_s = (up - down)[:2] / (2 * NUDGE)
        jacobian = np.stack((here[1:], by_s), axis=-1)
        if not np.isfinite(jacobian).all():
            return NONE, NONE, y
        move = -np.linalg.solve(jacobian, here[:2])
        shrink = min(1.0, 0.2 / abs(move[0]), 0.1 / abs(move[1]))
        place, s = place + shrink * move[0], s + shrink * move[1]
        if abs(move[1]) < STILL and abs(move[0]) < 1e-4:
            return s, place, y
    return NONE, NONE, y


def _stencil(ref: Reference, place: float, y: Array, kind: str, rule: float) -> tuple[Array, Array]:
    """The touching quantity and its first two derivatives by place, and the unknowns there."""
    d = expit(place + STENCIL)
    with np.errstate(all="ignore"):
        rest = refine(ref, d, y, rule, TIGHT)
    entropy, slope = np.where(rest.rested, rest.numbers[:2], NONE)
    if kind == "slope":
        return np.array([slope[2], SLOPE @ slope, BEND @ slope]), rest.y
    by_place = slope * d * (1 - d)
    return np.array([entropy[2], by_place[2], SLOPE @ by_place]), rest.y

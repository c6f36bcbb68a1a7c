r"""Where the landscape around binary solutions changes its shape, seen through the local entropy.

All at counted margin κ = 0, with flat references of margin κ̃, in replica symmetry:

    d_min(α)    κ̃ = 0: φ < 0 from there down, no solution is nearer to a typical one
    κ_min(α)    margin of the reference above which φ(d) ≥ 0 at every distance
    κ_u(α)      margin above which φ(d) rises all the way to the typical distance
    κ_max(α)    the largest margin there is
    α_LE        κ_u = κ_max: beyond it no reference has a monotonic φ
    α_OGP       κ_min = κ_max: beyond it every reference is isolated

E. M. Malatesta, High-dimensional manifold of solutions in neural networks (2025), sections 3.1 and
3.2.  The last two are what flat references tell: as its footnote 8 says, the true values ask for
the references of largest local entropy at each distance, eq. 49, which leave a gap at larger loads.

Each margin is a point (d, κ̃) at which φ touches: κ_min where φ = φ' = 0, κ_u where φ' = φ'' = 0;
each load the same along κ̃ = κ_max(α).  A few curves bracket it, then Newton's method in both
numbers finds it, the derivatives along d from five neighbouring points.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ..errors import DomainError
from ..estimate import Array, Estimate, frozen
from .distance_curve import Branch, drawn, follow, typical
from .fixed_distance import refine
from .largest_margin import largest_margin
from .pair_pattern import Reference
from .saddle import critical_capacity, saddle_point
from .stretched import COARSE, FINE

NEAREST = 1e-9  # distance
FIRST_MARGIN = 0.15  # above every κ_u
HALVINGS = 12  # at most; Newton's method is tried from the second on
STRIDE = 0.02  # of the five points, in ln d/(1 − d)
STENCIL = STRIDE * np.arange(-2, 3)
SLOPE = np.array([1, -8, 0, 8, -1]) / (12 * STRIDE)
BEND = np.array([-1, 16, -30, 16, -1]) / (12 * STRIDE**2)
NUDGE = 1e-4  # of the margin or the load, for the derivative by it
STILL = 1e-9  # of margin or load: Newton's last step
TIGHT = 1e-10  # at which the unknowns rest, since derivatives are taken of what they make
SPREAD = NUDGE * np.array([-1.0, 0.0, 1.0])
ROUNDING = 1e-13  # of the entropy, the tolerance of `saddle_point` included
NONE = float("nan")


@dataclass(frozen=True)
class LandscapeThresholds:
    """Thresholds at given loads; every `Estimate` has the shape of ``alpha``.

    One that does not exist or was not found is NaN, and ``reason`` says why.
    """

    alpha: Array
    """Patterns per weight."""
    d_min: Estimate
    """Distance below which no solution is around a typical one of zero margin."""
    kappa_min: Estimate
    """Reference margin above which the local entropy is nowhere negative."""
    kappa_u: Estimate
    """Reference margin above which it rises up to the typical distance."""
    kappa_max: Estimate
    """The largest margin that solutions keep."""
    reason: NDArray[np.str_]
    """What is missing and why; empty where nothing is."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", frozen(self.alpha))
        self.reason.flags.writeable = False


@dataclass(frozen=True)
class AlgorithmicThresholds:
    """Loads at which binary solutions of zero margin change; scalars."""

    alpha_c: Estimate
    """Beyond it there are none."""
    alpha_le: Estimate
    """Local-entropy transition: beyond it no flat reference has a monotonic local entropy."""
    alpha_ogp: Estimate
    """Overlap gap, as flat references show it: beyond it all of them are isolated."""


def landscape_thresholds(alpha: ArrayLike) -> LandscapeThresholds:
    """d_min, κ_min, κ_u and κ_max of binary weights at loads ``alpha`` (any shape).

    Raises DomainError unless 0 < α < α_c.

    Beyond the overlap gap no margin is robust enough:

    >>> found = landscape_thresholds(0.8)
    >>> round(float(found.d_min.value), 3), bool(np.isnan(found.kappa_min.value))
    (0.105, True)
    """
    alpha = np.asarray(alpha, dtype=np.float64)
    capacity = float(critical_capacity(0.0, "binary"))
    for wrong in alpha[~((alpha > 0) & (alpha < capacity))]:
        msg = (
            f"alpha must lie between 0 and {capacity:.10g}, the capacity of binary weights, both"
            f" excluded; it is {wrong:.10g}"
        )
        raise DomainError(msg)
    found = np.full((4, 2, alpha.size), NONE)
    reason = np.full(alpha.size, "", dtype=object)
    for i, load in enumerate(alpha.ravel()):
        found[:, :, i], reason[i] = _landscape(float(load))
    d_min, kappa_min, kappa_u, kappa_max = (
        Estimate(v.reshape(alpha.shape), e.reshape(alpha.shape), "theory") for v, e in found
    )
    why = reason.astype(str).reshape(alpha.shape)
    return LandscapeThresholds(alpha, d_min, kappa_min, kappa_u, kappa_max, why)


def algorithmic_thresholds() -> AlgorithmicThresholds:
    """α_c, α_LE and α_OGP of binary weights at zero margin.

    References are flat, of the largest margin κ_max(α); see the module for what that leaves out.
    """
    capacity = float(critical_capacity(0.0, "binary"))
    family = _Family(lambda alpha: drawn(alpha, 0.0, largest_margin(alpha), "binary"))
    tries = [share * capacity for share in (0.8, 0.9, 0.95, 0.999)]
    le, ogp = (_touch(family, tries, kind) for kind in ("slope", "entropy"))
    return AlgorithmicThresholds(
        alpha_c=Estimate(capacity, _zero_error(capacity + SPREAD, 0.0 * SPREAD), "theory"),
        alpha_le=Estimate(*le, "theory"),
        alpha_ogp=Estimate(*ogp, "theory"),
    )


def _landscape(alpha: float) -> tuple[Array, str]:
    """Rows (value, error) of d_min, κ_min, κ_u, κ_max, and what is missing."""
    family = _Family(lambda margin: drawn(alpha, 0.0, margin, "binary"))
    most = largest_margin(alpha)
    tries = [most, *(k for k in FIRST_MARGIN * 0.5 ** np.arange(12) if k < most)]
    rows, missing = [_emptiest(family.reference(0.0))], []
    if np.isnan(rows[0][0]):
        missing.append("d_min: the local entropy could not be followed to where it is negative")
    for name, kind in (("kappa_min", "entropy"), ("kappa_u", "slope")):
        row = _touch(family, tries, kind)
        rows.append(row)
        if np.isnan(row[0]):
            what = "nowhere negative" if kind == "entropy" else "monotonic"
            none = f"at no margin up to kappa_max the local entropy is {what}"
            missing.append(f"{name}: {'it was not found' if np.isinf(row[1]) else none}")
    rows.append((most, _zero_error(alpha + 0.0 * SPREAD, most + SPREAD)))
    return np.array(rows), "; ".join(missing)


def _zero_error(alpha: Array, kappa: Array) -> float:
    """How far off a zero of the entropy is: what is left of it over its slope, by three points."""
    below, here, above = saddle_point(alpha, kappa, "binary").entropy
    slope = (above - below) / (2 * NUDGE)
    return float((np.abs(here) + ROUNDING) / np.abs(slope))


def _emptiest(ref: Reference) -> tuple[float, float]:
    """The largest distance below which φ < 0, and its error."""
    branch = _branch(ref)
    below = np.flatnonzero((branch.entropy < 0) & (branch.place < branch.centre))
    if not len(below):
        return NONE, NONE
    i = below[-1]
    # the straight line between the knots on either side
    share = branch.entropy[i] / (branch.entropy[i] - branch.entropy[i + 1])
    place = np.array([branch.place[i] + share * (branch.place[i + 1] - branch.place[i])])
    places = []
    for rule in (COARSE, FINE):
        for _ in range(12):
            d = expit(place)
            rest = refine(ref, d, branch.guess(d), rule)
            move = -rest.numbers[0] / (rest.numbers[1] * d * (1 - d))
            place = place + np.clip(move, -0.3, 0.3)
            if not rest.rested[0]:
                return NONE, NONE
            if np.abs(move[0]) < 1e-12:
                break
        places.append(float(expit(place[0])))
    return places[1], abs(places[1] - places[0]) + 1e-13


def _branch(ref: Reference) -> Branch:
    """φ from the typical distance down to where the patterns are no longer felt."""
    start = typical(ref, saddle_point(ref.alpha, ref.kappa, ref.model))
    with np.errstate(all="ignore"):
        nearest = max(NEAREST, (ref.margin - ref.kappa) ** 2 / 144)
        return follow(ref, start, nearest, start.distance)


class _Family:
    """References along one number, and the branches already followed around them."""

    def __init__(self, reference: Callable[[float], Reference]) -> None:
        self.reference = reference
        self.branches: dict[float, Branch] = {}

    def dip(self, s: float, kind: str) -> tuple[float, int]:
        """The lowest φ (``kind`` "entropy") or φ' ("slope") before the typical distance.

        The number of its knot goes with it; −∞ where nothing could be followed.
        """
        if s not in self.branches:
            self.branches[s] = _branch(self.reference(s))
        branch = self.branches[s]
        before = branch.place < branch.centre
        if not before.any():
            return -np.inf, 0
        depth = np.where(before, getattr(branch, kind), np.inf)
        return float(depth.min()), int(np.argmin(depth))


def _touch(family: _Family, tries: list[float], kind: str) -> tuple[float, float]:
    """Where along the family φ (``kind`` "entropy") or φ' ("slope") just touches zero.

    The first of ``tries`` must not dip below zero, else there is none, NaN ± NaN; a later one must,
    and be refined, else it was not found, NaN ± ∞.
    """
    high = tries[0]
    if family.dip(high, kind)[0] < 0:
        return NONE, NONE
    for low in tries[1:]:
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


def _from_dip(family: _Family, s: float, kind: str) -> tuple[float, float]:
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

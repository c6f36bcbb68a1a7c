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

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ..errors import DomainError
from ..estimate import Array, Estimate, frozen
from .distance_curve import drawn
from .fixed_distance import refine
from .max_margin import max_margin
from .pair_pattern import Reference
from .saddle import critical_capacity, saddle_point
from .stretched import COARSE, FINE
from .touching import Family, branch_towards, touch

FIRST_MARGIN = 0.15  # above every κ_u
NUDGE = 1e-4  # of the margin or the load, for the derivative by it
SPREAD = NUDGE * np.array([-1.0, 0.0, 1.0])
ROUNDING = 1e-13  # of the entropy, the tolerance of `saddle_point` included
NONE = float("nan")


@dataclass(frozen=True)
class LandscapeThresholds:
    """Thresholds at given loads; every `Estimate` has the shape of ``alpha``.

    One that does not exist is NaN ± NaN, one that was not found NaN ± ∞; ``reason`` says why.
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

    Raises DomainError unless 0 < α < α_c, or below 0.00102, where margins of 25 can be kept.

    Beyond the overlap gap no margin is robust enough:

    >>> found = landscape_thresholds(0.8)
    >>> round(float(found.d_min.value), 3), bool(np.isnan(found.kappa_min.value))
    (0.105, True)
    """
    alpha = refuse_loads_without_landscape(alpha)
    found = np.full((4, 2, alpha.size), NONE)
    reason = np.full(alpha.size, "", dtype=object)
    for i, load in enumerate(alpha.ravel()):
        found[:, :, i], reason[i] = _landscape(float(load))
    d_min, kappa_min, kappa_u, kappa_max = (
        Estimate(v.reshape(alpha.shape), e.reshape(alpha.shape), "theory") for v, e in found
    )
    why = reason.astype(str).reshape(alpha.shape)
    return LandscapeThresholds(alpha, d_min, kappa_min, kappa_u, kappa_max, why)


def isolation_distance(alpha: ArrayLike) -> Estimate:
    """d_min alone, of the shape of ``alpha``; NaN ± ∞ where it was not found.

    Raises DomainError unless 0 < α < α_c.

    >>> float(isolation_distance(0.5).value) < float(isolation_distance(0.8).value)
    True
    """
    alpha = _loads(alpha)
    rows = [_isolation(drawn(float(load), 0.0, 0.0, "binary")) for load in alpha.ravel()]
    value, error = np.array(rows).reshape(-1, 2).T.reshape(2, *alpha.shape)
    return Estimate(value, error, "theory")


def algorithmic_thresholds() -> AlgorithmicThresholds:
    """α_c, α_LE and α_OGP of binary weights at zero margin.

    References are flat, of the largest margin κ_max(α); see the module for what that leaves out.
    """
    capacity = float(critical_capacity(0.0, "binary"))
    family = Family(lambda alpha: drawn(alpha, 0.0, _largest(alpha), "binary"))
    tries = [share * capacity for share in (0.8, 0.9, 0.95, 0.999)]
    le, ogp = (touch(family, tries, kind) for kind in ("slope", "entropy"))
    return AlgorithmicThresholds(
        alpha_c=Estimate(capacity, _zero_error(capacity + SPREAD, 0.0 * SPREAD), "theory"),
        alpha_le=Estimate(*le, "theory"),
        alpha_ogp=Estimate(*ogp, "theory"),
    )


def refuse_loads_without_landscape(alpha: ArrayLike) -> Array:
    """The loads as an array; a DomainError unless all have thresholds."""
    loads = _loads(alpha)
    max_margin(loads, "binary")  # refuses the smallest
    return loads


def _loads(alpha: ArrayLike) -> Array:
    """The loads as an array, all with solutions."""
    loads = np.asarray(alpha, dtype=np.float64)
    capacity = float(critical_capacity(0.0, "binary"))
    for wrong in loads[~((loads > 0) & (loads < capacity))]:
        msg = (
            f"alpha must lie between 0 and {capacity:.10g}, the capacity of binary weights, both"
            f" excluded; it is {wrong:.10g}"
        )
        raise DomainError(msg)
    return loads


def _largest(alpha: float) -> float:
    return float(max_margin(alpha, "binary").kappa_max)


def _landscape(alpha: float) -> tuple[Array, str]:
    """Rows (value, error) of d_min, κ_min, κ_u, κ_max, and what is missing."""
    family = Family(lambda margin: drawn(alpha, 0.0, margin, "binary"))
    most = _largest(alpha)
    tries = [most, *(k for k in FIRST_MARGIN * 0.5 ** np.arange(12) if k < most)]
    rows, missing = [_isolation(family.reference(0.0))], []
    if np.isnan(rows[0][0]):
        missing.append("d_min: the local entropy could not be followed to where it is negative")
    for name, kind in (("kappa_min", "entropy"), ("kappa_u", "slope")):
        row = touch(family, tries, kind)
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


def _isolation(ref: Reference) -> tuple[float, float]:
    """The largest distance below which φ < 0, and its error; NaN ± ∞ where it was not found."""
    branch = branch_towards(ref)
    below = np.flatnonzero((branch.entropy < 0) & (branch.place < branch.centre))
    if not len(below):
        return NONE, np.inf
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
                return NONE, np.inf
            if np.abs(move[0]) < 1e-12:
                break
        places.append(float(expit(place[0])))
    return places[1], abs(places[1] - places[0]) + 1e-13

r"""The barrier on the shortest path between two solutions of the spherical perceptron.

w₁ and w₂ are typical solutions with margins κ₁, κ₂ of the same patterns, at overlap p (see
:mod:`.cross_overlap`).  The straight line between them, brought back to the sphere, is the geodesic

.. math::
    w_\gamma = \frac{\gamma w_1 + (1-\gamma) w_2}{n_\gamma}, \qquad
    n_\gamma^2 = \gamma^2 + (1-\gamma)^2 + 2\gamma(1-\gamma)\,p,

and its error rate is the fraction of patterns that it stores with less than the margin κ,

.. math:: E_\gamma = P\,[\gamma h_1 + (1-\gamma) h_2 < \kappa\,n_\gamma], \qquad h_i \ge \kappa_i,

with the fields of :mod:`.pair_rule`.  Given z₁ and z₂ the fields are independent and confined to a
triangle.  The one of smaller weight is integrated, the chance of the other is a ratio of two H:

    E = ⟨∫ds φ(u + s)/H(u) [1 − H(v + δ)/H(v)]⟩,   δ(s) what s leaves of the triangle

Where the triangle is empty there is no error at all.  For κ < 0 and margins from κ on this is so
at every γ exactly if θ₁ + θ₂ ≥ arccos p, where cos θᵢ = κᵢ/κ (and θᵢ = π from κᵢ = −κ on): the
solutions are *connected*.  (Squared, the condition is a quadratic form in γ and 1 − γ.)  For κ ≥ 0
solutions form a convex cone, and no two that keep the margin κ have a barrier.

The question is that of E. M. Malatesta, High-dimensional manifold of solutions in neural networks
(2025), section 4, which reports arXiv:2305.10623; the formulas are derived here.
"""

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array, freeze
from .cross_overlap import CrossOverlap, correlation, cross_overlap
from .gaussian import REACH
from .pair_rule import CHECK_ORDER, ORDER, PairRule, density_beyond, fraction_below, panels
from .question import together

ROUNDING = 4e-16


@dataclass(frozen=True)
class GeodesicBarrier:
    """Error rates along geodesics, every field but ``pair`` of the shape of all arguments together.

    A point whose saddle points did not converge is NaN, with ``converged`` False.
    """

    gamma: Array
    """Share of the first solution, from 0 (the second) to 1 (the first)."""
    kappa: Array
    """Margin below which a pattern counts as an error."""
    error_rate: Array
    """Fraction of patterns stored with less than that margin."""
    uncertainty: Array
    """What a coarser rule changes, with the error of the overlap between the solutions."""
    pair: CrossOverlap
    """The two solutions: load, margins, overlaps, stability; of the same shape."""

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Where there is a number."""
        return self.pair.converged


@dataclass(frozen=True)
class BarrierPeak:
    """The highest point of geodesics, every field but ``pair`` of the arguments' common shape."""

    kappa: Array
    gamma: Array
    """Where it is; NaN where there is no error anywhere."""
    error_rate: Array
    uncertainty: Array
    connected: NDArray[np.bool_]
    """Whether no pattern is lost anywhere on the way."""
    pair: CrossOverlap

    def __post_init__(self) -> None:
        freeze(self)


def geodesic_barrier(
    gamma: ArrayLike,
    alpha: ArrayLike,
    kappa: ArrayLike = 0.0,
    margins: tuple[ArrayLike, ArrayLike] | None = None,
) -> GeodesicBarrier:
    """Error rate at margin ``kappa`` on the geodesic between two typical spherical solutions.

    ``margins`` are those of the solution at gamma = 1 and of that at gamma = 0, ``kappa`` twice
    if not given.  Margins below kappa are allowed: such ends are no solutions, and err themselves.
    All arguments broadcast together.

    Raises DomainError if gamma is not in [0, 1], or α or a margin has no solutions.

    Without patterns the fields are halves of a normal at margins 0.  The middle has a margin below
    1 where |h₁| + |h₂| < √2, a square of side 2: with probability erf(1/√2)².

    >>> from math import erf, sqrt
    >>> found = geodesic_barrier(0.5, 0.0, 1.0, (0.0, 0.0))
    >>> bool(abs(found.error_rate - erf(1 / sqrt(2)) ** 2) < 1e-12)
    True
    """
    first, second = (kappa, kappa) if margins is None else margins
    gamma, kappa, *_ = together(
        gamma=gamma, kappa=kappa, alpha=alpha, margin_1=first, margin_2=second
    )
    for wrong in gamma[~((gamma >= 0) & (gamma <= 1))]:
        msg = f"gamma must lie between 0 and 1; it is {wrong:.10g}"
        raise DomainError(msg)
    _refuse_margins(kappa)
    pair = cross_overlap(alpha, first, second).stretched(gamma.shape)
    rates, uncertainty = np.empty(gamma.shape), np.empty(gamma.shape)
    for at in np.ndindex(gamma.shape):
        path = _Geodesic(pair, at, float(kappa[at]))
        rates[at], uncertainty[at] = path.with_uncertainty(float(gamma[at]))
    return GeodesicBarrier(gamma, kappa, rates, uncertainty, pair)


def barrier_peak(
    alpha: ArrayLike,
    kappa: ArrayLike = 0.0,
    margins: tuple[ArrayLike, ArrayLike] | None = None,
) -> BarrierPeak:
    """The highest error rate on the geodesic of `geodesic_barrier`, and where it is.

    Raises DomainError as that does, and for a margin below kappa.

    Two solutions of a convex problem have none:

    >>> float(barrier_peak(1.0, 0.2).error_rate), bool(barrier_peak(1.0, 0.2).connected)
    (0.0, True)
    """
    first, second = (kappa, kappa) if margins is None else margins
    kappa, *_ = together(kappa=kappa, alpha=alpha, margin_1=first, margin_2=second)
    _refuse_margins(kappa)
    pair = cross_overlap(alpha, first, second).stretched(kappa.shape)
    below = np.minimum(pair.margin_1, pair.margin_2) < kappa
    for margin in kappa[below]:
        msg = f"margins must be at least kappa = {margin:.10g}: the ends are solutions then"
        raise DomainError(msg)
    found = np.empty((3, *kappa.shape))
    connected = np.empty(kappa.shape, dtype=np.bool_)
    for at in np.ndindex(kappa.shape):
        path = _Geodesic(pair, at, float(kappa[at]))
        found[(slice(None), *at)], connected[at] = path.peak(), path.connected()
    gamma, rate, uncertainty = found
    return BarrierPeak(kappa, gamma, rate, uncertainty, connected, pair)


class _Geodesic:
    """One path between two solutions, and the margin asked of it."""

    def __init__(self, pair: CrossOverlap, at: tuple[int, ...], kappa: float) -> None:
        self.first, self.second = pair.sides(at)
        self.overlap, self.error = float(pair.overlap[at]), float(pair.error[at])
        self.kappa = kappa

    def room(self, gamma: float) -> float:
        """What the margin asked for exceeds, in κ n, the least that both ends leave."""
        norm = np.sqrt(gamma**2 + (1 - gamma) ** 2 + 2 * gamma * (1 - gamma) * self.overlap)
        kept = gamma * self.first.kappa + (1 - gamma) * self.second.kappa
        return float(self.kappa * norm - kept)

    def connected(self) -> bool:
        """Whether there is no room anywhere on the way."""
        if not min(self.first.kappa, self.second.kappa) >= self.kappa:
            return False
        if self.kappa >= 0:
            return True
        angles = [np.arccos(max(side.kappa / self.kappa, -1)) for side in (self.first, self.second)]
        return bool(sum(angles) >= np.arccos(self.overlap))

    def rate(self, gamma: float, order: int = ORDER) -> float:
        """The error rate."""
        room = self.room(gamma)
        if not room > 0:
            return np.nan if np.isnan(room) else 0.0
        outer, inner, share = self.first, self.second, gamma
        if gamma > 0.5:
            outer, inner, share = self.second, self.first, 1 - gamma
        ascent = room / (1 - share) / np.sqrt(inner.gap)  # δ at s = 0
        descent = share * np.sqrt(outer.gap) / (1 - share) / np.sqrt(inner.gap)
        end = ascent / descent if descent > 0 else np.inf
        rho = correlation(self.overlap, outer, inner)
        rule = PairRule(outer, inner, rho, order, (end if end < np.inf else 0.0, ascent))
        s, weight = _triangle(rule.u, end, order)
        chance = np.stack(
            [
                (rule.inner * fraction_below(rule.v, ascent - descent * step[:, None])).sum(axis=1)
                for step in s.T
            ],
            axis=1,
        )
        density = density_beyond(rule.u[:, None], s)
        return float(rule.weight @ (weight * density * chance).sum(axis=1))

    def with_uncertainty(self, gamma: float) -> tuple[float, float]:
        """The error rate, and what the rule and the overlap leave open."""
        rate = self.rate(gamma, CHECK_ORDER)
        moved = copy(self)
        moved.overlap += self.error
        return rate, abs(moved.rate(gamma) - rate) + (ROUNDING if rate > 0 else 0.0)

    def peak(self) -> tuple[float, float, float]:
        """γ, error rate and uncertainty at the top."""
        from scipy.optimize import minimize_scalar

        if np.isnan(self.overlap) or self.connected():
            return np.nan, 0.0 * self.overlap, 0.0 * self.overlap
        low, high = self._where_there_is_room()
        grid = np.linspace(low, high, 13)
        rates = [self.rate(gamma) for gamma in grid]
        best = int(np.argmax(rates))
        if self.first.kappa == self.second.kappa and best == 6:  # by symmetry, exactly
            return (0.5, *self.with_uncertainty(0.5))
        bracket = grid[max(best - 1, 0)], grid[min(best + 1, 12)]
        top = minimize_scalar(
            lambda gamma: -self.rate(gamma),
            bounds=bracket,
            method="bounded",
            options={"xatol": 1e-7},
        )
        gamma = float(top.x) if -top.fun > rates[best] else float(grid[best])
        return (gamma, *self.with_uncertainty(gamma))

    def _where_there_is_room(self) -> tuple[float, float]:
        """The ends of the stretch that errs, if both margins lie in [κ, 0): two quadratic roots."""
        first, second = self.first.kappa, self.second.kappa
        common = first * second - self.kappa**2 * self.overlap
        a, b = ((self.kappa - k) * (self.kappa + k) for k in (first, second))  # ≥ 0
        root = common + np.sqrt(max(common**2 - a * b, 0.0))  # 0 where only just connected
        # of γ/(1 − γ): b/root and root/a
        return float(b / (b + root)), float(root / (root + a))


def _triangle(u: Array, end: float, order: int) -> tuple[Array, Array]:
    """Nodes s and weights for each u: from 0 to ``end``, or to where φ(u + s)/H(u) has fallen."""
    low = np.clip(-u - REACH, 0.0, end)
    root = np.sqrt(u * u + REACH**2)
    far = np.where(u > 0, REACH**2 / (root + np.abs(u)), root - u)
    high = np.maximum(np.minimum(end, far), low)
    count = int(np.ceil((high - low).max() / 4.5))
    cuts = np.append(np.arange(count) / count, [1 - 0.25 / count, 1.0])  # the chance falls to 0
    return panels(low[:, None] + (high - low)[:, None] * cuts, order)


def _refuse_margins(kappa: Array) -> None:
    for wrong in kappa[~np.isfinite(kappa)]:
        msg = f"kappa must be finite; it is {wrong:.10g}"
        raise DomainError(msg)

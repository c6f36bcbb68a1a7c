r"""The margins from which on solutions of the negative spherical perceptron see one another.

Two solutions of margins κ₁, κ₂ ≥ κ at overlap p have no pattern to lose on the geodesic between
them (see :mod:`.geodesic`) exactly if

.. math::
    \gamma\kappa_1 + (1-\gamma)\kappa_2 \ge \kappa\,n_\gamma \quad (0 \le \gamma \le 1),

where :math:`n_\gamma` is convex with value 1 at both ends.  For κ < 0 the left side less the right
is convex too.  Equal margins: it is least at γ = ½; one margin κ: it is 0 at γ = 1, and must not
rise from there.  Hence

.. math::
    \kappa^* = \kappa\,\sqrt{\tfrac12\,[1 + q(\kappa^*)]}, \qquad
    \kappa_{\rm krn} = \kappa\,p(\kappa, \kappa_{\rm krn}).

Above κ* two typical solutions of the same margin are connected; a typical solution above κ_krn is
connected to typical solutions of margin κ: it lies in the kernel of a star.  For κ ≥ 0 the norm is
at most 1 and solutions of margin κ are connected as they are: both margins are κ.

A kernel needs solutions of margin κ_krn; at high load even the largest margin is below κ p, and
replica symmetry knows no kernel.  With κ₂ = κ p, one equation is left, in p:

.. math:: p = \alpha\sqrt{(1 - q_1)(1 - q_2)}\,\langle G(u_1)G(u_2)\rangle_{\kappa_2 = \kappa p}.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..estimate import Array, freeze
from .cross_overlap import (
    correlation,
    cross_overlap,
    refuse_margins_without_solutions,
)
from .max_margin import max_margin
from .pair_rule import PairRule, Side
from .question import together
from .saddle import saddle_point

TOLERANCE = 1e-14  # of the roots
NEAREST = 1e-9  # how near to the largest margin, as a share of κ, solutions are looked for


@dataclass(frozen=True)
class CriticalMargins:
    """Margins of connected solutions, every field of the shape of alpha × kappa."""

    alpha: Array
    """Patterns per weight."""
    kappa: Array
    """Margin below which a pattern counts as an error."""
    kappa_star: Array
    """Least common margin at which typical solutions are connected."""
    kappa_kernel: Array
    """Least margin at which they are connected to typical solutions; NaN where there is none."""
    kappa_star_uncertainty: Array
    kappa_kernel_uncertainty: Array
    overlap_star: Array
    """Overlap of two solutions of margin kappa_star."""
    overlap_kernel: Array
    """Overlap of a solution of margin kappa_kernel and one of margin kappa."""
    star_stable: NDArray[np.bool_]
    """Whether replica symmetry is stable at margin kappa_star (de Almeida--Thouless)."""
    kernel_stable: NDArray[np.bool_]
    """The same at kappa_kernel and at kappa."""
    has_kernel: NDArray[np.bool_]
    """Whether replica symmetry has solutions of margin kappa_kernel."""
    converged: NDArray[np.bool_]

    def __post_init__(self) -> None:
        freeze(self)


def critical_margins(alpha: ArrayLike, kappa: ArrayLike = 0.0) -> CriticalMargins:
    """Margins κ* and κ_krn from which on typical spherical solutions are connected.

    ``alpha`` and ``kappa`` broadcast together.

    Raises DomainError where there are no solutions of margin kappa.

    Without patterns two solutions are orthogonal, and half way the norm is √½:

    >>> found = critical_margins(0.0, -1.0)
    >>> round(float(found.kappa_star**2), 12), abs(float(found.kappa_kernel))
    (0.5, 0.0)
    """
    alpha, kappa = together(alpha=alpha, kappa=kappa)
    refuse_margins_without_solutions(alpha, kappa)
    points = [_point(float(a), float(k)) for a, k in zip(alpha.flat, kappa.flat, strict=True)]
    columns = np.array(points, dtype=np.float64).reshape(-1, 10).T.reshape(10, *alpha.shape)
    return CriticalMargins(alpha, kappa, *columns[:6], *(column > 0 for column in columns[6:]))


def _point(alpha: float, kappa: float) -> tuple[float, ...]:
    """The fields of one point, from kappa_star on."""
    if kappa >= 0:
        found = cross_overlap(alpha, kappa, kappa)
        q, stable = float(found.overlap), bool(found.at_stable)
        return kappa, kappa, 0.0, 0.0, q, q, stable, stable, True, bool(found.converged)
    top = 0.0  # solutions of margin 0 end at α = 2
    if alpha >= 2:
        top = float(max_margin(alpha).kappa_max) - NEAREST * abs(kappa)
    star, star_error, q, star_stable = _star(alpha, kappa, top)
    kernel, kernel_error, p, kernel_stable, exists = _kernel(alpha, kappa, top)
    converged = np.isfinite(star) and (np.isfinite(kernel) or not exists)
    return (
        *(star, kernel, star_error, kernel_error, q, p),
        *(star_stable, kernel_stable, exists, converged),
    )


def _star(alpha: float, kappa: float, top: float) -> tuple[float, float, float, bool]:
    """κ*, its uncertainty, q(κ*) and whether replica symmetry is stable there."""

    def excess(margin: float) -> float:
        q = float(saddle_point(alpha, margin).q)
        return margin - kappa * float(np.sqrt(0.5 * (1 + q)))

    star = _root(excess, kappa, top)
    if np.isnan(star):
        return np.nan, np.nan, np.nan, False
    found = saddle_point(alpha, star)
    # a relative residual in α moves q by no more than its share of 1 − q allows
    gap = 2 * float(found.distance)
    error = abs(excess(star)) + abs(kappa) * float(found.residual) / gap + TOLERANCE
    return star, error, float(found.q), bool(found.at_stable)


def _kernel(alpha: float, kappa: float, top: float) -> tuple[float, float, float, bool, bool]:
    """κ_krn, its uncertainty, the overlap, stability, and whether it exists."""
    typical = saddle_point(alpha, kappa)
    own = Side(float(typical.q), 2 * float(typical.distance), kappa)

    def excess(p: float) -> float:
        found = saddle_point(alpha, kappa * p)
        other = Side(float(found.q), 2 * float(found.distance), kappa * p)
        rho = correlation(p, own, other)
        common, _ = PairRule(own, other, rho).pull()
        return p - alpha * float(np.sqrt(own.gap * other.gap)) * common

    if excess(top / kappa) > 0:  # p > top/κ throughout: no margin above top is κ p
        return np.nan, np.nan, np.nan, False, False
    p = _root(excess, top / kappa, 1.0)
    if np.isnan(p):
        return np.nan, np.nan, np.nan, False, True
    found = cross_overlap(alpha, kappa, kappa * p)
    error = abs(kappa) * float(abs(found.overlap - p) + found.error) + TOLERANCE
    return kappa * p, error, float(found.overlap), bool(found.at_stable), True


def _root(curve: Callable[[float], float], low: float, high: float) -> float:
    """Where the curve passes from below 0 to above; NaN where its ends do not say that it does."""
    from scipy.optimize import brentq

    below, above = curve(low), curve(high)
    if below == 0:
        return low
    if not below < 0 < above:
        return high if above == 0 else np.nan
    return float(brentq(curve, low, high, xtol=TOLERANCE, rtol=1e-15))

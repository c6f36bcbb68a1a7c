r"""The overlap of two solutions that keep different margins on the same patterns.

w₁ and w₂ are drawn apart, each flat over the spherical weights of margin κ₁ or κ₂.  Their overlaps
with their own kind, q₁ and q₂, are those of :func:`.saddle.saddle_point`; the patterns pull both
the same way, which leaves an overlap p between them:

.. math::
    p = (1 - q_1)(1 - q_2)\,\hat p, \qquad
    \hat p = \frac{\alpha\,\langle G(u_1)\,G(u_2)\rangle}{\sqrt{(1 - q_1)(1 - q_2)}},

with the average of :mod:`.pair_rule`, which depends on p itself.  (Replica symmetry: from the
action of n₁ + n₂ replicas, whose two groups meet in a constant block p.)

At :math:`p^2 = q_1 q_2` the right side is at most p (Cauchy and Schwarz), at p = 0 it is above it,
and its slope is :math:`\alpha\langle G'(u_1)G'(u_2)\rangle \le \sqrt{\lambda_1\lambda_2}`, the de
Almeida--Thouless eigenvalues of both: where those are below 1 there is one solution, and p → q as
κ₂ → κ₁.  Where they are not, p at κ₂ → κ₁ falls short of q: replica symmetry contradicts itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array, freeze
from .bracketed_newton import bracketed_newton
from .max_margin import max_margin
from .pair_rule import CHECK_ORDER, ORDER, PairRule, Side
from .question import together
from .saddle import saddle_point
from .saddle_result import SaddlePoint
from .spherical import critical_capacity


@dataclass(frozen=True)
class CrossOverlap:
    """Two kinds of solutions and what they have in common; every field of one common shape.

    A point whose saddle points did not converge is NaN, with ``converged`` False.
    """

    alpha: Array
    """Patterns per weight."""
    margin_1: Array
    margin_2: Array
    q_1: Array
    """Overlap of two solutions of the first margin."""
    q_2: Array
    overlap: Array
    """p, of one solution of each margin."""
    error: Array
    """What a finer rule would change in p, and the rounding."""
    distance_1: Array
    """(1 − q₁)/2."""
    distance_2: Array
    at_eigenvalue_1: Array
    """De Almeida--Thouless, of the first margin."""
    at_eigenvalue_2: Array
    at_stable: NDArray[np.bool_]
    """Whether both are below 1."""
    converged: NDArray[np.bool_]

    def __post_init__(self) -> None:
        freeze(self)

    def sides(self, at: tuple[int, ...] = ()) -> tuple[Side, Side]:
        """Both kinds of solutions at one point."""
        return (
            Side(float(self.q_1[at]), 2 * float(self.distance_1[at]), float(self.margin_1[at])),
            Side(float(self.q_2[at]), 2 * float(self.distance_2[at]), float(self.margin_2[at])),
        )

    def stretched(self, shape: tuple[int, ...]) -> "CrossOverlap":
        """The same, every field broadcast to ``shape``."""
        return CrossOverlap(**{k: np.broadcast_to(v, shape) for k, v in vars(self).items()})


def cross_overlap(alpha: ArrayLike, margin_1: ArrayLike, margin_2: ArrayLike) -> CrossOverlap:
    """Overlap of two typical spherical solutions of margins ``margin_1`` and ``margin_2``.

    The arguments broadcast together.  For equal margins p = q.

    Raises DomainError where α is negative or a margin is not below the largest at that load.

    Few patterns pull alone: p = α G(κ₁)G(κ₂), with G(0)² = 2/π.

    >>> found = cross_overlap(1e-9, 0.0, 0.0)
    >>> round(float(found.overlap) * 1e9 * np.pi, 6)
    2.0
    """
    alpha, first, second = together(alpha=alpha, margin_1=margin_1, margin_2=margin_2)
    refuse_margins_without_solutions(alpha, first)
    refuse_margins_without_solutions(alpha, second)
    one, two = saddle_point(alpha, first), saddle_point(alpha, second)
    overlap, error = np.empty(alpha.shape), np.empty(alpha.shape)
    for at in np.ndindex(alpha.shape):
        overlap[at], error[at] = _solve(float(alpha[at]), *(_side(s, at) for s in (one, two)))
    return CrossOverlap(
        alpha=alpha,
        margin_1=first,
        margin_2=second,
        q_1=one.q,
        q_2=two.q,
        overlap=overlap,
        error=error + np.maximum(one.residual, two.residual),
        distance_1=one.distance,
        distance_2=two.distance,
        at_eigenvalue_1=one.at_eigenvalue,
        at_eigenvalue_2=two.at_eigenvalue,
        at_stable=one.at_stable & two.at_stable,
        converged=np.isfinite(overlap),
    )


def correlation(overlap: float, first: Side, second: Side) -> float:
    """ρ, that of what the two kinds of solutions have in common."""
    reach = np.sqrt(first.q) * np.sqrt(second.q)
    return min(1.0, overlap / reach) if reach > 0 else 1.0


def refuse_margins_without_solutions(alpha: Array, margin: Array) -> None:
    """A DomainError that names the largest margin at the load (the arguments have one shape)."""
    refused = np.isfinite(alpha) & (alpha >= critical_capacity(margin))
    for a, kappa in np.stack((alpha, margin), axis=-1)[refused]:
        most = max_margin(a).kappa_max
        msg = (
            f"margins must stay below {most:.10g}, the largest at alpha = {a:.10g};"
            f" one is {kappa:.10g}: no solutions keep it"
        )
        raise DomainError(msg)


def _side(found: SaddlePoint, at: tuple[int, ...]) -> Side:
    return Side(float(found.q[at]), 2 * float(found.distance[at]), float(found.kappa[at]))


def _solve(alpha: float, first: Side, second: Side) -> tuple[float, float]:
    """The overlap and its error at one point."""
    if np.isnan(first.q) or np.isnan(second.q):
        return np.nan, np.nan
    if first.kappa == second.kappa or alpha == 0:
        return first.q, 0.0
    top = np.sqrt(first.q) * np.sqrt(second.q)
    share = alpha * np.sqrt(first.gap) * np.sqrt(second.gap)

    def shortage(p: Array, _: object, order: int = ORDER) -> tuple[Array, Array]:
        common, growth = PairRule(first, second, min(1.0, p[0] / top), order).pull()
        return p - share * common, np.array([1 - alpha * growth])

    p = bracketed_newton(shortage, np.array([min(first.q, second.q)]), 0.0, top)
    missing, slope = shortage(p, None, CHECK_ORDER)
    return float(p[0]), float(abs(missing[0]) / max(slope[0], 1e-16))

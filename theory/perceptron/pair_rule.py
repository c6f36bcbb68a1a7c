r"""Averages over what one pattern does to two solutions of different margins.

Two solutions w₁, w₂ of the same patterns feel a random pattern through

.. math::
    h_i = \sqrt{q_i}\,z_i + \sqrt{1 - q_i}\,x_i \ge \kappa_i, \qquad
    u_i = \frac{\kappa_i - \sqrt{q_i}\,z_i}{\sqrt{1 - q_i}}, \qquad
    \langle z_1 z_2\rangle = \rho = \frac{p}{\sqrt{q_1 q_2}}:

z is what all solutions of one margin have in common, x what is a solution's own, and p the overlap
of w₁ and w₂.  Averages nest: over z₁, and over :math:`z_2 = \rho z_1 + \sqrt{1 - \rho^2}\,y` given
it, each on the panels of :func:`.gaussian.gaussian_rule`, cut at a kink in steps of 3 where it is
narrower than the normal itself (see :mod:`.gaussian`).  For equal margins ρ = 1 and y drops out.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, ndtr

from ..estimate import Array
from .gaussian import REACH, gaussian_rule, inverse_mills

ORDER = 12  # about 3⁻²⁴ is left of an integrand that is analytic in an ellipse of parameter 3
CHECK_ORDER = 17
HERMITE = 0.25  # of y's share in v², up to which a Gauss--Hermite rule cannot tell it from flat
ROOT2 = np.sqrt(2.0)


class Side(NamedTuple):
    """Solutions of one margin: their mutual overlap q, 1 − q, the margin they keep."""

    q: float
    gap: float
    kappa: float


class PairRule:
    """Nodes and weights for two solutions: ``u`` (n,) of the outer one, ``v`` (n, m) of the inner.

    ``weight`` (n,) belongs to u and ``inner``, (n, m) or (1, m), to v given u.  ``beyond`` says how
    far behind its kink the integrand in question goes on varying, in units of u and of v.
    """

    def __init__(
        self,
        outer: Side,
        inner: Side,
        correlation: float,
        order: int = ORDER,
        beyond: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        # a negative margin is felt in the tail
        low = -REACH - max(0.0, -outer.kappa, -inner.kappa)
        common = np.sqrt(inner.q) * correlation  # of the inner field, with the outer one
        own = np.sqrt(inner.q * max(0.0, (1 - correlation) * (1 + correlation)))
        blurred = inner.gap + own**2  # as the outer one sees the kink of the inner
        kinks = [
            _edges(np.array([outer.kappa]), np.sqrt(outer.q), outer.gap, low, beyond[0]),
            _edges(np.array([inner.kappa]), common, blurred, low, beyond[1]),
        ]
        z, self.weight = gaussian_rule(np.sort(np.concatenate(kinks, axis=1)[0]), order)
        self.u = (outer.kappa - np.sqrt(outer.q) * z) / np.sqrt(outer.gap)

        left = inner.kappa - common * z
        if own**2 < 1e-15 * inner.gap:
            y, self.inner = np.zeros((1, 1)), np.ones((1, 1))
        elif own**2 < HERMITE * inner.gap:
            y, self.inner = (x[None, :] for x in _hermite(order))
        else:
            edges = _edges(left, own, inner.gap, low, beyond[1])
            y, self.inner = gaussian_rule(np.sort(edges, axis=1), order)
        self.v = (left[:, None] - own * y) / np.sqrt(inner.gap)

    def pull(self) -> tuple[float, float]:
        """⟨G(u₁)G(u₂)⟩ and ⟨G'(u₁)G'(u₂)⟩: the common pull, and how it grows with p."""
        G, excess = inverse_mills(self.u)
        K, inner_excess = inverse_mills(self.v)
        common = self.weight @ (G * (self.inner * K).sum(axis=1))
        growth = self.weight @ (G * excess * (self.inner * K * inner_excess).sum(axis=1))
        return float(common), float(growth)


def _edges(margins: Array, root: float, gap: float, low: float, beyond: float) -> Array:
    """Panel edges in z, unsorted, for (margin − root z)/√gap; one row a margin."""
    steps = int(np.ceil((REACH - low) / 3))
    normal = np.broadcast_to(np.linspace(low, REACH, steps + 1), (len(margins), steps + 1))
    if root**2 < gap:  # the normal's own panels see to the kink
        return normal
    centre, width = margins / root, np.sqrt(gap) / root
    farthest = max(3.0, float(centre.max() - low) / width)
    before = -3.0 * np.arange(3 + np.ceil(min(beyond, (REACH - low) / width) / 3), -1, -1)
    behind = 3 * 4.0 ** np.arange(1 + np.ceil(np.log(farthest / 3) / np.log(4)))
    rungs = np.concatenate((before, behind))
    kink = np.clip(centre[:, None] - width * rungs, low, REACH)
    return np.concatenate((normal, kink), axis=1)


@cache
def _hermite(order: int) -> tuple[Array, Array]:
    y, w = np.polynomial.hermite_e.hermegauss(order)
    return y, w / np.sqrt(2 * np.pi)


def panels(edges: Array, order: int) -> tuple[Array, Array]:
    """Nodes and weights, without a density, of panels between ascending ``edges``, in rows."""
    x, w = np.polynomial.legendre.leggauss(order)
    half = 0.5 * np.diff(edges)[..., None]
    nodes = 0.5 * (edges[..., 1:] + edges[..., :-1])[..., None] + half * x
    return nodes.reshape(len(edges), -1), (half * w).reshape(len(edges), -1)


def fraction_below(u: Array, step: Array) -> Array:
    """The share 1 − H(u + step)/H(u) of a normal beyond u that is not beyond u + step.

    >>> fraction_below(np.array([0.0, -40.0, 1e8]), np.array([np.inf, 40.0, 1e-8])).round(12)
    array([1.        , 0.5       , 0.63212056])
    """
    beyond = np.empty(np.broadcast_shapes(u.shape, step.shape))
    for half, ratio in ((u > 0, _ratio_above), (u <= 0, _ratio_below)):
        rows = np.broadcast_to(half, beyond.shape)
        beyond[rows] = ratio(*(np.broadcast_to(x, beyond.shape)[rows] for x in (u, step)))
    return 1 - beyond


def _ratio_above(u: Array, step: Array) -> Array:
    """H(u + step)/H(u) for u > 0."""
    tail = erfcx((u + step) / ROOT2) / erfcx(u / ROOT2)
    return np.asarray(tail * np.exp(-step * (u + 0.5 * step)))


def _ratio_below(u: Array, step: Array) -> Array:
    """The same for u ≤ 0."""
    return np.asarray(ndtr(-u - step) / ndtr(-u))


def density_beyond(u: Array, step: Array) -> Array:
    """The density φ(u + step)/H(u) at u + step of a normal that is beyond u.

    >>> (density_beyond(np.array([0.0]), np.array([0.0])) ** 2 * np.pi).round(12)
    array([2.])
    """
    above, near = np.maximum(u, 0.0), np.minimum(u, 0.0)  # either is right on its own side alone
    outside = np.exp(-step * (above + 0.5 * step)) * 2 / erfcx(above / ROOT2)
    inside = np.exp(-0.5 * (near + step) ** 2) / ndtr(-near)
    return np.asarray(np.where(u > 0, outside, inside) / np.sqrt(2 * np.pi))

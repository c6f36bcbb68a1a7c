r"""Averages over a standard normal that stay right when the integrand turns sharp.

A weight vector of self-overlap 1 and mutual overlap q meets a random pattern with the argument

.. math:: u(z) = \frac{\kappa - \sqrt{q}\,z}{\sqrt{1 - q}}, \qquad z \sim \mathcal N(0, 1),

and satisfies it with probability :math:`H(u) = \int_u^\infty Dt`.  As q → 1 the integrands become
kinks at :math:`z_0 = \kappa/\sqrt q`, of width :math:`s = \sqrt{(1 - q)/q}`; Gauss--Hermite nodes
miss them and say nothing.  Here the line is cut into panels with a Gauss--Legendre rule on each:

    the normal        panels of at most 3, to where its density has fallen by e⁻⁴⁵
    the kink          edges at u = −9, −6, −3, 0, 3, 12, 48, ...: steps of 3 around it, then
                      four times as far each time, as 1 − u/G(u) falls off like a power

The zeros of H, where the integrands have poles, nearest to the real axis are u = −1.92 ± 2.82i; an
integrand is therefore analytic in a Bernstein ellipse of parameter 3 or more around every panel,
and ORDER nodes leave about 3⁻⁴⁰.  CHECK_ORDER measures what is left.
"""

from functools import cache

import numpy as np
from scipy.special import erfcx, log_ndtr

from ..estimate import Array

ORDER = 20
CHECK_ORDER = 28
REACH = 9.5  # standard deviations; what lies beyond weighs 1e-20
FAR = 5.0  # from here on G − u is a continued fraction


def gaussian_rule(edges: Array, order: int = ORDER) -> tuple[Array, Array]:
    """Nodes z and weights (normal density included) of panels between ascending ``edges``.

    ``edges`` has shape (..., panels + 1); nodes and weights have shape (..., panels × order).
    Panels of zero width weigh nothing.

    >>> z, weight = gaussian_rule(np.linspace(-9.5, 9.5, 8))
    >>> (weight @ np.array([z**0, z, z**2, z**4]).T).round(12) + 0.0
    array([1., 0., 1., 3.])
    """
    z, width = panel_rule(edges, order)
    return z, width * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)


def ascending(edges: Array) -> Array:
    """Edges of shape (points, panels + 1), sorted, without panels that are empty in every row.

    >>> ascending(np.array([[1.0, 0.0, 1.0, 2.0], [3.0, 3.0, 3.0, 4.0]]))
    array([[0., 1., 2.],
           [3., 3., 4.]])
    """
    edges = np.sort(edges, axis=-1)
    wide = (edges[:, 1:] > edges[:, :-1]).any(axis=0)
    return edges[:, np.append(True, wide)] if wide.any() else edges


def panel_rule(edges: Array, order: int = ORDER) -> tuple[Array, Array]:
    """The same nodes, with the weights of a plain integral."""
    x, w = _legendre(order)
    middle = 0.5 * (edges[..., 1:] + edges[..., :-1])
    half = 0.5 * np.diff(edges)
    z = middle[..., None] + half[..., None] * x
    shape = (*edges.shape[:-1], half.shape[-1] * order)
    return z.reshape(shape), (half[..., None] * w).reshape(shape)


@cache
def _legendre(order: int) -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(order)
    return x, w


def kink_rule(q: Array, gap: Array, kappa: Array, order: int = ORDER) -> tuple[Array, Array]:
    """Arguments u and weights for an average over patterns, one row a point.

    ``q`` > 0, ``gap`` = 1 − q > 0 (given apart, since 1 − q is what rounding would lose) and the
    margin ``kappa`` have shape (points,); u and weights have shape (points, nodes).
    """
    low = -REACH - np.maximum(-kappa, 0)  # a negative margin is felt in the tail
    steps = int(np.ceil((REACH - low.min()) / 3))
    normal = low[:, None] + (REACH - low)[:, None] * np.linspace(0, 1, steps + 1)

    centre, width = kappa / np.sqrt(q), np.sqrt(gap / q)
    farthest = np.fmax.reduce((centre - low) / width, initial=3.0)  # a NaN point stays one
    outward = 3 * 4.0 ** np.arange(1 + np.ceil(np.log(farthest / 3) / np.log(4)))
    rungs = np.concatenate(([-9.0, -6.0, -3.0, 0.0], outward))
    kink = np.clip(centre[:, None] - width[:, None] * rungs, low[:, None], REACH)

    z, weight = gaussian_rule(np.sort(np.concatenate((normal, kink), axis=1), axis=1), order)
    return (kappa[:, None] - np.sqrt(q)[:, None] * z) / np.sqrt(gap)[:, None], weight


def inverse_mills(u: Array) -> tuple[Array, Array]:
    r"""The mean beyond u of a standard normal, :math:`G = \varphi(u)/H(u)`, and G − u.

    G − u falls like 1/u, where subtracting would lose u² units in the last place; beyond FAR it
    is the continued fraction 1/(u + 2/(u + 3/(u + ...))).

    >>> G, excess = inverse_mills(np.array([0.0, 1e8]))
    >>> round(float(G[0] ** 2 * np.pi / 2), 12), round(float(excess[1] * 1e8), 12)
    (1.0, 1.0)
    """
    G = np.sqrt(2 / np.pi) / erfcx(u / np.sqrt(2))
    excess = G - u
    far = u > FAR
    v = u[far]
    fraction = np.zeros_like(v)
    for k in range(24, 0, -1):
        fraction = k / (v + fraction)
    excess[far] = fraction
    G[far] = v + fraction
    return G, excess


class Pattern:
    """What one random pattern does to weights of overlap q, averaged over patterns.

    Every method returns shape (points,), in nats where a logarithm is involved.
    """

    def __init__(self, q: Array, gap: Array, kappa: Array, order: int = ORDER) -> None:
        self.u, self.weight = kink_rule(q, gap, kappa, order)
        self.G, self.excess = inverse_mills(self.u)
        self.slope = self.G * self.excess  # dG/du

    def _mean(self, values: Array) -> Array:
        return np.asarray((self.weight * values).sum(axis=-1))

    def force(self) -> Array:
        """⟨G²⟩, the mean square pull on the weights."""
        return self._mean(self.G**2)

    def force_growth(self) -> Array:
        """⟨G'² + 2 G² G'⟩ = (1 − q)² d/dq [⟨G²⟩/(1 − q)]."""
        return self._mean(self.slope * (self.slope + 2 * self.G**2))

    def replicon(self) -> Array:
        """⟨G'²⟩, how a split between replicas is passed on."""
        return self._mean(self.slope**2)

    def entropy(self) -> Array:
        """⟨ln H + ½ G²⟩; beyond u = 0 as ½ (G² − u²) − ln G√(2π), where nothing large cancels."""
        near = np.minimum(self.u, 0.0)
        outside = 0.5 * self.excess * (self.G + self.u) - np.log(
            np.where(self.u > 0, self.G, 1.0) * np.sqrt(2 * np.pi)
        )
        inside = log_ndtr(-near) + 0.5 * self.G**2
        return self._mean(np.where(self.u > 0, outside, inside))

    def log_fraction(self) -> Array:
        """⟨ln H⟩, the logarithm of the fraction of weights that one more pattern leaves."""
        return self.entropy() - 0.5 * self.force()

r"""Averages over a standard normal that stay right when the integrand turns sharp.

A weight vector of self-overlap 1 and mutual overlap q meets a random pattern with the argument

.. math:: u(z) = \frac{\kappa - \sqrt{q}\,z}{\sqrt{1 - q}}, \qquad z \sim \mathcal N(0, 1),

and satisfies it with probability :math:`H(u) = \int_u^\infty Dt`.  As q → 1 the integrands become
kinks at :math:`z_0 = \kappa/\sqrt q`, of width :math:`s = \sqrt{(1 - q)/q}`; Gauss--Hermite nodes
miss them and say nothing.  Here the line is cut into panels with a Gauss--Legendre rule on each:

    the normal        panels of at most 3, to where its density has fallen by e⁻⁴⁵
    the kink          edges at u = 0, 3, 15, 63, ... until they are 3 apart in z, as 1 − u/G(u)
                      falls off like a power, and at −3, −6, −9, ... on the side where all is well

The zeros of H, where the integrands have poles, nearest to the real axis are u = −1.92 ± 2.82i; an
integrand is therefore analytic in a Bernstein ellipse of parameter 3 or more around every panel,
and ORDER nodes leave about 3⁻³².  CHECK_ORDER measures what is left.
"""

from functools import cache

import numpy as np
from scipy.special import erfcx, log_ndtr

from ..estimate import Array

ORDER = 16
CHECK_ORDER = 24
REACH = 9.5  # standard deviations; what lies beyond weighs 1e-20
FAR = 4.0  # from here on G − u is a polynomial


def gaussian_rule(edges: Array, order: int = ORDER) -> tuple[Array, Array]:
    """Nodes z and weights (normal density included) of panels between ascending ``edges``.

    ``edges`` has shape (..., panels + 1); nodes and weights have shape (..., panels × order).
    Panels of zero width weigh nothing.

    >>> z, weight = gaussian_rule(np.linspace(-9.5, 9.5, 8))
    >>> (weight @ np.array([z**0, z, z**2, z**4]).T).round(12) + 0.0
    array([1., 0., 1., 3.])
    """
    z, weight = legendre_panels(edges, order)
    return z, weight * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)


def legendre_panels(edges: Array, order: int = ORDER) -> tuple[Array, Array]:
    """The same nodes with the weights of a plain integral.

    >>> x, weight = legendre_panels(np.array([0.0, 1.0, 3.0]))
    >>> round(float(weight @ x**2), 12)
    9.0
    """
    x, w = _legendre(order)
    middle = 0.5 * (edges[..., 1:] + edges[..., :-1])
    half = 0.5 * np.diff(edges)
    z = middle[..., None] + half[..., None] * x
    shape = (*edges.shape[:-1], half.shape[-1] * order)
    return z.reshape(shape), (half[..., None] * w).reshape(shape)


def ascending(edges: Array) -> Array:
    """Edges of shape (points, panels + 1), sorted, without panels that are empty in every row.

    >>> ascending(np.array([[1.0, 0.0, 1.0, 2.0], [3.0, 3.0, 3.0, 4.0]]))
    array([[0., 1., 2.],
           [3., 3., 4.]])
    """
    edges = np.sort(edges, axis=-1)
    wide = (edges[:, 1:] > edges[:, :-1]).any(axis=0)
    return edges[:, np.append(True, wide)] if wide.any() else edges


@cache
def _legendre(order: int) -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(order)
    return x, w


def kink_rule(
    q: Array, gap: Array, kappa: Array, order: int = ORDER, vanishing: bool = False
) -> tuple[Array, Array]:
    """Arguments u and weights for an average over patterns, one row a point.

    ``q`` > 0, ``gap`` = 1 − q > 0 (given apart, since 1 − q is what rounding would lose) and the
    margin ``kappa`` have shape (points,); u and weights have shape (points, nodes).
    ``vanishing`` leaves out the far side u → −∞, where ln H and its derivatives fall like φ(u).
    """
    negative = np.maximum(-kappa, 0)
    centre, width = kappa / np.sqrt(q), np.sqrt(gap / q)
    low = -REACH - negative  # a negative margin is felt in the tail
    calm = centre + width * (REACH + negative * np.sqrt(gap))  # beyond, ln H is nothing
    high = np.minimum(REACH, calm) if vanishing else np.full_like(low, REACH)
    edges = [np.clip(centre, low, high)]
    while (edges[0] > low).any():  # false for a NaN, which stays one
        panel = np.clip(3 * (width + centre - edges[0]), 0.0, 3.0)
        edges.insert(0, np.maximum(edges[0] - panel, low))
    while (edges[-1] < high).any():
        beyond = np.maximum(edges[-1] - calm, 0)
        edges.append(np.minimum(edges[-1] + np.clip(3 * (width + beyond), 0.0, 3.0), high))
    z, weight = gaussian_rule(np.stack(edges, axis=-1), order)
    return (kappa[:, None] - np.sqrt(q)[:, None] * z) / np.sqrt(gap)[:, None], weight


def inverse_mills(u: Array) -> tuple[Array, Array]:
    r"""The mean beyond u of a standard normal, :math:`G = \varphi(u)/H(u)`, and G − u.

    G − u falls like 1/u, where subtracting would lose u² units in the last place; beyond FAR it
    is a polynomial in 1/u² that interpolates the continued fraction 1/(u + 2/(u + 3/(u + ...))).

    >>> G, excess = inverse_mills(np.array([0.0, 1e8]))
    >>> round(float(G[0] ** 2 * np.pi / 2), 12), round(float(excess[1] * 1e8), 12)
    (1.0, 1.0)
    """
    far = u > FAR
    near = ~far
    G, excess = np.empty_like(u), np.empty_like(u)
    close, distant = u[near], u[far]
    pull = np.sqrt(2 / np.pi) / erfcx(close / np.sqrt(2))
    G[near], excess[near] = pull, pull - close
    beyond = _far_excess(distant)
    G[far], excess[far] = distant + beyond, beyond
    return G, excess


def _far_excess(u: Array) -> Array:
    """G − u for u > FAR."""
    inverse = 1 / u
    x = 2 * (FAR * inverse) ** 2 - 1
    coefficients = _far_polynomial()
    value = np.full_like(u, coefficients[-1])
    for c in coefficients[-2::-1]:  # Horner, in place: no temporary leaves the cache
        value *= x
        value += c
    value *= inverse
    return value


@cache
def _far_polynomial(degree: int = 18) -> Array:
    """Coefficients, rising, of u(G − u) in x = 2 (FAR/u)² − 1."""
    x = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))  # Chebyshev's nodes
    squared = 2 * FAR**2 / (1 + x)  # u²
    fraction = np.zeros_like(x)
    for k in range(60, 0, -1):  # u times the fraction, in u² alone
        fraction = k * squared / (squared + fraction)
    return np.linalg.solve(np.vander(x, increasing=True), fraction)


class Pattern:
    """What one random pattern does to weights of overlap q, averaged over patterns.

    Every method returns shape (points,), in nats where a logarithm is involved.
    """

    def __init__(self, q: Array, gap: Array, kappa: Array, order: int = ORDER) -> None:
        self.u, self.weight = kink_rule(q, gap, kappa, order, vanishing=True)
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

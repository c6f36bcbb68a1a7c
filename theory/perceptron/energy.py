r"""What it costs a weight vector to miss the margin κ of a pattern, and how softly that is felt.

A pattern of stability Δ costs v(Δ), and weights are found with Boltzmann's weight exp(−β Σ v):

.. math::
    \text{count: } v = \Theta(\kappa - \Delta), \qquad
    \text{hinge: } v = (\kappa - \Delta)_+, \qquad
    \text{quadratic: } v = \tfrac12 (\kappa - \Delta)_+^2 .

Weights that spread by σ² = 1 − q about a mean field, which lies σu below the margin, meet

.. math:: f(u) = \int Dt\, e^{-\beta v(\kappa - \sigma u + \sigma t)}
               = H(u) + \varphi(u)\,M(u), \qquad R = H/\varphi,

with the tail H of the weights that keep the margin and, for those that do not,

    hinge       M = R(b − u)              b = βσ      pull of a violated pattern: b
    quadratic   M = R(−y)/c, y = u/c      b = βσ²     c² = 1 + b
    count       φM = e^{−β}(1 − H)        b = β

Let p = φM/f be the share of weights that violate, g = 1/R, ε(u) = g(u) − u (> 0) and
η = u + d ln φM/du, which is ε(b − u) or ε(−y)/c.  Then, for the two convex costs, with no
difference of large numbers anywhere,

    p′ = p(1 − p)(ε + η),    G − u = (1 − p)ε − pη,    hinge: G = bp,  quadratic: G = (b/c) p ε(−y),

where G = −f′/f is the pull on the weights; β → ∞ leaves the hard constraint, f = H, of every cost.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri_exp

from ..estimate import Array
from .gaussian import inverse_mills

LOG_ROOT = 0.5 * float(np.log(2 * np.pi))
DEEP = 8.0  # standard deviations beyond which the side that keeps the margin is e^{-32} of all


class Answer(NamedTuple):
    """How weights take one pattern, at arguments u; all of one shape."""

    pull: Array
    """G = −d ln f/du."""
    stiffness: Array
    """dG/du."""
    entropy: Array
    """ln f + ½G² + βv, v averaged over the weights (nats)."""
    cost: Array
    """βv, averaged over the weights."""
    violated: Array
    """p, the share of weights that miss the margin."""


def hard(u: Array, b: Array) -> Answer:
    """The constraint itself: no weights are left that miss the margin (``b`` is not read)."""
    G, excess = inverse_mills(u)
    none = np.zeros_like(u)
    return Answer(G, G * excess, _hard_entropy(u, G, excess), none, none)


def _hard_entropy(u: Array, g: Array, excess: Array) -> Array:
    """The sum ln H + ½g²; beyond u = 0 as ½(g² − u²) − ln g√(2π): nothing large cancels."""
    outside = 0.5 * excess * (g + u) - np.log(np.where(u > 0, g, 1.0)) - LOG_ROOT
    return np.where(
        u > 0, outside, log_ndtr(-np.minimum(u, 0.0)) + 0.5 * np.where(u > 0, 0, g) ** 2
    )


def count(u: Array, b: Array) -> Answer:
    """One unit for every pattern that misses the margin; ``b`` = β.

    f = e^{−β} + (1 − e^{−β})H: a Fermi function of ln H + β, whose step at H(u*) = e^{−β} is 1/u*
    wide.
    """
    g, excess = inverse_mills(u)
    most = np.log(-np.expm1(-b))
    log_f = np.logaddexp(-b, most + log_ndtr(-u))
    s, n = np.exp(most + log_ndtr(-u) - log_f), np.exp(-b - log_f)  # e^{−β} apart, n + s = 1
    G, violated = s * g, n * ndtr(u)
    few = np.where(s < 0.5, s, 0.0)
    mostly_kept = most + _hard_entropy(u, g, excess) - 0.5 * g**2 * n * (1 + s) + b * violated
    mostly_missed = 0.5 * G**2 - np.log1p(-few) - b * (s + n * ndtr(-u))
    mostly_kept -= np.log1p(-np.where(s < 0.5, 0.0, n))
    entropy = np.where(s < 0.5, mostly_missed, mostly_kept)
    return Answer(G, G * (excess - g * n), entropy, b * violated, violated)


def hinge(u: Array, b: Array) -> Answer:
    """As much as the pattern falls short of the margin; ``b`` = βσ."""
    x = b - u
    (g, excess), (gx, eta) = inverse_mills(u), inverse_mills(x)
    p, r = g / (g + gx), gx / (g + gx)
    G = b * p
    cost = G * eta
    kept = np.where(u < 0, -np.log1p(-np.where(u < 0, p, 0)) + 0.5 * G**2 + cost, 0)
    near = 0.5 * r * excess * (G + u) + p * eta * (x + 0.5 * (p * eta - r * excess))
    near += np.log(1 / np.where(u < 0, 1, g) + 1 / np.where(x < -DEEP, 1, gx)) - LOG_ROOT
    deep = log_ndtr(-x) - np.log1p(-np.where(x < -DEEP, r, 0)) - b * r * u + 0.5 * (b * r) ** 2
    deep += b * p * gx
    entropy = np.where(u < 0, log_ndtr(-u) + kept, np.where(x < -DEEP, deep, near))
    return Answer(G, G * r * (excess + eta), entropy, cost, p)


def quadratic(u: Array, b: Array) -> Answer:
    """Half the square of what the pattern falls short of the margin; ``b`` = βσ²."""
    c = np.sqrt(1 + b)
    y, share = u / c, b / (1 + b)
    (g, excess), (gy, ey) = inverse_mills(u), inverse_mills(-y)
    p, r = g / (g + c * gy), c * gy / (g + c * gy)
    G = b / c * p * ey
    cost = 0.5 * share * p * (1 + y * ey)
    stiffness = b / c * p * (r * (excess + ey / c) * ey + (1 - gy * ey) / c)
    kept = np.where(u < 0, -np.log1p(-np.where(u < 0, p, 0)) + 0.5 * G**2 + cost, 0)
    near = 0.5 * (r * excess - p * ey / c) * (G + u) + cost - LOG_ROOT
    near += np.log(1 / np.where(u < 0, 1, g) + 1 / np.where(y > DEEP, 1, c * gy))
    deep = p - y**2 * ((2 * r - r**2) * b + r) + b * p**2 * gy * (2 * y + gy) + p * y * gy
    deep = 0.5 * share * deep - np.log(c) + log_ndtr(y) - np.log1p(-np.where(y > DEEP, r, 0))
    entropy = np.where(u < 0, log_ndtr(-u) + kept, np.where(y > DEEP, deep, near))
    return Answer(G, stiffness, entropy, cost, p)


def hard_pull(u: Array, b: Array) -> Array:
    """G = g."""
    return inverse_mills(u)[0]


def count_pull(u: Array, b: Array) -> Array:
    """G = g on the share that keeps the margin."""
    kept = np.log(-np.expm1(-b)) + log_ndtr(-u)
    return inverse_mills(u)[0] * np.exp(kept - np.logaddexp(-b, kept))


def hinge_pull(u: Array, b: Array) -> Array:
    """G = bp."""
    g, gx = inverse_mills(u)[0], inverse_mills(b - u)[0]
    return np.asarray(b * g / (g + gx))


def quadratic_pull(u: Array, b: Array) -> Array:
    """G = (b/c) p ε(−y)."""
    c = np.sqrt(1 + b)
    g, (gy, ey) = inverse_mills(u)[0], inverse_mills(-u / c)
    return np.asarray(b / c * g / (g + c * gy) * ey)


class Cost(NamedTuple):
    """A cost as the averages need it."""

    answer: Callable[[Array, Array], Answer]
    pull: Callable[[Array, Array], Array]
    """The first of the answers alone, which is all that finding a saddle point takes."""
    power: int
    """b = β σ^power."""
    bend: Callable[[Array], tuple[Array, Array]]
    """Where, besides at u = 0, the answer turns sharply, and over which width in u."""


COSTS = {
    "hard": Cost(hard, hard_pull, 0, lambda b: (np.zeros_like(b), np.ones_like(b))),
    "count": Cost(count, count_pull, 0, lambda b: _step(b)),
    "hinge": Cost(hinge, hinge_pull, 1, lambda b: (b, np.ones_like(b))),
    "quadratic": Cost(quadratic, quadratic_pull, 2, lambda b: (np.zeros_like(b), np.sqrt(1 + b))),
}


def _step(beta: Array) -> tuple[Array, Array]:
    """The u* of H(u*) = e^{−β}, and 1/u*."""
    step = -ndtri_exp(-np.maximum(beta, np.log(2.0)))
    return step, 1 / np.maximum(step, 1.0)

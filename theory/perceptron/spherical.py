r"""Weights on the sphere :math:`|w|^2 = N` that store random patterns.

At each overlap q sits the replica-symmetric saddle point of exactly one load α, so that the saddle
points are a curve and finding one is finding where the curve passes the load asked for:

.. math::
    \alpha = \frac{q}{(1 - q)\,\langle G^2\rangle}, \qquad
    \hat q = \frac{q}{(1 - q)^2}, \qquad
    s = \tfrac12 \ln(1 - q) + \alpha\,\langle \ln H + \tfrac12 G^2\rangle,

with ⟨·⟩ the average over patterns of :mod:`.gaussian`.  (The usual entropy,
½ ln(1−q) + ½ q/(1−q) + α⟨ln H⟩, is the same number at a saddle point, but subtracts large ones.)
E. Gardner, J. Phys. A 21, 257 (1988).
"""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtr

from ..estimate import Array
from .gaussian import CHECK_ORDER, ORDER, Pattern, gaussian_rule


def critical_capacity(kappa: ArrayLike = 0.0) -> Array:
    r"""Patterns per weight beyond which no spherical weights have the margin ``kappa`` (any shape).

    .. math:: \alpha_c(\kappa)^{-1} = \int_{-\kappa}^{\infty} Dz\,(z + \kappa)^2
                                    = (1 + \kappa^2)\,\Phi(\kappa) + \kappa\,\varphi(\kappa)

    Exact for κ ≥ 0; for κ < 0 replica symmetry is broken below it and it is an upper bound.
    E. Gardner, J. Phys. A 21, 257 (1988); at zero margin Cover's 2 (1965).

    >>> float(critical_capacity(0.0))
    2.0
    """
    kappa = np.asarray(kappa, dtype=np.float64)
    k = np.maximum(kappa, 0.0)
    negative = kappa < 0  # where the closed form cancels: all of the integral lies just beyond −κ
    with np.errstate(divide="ignore", over="ignore"):
        closed = (1 + k**2) * ndtr(k) + k * np.exp(-0.5 * k**2) / np.sqrt(2 * np.pi)
        integral = np.array(closed)
        if negative.any():
            start = -kappa[negative][:, None]
            z, weight = gaussian_rule(start + 12 / (1 + start / 8) * np.linspace(0, 1, 6))
            integral[negative] = (weight * (z - start) ** 2).sum(axis=-1)
        return np.asarray(1 / integral)


class Spherical:
    """Saddle points of spherical weights, shape (points,): one at each x = ln(q/(1 − q)).

    Takes the logit of q, since q and 1 − q are then both as accurate as a float can be.
    """

    lowest: ClassVar[float] = -740.0  # x
    highest: ClassVar[float] = 50.0
    free_entropy: ClassVar[float] = 0.0  # nats per weight without patterns
    end: ClassVar[str] = (
        "the critical capacity {limit:.10g} of spherical weights at kappa = {kappa:.10g}"
    )

    def __init__(self, x: Array, kappa: Array, order: int = ORDER) -> None:
        self.x, self.kappa = x, kappa
        self.q, self.gap = expit(x), expit(-x)
        self.q_hat = self.q / self.gap**2
        self.pattern = Pattern(self.q, self.gap, kappa, order)

    @staticmethod
    def limit(kappa: ArrayLike) -> Array:
        """The load at which q reaches 1."""
        return critical_capacity(kappa)

    def load(self) -> Array:
        """The α of which this is the saddle point."""
        return self.q / self.gap / self.pattern.force()

    def load_growth(self) -> Array:
        """The slope d ln α/dx."""
        return 1 + self.q - self.q * self.pattern.force_growth() / self.pattern.force()

    def entropy(self, alpha: Array) -> Array:
        """Logarithm of the fraction of the sphere that solves, in nats per weight."""
        free = np.where(self.q < 0.5, np.log1p(-np.minimum(self.q, 0.5)), np.log(self.gap))
        return np.asarray(0.5 * free + alpha * self.pattern.entropy())

    def at_eigenvalue(self, alpha: Array) -> Array:
        """α⟨G'²⟩; replica symmetry is stable below 1."""
        return alpha * self.pattern.replicon()

    def residual(self, alpha: Array) -> Array:
        """|right/left − 1| of q/(1 − q) = α⟨G²⟩ with the finer rule; q̂ is exact by definition."""
        finer = Spherical(self.x, self.kappa, CHECK_ORDER)
        return np.abs(alpha / finer.load() - 1)

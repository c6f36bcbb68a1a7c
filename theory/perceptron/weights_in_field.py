r"""Weights of a prior in a random field of variance q̂ and mean R̂ towards a teacher.

Patterns act on a weight as a Gaussian field h = √q̂ (z + ρ), ρ = R̂/√q̂.  What the field makes of
the weights are their overlap q among themselves, and R with the teacher:

    sphere   (q − R²)/(1 − q)² = q̂,   R/(1 − q) = R̂,       s = ½ ln(1 − q)
    spins    q = ⟨tanh² h⟩,            R = ⟨tanh h⟩,         s = ⟨ln 2cosh h − h tanh h⟩

with s what the entropy is without the patterns' own share (:mod:`.saddle`).  ρ = 0 is a storage
problem, without a teacher.  1 − q and q − R² are carried apart: rounding would lose them.
"""

from typing import ClassVar, Protocol

import numpy as np
from scipy.special import expit

from ..estimate import Array
from .gaussian import ORDER, REACH, ascending, legendre_panels


class Weights(Protocol):
    """Weights at each x (a logarithm) and ρ; all of shape (points,)."""

    lowest: ClassVar[float]
    highest: ClassVar[float]
    q: Array
    gap: Array
    """1 − q"""
    R: Array
    spread: Array
    """q − R²"""
    q_hat: Array

    def __init__(self, x: Array, rho: Array, order: int = ORDER) -> None: ...

    def growth(self) -> tuple[Array, Array]:
        """The slopes d ln q̂/dx and dq/dx at ρ = 0."""

    def entropy(self) -> Array:
        """Nats per weight, but for the patterns' share."""

    def replicon(self) -> Array:
        """How a split between replicas passes through the weights: ∂⟨w⟩/∂h squared, averaged."""

    def equations(self) -> tuple[Array, ...]:
        """What a finer rule must reproduce."""


class Sphere:
    """|w|² = N, at x = ln q/(1 − q)."""

    lowest: ClassVar[float] = -740.0
    highest: ClassVar[float] = 50.0

    def __init__(self, x: Array, rho: Array, order: int = ORDER) -> None:
        self.q, self.gap = expit(x), expit(-x)
        self.R = np.sqrt(self.q / (1 + rho**2)) * rho
        self.spread = self.q / (1 + rho**2)
        self.q_hat = self.spread / self.gap**2

    def growth(self) -> tuple[Array, Array]:
        """Both are explicit: 1 + q and q(1 − q)."""
        return 1 + self.q, self.q * self.gap

    def entropy(self) -> Array:
        """½ ln(1 − q)."""
        return 0.5 * np.where(self.q < 0.5, np.log1p(-np.minimum(self.q, 0.5)), np.log(self.gap))

    def replicon(self) -> Array:
        """(1 − q)²."""
        return self.gap**2

    def equations(self) -> tuple[Array, ...]:
        """None: all are definitions."""
        return ()


class Spins:
    """w = ±1, at x = ln q̂."""

    lowest: ClassVar[float] = -740.0
    highest: ClassVar[float] = 90.0

    def __init__(self, x: Array, rho: Array, order: int = ORDER) -> None:
        self.q_hat = np.exp(x)
        root = np.exp(0.5 * x)
        self.z, t, self.weight = _spin_rule(root, rho, order)
        self.h = root[:, None] * t
        decay = np.exp(-2 * np.abs(self.h))
        self.sech2 = 4 * decay / (1 + decay) ** 2
        self.short = np.where(self.h > 0, 2 * decay, 2.0) / (1 + decay)  # 1 − tanh h
        self.tanh = np.tanh(self.h)
        self.root = root
        self.q, self.gap = self._mean(self.tanh**2), self._mean(self.sech2)
        taught = rho > 0
        lost = self._mean(self.short)
        spread = self._mean((self.short - lost[:, None]) ** 2)
        self.R = np.where(root * rho < 0.5, self._small_overlap(rho), self._mean(self.tanh))
        far = np.where(self.R < 0.5, self._mean((self.tanh - self.R[:, None]) ** 2), spread)
        self.spread = np.where(taught, far, self.q)

    def _mean(self, values: Array) -> Array:
        return np.asarray((self.weight * values).sum(axis=-1))

    def _small_overlap(self, rho: Array) -> Array:
        """The mean of ½ [tanh(√q̂z + R̂) − tanh(√q̂z − R̂)], which is R, without a difference."""
        mean = np.minimum(self.root * rho, 0.5)[:, None]
        centred = self.root[:, None] * self.z
        spread = np.cosh(2 * np.minimum(np.abs(centred), 170.0)) + np.cosh(2 * mean)
        return self._mean(np.sinh(2 * mean) / spread)

    def growth(self) -> tuple[Array, Array]:
        """By Stein's lemma dq/dx = √q̂ ⟨z tanh h (1 − tanh² h)⟩."""
        return np.ones_like(self.q), self.root * self._mean(self.z * self.tanh * self.sech2)

    def entropy(self) -> Array:
        """⟨ln 2cosh h − h tanh h⟩."""
        size = np.abs(self.h)
        decay = np.exp(-2 * size)
        return self._mean(np.log1p(decay) + 2 * size * decay / (1 + decay))

    def replicon(self) -> Array:
        """⟨(1 − tanh² h)²⟩."""
        return self._mean(self.sech2**2)

    def equations(self) -> tuple[Array, ...]:
        """The overlaps, and what they miss."""
        return self.q, self.gap, np.where(self.R > 0, self.R, 1.0), self.spread


def _spin_rule(root: Array, rho: Array, order: int) -> tuple[Array, Array, Array]:
    """Nodes z and t = z + ρ, and normal weights, one row a point, for functions of h = √q̂ t.

    tanh has poles at ±iπ/2: edges at h = 0, ±2, ±6, ±18.  Where ρ is large all that is left of
    1 − q lies near h = 0, far down the normal: panels reach there as long as floats do.  Panels are
    laid in t, in which floats are dense at h = 0, or in z once that is out of reach.
    """
    near = np.where(rho < 30, rho, 0.0)
    low, high = near - np.minimum(REACH + rho, 37.0), near + REACH
    steps = int(np.ceil(np.fmax.reduce(high - low, initial=2 * REACH) / 2.5))
    normal = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, steps + 1)
    bend = np.array([-18.0, -6.0, -2.0, 0.0, 2.0, 6.0, 18.0]) / root[:, None]
    bend += (near - rho)[:, None]
    edges = np.concatenate((normal, np.clip(bend, low[:, None], high[:, None])), axis=1)
    node, width = legendre_panels(ascending(edges), order)
    z, t = node - near[:, None], node + (rho - near)[:, None]
    return z, t, width * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)

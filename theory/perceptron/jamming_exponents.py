r"""The exponents of jamming: how full replica-symmetry breaking ends at q = 1.

There the staircase of :mod:`.jamming` becomes a power law, :math:`\Lambda \propto \delta^\mu` and
:math:`c \propto \delta^{-1/\kappa}` with δ = 1 − q and μ = 1 − 1/κ (this κ is the exponent's name,
no margin).  The force on a pattern at the distance :math:`h = \sqrt\delta\,t` from its margin is
:math:`F' = \sqrt\delta\,m(t)/\Lambda`, and Parisi's equation leaves

.. math:: m'' = m - t m' - 2\mu\, m (1 + m'), \qquad m(-\infty) = -t, \quad m(\infty) = 0 .

The density of h is :math:`P = \delta^{-g} p(t)` with :math:`\tfrac12 p'' - (b p)' =
(g - \tfrac12)\,p` and :math:`b = \tfrac12 t + \mu m`; :math:`p \sim t^{-2g}` far to the right, so
that gaps are distributed as :math:`h^{-\gamma}` with γ = 2g, and forces as :math:`f^\theta` with
:math:`\gamma + \theta = 2\mu\,(1 + \theta)` from the far left.  Marginality, α∫P m'² = 1 at all q,
asks that :math:`\int p\,[m''^2 - 2\mu m'^2 (1 + m')] = 0`.  With :math:`\mathcal G = \tfrac12
\partial^2 + b\,\partial` the equation of m says :math:`\mathcal G m' = -\mu m'(1 + m')`, hence
that integral is :math:`\int p\,\mathcal G (m'^2)`, and by parts

.. math:: (g - \tfrac12) \int p\, m'(1 + m') = \int p\, \mathcal G (m' + m'^2)
                                              = -\mu \int p\, m'(1 + m') .

So g = ½ − μ, and μ is the number for which the density decays as it must:

.. math:: -\tfrac12 \chi'' + \tfrac12 (b^2 + b')\,\chi = \mu\,\chi

in its ground state, :math:`\chi = p\, e^{-\int b}`.  All three exponents follow,

.. math:: \kappa = \frac{1}{1 - \mu}, \quad \gamma = 1 - 2\mu = \frac{2 - \kappa}{\kappa}, \quad
          \theta = \frac{4\mu - 1}{1 - 2\mu} = \frac{3\kappa - 4}{2 - \kappa} .

Published: P. Charbonneau, J. Kurchan, G. Parisi, P. Urbani and F. Zamponi, J. Stat. Mech. P10009
(2014).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..estimate import Array
from .bracketed_newton import bracketed_newton

ENDS = (-18.0, 14.0)  # of t; what lies beyond weighs 1e-18
NODES, CHECK_NODES = 120, 160


@dataclass(frozen=True)
class JammingExponents:
    """Three exponents and how far two resolutions differ at most."""

    overlap: float
    """κ: c(q) falls as (1 − q)^(−1/κ) when q is drawn back from 1."""
    gap: float
    """γ: small gaps h between a pattern and its margin are distributed as h^−γ."""
    force: float
    """θ: small forces f of the patterns that touch it are distributed as f^θ."""
    uncertainty: float


PUBLISHED = JammingExponents(overlap=1.41574, gap=0.41269, force=0.42311, uncertainty=5e-6)


@cache
def jamming_exponents() -> JammingExponents:
    """The exponents, from the scaling equations at q → 1.

    >>> found = jamming_exponents()
    >>> round(found.overlap, 10), round(found.gap, 10), round(found.force, 10)
    (1.415735565, 0.412693196, 0.4231075526)
    """
    rough, fine = _exponents(_drift(NODES)), _exponents(_drift(CHECK_NODES))
    overlap, gap, force = fine.tolist()
    return JammingExponents(overlap, gap, force, float(np.abs(fine - rough).max()) + 1e-14)


def _exponents(mu: float) -> Array:
    """κ, γ and θ."""
    return np.array([1 / (1 - mu), 1 - 2 * mu, (4 * mu - 1) / (1 - 2 * mu)])


def _drift(nodes: int) -> float:
    """The μ that is the energy of its own ground state."""

    def excess(mu: Array, _: NDArray[np.intp]) -> tuple[Array, Array]:
        here, there = (shifted - ground_state(shifted, nodes) for shifted in (mu[0], mu[0] + 1e-6))
        return np.array([here]), np.array([(there - here) / 1e-6])

    return float(bracketed_newton(excess, np.array([0.3]), 0.25, 0.4, steps=12)[0])


def ground_state(mu: float, nodes: int) -> float:
    """The lowest energy of −½χ″ + ½(b² + b′)χ."""
    t, slope = chebyshev(nodes, *ENDS)
    m = force_profile(mu, nodes)
    b, growth = 0.5 * t + mu * m, 0.5 + mu * (slope @ m)
    energy = -0.5 * slope @ slope + np.diag(0.5 * (b**2 + growth))
    return float(np.linalg.eigvals(energy[1:-1, 1:-1]).real.min())


def force_profile(mu: float, nodes: int) -> Array:
    """m(t) on the nodes of `chebyshev`, by Newton's method from ln(1 + e^−t)."""
    t, slope = chebyshev(nodes, *ENDS)
    curvature, ones = slope @ slope, np.eye(nodes + 1)
    m = np.logaddexp(0.0, -t)
    for _ in range(20):
        rise = slope @ m
        left = curvature @ m - m + t * rise + 2 * mu * m * (1 + rise)
        by_m = curvature + (t + 2 * mu * m)[:, None] * slope
        by_m += (2 * mu * (1 + rise) - 1)[:, None] * ones
        by_m[[0, -1]] = ones[[0, -1]]
        left[0], left[-1] = m[0], m[-1] + t[-1]
        step = np.linalg.solve(by_m, left)
        m = m - step
        if np.abs(step).max() < 1e-11:
            break
    return m


def chebyshev(nodes: int, low: float, high: float) -> tuple[Array, Array]:
    """Chebyshev's points from ``high`` down to ``low`` and the matrix that differentiates there.

    >>> t, slope = chebyshev(4, 0.0, 2.0)
    >>> float(np.abs(slope @ t**3 - 3 * t**2).max().round(12))
    0.0
    """
    index = np.arange(nodes + 1)
    x = np.cos(np.pi * index / nodes)
    sign = (-1.0) ** index
    sign[[0, -1]] *= 2
    apart = x[:, None] - x + np.eye(nodes + 1)
    slope = np.outer(sign, 1 / sign) / apart
    slope -= np.diag(slope.sum(axis=1))
    return low + (high - low) * (x + 1) / 2, slope * 2 / (high - low)

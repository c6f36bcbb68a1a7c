r"""A pattern that holds a best reference to a margin while all clones around it look on.

With infinitely many clones a group's integral becomes a maximum.  Before the pattern the group has
stability (X, Z) for reference and clones, with covariance Q = [[1, p], [p, q]]; it gives way to
(X′, Z′) with X′ ≥ κ̃, at a cost that is measured by C = [[χ, τ], [τ, δ]]:

.. math::
    M(X, Z) = \max_{X' \ge \tilde\kappa,\, Z'}
              \Big[-\tfrac12 (X' - X, Z' - Z)\, C^{-1} (X' - X, Z' - Z)^T
              + \ln H\Big(\frac{\kappa - Z'}{\sqrt{1 - q}}\Big)\Big] .

The gradient (R̃, R) is what the pattern pulls with.  Where X ≥ κ̃ − τR the reference is left alone:
R̃ = 0 and R is the pull of clones that give way by δ.  Elsewhere X′ = κ̃,

.. math::
    \tilde R = \frac{\tilde\kappa - X - \tau R}{\chi}, \qquad
    R \text{ that of clones at } Z + \tfrac\tau\chi(\tilde\kappa - X)
    \text{ which give way by } \delta - \tau^2/\chi .

On either side R knows of one combination of X and Z alone, and what else is needed are moments of
a truncated normal variable: all averages are integrals over one variable.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

from ..estimate import Array
from .clones import threshold_peak
from .gaussian import REACH, gaussian_rule, inverse_mills
from .many_clones import KINK

LEVELS = np.array([-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0])


@dataclass(frozen=True)
class Yielding:
    """How far a group gives way, per squared pull: of the reference, of both, of the clones."""

    chi: float
    tau: float
    delta: float

    @property
    def alone(self) -> float:
        """Of the clones where the reference may not move, δ − τ²/χ."""
        return self.delta - self.tau**2 / self.chi if self.chi > 0 else float("nan")


@dataclass(frozen=True)
class HeldPattern:
    """Averages over X and Z."""

    value: float
    """⟨M⟩."""
    ref: float
    """⟨R̃²⟩."""
    cross: float
    """⟨R̃ R⟩."""
    square: float
    """⟨R²⟩."""
    stretch: float
    """⟨∂²M/∂Z² − r′⟩ with r = (ln H)′ at the maximum."""
    mixed: float
    """⟨∂²M/∂X∂Z⟩, the slope of ⟨M⟩ by p."""
    held: float
    """Fraction of patterns at which the reference is held at its margin."""


def held_pattern(
    p: float,
    free: float,
    gap: float,
    yielding: Yielding,
    margins: tuple[float, float],
    order: int,
) -> HeldPattern:
    """``free`` is q − p², ``gap`` 1 − q, ``margins`` those of clones and reference."""
    q, (kappa, kappa_ref) = p * p + free, margins
    chi, tau = yielding.chi, yielding.tau
    # left alone: X is above its bound given Z
    side = _Side(0.0, q, p, free / q, yielding.delta)
    z, weight, pull, bend, room, wide = side.nodes(gap, margins, tau, order)
    share = weight * ndtr(-room / wide)
    u = _argument(z, pull, side.yields, kappa, gap)
    log_h = log_ndtr(-u)
    value = share @ (log_h - 0.5 * side.yields * pull**2)
    square = share @ pull**2
    stretch = share @ (side.yields * bend**2 / (1 - side.yields * bend))
    # held: ``room`` is the mean of X's bound less X, given Z + (τ/χ)(κ̃ − X)
    ratio = tau / chi
    spread = (p - ratio) ** 2 + free
    side = _Side(ratio * kappa_ref, spread, p - ratio, free / spread, yielding.alone)
    z, weight, pull, bend, room, wide = side.nodes(gap, margins, tau, order)
    x = room / wide
    part, edge = ndtr(x), wide * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    first = room * part + edge
    second = (room**2 + wide**2) * part + room * edge
    u = _argument(z, pull, side.yields, kappa, gap)
    response = bend / (1 - side.yields * bend)
    cost = second + 2 * tau * pull * first + (tau * pull) ** 2 * part
    value += weight @ (part * (log_ndtr(-u) - 0.5 * side.yields * pull**2) - 0.5 * cost / chi)
    square += weight @ (part * pull**2)
    stretch += weight @ (part * side.yields * bend * response)
    return HeldPattern(
        value=float(value),
        ref=float(weight @ second / chi**2),
        cross=float(weight @ (first * pull) / chi),
        square=float(square),
        stretch=float(stretch),
        mixed=float(-(weight * part) @ response * ratio),
        held=float(weight @ part),
    )


def _argument(z: Array, pull: Array, yields: float, kappa: float, gap: float) -> Array:
    return np.asarray((kappa - z - yields * pull) / np.sqrt(gap))


@dataclass(frozen=True)
class _Side:
    """Normal Z of ``mean`` and ``variance``, X given it, and by how much clones give way."""

    mean: float
    variance: float
    covariance: float
    left: float
    """Variance of X given Z."""
    yields: float

    def nodes(
        self, gap: float, margins: tuple[float, float], tau: float, order: int
    ) -> tuple[Array, Array, Array, Array, Array, float]:
        """Z, weights, R, r′, mean of κ̃ − τR − X given Z, and its standard deviation."""
        kappa, kappa_ref = margins
        root, wide = np.sqrt(self.variance), float(np.sqrt(self.left))

        def at(n: Array) -> tuple[Array, Array, Array, Array]:
            z = self.mean + root * n
            narrow, spread = np.sqrt(gap), np.sqrt(self.yields)
            zeta, _ = threshold_peak(kappa - z, spread, narrow, 1.0)
            G, excess = inverse_mills((kappa - z - spread * zeta) / narrow)
            room = kappa_ref - tau * G / narrow - self.covariance / root * n
            return z, G / narrow, -G * excess / gap, room

        heights = np.sqrt(gap) * (KINK + self.yields / gap * inverse_mills(KINK)[0])
        grid = np.linspace(-REACH, REACH, 241)
        missing = at(grid)[3] - wide * LEVELS[:, None]
        level, left = np.nonzero(missing[:, 1:] * missing[:, :-1] < 0)
        low, high = missing[level, left], missing[level, left + 1]
        crossings = grid[left] + (grid[1] - grid[0]) * low / (low - high)
        kinks = np.clip((kappa - heights - self.mean) / root, -REACH, REACH)
        edges = np.concatenate((np.linspace(-REACH, REACH, 8), kinks, crossings))
        n, weight = gaussian_rule(np.unique(edges), order)
        return *(z := at(n))[:1], weight, *z[1:], wide

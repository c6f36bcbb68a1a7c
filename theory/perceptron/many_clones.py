r"""The reference of highest local entropy: infinitely many clones around a reference of any margin.

As y → ∞ all groups look at the same best reference: q̃ = 1, q₁ = q₀ = q up to δ/y, and integrals
over a group become maxima.  With M the largest of −½ζ² + ln H((κ − √q z − √δ ζ)/√(1 − q)) over ζ,

.. math::
    \phi_\infty = -\pi p + \tfrac12 \hat q (q - 1) - \tfrac12 (\hat q \delta + \hat\delta q)
        + \Big\langle \max_\zeta \big[-\tfrac12\zeta^2
          + \ln 2\cosh(\sqrt{\hat q}\,|z| + \pi + \sqrt{\hat\delta}\,\zeta)\big] \Big\rangle
        + \alpha \langle M \rangle

for binary weights, stationary in q, δ, q̂, δ̂, π; for spherical ones q = p² and

.. math::
    \phi_\infty = \tfrac12 \ln(1 - p^2) + \frac{p^2}{2(1 - p^2 + \delta)}
                  + \alpha \langle M \rangle ,

stationary in δ.  The logarithm of the number of such references is what is left of Φ − yφ, with r
the response at the maximum:

.. math::
    -\tfrac12\big[\hat\delta (1 - q) + \langle \ln(1 - \hat\delta\,\mathrm{sech}^2 h)\rangle
        + \alpha \langle \ln(1 - \delta r') + \delta r'/(1 - \delta r')\rangle\big] .

Where it is negative there is no such reference, and the largest y that means something is the one
at which it vanishes (C. Baldassi et al., PRL 115, 128101 (2015)).  For spherical weights it is −∞.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from ..estimate import Array
from .bracketed_newton import bracketed_newton
from .clones import TANH, log_2cosh, threshold_peak
from .damped_newton import damped_newton
from .gaussian import REACH, gaussian_rule, inverse_mills

UNFOUND = "no saddle point of infinitely many clones was found"


@dataclass(frozen=True)
class BestReference:
    """What is found around the best reference."""

    local: float
    external: float
    q: float
    delta: float
    """y (q₁ − q₀)."""
    residual: float


@dataclass(frozen=True)
class _Best:
    value: float
    square: float
    """⟨r²⟩ at the maxima: of pulls, or of tanh h."""
    stretch: float
    """⟨δ r'²/(1 − δ r')⟩."""
    bend: float
    """⟨r'/(1 − δ r')⟩, for patterns."""
    curvature: float
    """⟨ln(1 − δ r')⟩."""
    mean: float
    gap: float


def _patterns(q: float, gap: float, delta: float, kappa: float, order: int) -> _Best:
    steps = np.array([-27.0, -9, -4, -2, -1, 0, 1, 2, 4, 9, 27])
    width = np.sqrt((gap + delta) / q)
    kinks = np.clip(kappa / np.sqrt(q) + width * steps, -REACH, REACH)
    edges = np.sort(np.concatenate((np.linspace(-REACH, REACH, 8), kinks)))
    z, weight = gaussian_rule(edges, order)
    height, s = kappa - np.sqrt(q) * z, np.sqrt(gap)
    zeta, curvature = threshold_peak(height, np.sqrt(delta), s, 1.0)
    u = (height - np.sqrt(delta) * zeta) / s
    G, excess = inverse_mills(u)
    bend = -G * excess / gap  # r' < 0
    return _Best(
        value=float(weight @ (log_ndtr(-u) - 0.5 * zeta**2)),
        square=float(weight @ (G / s) ** 2),
        stretch=float(weight @ (delta * bend**2 / curvature)),
        bend=float(weight @ (bend / curvature)),
        curvature=float(weight @ np.log(curvature)),
        mean=float("nan"),
        gap=float("nan"),
    )


def _spins(q_hat: float, delta_hat: float, pi: float, order: int) -> _Best:
    common = np.sqrt(q_hat)
    kinks = np.abs(np.concatenate((TANH, TANH - pi, TANH - pi - delta_hat))) / common
    edges = np.unique(np.clip(np.concatenate((np.linspace(0, REACH, 6), kinks)), 0, REACH))
    z, weight = gaussian_rule(edges, order)
    weight = 2 * weight
    field = common * z + pi
    h = field + delta_hat
    for _ in range(60):  # convex and from above: Newton comes down to the root
        t = np.tanh(h)
        step = (h - field - delta_hat * t) / (1 - delta_hat * (1 - t * t))
        h = h - step
        if np.all(np.abs(step) <= 1e-8 * (1 + h)):
            break
    t, decay = np.tanh(h), np.exp(-2 * np.abs(h))
    sech2 = 4 * decay / (1 + decay) ** 2
    curvature = 1 - delta_hat * sech2
    return _Best(
        value=float(weight @ (log_2cosh(h) - 0.5 * delta_hat * t**2)),
        square=float(weight @ t**2),
        stretch=float(weight @ (delta_hat * sech2**2 / curvature)),
        bend=float("nan"),
        curvature=float(weight @ np.log(curvature)),
        mean=float(weight @ t),
        gap=float(weight @ sech2),
    )


def best_binary(p: float, alpha: float, kappa: float, order: int) -> BestReference | None:
    """Weights ±1: three equations in ln q̂, ln δ̂ and π."""

    def state(v: Array) -> tuple[Array, tuple[float, float, float], _Best, _Best, float]:
        q_hat, delta_hat, pi = float(np.exp(v[0])), float(np.exp(v[1])), float(v[2])
        spin = _spins(q_hat, delta_hat, pi, order)
        cusp = np.sqrt(2 / (np.pi * q_hat)) * _root_at(pi, delta_hat)
        delta = spin.stretch + cusp
        pattern = _patterns(1 - spin.gap, spin.gap, delta, kappa, order)
        missing = [
            v[0] - np.log(alpha * pattern.square),
            v[1] - np.log(alpha * pattern.stretch),
            (spin.mean - p) / (1 - p * p),
        ]
        return np.array(missing), (q_hat, delta_hat, pi), spin, pattern, delta

    start = _patterns(p * p, 1 - p * p, 0.3 * (1 - p * p), kappa, order)
    v = np.array([np.log(alpha * start.square), np.log(alpha * start.stretch), np.arctanh(p)])
    found = damped_newton(lambda v: state(v)[0], v)
    if found is None:
        return None
    missing, (q_hat, delta_hat, pi), spin, pattern, delta = state(found[0])
    q = 1 - spin.gap
    local = -pi * p - 0.5 * q_hat * spin.gap - 0.5 * (q_hat * delta + delta_hat * q)
    local += spin.value + alpha * pattern.value
    external = delta_hat * spin.gap + spin.curvature
    external += alpha * (pattern.curvature + delta * pattern.bend)
    external *= -0.5
    return BestReference(local, external, q, delta, float(np.abs(missing).max()))


def _root_at(field: float, delta_hat: float) -> float:
    """The tanh of the largest h = field + δ̂ tanh h."""
    h = field + delta_hat
    for _ in range(60):
        t = float(np.tanh(h))
        step = (h - field - delta_hat * t) / (1 - delta_hat * (1 - t * t))
        h -= step
        if abs(step) <= 1e-14 * (1 + h):
            break
    return float(np.tanh(h))


def best_spherical(p: float, alpha: float, kappa: float, order: int) -> BestReference | None:
    """Weights on the sphere: one equation, α⟨r²⟩ (1 − p² + δ)² = p², in ln δ."""
    gap = 1 - p * p

    def missing(x: Array) -> Array:
        delta = float(np.exp(x[0]))
        square = _patterns(p * p, gap, delta, kappa, order).square
        return np.array([np.log(alpha * square * (gap + delta) ** 2 / (p * p))])

    def curve(x: Array, _: object) -> tuple[Array, Array]:
        slope = (missing(x + 1e-5) - missing(x - 1e-5)) / 2e-5
        return missing(x), slope

    x = bracketed_newton(curve, np.log(np.array([gap])), -40.0, 12.0)
    left = float(np.abs(missing(x)).max())
    if not left < 1e-9:
        return None
    delta = float(np.exp(x[0]))
    value = _patterns(p * p, gap, delta, kappa, order).value
    local = 0.5 * np.log(gap) + 0.5 * p * p / (gap + delta) + alpha * value
    return BestReference(float(local), -np.inf, p * p, delta, left)

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
at which it vanishes.  For spherical weights it is −∞.

Beyond the distance at which the best reference has *all* solutions around it (w̃ the sign, or the
direction, of their mean), many references have: then φ∞ is the entropy of solutions.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from ..estimate import Array
from .anderson import fixed_point
from .bracketed_newton import bracketed_newton
from .clones import TANH, log_2cosh, threshold_peak
from .damped_newton import damped_newton
from .gaussian import REACH, gaussian_rule, inverse_mills
from .saddle import saddle_limit, saddle_point

KINK = np.array([-24.0, -18.0, -13.0, -9.0, -6.0, -4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 6.0, 12.0, 48.0])
UNFOUND = "no saddle point of infinitely many clones was found"


@dataclass(frozen=True)
class BestReference:
    """What is found around the best reference."""

    local: float
    external: float
    q: float
    delta: float
    """y (q₁ − q₀)."""
    t: float
    q_ref: float
    residual: float
    hats: tuple[float, float, float] | None = None
    """ln q̂, ln δ̂ and π, where binary weights have them."""


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
    miss: float
    """1 − ⟨tanh h⟩."""
    gap: float


def _patterns(q: float, gap: float, delta: float, kappa: float, order: int) -> _Best:
    # where u at the maximum is −9, −6, ...: the scale on which pulls turn on
    heights = np.sqrt(gap) * (KINK + delta / gap * inverse_mills(KINK)[0])
    kinks = np.clip((kappa - heights) / np.sqrt(q), -REACH, REACH)
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
        miss=float("nan"),
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
        miss=float(weight @ (2 * decay / (1 + decay))),
        gap=float(weight @ sech2),
    )


def best_binary(p: float, alpha: float, kappa: float, order: int) -> BestReference | None:
    """Weights ±1: the pulls ln q̂ and ln δ̂ from each other by way of q, δ and π."""
    typical = saddle_point(alpha, kappa, "binary") if alpha < _limit(kappa) else None
    if typical is not None:
        common = _two_signs(p, float(typical.q_hat), order)
        if common is not None:
            local, q = float(typical.entropy), float(typical.q)
            return BestReference(local, common[0], q, 0.0, p, common[1], float(typical.residual))
    pi = [float(np.arctanh(p))]

    def answer(pulls: Array) -> tuple[_Best, float]:
        q_hat, delta_hat = (float(x) for x in np.exp(pulls))
        for _ in range(30):
            here, there = (
                np.log(_spins(q_hat, delta_hat, x, order).miss / (1 - p))
                for x in (pi[0], pi[0] + 1e-6)
            )
            step = float(np.clip(-here * 1e-6 / np.float64(there - here), -0.7 * pi[0], 1.0))
            pi[0] += step
            if not abs(step) > 1e-11:
                break
        spin = _spins(q_hat, delta_hat, pi[0], order)
        cusp = np.sqrt(2 / (np.pi * q_hat)) * _root_at(pi[0], delta_hat)
        return spin, float(spin.stretch + cusp)

    def pulls_of(pattern: _Best) -> Array:
        return np.log([alpha * pattern.square, alpha * pattern.stretch])

    def step(pulls: Array) -> Array:
        spin, delta = answer(pulls)
        return pulls_of(_patterns(1 - spin.gap, spin.gap, delta, kappa, order))

    first = few_patterns(p, alpha, kappa, order)
    pulls, move = fixed_point(step, first, 1e-12, rounds=80)
    if not move < 1e-8:
        pi[0] = float(np.arctanh(p))
        found = damped_newton(lambda v: step(v) - v, first, tolerance=1e-10)
        if found is None:
            return None
        pulls = found[0]
        move = float(np.abs(step(pulls) - pulls).max())
    spin, delta = answer(pulls)
    pattern = _patterns(1 - spin.gap, spin.gap, delta, kappa, order)
    q_hat, delta_hat = (float(x) for x in np.exp(pulls))
    local = -pi[0] * p - 0.5 * q_hat * spin.gap
    local += -0.5 * (q_hat * delta + delta_hat * (1 - spin.gap))
    local += spin.value + alpha * pattern.value
    external = delta_hat * spin.gap + spin.curvature
    external += alpha * (pattern.curvature + delta * pattern.bend)
    hats = float(pulls[0]), float(pulls[1]), pi[0]
    return BestReference(local, -0.5 * external, 1 - spin.gap, delta, p, 1.0, move, hats)


def few_patterns(p: float, alpha: float, kappa: float, order: int) -> Array:
    """A guess of ln q̂ and ln δ̂: what few patterns would make of δ."""
    delta = 0.3 * (1 - p * p)
    for _ in range(4):
        start = _patterns(p * p, 1 - p * p, delta, kappa, order)
        delta = p * np.sqrt(2 / (np.pi * alpha * start.square))
    first = np.log([alpha * start.square, alpha * start.stretch])
    first[1] = min(first[1], np.log(0.3 * np.arctanh(p)))  # more would hold clones without π
    return first


def _limit(kappa: float) -> float:
    return float(saddle_limit(kappa, "binary"))


def _two_signs(p: float, q_hat: float, order: int) -> tuple[float, float] | None:
    """Entropy of references whose overlap with the mean solution is p, and their own overlap q̃.

    A reference w̃ = ±1 is weighted with e^{c w̃ tanh h}, p = ⟨tanh h tanh(c tanh h)⟩; None where
    even w̃ = sign h falls short of p.
    """
    common = np.sqrt(q_hat)
    edges = np.concatenate((np.linspace(0, REACH, 10), np.clip(TANH / common, 0, REACH)))
    z, weight = gaussian_rule(np.unique(edges), order)
    weight, t = 2 * weight, np.tanh(common * z)
    if weight @ t <= p:
        return None

    def curve(x: Array, _: object) -> tuple[Array, Array]:
        tau = np.tanh(np.exp(x) * t)
        slope = np.exp(x) * (weight @ (t * t * (1 - tau**2)))
        return np.array([weight @ (t * tau) - p]), np.atleast_1d(slope)

    c = float(np.exp(bracketed_newton(curve, np.zeros(1), -30.0, 12.0)[0]))
    entropy = float(weight @ log_2cosh(c * t)) - c * p
    return entropy, float(weight @ np.tanh(c * t) ** 2)


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
    if alpha < float(saddle_limit(kappa)):
        typical = saddle_point(alpha, kappa)
        if p * p <= typical.q:
            q, local = float(typical.q), float(typical.entropy)
            entropy = float(0.5 * np.log1p(-p * p / q)) if p * p < q else -np.inf
            return BestReference(local, entropy, q, 0.0, p, p * p / q, float(typical.residual))

    def missing(x: Array) -> Array:
        delta = float(np.exp(x[0]))
        square = _patterns(p * p, gap, delta, kappa, order).square
        return np.array([np.log(alpha * square * (gap + delta) ** 2 / (p * p))])

    def curve(x: Array, _: object) -> tuple[Array, Array]:
        slope = (missing(x + 1e-5) - missing(x - 1e-5)) / 2e-5
        return missing(x), slope

    x = bracketed_newton(curve, np.log(np.array([gap])), -40.0, 300.0)
    left = float(np.abs(missing(x)).max())
    if not left < 1e-9:
        return None
    delta = float(np.exp(x[0]))
    value = _patterns(p * p, gap, delta, kappa, order).value
    local = 0.5 * np.log(gap) + 0.5 * p * p / (gap + delta) + alpha * value
    return BestReference(float(local), -np.inf, p * p, delta, p, 1.0, left)

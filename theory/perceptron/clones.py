r"""Averages over a group of m clones: replicas that are nearer to each other than to all others.

Clones of one group have overlap q₁, clones of different groups q₀.  A group shares a field of its
own, of variance q₁ − q₀, on top of the common one, and is weighted with the m-th power of what a
single clone contributes.  For a pattern and for a weight these are

.. math::
    \int Dz_0 \ln \int Dz_1\, P(\sqrt{q_0} z_0 + \sqrt{q_1 - q_0} z_1)^m , \qquad
    \int Dz_0 \ln \int Dz_1\, (2\cosh(\sqrt{\hat q_0} z_0 + \sqrt{\hat q_1 - \hat q_0} z_1))^m

with P(h) the probability that a clone of field h satisfies the pattern, one of variance 1 − q₁
being its own: H((κ − h)/√(1 − q₁)) for Δ ≥ κ, and the window |Δ| ≤ κ for the symmetric perceptron.
(The same averages appear with one step of replica symmetry breaking, where m < 1.)

The inner integrand is as sharp as m makes it.  P^m Dz is log-concave: panels are laid around its
peak, in units of its width, and at the kink of P.  (2cosh)^m Dz may have two peaks, as far out as
m√(q̂₁ − q̂₀), where the normal density alone would underflow: exponents are summed first.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import log_ndtr, ndtr

from ..estimate import Array
from .gaussian import ORDER, REACH, gaussian_rule, inverse_mills

PEAK = np.array([-REACH, -6.0, -3.0, 0.0, 3.0, 6.0, REACH])
KINK = np.array([-9.0, -6.5, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 6.0, 12.0])
TANH = np.array([-18.0, -6.0, -2.0, 0.0, 2.0, 6.0, 18.0])
OUTER = np.linspace(-REACH, REACH, 8)


@dataclass(frozen=True)
class GroupAverage:
    """What a pattern or a weight makes of a group of clones."""

    log: float
    """Average of the logarithm of the group's integral, in nats."""
    mean_square: float
    """⟨⟨r⟩²⟩: the response r (pull of a pattern, tanh of a field) averaged over the group first."""
    square: float
    """⟨⟨r²⟩⟩."""
    gap: float
    """1 − ⟨⟨r²⟩⟩ where r is a tanh, with the digits that the difference would lose; else NaN."""


def threshold_group(
    q0: float, spread: float, gap: float, kappa: float, m: float, order: int = ORDER
) -> GroupAverage:
    """Patterns Δ ≥ κ; ``spread`` = q₁ − q₀ and ``gap`` = 1 − q₁; r = G(u)/√(1 − q₁)."""
    narrow, wide, common = np.sqrt(gap), np.sqrt(spread), np.sqrt(q0)
    width = np.sqrt((spread + gap / m) / q0)
    rungs = kappa / common + width * 3 * np.array([-16, -4, -2, -1, 0, 1, 2, 4, 16])
    edges = np.sort(np.concatenate((OUTER, np.clip(rungs, -REACH, REACH))))
    z0, weight = gaussian_rule(edges, order)
    height = kappa - common * z0
    peak, curvature = threshold_peak(height, wide, narrow, m)
    edges = np.concatenate(
        (
            peak[:, None] + PEAK / np.sqrt(curvature)[:, None],
            peak[:, None] + PEAK,
            (height[:, None] - narrow * KINK) / wide,
        ),
        axis=1,
    )
    edges = np.clip(edges, (peak - REACH)[:, None], (peak + REACH)[:, None])
    z, panel = flat_rule(np.sort(edges, axis=1), order)
    u = (height[:, None] - wide * z) / narrow
    log, share = normalised(m * log_ndtr(-u) - 0.5 * z * z, panel)
    pull = inverse_mills(u)[0] / narrow
    return _average(log, share, pull, weight)


def threshold_peak(height: Array, wide: float, narrow: float, m: float) -> tuple[Array, Array]:
    """Where −½z² + m ln H((height − wide z)/narrow) is largest, and minus its second derivative.

    Its slope m (wide/narrow) G(u) − z falls and is convex in z, so that Newton's method from 0,
    where the slope is positive, comes to the root from one side.
    """
    z = np.zeros_like(height)
    steep = m * wide / narrow
    for _ in range(400):  # many only where G grows like an exponential
        G, excess = inverse_mills((height - wide * z) / narrow)
        curvature = 1 + steep * wide / narrow * G * excess
        step = (steep * G - z) / curvature
        z += step
        if np.all(np.abs(step) <= 1e-6 * (1 + z)):  # panels need no more
            break
    return z, curvature


def window_group(q1: float, gap: float, kappa: float, m: float, order: int = ORDER) -> GroupAverage:
    """Patterns |Δ| ≤ κ and groups that know nothing of each other, q₀ = 0; r = −d ln P/dh."""
    narrow, wide = np.sqrt(gap), np.sqrt(q1)
    half = kappa / narrow
    bend = 2 * half * np.exp(-0.5 * half**2) / np.sqrt(2 * np.pi) / (1 - 2 * ndtr(-half))
    top = np.array([0.0, 1.5, 3.0, 4.5, 6.0, REACH])
    rungs = np.concatenate((kappa + narrow * KINK, narrow * KINK - kappa)) / wide
    edges = np.concatenate((top, top / np.sqrt(1 + m * bend * q1 / gap), rungs))
    z, panel = gaussian_rule(np.sort(np.clip(edges, 0.0, REACH)), order)
    panel = 2 * panel  # both signs of h
    near, far = (wide * z - kappa) / narrow, (wide * z + kappa) / narrow
    missed = ndtr(near) + ndtr(-far)
    above, below = log_ndtr(-near), log_ndtr(-far)
    log_p = np.where(
        missed < 0.5, np.log1p(-np.minimum(missed, 0.5)), above + np.log1p(-np.exp(below - above))
    )
    pull = np.exp(-0.5 * near**2 - log_p) - np.exp(-0.5 * far**2 - log_p)
    pull /= np.sqrt(2 * np.pi) * narrow
    lost = float(panel @ -np.expm1(m * log_p))
    log, share = normalised((m * log_p)[None, :], panel[None, :])
    return GroupAverage(
        log=float(np.log1p(-lost)) if lost < 0.5 else float(log[0]),
        mean_square=0.0,
        square=float(share[0] @ pull**2),
        gap=float("nan"),
    )


def spin_group(q0_hat: float, spread: float, m: float, order: int = ORDER) -> GroupAverage:
    """Weights ±1; ``spread`` = q̂₁ − q̂₀; r = tanh h, so that `square` is q₁, `mean_square` q₀."""
    common = np.sqrt(q0_hat)
    kinks = np.concatenate((TANH, TANH / m))[len(TANH) // 2 + 1 :] if common else np.zeros(1)
    rungs = np.clip(np.abs(kinks) / max(common, 1e-300), 0.0, REACH)
    edges = np.sort(np.concatenate((np.linspace(0.0, REACH, 6), rungs)))
    z0, weight = gaussian_rule(edges, order)
    weight = 2 * weight  # even in z0
    log, share, h = spin_integral(common * z0, np.sqrt(spread), m, order)
    found = _average(log, share, np.tanh(h), weight)
    decay = np.exp(-2 * np.abs(h))
    sech2 = 4 * decay / (1 + decay) ** 2
    return GroupAverage(
        found.log, found.mean_square, found.square, float(weight @ (share * sech2).sum(axis=1))
    )


def spin_integral(field: Array, wide: float, m: float, order: int) -> tuple[Array, Array, Array]:
    """At each field: ln∫Dz (2cosh h)^m with h = field + wide z; shares of it and h at the nodes."""
    reach = m * wide + REACH
    steps = np.linspace(-reach, reach, int(np.ceil(0.8 * reach)) + 1)
    kink = np.clip((TANH - field[:, None]) / wide, -reach, reach)
    edges = np.concatenate((np.broadcast_to(steps, (len(field), len(steps))), kink), axis=1)
    z, panel = flat_rule(np.sort(edges, axis=1), order)
    h = field[:, None] + wide * z
    log, share = normalised(m * log_2cosh(h) - 0.5 * z * z, panel)
    return log, share, h


def log_2cosh(h: Array) -> Array:
    """The same as np.log(2 * np.cosh(h)), which would overflow."""
    size = np.abs(h)
    return np.asarray(size + np.log1p(np.exp(-2 * size)))


def flat_rule(edges: Array, order: int) -> tuple[Array, Array]:
    """Nodes and weights between ascending edges, one row each, for dz/√(2π) without the normal."""
    x, w = _legendre(order)
    middle, half = 0.5 * (edges[:, 1:] + edges[:, :-1]), 0.5 * np.diff(edges)
    z = (middle[..., None] + half[..., None] * x).reshape(len(edges), -1)
    weight = (half[..., None] * w).reshape(len(edges), -1)
    return z, weight / np.sqrt(2 * np.pi)


@cache
def _legendre(order: int) -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(order)
    return x, w


def normalised(exponent: Array, weight: Array) -> tuple[Array, Array]:
    """Each row's ln Σ weight · e^exponent, and the share that each term has of the sum."""
    top = exponent.max(axis=1, keepdims=True)
    share = weight * np.exp(exponent - top)
    total = share.sum(axis=1, keepdims=True)
    return (np.log(total) + top)[:, 0], share / total


def _average(log: Array, share: Array, response: Array, weight: Array) -> GroupAverage:
    once = (share * response).sum(axis=1)
    twice = (share * response**2).sum(axis=1)
    return GroupAverage(
        float(weight @ log), float(weight @ once**2), float(weight @ twice), float("nan")
    )

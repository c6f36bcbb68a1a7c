r"""Averages over a group of one reference and y clones of it, for any real y ≥ 0.

Overlaps of the reference with its clones: p; with the clones of another group: t; of references
with each other: q̃; of clones inside a group and between groups: q₁ and q₀.  What groups share is a
pair of fields, (X, Z) before a pattern and (A, B) at a weight, with covariance
[[q̃, t], [t, q₀]] and [[q̃^, t^], [t^, q₀^]]; a group itself contributes

.. math::
    \int Dz\, H\Big(\frac{\tilde\kappa - X - cz}{\sigma}\Big)
                 H\Big(\frac{\kappa - Z - az}{s}\Big)^y,
    \qquad
    \sum_{\tilde w = \pm 1} e^{A \tilde w} \int Dz\, (2\cosh(B + \pi \tilde w + \hat a z))^y

with a² = q₁ − q₀, c = (p − t)/a, σ² = 1 − q̃ − c², s² = 1 − q₁, â² = q̂₁ − q̂₀, π = p̂ − t̂.
A reference of any margin (κ̃ = −∞) has the first H equal to 1, and A = 0.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from ..estimate import Array
from .clones import (
    TANH,
    flat_rule,
    log_2cosh,
    normalised,
    spin_integral,
)
from .gaussian import REACH, gaussian_rule, inverse_mills

NEAR = 7.5  # standard deviations; what lies beyond weighs 1e-13
KINK = np.array([-6.0, -3.0, -1.0, 1.0, 3.0, 8.0])
PEAK = np.array([-NEAR, -3.5, 0.0, 3.5, NEAR])


@dataclass(frozen=True)
class Overlaps:
    """Of a reference (ref) and its clones; ``spread`` is q₁ − q₀, ``gap`` 1 − q₁, ``own`` is σ²."""

    ref: float
    t: float
    p: float
    q0: float
    spread: float
    gap: float
    own: float


@dataclass(frozen=True)
class Responses:
    """What one group answers to its fields: r̃ of the reference, r of a clone, averaged.

    ⟨·⟩ inside is over the group, outside over the fields that groups share.
    """

    log: float
    """Average of the logarithm of the group's integral, in nats."""
    ref: float
    """⟨⟨r̃⟩²⟩."""
    cross: float
    """⟨⟨r̃⟩⟨r⟩⟩."""
    once: float
    """⟨⟨r⟩²⟩."""
    twice: float
    """⟨⟨r²⟩⟩."""
    both: float
    """⟨⟨r̃ r⟩⟩."""
    gap: float
    """1 − ⟨⟨r²⟩⟩ for weights; NaN for patterns."""
    spread: float
    """⟨⟨r²⟩⟩ − ⟨⟨r⟩²⟩, summed from what is positive."""
    own: float
    """σ² for weights, where the overlaps alone would lose it; NaN for patterns."""
    single: float
    """⟨⟨ln P⟩⟩, of one clone's own contribution: d log/dy at fixed overlaps."""


def pattern_responses(
    overlaps: Overlaps, kappa: float, kappa_ref: float | None, y: float, order: int
) -> Responses:
    """Patterns Δ ≥ κ for clones and Δ ≥ κ̃ for the reference (None: any); responses are pulls."""
    a, s = np.sqrt(overlaps.spread), np.sqrt(overlaps.gap)
    X, Z, weight = _shared_fields(overlaps, kappa, kappa_ref, order)
    if kappa_ref is None:
        c, sigma, low = 0.0, 1.0, np.zeros_like(X)
    else:
        c, sigma = (overlaps.p - overlaps.t) / a, np.sqrt(overlaps.own)
        low = kappa_ref - X
    high = kappa - Z
    peak, curvature = _peak(low, c / sigma, sigma, high, a / s, s, y)
    rungs = [peak[:, None] + PEAK / np.sqrt(curvature)[:, None], peak[:, None] + PEAK]
    rungs.append((high[:, None] - s * KINK) / a)
    if c:
        rungs.append((low[:, None] - sigma * KINK) / c)
    edges = np.clip(np.concatenate(rungs, axis=1), (peak - NEAR)[:, None], (peak + NEAR)[:, None])
    z, panel = flat_rule(np.sort(edges, axis=1), order)
    u = (high[:, None] - a * z) / s
    log_h = log_ndtr(-u)
    pull = inverse_mills(u)[0] / s
    exponent = y * log_h - 0.5 * z * z
    ref_pull = np.zeros_like(z)
    if kappa_ref is not None:
        v = (low[:, None] - c * z) / sigma
        exponent += log_ndtr(-v)
        ref_pull = inverse_mills(v)[0] / sigma
    log, share = normalised(exponent, panel)
    mean, ref_mean = (share * pull).sum(axis=1), (share * ref_pull).sum(axis=1)
    return Responses(
        log=float(weight @ log),
        ref=float(weight @ ref_mean**2),
        cross=float(weight @ (mean * ref_mean)),
        once=float(weight @ mean**2),
        twice=float(weight @ (share * pull**2).sum(axis=1)),
        both=float(weight @ (share * pull * ref_pull).sum(axis=1)),
        gap=float("nan"),
        spread=float(weight @ (share * (pull - mean[:, None]) ** 2).sum(axis=1)),
        own=float("nan"),
        single=float(weight @ (share * log_h).sum(axis=1)),
    )


def _peak(
    low: Array, steep_low: float, sigma: float, high: Array, steep: float, s: float, y: float
) -> tuple[Array, Array]:
    """Where the group's integrand is largest, and minus the second derivative of its logarithm."""
    z, shift = np.zeros_like(high), low / sigma
    for _ in range(60):
        G, excess = inverse_mills(high / s - steep * z)
        slope, curvature = y * steep * G - z, 1 + y * steep**2 * G * excess
        if steep_low:
            G, excess = inverse_mills(shift - steep_low * z)
            slope, curvature = slope + steep_low * G, curvature + steep_low**2 * G * excess
        step = slope / curvature
        z += step
        if np.all(np.abs(step) <= 1e-4 * (1 + np.abs(z))):
            break
    return z, curvature


def _shared_fields(
    overlaps: Overlaps, kappa: float, kappa_ref: float | None, order: int
) -> tuple[Array, Array, Array]:
    """Nodes (X, Z) and weights, flat; X = 0 where no reference feels it."""
    steps = np.array([-16.0, -4.0, -1.5, 0.0, 1.5, 4.0, 16.0])
    normal = np.linspace(-NEAR, NEAR, 6)
    blur = np.sqrt(overlaps.spread + overlaps.gap)
    if kappa_ref is None:
        edges = normal
        centre, width = kappa / np.sqrt(overlaps.q0), blur / np.sqrt(overlaps.q0)
        edges = np.sort(np.append(normal, np.clip(centre + width * steps, -NEAR, NEAR)))
        z, weight = gaussian_rule(edges, order)
        return np.zeros_like(z), np.sqrt(overlaps.q0) * z, weight
    root = np.sqrt(overlaps.ref)
    width = np.sqrt(1 - overlaps.ref) / root
    edges = np.append(normal, np.clip(kappa_ref / root + width * steps, -NEAR, NEAR))
    x, outer = gaussian_rule(np.sort(edges), order)
    # 0 where reference and clones are alike (y = 1, κ = κ̃); a grain keeps panels apart
    own = np.sqrt(max(overlaps.q0 - overlaps.t**2 / overlaps.ref, 1e-14 * overlaps.q0))
    mean = overlaps.t / root * x
    centre = (kappa - mean) / own
    kink = np.clip(centre[:, None] + blur / own * steps, -NEAR, NEAR)
    edges = np.concatenate((np.broadcast_to(normal, (len(x), len(normal))), kink), axis=1)
    z, inner = gaussian_rule(np.sort(edges, axis=1), order)
    X = np.broadcast_to((root * x)[:, None], z.shape)
    Z, weight = mean[:, None] + own * z, outer[:, None] * inner
    keep = weight.ravel() > 1e-18
    return X.ravel()[keep], Z.ravel()[keep], weight.ravel()[keep]


@dataclass(frozen=True)
class Conjugates:
    """Of the overlaps of the same names; ``pi`` is p̂ − t̂."""

    ref: float
    t: float
    pi: float
    q0: float
    spread: float


def spin_responses(hats: Conjugates, y: float, order: int) -> Responses:
    """Weights ±1; the responses are w̃ and tanh h, so that the averages are the overlaps."""
    wide, common = np.sqrt(hats.spread), np.sqrt(hats.q0)
    kinks = np.concatenate((TANH, TANH / max(y, 1.0)))
    kinks = np.abs(np.concatenate((kinks, kinks + hats.pi, kinks - hats.pi))) / common
    edges = np.concatenate((np.linspace(0, REACH, 6), np.clip(kinks, 0, REACH)))
    b, weight = gaussian_rule(np.unique(edges), order)
    weight = 2 * weight  # (A, B) → (−A, −B) changes nothing
    B = common * b
    up, down = (_clone(B + sign * hats.pi, wide, y, order) for sign in (1, -1))
    # A given B
    mean = 0.5 * (up.log - down.log) + hats.t / hats.q0 * B
    spare = hats.ref - hats.t**2 / hats.q0
    log, tau, tau2, sech2 = two_states(mean, np.sqrt(spare) if spare > 0 else 0.0, order)
    half, part = 0.5 * (up.once + down.once), 0.5 * (up.once - down.once)
    twice, differ = 0.5 * (up.twice + down.twice), 0.5 * (up.twice - down.twice)
    within = 0.5 * (up.within + down.within) + 0.5 * (up.within - down.within) * tau
    free = weight * sech2  # what a group leaves open of its reference
    centre = (free @ part) / free.sum()
    spread = weight @ within + free @ part**2
    own = free.sum() * (weight @ within + free @ (part - centre) ** 2) / spread
    sech, apart = 0.5 * (up.gap + down.gap), 0.5 * (up.gap - down.gap)
    single, unlike = 0.5 * (up.single + down.single), 0.5 * (up.single - down.single)
    return Responses(
        log=float(weight @ (0.5 * (up.log + down.log) + log)),
        ref=float(weight @ tau2),
        cross=float(weight @ (half * tau + part * tau2)),
        once=float(weight @ (half**2 + 2 * half * part * tau + part**2 * tau2)),
        twice=float(weight @ (twice + differ * tau)),
        both=float(weight @ (part + half * tau)),
        gap=float(weight @ (sech + apart * tau)),
        spread=float(spread),
        own=float(own),
        single=float(weight @ (single + unlike * tau)),
    )


@dataclass(frozen=True)
class _Clone:
    log: Array
    once: Array
    twice: Array
    gap: Array
    single: Array
    within: Array


def _clone(field: Array, wide: float, y: float, order: int) -> _Clone:
    log, share, h = spin_integral(field, wide, y, order)
    tanh, decay = np.tanh(h), np.exp(-2 * np.abs(h))
    once = (share * tanh).sum(axis=1)
    moments = (
        *(tanh**2, 4 * decay / (1 + decay) ** 2, log_2cosh(h)),
        (tanh - once[:, None]) ** 2,
    )
    twice, gap, single, within = ((share * moment).sum(axis=1) for moment in moments)
    return _Clone(log, once, twice, gap, single, within)


def two_states(mean: Array, spread: float, order: int) -> tuple[Array, Array, Array, Array]:
    """Averages of ln 2cosh u, tanh u, tanh² u and 1 − tanh² u over u = mean + spread ξ."""
    if spread == 0:
        decay = np.exp(-2 * np.abs(mean))
        return log_2cosh(mean), np.tanh(mean), np.tanh(mean) ** 2, 4 * decay / (1 + decay) ** 2
    kink = np.clip((TANH - mean[:, None]) / spread, -REACH, REACH)
    normal = np.broadcast_to(np.linspace(-REACH, REACH, 8), (len(mean), 8))
    xi, weight = gaussian_rule(np.sort(np.concatenate((normal, kink), axis=1), axis=1), order)
    u = mean[:, None] + spread * xi
    tanh, decay = np.tanh(u), np.exp(-2 * np.abs(u))
    functions = (log_2cosh(u), tanh, tanh**2, 4 * decay / (1 + decay) ** 2)
    log, once, twice, sech2 = ((weight * f).sum(axis=1) for f in functions)
    return log, once, twice, sech2

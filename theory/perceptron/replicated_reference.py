r"""Free entropy of a reference with y clones, and where it is stationary.

.. math::
    \Phi(y) = \lim_{N\to\infty} \frac1N \Big\langle \ln \sum_{\tilde w}
              1[\tilde\Delta \ge \tilde\kappa]\, e^{y N \phi(\tilde w, d)} \Big\rangle

with φ the local entropy around w̃: a group of y clones at overlap p = 1 − 2d (replica symmetry
between groups).  Binary weights, with the averages of :mod:`.reference_group`:

.. math::
    \Phi = -\tfrac12 \hat{\tilde q}(1 - \tilde q) - y\,[\hat t\,(p - t) + \pi p]
           - \tfrac12 y\, \hat q_1 (1 - q_1) - \tfrac12 y^2 (\hat q_1 q_1 - \hat q_0 q_0)
           + \langle \ln \text{weights} \rangle + \alpha \langle \ln \text{patterns} \rangle ,

stationary in all but p: overlaps are ⟨⟨w̃⟩²⟩, ⟨⟨w̃⟩⟨tanh⟩⟩, ..., their conjugates α⟨⟨r̃⟩²⟩, ....
Spherical weights: the conjugates are integrated out, and the first part is, with
D = (1 − q̃)(1 − q₁ + ys) − y(p − t)², s = q₁ − q₀,

.. math::
    \tfrac12\Big[(y - 1)\ln(1 - q_1) + \ln D
           + \frac{(1 - q_1 + y s)\,\tilde q - 2y(p - t)\,t + (1 - \tilde q)\, y q_0}{D}\Big] .

y = 0 is the flat reference of Franz and Parisi; then q₀ has no say in anything else.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..estimate import Array
from .damped_newton import damped_newton
from .reference_group import Conjugates, Overlaps, Responses, pattern_responses, spin_responses

# what patterns tell weights: ln α⟨⟨r⟩²⟩, ln((⟨⟨r²⟩⟩ − ⟨⟨r⟩²⟩)/⟨⟨r⟩²⟩ + GRAIN) and, for a reference
# with a margin, ln α⟨⟨r̃⟩²⟩ and ⟨⟨r̃⟩⟨r⟩⟩/√(⟨⟨r̃⟩²⟩⟨⟨r⟩²⟩)
Pulls = Array
GRAIN = 1e-3  # clones of a flat reference at the typical distance are as far apart as any
WIDEST = 300.0  # fields of a group; solutions stay below, and a wild guess costs time


@dataclass(frozen=True)
class Setting:
    """What is given: overlap of reference and clones, load, margins (None: any), clones."""

    p: float
    alpha: float
    kappa: float
    kappa_ref: float | None
    y: float


@dataclass(frozen=True)
class Weights:
    """What weights answer to the pulls of patterns."""

    overlaps: Overlaps
    free_entropy: float
    """Φ without the patterns' part, nats per weight."""
    local: float
    """Its derivative by y."""
    pi: float
    """p̂ − t̂ for binary weights, NaN for spherical ones."""


Answer = Callable[[Pulls, Setting, int, Weights], Weights]


def pulls_of(pattern: Responses, given: Setting) -> Pulls:
    """The four numbers, or two, by which patterns act.

    NaN at overlaps so far off that patterns seem to do nothing: such a point is lost, not solved.
    """
    alpha = given.alpha
    if not pattern.once > 0 or (given.kappa_ref is not None and not pattern.ref > 0):
        return np.full(2 if given.kappa_ref is None else 4, np.nan)
    pulls = [np.log(alpha * pattern.once), np.log(pattern.spread / pattern.once + GRAIN)]
    if given.kappa_ref is not None:
        rho = pattern.cross / np.sqrt(pattern.ref * pattern.once)
        pulls += [np.log(alpha * pattern.ref), rho]
    return np.array(pulls)


def conjugates(pulls: Pulls) -> tuple[float, float, float, float]:
    """α times ⟨⟨r⟩²⟩, ⟨⟨r²⟩⟩ − ⟨⟨r⟩²⟩, ⟨⟨r̃⟩²⟩ and ⟨⟨r̃⟩⟨r⟩⟩."""
    once = float(np.exp(pulls[0]))
    spread = once * max(float(np.exp(pulls[1])) - GRAIN, 1e-15)
    if len(pulls) == 2:
        return once, spread, 0.0, 0.0
    ref = float(np.exp(pulls[2]))
    return once, spread, ref, float(min(pulls[3], 1.0) * np.sqrt(ref * once))


def binary_weights(pulls: Pulls, given: Setting, order: int, before: Weights) -> Weights:
    """Weights ±1; π by secants from its value before, the overlap p increasing with it."""
    p, y = given.p, given.y
    q0, spread_hat, ref, t = conjugates(pulls)
    if not y * np.sqrt(spread_hat) < WIDEST:
        return Weights(Overlaps(*[np.nan] * 7), np.nan, np.nan, np.nan)

    def at(pi: float) -> Responses:
        return spin_responses(Conjugates(ref, t, pi, q0, spread_hat), y, order)

    pi = before.pi
    spin = at(pi)
    slope = (at(pi + 1e-5).both - spin.both) / 1e-5
    for _ in range(30):
        step = float(np.clip((p - spin.both) / np.float64(slope), -1.0, 1.0))
        if not abs(step) > 1e-14:
            break
        old, spin, pi = spin, at(pi + step), pi + step
        if abs(step) > 1e-5:  # below, the slope is known better than by a difference
            slope = (spin.both - old.both) / step
    spread = spin.spread
    rise = spread_hat * (1 - spin.gap) + q0 * spread
    own = -t * (p - spin.cross) - pi * p - 0.5 * (q0 + spread_hat) * spin.gap
    phi = -0.5 * ref * (1 - spin.ref) + y * own - 0.5 * y * y * rise + spin.log
    return Weights(
        Overlaps(spin.ref, spin.cross, p, spin.once, spread, spin.gap, spin.own),
        phi,
        own - y * rise + spin.single,
        pi,
    )


def spherical_weights(pulls: Pulls, given: Setting, _: int, before: Weights) -> Weights:
    """Weights on the sphere: the four overlaps from the four pulls, by Newton's method.

    With 𝒟 = [[1 − q̃, p − t], [y(p − t), 1 − q₁ + ys]] the equations are: common part =
    𝒟 (pulls) 𝒟ᵀ, and (1 − q̃)s − (p − t)² = α(⟨⟨r²⟩⟩ − ⟨⟨r⟩²⟩)(1 − q₁) det 𝒟.
    """
    p, y = given.p, given.y
    clones, apart_hat, alone, both = conjugates(pulls)

    def missing(v: Array) -> Array:
        ref, t, q0, free = v[0], v[1], np.exp(v[2]), np.exp(v[3])
        s = (free + (p - t) ** 2) / (1 - ref)
        gap = 1 - q0 - s
        rest, apart, wide = 1 - ref, p - t, gap + y * s
        if not (gap > 0 and rest > 0):
            return np.full(4, np.nan)
        det = rest * gap + y * free
        return np.array(
            [
                rest**2 * alone + 2 * y * rest * apart * both + (y * apart) ** 2 * clones - ref,
                rest * apart * alone
                + (rest * wide + y * apart**2) * both
                + y * apart * wide * clones
                - t,
                np.log((apart**2 * alone + 2 * apart * wide * both + wide**2 * clones) / q0),
                np.log(free / (apart_hat * gap * det)),
            ]
        )

    old = before.overlaps
    start = np.array([old.ref, old.t, np.log(old.q0), np.log(old.own * old.spread)])
    found = damped_newton(missing, start, tolerance=1e-12)
    if found is None:
        return Weights(Overlaps(*[np.nan] * 7), np.nan, np.nan, np.nan)
    ref, t, q0, free = found[0][0], found[0][1], np.exp(found[0][2]), np.exp(found[0][3])
    rest, apart = 1 - ref, p - t
    s = (free + apart**2) / rest
    gap = 1 - q0 - s
    wide, det = gap + y * s, rest * gap + y * free
    trace = wide * ref - 2 * y * apart * t + rest * y * q0
    growth = s * ref - 2 * apart * t + rest * q0
    return Weights(
        Overlaps(ref, t, p, q0, s, gap, free / s),
        float(0.5 * ((y - 1) * np.log(gap) + np.log(det) + trace / det)),
        float(0.5 * (np.log(gap) + (free + growth) / det - trace * free / det**2)),
        np.nan,
    )


def first_guess(given: Setting, q_ref: float) -> Weights:
    """Clones that know of other groups only through their reference, of overlap ``q_ref``."""
    p = given.p
    s = p * p * (1 - q_ref) + 0.3 * (1 - p * p) * (1 - q_ref)
    own = 0.3 * (1 - p * p) * (1 - q_ref) ** 2 / s
    t, q0 = p * q_ref, p * p * q_ref
    overlaps = Overlaps(q_ref, t, p, q0, s, 1 - q0 - s, own)
    return Weights(overlaps, np.nan, np.nan, float(np.arctanh(p)))


def patterns(weights: Weights, given: Setting, order: int) -> Responses:
    """What patterns answer to the overlaps."""
    return pattern_responses(weights.overlaps, given.kappa, given.kappa_ref, given.y, order)

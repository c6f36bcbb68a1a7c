r"""A weight ±1 of a best reference that its patterns hold, and the clones around it.

The fields that all groups share are yA on the reference and B on a clone, with covariance
[[Q̂, T̂], [T̂, q̂]]; with infinitely many clones a group's sum becomes a maximum:

.. math::
    \max_{\tilde w = \pm 1} \big[A \tilde w + g(B + \pi \tilde w)\big], \qquad
    g(x) = \max_\zeta \big[-\tfrac12 \zeta^2 + \ln 2\cosh(x + \sqrt{\hat\delta}\,\zeta)\big] .

The reference is w̃ = sign(A + D) with D = ½[g(B + π) − g(B − π)], and A given B is normal: all
averages are integrals over B.  Where A + D = 0 the reference turns over, which is how much it
yields to a pull: χ = 2⟨δ(A + D)⟩, τ = 2⟨δ(A + D) D′⟩, and 2⟨δ(A + D) D′²⟩ of δ.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from ..estimate import Array
from .clones import TANH, log_2cosh
from .gaussian import REACH, gaussian_rule
from .held_pattern import Yielding

CROSSING = np.array([0.0, 0.5, 1.0, 2.0, 4.0, 8.0])
LEAST = 1e-12  # variance of A given B over that of B; a grain keeps panels apart


@dataclass(frozen=True)
class Hats:
    """Conjugates: variances and covariance of A and B, δ̂, and π."""

    ref: float
    t: float
    q: float
    delta: float
    pi: float


@dataclass(frozen=True)
class HeldSpins:
    """Averages over A and B."""

    value: float
    """Of the maximum."""
    gap: float
    """1 − q = ⟨sech² h⟩."""
    miss: float
    """1 − p = ⟨1 − w̃ tanh h⟩."""
    yielding: Yielding


def _tallest(field: Array, delta_hat: float) -> Array:
    """The h of the largest −½ζ² + ln 2cosh(field + √δ̂ ζ), of the sign of the field."""
    size = np.abs(field)
    h = size + delta_hat
    for _ in range(80):
        t = np.tanh(h)
        step = (h - size - delta_hat * t) / (1 - delta_hat * (1 - t * t))
        h = h - step
        if np.all(np.abs(step) <= 1e-9 * (1 + h)):
            break
    return np.copysign(h, field)


def held_spins(hats: Hats, order: int) -> HeldSpins:
    """The averages, over B > 0 and its mirror image."""
    common, pi, delta = np.sqrt(hats.q), hats.pi, hats.delta
    slant, left = hats.t / hats.q, np.sqrt(max(hats.ref - hats.t**2 / hats.q, LEAST * hats.q))
    steep = slant + float(np.tanh(_tallest(np.array([pi]), delta))[0])
    shifts = (0.0, pi, -pi, pi + delta, pi - delta)
    kinks = np.abs(np.concatenate([TANH + x for x in shifts])) / common
    kinks = np.concatenate((kinks, CROSSING * left / (steep * common), [pi / common]))
    edges = np.unique(np.clip(np.concatenate((np.linspace(0, REACH, 6), kinks)), 0, REACH))
    z, weight = gaussian_rule(edges, order)
    weight, B = 2 * weight, common * z
    h = np.stack([_tallest(B + pi, delta), _tallest(B - pi, delta)])
    tanh, decay = np.tanh(h), np.exp(-2 * np.abs(h))
    sech2 = 4 * decay / (1 + decay) ** 2
    height = log_2cosh(h) - 0.5 * delta * tanh**2
    lean = slant * B + 0.5 * (height[0] - height[1])
    x = lean / left
    up = ndtr(x)
    share = weight * np.stack([up, ndtr(-x)])
    density = weight * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    turn = 0.5 * (tanh[0] - tanh[1])
    low = 2 * decay / (1 + decay)  # 1 − |tanh h|
    up_miss = np.where(h[0] > 0, low[0], 2 - low[0])
    down_miss = np.where(h[1] < 0, low[1], 2 - low[1])
    stretch = (share * delta * sech2**2 / (1 - delta * sech2)).sum()
    value = weight @ (0.5 * (height[0] + height[1]) + lean * (2 * up - 1))
    return HeldSpins(
        value=float(value + 2 * left * density.sum()),
        gap=float((share * sech2).sum()),
        miss=float(share[0] @ up_miss + share[1] @ down_miss),
        yielding=Yielding(
            float(2 * density.sum() / left),
            float(2 * density @ turn / left),
            float(2 * density @ turn**2 / left + stretch),
        ),
    )

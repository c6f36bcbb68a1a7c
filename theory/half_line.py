r"""A walk of Gaussian kicks that ends below zero: what its last few kicks do to an end.

Lengths in kicks (standard deviations).  K is the kick of a walker that is still inside, z > 0:
(K f)(z) = ∫₀^∞ φ(z − z') f(z') dz' with φ the normal density.

- The harmonic function  H = K H  grows as z + 0.5826: the end seems that much farther out.
- A quantity that forgets, with q its memory over one kick, answers the slope of H with
  V − q K V = (1 − q) H', which is 1 far inside; its decay √(−2 ln q) is exact beyond a few kicks.

Both are solved at Gauss nodes up to DEPTH and continued by what they are beyond: the other roots of
1 = q e^{κ²/2} decay within a kick.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtr

from .estimate import Array, frozen

DEPTH = 14.0  # e^{−2.5·14} < 1e-15, with 2.5 = Re √(4πi), the slowest of the other roots at q = 1
_PANELS, _NODES = 28, 6
_SHORT = 1e-6  # 1 − q: below, a layer is thousands of kicks wide and the kicks do not matter


class _Harmonic(NamedTuple):
    values: Array  # H at the nodes
    slope: Array  # H'
    bend: Array  # H''
    beyond: float  # H − z far inside


class AbsorbingLayer(NamedTuple):
    """Moments of the layer at an absorbing end, in kicks.

    forgetting: ∫ H (K V)' dz, which tends to 1/√(2(1 − q)) as q → 1.  bending: ∫ H H'' dz.
    """

    forgetting: float
    bending: float


@lru_cache(maxsize=1)
def _rule() -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(0, DEPTH, _PANELS + 1)
    half, centre = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    return frozen((centre + half * x).ravel()), frozen((half * w).ravel())


def _density(z: Array) -> Array:
    return np.asarray(np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi))


@lru_cache(maxsize=1)
def _harmonic() -> _Harmonic:
    z, w = _rule()
    at = np.append(z, DEPTH)
    gap = DEPTH - at  # what lies beyond DEPTH: ∫ φ(z' − z)(z' + c) dz'
    tail, line = ndtr(-gap), at * ndtr(-gap) + _density(gap)
    system = np.eye(len(at))
    system[:, :-1] -= _density(at[:, None] - z) * w
    system[:, -1] = -tail
    system[-1, -1] += 1
    found = np.linalg.solve(system, line - np.append(np.zeros(len(z)), DEPTH))
    inside, beyond = found[:-1], float(found[-1])
    away = z[:, None] - z
    gap = gap[:-1]
    # K differentiated under the integral, the tail as well
    slope = -(away * _density(away) * w) @ inside + ndtr(-gap) + (DEPTH + beyond) * _density(gap)
    bend = ((away**2 - 1) * _density(away) * w) @ inside
    bend += _density(gap) * (1 + (DEPTH + beyond) * gap)
    return _Harmonic(frozen(inside), frozen(slope), frozen(bend), beyond)


def overshoot() -> float:
    """How far the end seems moved, in kicks: H − z far inside.

    >>> round(overshoot(), 10)
    0.5825971579
    """
    return _harmonic().beyond


@lru_cache(maxsize=256)
def absorbing_layer(memory: float) -> AbsorbingLayer:
    """Moments of the layer of a quantity with memory q = ``memory`` over one kick, 0 ≤ q < 1."""
    z, w = _rule()
    harmonic = _harmonic()
    bending = float(w @ (harmonic.values * harmonic.bend))
    if memory < 1e-12:  # K H' itself
        memory = 1e-12
    if 1 - memory < _SHORT:
        return AbsorbingLayer(float(1 / np.sqrt(2 * (1 - memory))), bending)
    decay = np.sqrt(-2 * np.log(memory))
    at = np.append(z, DEPTH)
    gap = DEPTH - at
    # V beyond DEPTH is 1 − c e^{−decay (z − DEPTH)}
    shadow = np.exp(decay * gap + 0.5 * decay**2 + log_ndtr(-gap - decay))
    system = np.eye(len(at))
    system[:, :-1] -= memory * _density(at[:, None] - z) * w
    system[:, -1] = memory * shadow
    system[-1, -1] -= 1
    slope = np.append(harmonic.slope, 1.0)
    right = (1 - memory) * slope + memory * ndtr(-gap)
    right[-1] -= 1
    found = np.linalg.solve(system, right)
    inside, lost = found[:-1], found[-1]
    away, gap = z[:, None] - z, gap[:-1]
    change = -(away * _density(away) * w) @ inside + _density(gap) * (1 - lost)
    change += lost * decay * shadow[:-1]
    tail = 0.0  # ∫ H (K V)' beyond DEPTH
    if decay * DEPTH < 37:  # exp(−37) < 1e-16
        tail = lost / memory * (DEPTH + harmonic.beyond + 1 / decay)
    return AbsorbingLayer(float(w @ (harmonic.values * change) + tail), bending)


def reflected_moments(memory: float) -> tuple[float, float]:
    """⟨|S|⟩ and ⟨|S|³⟩ (1 − q)/3, S a sum of N ≥ 1 kicks, N geometric: one more with chance q.

    Both tend to 1/√(2(1 − q)) as q → 1.
    """
    if 1 - memory < _SHORT:
        wide = float(1 / np.sqrt(2 * (1 - memory)))
        return wide, wide
    terms = 1 if memory < 1e-12 else int(np.ceil(40 / -np.log(memory))) + 1
    n = np.arange(1.0, terms + 1)
    chance = (1 - memory) * memory ** (n - 1)
    first = np.sqrt(2 / np.pi) * chance @ np.sqrt(n)
    third = 2 * np.sqrt(2 / np.pi) * chance @ n**1.5
    return float(first), float(third * (1 - memory) / 3)

r"""Weights that the patterns hardly feel: so near a robust reference that its margin shields them.

Where the reference keeps a larger margin than is asked, weights at a small distance d violate a
pattern only if √(4d) outweighs the difference, and the saddle point of :mod:`.fixed_distance` is a
perturbation of free weights at that distance.  To first order in the patterns

.. math::
    \varphi(d) = \varphi_0(d) + \alpha\,\langle\ln H(u)\rangle, \qquad
    u = \frac{\kappa - p\tilde h}{\sqrt{1 - p^2}},

over the fields h̃ > κ̃ of the reference alone, with density φ(h̃) ⟨1/H(ũ(z))⟩, z normal of mean
√q̃ h̃ and variance 1 − q̃.  The second order is about (1 − p²)² q̂² + (1 − p²)(1 − q̃) t̂²; below
FAINT it is beyond what is asked of φ.
"""

import numpy as np
from scipy.special import log_ndtr

from ..estimate import Array
from .gaussian import CHECK_ORDER, gaussian_rule, inverse_mills
from .pair_pattern import Overlaps, Reference
from .pair_spins import PairSpins
from .stretched import FINE, REACH, stretched

FAINT = 1e-11
UNFELT = -4.0  # a margin that hardly any pattern reaches


def might_be_shielded(ref: Reference, distance: Array) -> np.ndarray:
    """Where it is worth while to ask.

    A pattern at the reference's margin is 3 widths away, or no pattern is felt at all.
    """
    p, width = 1 - 2 * distance, 2 * np.sqrt(distance * (1 - distance))
    worst = p * np.where(p > 0, max(ref.margin, -REACH), max(ref.margin, 0) + REACH)
    return np.asarray((ref.kappa - worst < -3 * width) | (ref.kappa < UNFELT))


def shielded(ref: Reference, distance: Array) -> tuple[Overlaps, Array, Array]:
    """The first order at ``distance``, and the second, which must be FAINT for it to hold.

    Overlaps; rows entropy, slope, q̂, t̂ and p̂; the second order of the entropy.
    """
    p, room = 1 - 2 * distance, 4 * distance * (1 - distance)
    root = np.sqrt(room)
    field, weight = _fields(ref, p, root)
    flat, pull = _fluctuating(ref, field)
    u = (ref.kappa - p[:, None] * field) / root[:, None]
    G, _ = inverse_mills(u)
    first = G / root[:, None]

    def mean(values: Array) -> Array:
        return np.asarray((weight * values).sum(axis=-1))

    a = ref.alpha
    q_hat, t_hat = a * mean(flat * first**2), a * mean(pull * first)
    edge = np.array([[ref.margin]])
    at_edge = float(_fluctuating(ref, edge)[0][0, 0]) * np.exp(-0.5 * ref.margin**2)
    u_edge = (ref.kappa - p * ref.margin) / root
    slope_edge = a * at_edge / np.sqrt(2 * np.pi) * inverse_mills(u_edge)[0] / root

    if ref.model == "binary":
        free = -distance * np.log(distance) - (1 - distance) * np.log1p(-distance)
        pull = 0.5 * np.log((1 - distance) / distance)
        p_hat = pull + p * q_hat + ref.q * t_hat
        spins = PairSpins(ref, q_hat, t_hat, p_hat, FINE)
        e = spins.lean()
        c2 = spins.spread() - ref.gap / ref.q * e**2
    else:
        free, pull = 0.5 * np.log(room), p / room
        e = room * ref.gap * t_hat
        c2 = room**2 * (q_hat - t_hat**2 / ref.q_hat)
        p_hat = pull + p * q_hat + ref.q * t_hat
    at = Overlaps(p, room - c2 - ref.gap / ref.q * e**2, c2, e)
    entropy = free + a * mean(flat * log_ndtr(-u))
    numbers = np.array([entropy, 2 * (p_hat - slope_edge), q_hat, t_hat, p_hat])
    return at, numbers, (room * q_hat) ** 2 + room * ref.gap * t_hat**2


def _fields(ref: Reference, p: Array, root: Array) -> tuple[Array, Array]:
    """Nodes h̃ > κ̃ and weights, the normal density included: panels that double from the margin."""
    depth = np.abs(ref.kappa - p * ref.margin) / root
    finest = root / np.maximum(np.abs(p), root) / np.maximum(depth, 1.0)
    end = max(ref.margin, 0.0) + REACH + 1
    doublings = int(np.ceil(np.log2((end - ref.margin) / finest.min()))) + 1
    rungs = np.concatenate(([0.0], 2.0 ** np.arange(doublings)))
    ladder = ref.margin + finest[:, None] * rungs
    even = np.tile(np.arange(ref.margin, end, 2.0), (len(p), 1))
    edges = np.sort(np.concatenate((np.minimum(ladder, end), even), axis=1), axis=1)
    return gaussian_rule(edges, CHECK_ORDER)


def _fluctuating(ref: Reference, field: Array) -> tuple[Array, Array]:
    """⟨1/H(ũ)⟩ and ⟨F̃'/H(ũ)⟩ over z = √q̃ h̃ + √(1 − q̃) ζ."""
    u0 = (ref.margin - ref.q * field) / np.sqrt(ref.gap)
    root = np.sqrt(ref.q)
    high = np.full_like(field, REACH)
    low = -root * np.maximum(u0, 0) / ref.gap - REACH / np.sqrt(ref.gap)
    zero, one = np.zeros_like(field), np.ones_like(field)
    zeta, weight = stretched(zero, one, low, high, FINE)
    u = u0[..., None] - root * zeta
    G, _ = inverse_mills(u)
    log_weight = -0.5 * zeta**2 - log_ndtr(-u)
    part = weight * np.exp(log_weight) / np.sqrt(2 * np.pi)
    return part.sum(axis=-1), (part * G).sum(axis=-1) / np.sqrt(ref.gap)

r"""The saddle point of weights held at given distances from a reference, by Newton's method.

With ⟨·⟩ as in :mod:`.pair_pattern` and :mod:`.pair_spins`, at fixed overlap p with the reference

.. math::
    \hat q = \alpha\langle F'^2\rangle, \qquad \hat t = \alpha\langle\tilde F' F'\rangle ,

and the overlaps q, t are those that these fields make of the weights:

    binary      q = ⟨m²⟩, t = ⟨T m⟩, and p̂ such that p = ⟨m⟩
    spherical   c = (1 − q) ĉ,  e = (1 − q)(1 − q̃) t̂,  with ĉ² = q̂ − t̂²/q̂̃ = α⟨(F' − λF̃')²⟩
                for λ = t̂/q̂̃, since q̂̃ = α⟨F̃'²⟩

The entropy, in nats per weight, is at the saddle point that of the weights and of the patterns,

.. math::
    \varphi = s(\text{weights}) + \alpha \langle \ln H + \tfrac12 G^2\rangle, \qquad
    s = \langle \ln 2\cosh h - h\tanh h\rangle \quad\text{or}\quad \tfrac12\ln(1 - q);

what the equations still miss is added times its field, which is the variational form

.. math::
    \mathop{\rm extr}\{ -\tfrac12\hat q(1-q) - \hat p p + \hat t t + \langle\ln 2\cosh h\rangle
    + \alpha\langle\ln H\rangle\} \quad\text{or}\quad
    \mathop{\rm extr}\Bigl\{\tfrac12\ln(1-q) + \frac{c^2 + e^2/\tilde q}{2(1-q)}
    + \alpha\langle\ln H\rangle\Bigr\}

without its cancelling terms: an error of the unknowns enters squared.  The slopes by distance are

.. math::
    \frac{d\varphi}{dd} = 2\,(\hat p - \alpha\langle F'\rangle_{\tilde h=\tilde\kappa})
    \quad\text{or}\quad
    2\,\Bigl(\frac{p + e\,\tilde q/(1 - \tilde q)}{1 - q}
        - \alpha\langle F'\rangle_{\tilde h=\tilde\kappa}\Bigr) .

Unknowns are x = ln c²/(1 − q), e and, for binary weights, p̂: every value of them is a possible
geometry, as long as (1 − q̃) e² < q̃ (1 − p²).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ..estimate import Array
from .pair_pattern import Overlaps, PairPattern, Reference
from .pair_spins import PairSpins

ROUNDS = 12
ROUGH, SMALL = 1e-4, 2e-8  # steps at which to rest; what is left is their square
STALLED, STILL = 1e-3, 1e-10  # or at which to rest if they shrink no more, nor φ: rounding
LEAP_X, LEAP_E, LEAP_P = 2.0, 0.2, 0.3  # longest steps; of e as a part of what is possible


@dataclass(frozen=True)
class Held:
    """What the saddle equations say at a guess; every field of shape (points,) or (points, n)."""

    overlaps: Overlaps
    q_hat: Array
    t_hat: Array
    p_hat: Array
    entropy: Array
    slope: Array
    miss: Array
    """Left minus right of each equation, relative to the left; shape (points, unknowns)."""
    jacobian: Array
    """Its derivatives by the unknowns, shape (points, unknowns, unknowns)."""


def unknowns(ref: Reference) -> int:
    """How many numbers a saddle point is."""
    return 3 if ref.model == "binary" else 2


def overlaps_at(ref: Reference, distance: Array, y: Array) -> Overlaps:
    """The overlaps that the unknowns ``y`` stand for."""
    left = 4 * distance * (1 - distance) - ref.gap / ref.q * y[:, 1] ** 2  # c² + 1 − q
    return Overlaps(1 - 2 * distance, left * expit(-y[:, 0]), left * expit(y[:, 0]), y[:, 1])


def held_at(ref: Reference, distance: Array, y: Array, step: float) -> Held:
    """The saddle equations at ``distance``, for unknowns ``y`` of shape (points, unknowns)."""
    at = overlaps_at(ref, distance, y)
    pattern = PairPattern(ref, at, step)
    q_hat, t_hat = ref.alpha * pattern.force(), ref.alpha * pattern.common_force()
    by_q, by_t_half, by_t = (ref.alpha * part for part in pattern.growth())
    # by x and by e: dq = c²(1 − q)/(c² + 1 − q) dx + ..., dt = (1 − q̃) de
    left = at.gap + at.c2
    bent = 2 * ref.gap / ref.q * at.e / left
    dq = np.array([at.c2 * at.gap / left, bent * at.gap])
    dt = np.array([np.zeros_like(left), np.full_like(left, ref.gap)])
    c2_hat = ref.alpha * pattern.own_force(t_hat / ref.q_hat)
    by = by_q * dq + 2 * by_t_half * dt, by_t_half * dq + by_t * dt
    fields = Fields(q_hat, t_hat, c2_hat, *by)
    solve = _binary if ref.model == "binary" else _spherical
    answer = solve(ref, distance, at, y, fields, step)
    return Held(
        overlaps=at,
        q_hat=q_hat,
        t_hat=t_hat,
        p_hat=answer.p_hat,
        entropy=answer.entropy + ref.alpha * pattern.entropy(),
        slope=2 * (answer.p_hat - ref.alpha * pattern.edge_force()),
        miss=answer.miss,
        jacobian=answer.jacobian,
    )


@dataclass(frozen=True)
class Fields:
    """What the patterns do: q̂, t̂, ĉ² and the first two's derivatives by x and e, (2, points)."""

    q_hat: Array
    t_hat: Array
    c2_hat: Array
    q_hat_by: Array
    t_hat_by: Array


@dataclass(frozen=True)
class Answer:
    """What the weights make of the fields."""

    p_hat: Array
    entropy: Array
    miss: Array
    jacobian: Array


def _binary(
    ref: Reference, distance: Array, at: Overlaps, y: Array, fields: Fields, step: float
) -> Answer:
    q_hat, t_hat, p_hat = fields.q_hat, fields.t_hat, y[:, 2]
    spins = PairSpins(ref, q_hat, t_hat, p_hat, step)
    gap, (up, down), e = spins.missing(), spins.sides(), spins.lean()
    ratio = ref.gap / ref.q
    spread = spins.spread()
    c2 = spread - ratio * e * e
    room = 4 * distance * (1 - distance)
    missed = np.where(distance < 0.5, 2 * distance - down, up - 2 * (1 - distance))  # p' − p
    entropy = (
        spins.entropy()
        + q_hat * (gap - at.gap)
        + (p_hat - ref.q * t_hat) * missed
        - ref.gap * t_hat * (e - at.e)
    )
    miss = (
        np.log(c2 / gap) - y[:, 0],
        (e - at.e) / room,
        np.log(up / down) - np.log((1 - distance) / distance),
    )
    q_by, p_by, e_by = (
        np.array(
            [by[0] * fields.q_hat_by[i] + by[1] * fields.t_hat_by[i] for i in (0, 1)] + [by[2]]
        )
        for by in spins.growth()
    )
    c2_by = q_by - (up - down) * p_by - 2 * ratio * e * e_by
    jacobian = np.array([c2_by / c2 + q_by / gap, e_by / room, 2 * p_by / (up * down)])
    jacobian[0, 0] -= 1
    jacobian[1, 1] -= 1 / room
    return Answer(p_hat, entropy, np.stack(miss, axis=-1), np.moveaxis(jacobian, -1, 0))


def _spherical(
    ref: Reference, distance: Array, at: Overlaps, y: Array, fields: Fields, step: float
) -> Answer:
    room, left = 4 * distance * (1 - distance), at.gap + at.c2
    c2_hat = fields.c2_hat
    e = at.gap * ref.gap * fields.t_hat
    pull = (at.p + at.e * ref.q / ref.gap) / at.gap
    # q̂(1 − q) = ĉ²(1 − q) + e'²/q̃(1 − q), e' the e that t̂ makes: large terms, which cancel
    shared = (at.e - e) * (at.e + e) / ref.q
    entropy = 0.5 * (np.log(at.gap) + (at.c2 + shared) / at.gap - c2_hat * at.gap)
    miss = np.log(c2_hat * at.gap) - y[:, 0], (e - at.e) / room
    # ln(1 − q) by x and by e
    gap_by = -np.array([at.c2 / left, 2 * ref.gap / ref.q * at.e / left])
    c2_hat_by = fields.q_hat_by - 2 * fields.t_hat / ref.q_hat * fields.t_hat_by
    jacobian = np.array(
        [
            c2_hat_by / c2_hat + gap_by,
            (e * gap_by + at.gap * ref.gap * fields.t_hat_by) / room,
        ]
    )
    jacobian[0, 0] -= 1
    jacobian[1, 1] -= 1 / room
    return Answer(pull, entropy, np.stack(miss, axis=-1), np.moveaxis(jacobian, -1, 0))


@dataclass(frozen=True)
class Rest:
    """Where Newton's method has come to rest; every field has one row a point."""

    y: Array
    """The unknowns."""
    size: Array
    """The last step, as `step_size` measures it."""
    rested: NDArray[np.bool_]
    """Whether that was negligible."""
    numbers: Array
    """Rows entropy, slope, q̂, t̂ and p̂, before the last step."""
    wander: Array
    """What the last step but one changed in the entropy, where it shrank no more: rounding."""


def refine(
    ref: Reference,
    distance: Array,
    guess: Array,
    step: float,
    small: float = SMALL,
    rounds: int = ROUNDS,
    still: float = STILL,
) -> Rest:
    """Newton's method on all points at once, from guesses near the branch that is meant.

    It rests where the step is below ``small``, or where it shrinks no more and φ moves by less than
    ``still``.
    """
    y, size = guess.copy(), np.full(len(guess), np.inf)
    numbers = np.full((5, len(guess)), np.nan)
    rested, wander = np.zeros(len(y), dtype=np.bool_), np.zeros(len(y))
    for _ in range(rounds):
        awake = np.flatnonzero(~rested & np.isfinite(y).all(axis=-1))
        if not len(awake):
            break
        held = held_at(ref, distance[awake], y[awake], step)
        move = newton_step(held)
        now = step_size(move, held.overlaps, y[awake])
        y[awake] += _within_leap(ref, held.overlaps, y[awake], move)
        change = np.abs(held.entropy - numbers[0, awake])
        stuck = (change < still) & (now < STALLED) & (now > 0.1 * size[awake])
        wander[awake] = np.where(stuck, change, 0.0)
        numbers[:, awake] = held.entropy, held.slope, held.q_hat, held.t_hat, held.p_hat
        rested[awake] = (now < small) | stuck
        size[awake] = now
    return Rest(y, size, rested, numbers, wander)


def newton_step(held: Held) -> Array:
    """The move of the unknowns that would make the equations hold; NaN where there is none."""
    move = np.full_like(held.miss, np.nan)
    whole = np.concatenate((held.jacobian, held.miss[:, :, None]), axis=2)
    sound = np.asarray(np.isfinite(whole).all(axis=(1, 2)))
    sound &= np.linalg.det(np.where(sound[:, None, None], held.jacobian, 0.0)) != 0
    move[sound] = -np.linalg.solve(held.jacobian[sound], held.miss[sound][..., None])[..., 0]
    return move


def _within_leap(ref: Reference, at: Overlaps, y: Array, move: Array) -> Array:
    """The move, shortened where one of its parts is too long."""
    longest_e = np.sqrt(ref.q / ref.gap * (1 - at.p**2))
    leaps = [np.abs(move[:, 0]) / LEAP_X, np.abs(move[:, 1]) / (LEAP_E * longest_e)]
    if move.shape[1] == 3:
        leaps.append(np.abs(move[:, 2]) / (LEAP_P * (1 + np.abs(y[:, 2]))))
    return np.asarray(move / np.maximum(1.0, np.max(leaps, axis=0))[:, None])


def step_size(move: Array, at: Overlaps, y: Array) -> Array:
    """The largest of a move's parts: in x, in e over 1 − p², and in p̂ over 1 + |p̂|.

    Near the typical distance c² is but a tiny share, and its logarithm x, rough by rounding, counts
    for less.
    """
    share = np.minimum(100 * np.sqrt(at.c2 / (at.c2 + at.gap)), 1.0)
    parts = [np.abs(move[:, 0]) * share, np.abs(move[:, 1]) / (1 - at.p**2)]
    parts += [np.abs(move[:, 2]) / (1 + np.abs(y[:, 2]))] if move.shape[1] == 3 else []
    return np.asarray(np.max(parts, axis=0))

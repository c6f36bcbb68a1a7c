r"""The staircase of replica-symmetry breaking that gives the least capacity, and its limit.

More steps can only lower :func:`.jamming.load_at_jamming`, and the least staircases of k steps
follow each other so regularly that the (k + 1)-st is guessed from the two before it and Newton's
method does the rest.  The unknowns are logarithms that keep overlaps and heights in order: those
of t₀ and of t_i − t_{i−1} with t = −ln(1 − q), of c₀ and of ln c_i/c_{i−1}.

A staircase of many steps spaces them as well as it can, and misses the continuous c(q) by
:math:`A/(k + b)^4`; the last three of them tell A, b and the limit, which is full replica-symmetry
breaking.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..estimate import Array, frozen
from .bracketed_newton import bracketed_newton
from .jamming import CHECK_NODES, NODES, load_at_jamming

TOLERANCE = 1e-12  # by which one more Newton step would lower ln α
ROUGH_NODES = 10  # enough for second derivatives
FULL = 6  # steps, from whose last three the limit is taken


@dataclass(frozen=True)
class Staircase:
    """The least staircase of some number of steps; what did not converge is not lowest."""

    alpha: float
    """The capacity with this many steps, patterns per weight."""
    uncertainty: float
    """From a finer rule and what one more Newton step would have lowered."""
    gap: Array
    """1 − q where each step begins, falling."""
    height: Array
    """c = x/(1 − q_M) on each step, rising."""
    converged: bool
    """Whether one more Newton step would lower ln α by less than 1e-12."""


def least_staircase(kappa: float, steps: int) -> Staircase:
    """The capacity at a margin ``kappa`` < 0 with ``steps`` ≥ 1 steps of breaking.

    >>> [round(least_staircase(-1.0, k).alpha, 6) for k in (1, 2, 3)]
    [12.319634, 12.287222, 12.282542]
    """
    return _staircases(kappa, steps)[-1]


def full_breaking(kappa: float) -> tuple[float, float, Staircase]:
    """The capacity with full replica-symmetry breaking, its uncertainty and the last staircase.

    The staircase counts as converged only if all that were extrapolated did.

    The uncertainty is what one step fewer would have changed and a 200th of what was extrapolated.
    At margins so near zero that staircases differ by rounding alone, the last is the limit.
    """
    stairs = _staircases(kappa, FULL)
    alpha = [stair.alpha for stair in stairs]
    last = replace(stairs[-1], converged=all(stair.converged for stair in stairs))
    rounding = 10 * max(stair.uncertainty for stair in stairs)
    if alpha[-3] - alpha[-2] <= rounding:
        return alpha[-1], alpha[0] - alpha[-1] + rounding, last
    limit, before = _limit(alpha), _limit(alpha[:-1])
    uncertainty = abs(limit - before) + (alpha[-1] - limit) / 200 + rounding
    return limit, uncertainty, last


@lru_cache(maxsize=512)
def _staircases(kappa: float, steps: int) -> tuple[Staircase, ...]:
    """All least staircases up to this number of steps."""
    if steps == 1:
        return (_descend(_start(kappa), kappa),)
    stairs = _staircases(kappa, steps - 1)
    return (*stairs, _descend(_one_more([_unknowns(stair) for stair in stairs[-2:]]), kappa))


def _limit(alpha: list[float]) -> float:
    """Where α_∞ + A/(k + b)⁴ through the last three numbers of steps leads."""
    k = len(alpha)
    first, second = -np.diff(alpha[-3:])

    def excess(b: Array, _: object) -> tuple[Array, Array]:
        below, here, above = (k + b - back for back in (2, 1, 0))
        ratio = (below**-4 - here**-4) / (here**-4 - above**-4)
        return first / second - ratio, np.full_like(b, np.nan)

    b = bracketed_newton(excess, np.zeros(1), 2.1 - k, 1e3)
    scale = second / ((k + b - 1) ** -4 - (k + b) ** -4)
    return float((alpha[-1] - scale * (k + b) ** -4)[0])


def _start(kappa: float) -> Array:
    """The best of a net of single steps; their t₀ grows like −2 ln|κ| as κ → 0."""
    longest = max(1.0, 2 - 2 * np.log(-kappa))
    best, least = np.zeros(2), np.inf
    for t in longest * np.exp(np.linspace(-5.0, 0.3, 14)):
        for rise in np.linspace(-1.0, 4.0, 8):
            tried = np.array([np.log(t), rise + t])
            alpha = load_at_jamming(*_stairs(tried), kappa, ROUGH_NODES).alpha
            if alpha < least:
                best, least = tried, alpha
    return best


def _one_more(last: list[Array]) -> Array:
    """A guess with one step more than the last of one or two solutions.

    Counted from the top, the lengths of the steps and the growth of their heights hardly change
    any more: each is continued as a geometric sequence in the number of steps.
    """
    now = last[-1]
    k = len(now) // 2
    if k == 1:
        return np.array([now[0], np.log(2.5), now[1] + 0.4, np.log(1.5)])
    lengths, growths = now[1:k], now[k + 1 :]  # logarithms
    new_lengths, new_growths = (np.append(part[0], part) for part in (lengths, growths))
    if k > 2:
        before = last[-2]
        new_lengths[2:] += lengths[1:] - before[1 : k - 1]
        new_growths[2:] += growths[1:] - before[k:]
        new_lengths[1] += new_lengths[2] - lengths[1]
        new_growths[1] += new_growths[2] - growths[1]
        new_lengths[0] = 2 * new_lengths[1] - new_lengths[2]
        new_growths[0] = 2 * new_growths[1] - new_growths[2]
    return np.concatenate((now[:1], new_lengths, now[k : k + 1], new_growths))


def _stairs(unknowns: Array) -> tuple[Array, Array]:
    """Gaps and heights."""
    k = len(unknowns) // 2
    steps = np.exp(unknowns)
    steps[k] = unknowns[k]
    return np.exp(-np.cumsum(steps[:k])), np.exp(np.cumsum(steps[k:]))


def _unknowns(stairs: Staircase) -> Array:
    lengths = np.diff(-np.log(stairs.gap), prepend=0.0)
    growths = np.diff(np.log(stairs.height))
    return np.concatenate((np.log(lengths), np.log(stairs.height[:1]), np.log(growths)))


def _slopes(unknowns: Array, kappa: float, order: int) -> tuple[float, Array]:
    """The logarithm of α and its slopes by the unknowns."""
    gap, height = _stairs(unknowns)
    load = load_at_jamming(gap, height, kappa, order)
    k = len(gap)
    inner = np.exp(unknowns)
    inner[k] = 1.0
    by_t, by_log = -load.by_gap * gap, load.by_height * height
    following = np.concatenate((np.cumsum(by_t[::-1])[::-1], np.cumsum(by_log[::-1])[::-1]))
    return float(np.log(load.alpha)), following * inner


def _descend(unknowns: Array, kappa: float) -> Staircase:
    """Newton's method from a guess, downhill along every direction and never uphill."""
    value, slopes = _slopes(unknowns, kappa, NODES)
    for _ in range(60):
        move = -_solve(_curvature(unknowns, kappa), slopes)
        gain = -0.5 * float(slopes @ move)
        if gain < TOLERANCE:
            break
        share = 1 / max(1.0, float(np.abs(move).max()))
        tried, left = _slopes(unknowns + share * move, kappa, NODES)
        while not tried <= value + 1e-14 and share > 1e-6:
            share *= 0.5
            tried, left = _slopes(unknowns + share * move, kappa, NODES)
        if not tried <= value + 1e-14:
            break
        unknowns, value, slopes = unknowns + share * move, tried, left
    gap, height = _stairs(unknowns)
    alpha = float(np.exp(value))
    finer = load_at_jamming(gap, height, kappa, CHECK_NODES).alpha
    error = abs(finer - alpha) + alpha * (gain + 1e-14)
    return Staircase(alpha, error, frozen(gap), frozen(height), bool(gain < TOLERANCE))


def _curvature(unknowns: Array, kappa: float) -> Array:
    """Second derivatives of ln α, from differences of its slopes."""
    step = 1e-4
    base = _slopes(unknowns, kappa, ROUGH_NODES)[1]
    moved = unknowns + step * np.eye(len(unknowns))
    found = np.array([_slopes(row, kappa, ROUGH_NODES)[1] - base for row in moved]) / step
    return 0.5 * (found + found.T)


def _solve(curvature: Array, slopes: Array) -> Array:
    """The Newton move, with every direction taken as a valley."""
    value, direction = np.linalg.eigh(curvature)
    steep = np.maximum(np.abs(value), 1e-10)
    return np.asarray(direction @ ((direction.T @ slopes) / steep))

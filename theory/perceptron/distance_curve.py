r"""Following the weights around a reference from where they are typical to any distance.

At one distance everything is known beforehand: weights drawn without regard to the reference lie
at the overlap of two independent measures, p = t, with the conjugate p̂ = t̂; there q is the overlap
of their own saddle point, and the local entropy is their entropy, its maximum over d.  From there
the branch is followed in ln d/(1 − d), by extrapolation and Newton's method, with steps that shrink
where the branch bends and end where it does.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ..estimate import Array
from .bracketed_newton import bracketed_newton
from .fixed_distance import ROUGH, Rest, refine, unknowns
from .pair_pattern import Overlaps, PairPattern, Reference
from .pair_spins import PairSpins
from .saddle import saddle_point
from .saddle_result import SaddlePoint
from .stretched import COARSE, FINE

FIRST, LONGEST, SHORTEST = 0.05, 0.6, 2e-3  # steps in ln d/(1 − d)
FAR_OFF, CLOSE = 0.2, 0.03  # how wrong an extrapolation may be, and may be to dare longer steps
MEMORY = 5  # knots an extrapolation uses


def logit(distance: Array | float) -> Array:
    """The coordinate of the curve, ln d/(1 − d)."""
    return np.asarray(np.log(distance) - np.log1p(-np.asarray(distance)))


def drawn(alpha: float, kappa: float, margin: float, model: str) -> Reference:
    """The reference of a saddle point, which must exist."""
    found = saddle_point(alpha, margin, model)
    gap = 2 * float(found.distance)
    return Reference(model, alpha, kappa, margin, float(found.q), gap, float(found.q_hat))


def typical(ref: Reference, counted: SaddlePoint) -> "Typical":
    """Weights drawn without regard to the reference; ``counted`` is their own saddle point."""
    q, gap, q_hat = float(counted.q), 2 * float(counted.distance), float(counted.q_hat)

    def answer(t: Array) -> tuple[Array, Array]:
        """t̂ at overlap t, and the overlap that it makes."""
        at = Overlaps(t, np.full_like(t, gap), q - t * t / ref.q, t)
        t_hat = ref.alpha * PairPattern(ref, at, FINE).common_force()
        if ref.model == "spherical":
            return t_hat, gap * ref.gap * t_hat
        up, down = PairSpins(ref, np.full_like(t, q_hat), t_hat, t_hat, FINE).sides()
        return t_hat, 0.5 * (up - down)

    most = np.sqrt(q * ref.q)
    t, c2 = np.array([most]), 0.0
    if ref.margin != ref.kappa:
        # in units of √(q q̃), which no overlap exceeds
        def surplus(x: Array, _: object) -> tuple[Array, Array]:
            here = most * np.concatenate((x, x * (1 - 1e-5)))
            value = (here - answer(here)[1]) / most
            return value[:1], (value[:1] - value[1:]) / (1e-5 * x)

        t = most * bracketed_newton(surplus, np.array([0.9]), 1e-6, 1 - 1e-9)
        c2 = q - t[0] ** 2 / ref.q
    p_hat = [answer(t)[0][0]] if ref.model == "binary" else []
    return Typical(float(0.5 * (1 - t[0])), float(c2 / gap), np.array([t[0], *p_hat]))


@dataclass(frozen=True)
class Typical:
    """Weights drawn without regard to the reference."""

    distance: float
    """Their distance from it."""
    explained: float
    """c²/(1 − q), which is 0 where they are references themselves."""
    rest: Array
    """The other unknowns, e and (binary weights) p̂."""


@dataclass(frozen=True)
class Branch:
    """Knots of the followed branch, in rising ``place``.

    Between them the unknowns are polynomials, x after ln[(place − centre)² + blur²] is taken off,
    since c² has a minimum, 0 if κ̃ = κ, at the typical distance, and e over 4d(1 − d).
    """

    place: Array
    """ln d/(1 − d), shape (knots,)."""
    smooth: Array
    """What is interpolated there, shape (knots, unknowns)."""
    entropy: Array
    """The local entropy there, to about 1e-7; shape (knots,)."""
    slope: Array
    """Its slope by distance."""
    centre: float
    """The place of the typical distance."""
    blur: float
    """How far from it c² is twice its minimum."""

    def covers(self, distance: Array) -> NDArray[np.bool_]:
        """Whether a distance lies between the first and the last knot."""
        place = logit(distance)
        if not len(self.place):
            return np.zeros(np.shape(place), dtype=np.bool_)
        return np.asarray((place >= self.place[0]) & (place <= self.place[-1]))

    def guess(self, distance: Array) -> Array:
        """Unknowns at distances that the branch covers, from the cubic through four knots."""
        place, few = logit(distance), min(4, len(self.place))
        first = np.searchsorted(self.place, place) - 2
        first = np.clip(first, 0, len(self.place) - few)
        near = first[:, None] + np.arange(few)
        return self.rough(lagrange(self.place[near], self.smooth[near], place), place)

    def rough(self, smooth: Array, place: Array) -> Array:
        """The unknowns that are interpolated as ``smooth``."""
        y = smooth.copy()
        y[:, 0] += self._dip(place)
        y[:, 1] *= _room(place)
        return y

    def flat(self, y: Array, place: Array) -> Array:
        """The inverse."""
        smooth = y.copy()
        smooth[:, 0] -= self._dip(place)
        smooth[:, 1] /= _room(place)
        return smooth

    def _dip(self, place: Array) -> Array:
        return np.asarray(np.log((place - self.centre) ** 2 + self.blur**2 + 1e-14))


def follow(ref: Reference, start: Typical, nearest: float, farthest: float) -> Branch:
    """The branch from ``start`` to the distances ``nearest`` and ``farthest``, or to its ends.

    Empty if it cannot be followed at all.
    """
    centre = float(logit(start.distance))
    for reach in (FIRST, FIRST / 4, FIRST / 16):
        sides = np.array([centre - reach, centre + reach])
        found = _first(ref, start, sides, reach)
        if found is not None:
            break
    else:
        none = np.zeros(0)
        return Branch(none, np.zeros((0, unknowns(ref))), none, none, centre, 0.0)
    # c² = least + bend · (place − centre)²
    bend = (np.exp(found.y[:, 0]).mean() - start.explained) / reach**2
    blur = np.sqrt(max(start.explained / bend, 0.0)) if bend > 0 else 1.0
    bare = Branch(sides, found.y, sides, sides, centre, float(blur))
    rows = zip(sides.tolist(), bare.flat(found.y, sides), *found.numbers[:2], strict=True)
    knots = [Knot(*row) for row in rows]
    down = _walk(ref, bare, knots[::-1], float(logit(nearest)))
    up = _walk(ref, bare, knots, float(logit(farthest)))
    knots = [*down[:1:-1], *knots, *up[2:]]
    place, smooth, entropy, slope = (np.array(column) for column in zip(*knots, strict=True))
    return Branch(place, smooth, entropy, slope, centre, float(blur))


class Knot(NamedTuple):
    """One knot of a `Branch`."""

    place: float
    smooth: Array
    entropy: float
    slope: float


def _first(ref: Reference, start: Typical, places: Array, reach: float) -> Rest | None:
    """Unknowns on both sides of the typical distance; None where none are found."""
    d = expit(places)
    bent = min(ref.q_hat, 1.0) * reach**2  # few patterns bend in proportion to their number
    for bend in (0.1, 0.02, 0.5, 0.004, 2.5):
        x = np.log(start.explained + bend * bent)
        guess = np.array([[x, *start.rest]] * 2)
        with np.errstate(all="ignore"):
            found = refine(ref, d, guess, FINE, rounds=20)
        if found.rested.all():
            return found
    return None


def _walk(ref: Reference, branch: Branch, knots: list[Knot], target: float) -> list[Knot]:
    """The knots and more of them on towards ``target``, the last beyond it if it was reached."""
    knots = list(knots)
    stride = abs(knots[1].place - knots[0].place)
    sign = np.sign(knots[1].place - knots[0].place)
    while sign * (target - knots[-1].place) > 0:
        knot, off = _next(ref, branch, knots[-MEMORY:], knots[-1].place + sign * stride)
        if off > FAR_OFF:
            stride *= 0.5
            if stride < SHORTEST:
                break
            continue
        knots.append(knot)
        if off < CLOSE:
            stride = min(1.5 * stride, LONGEST)
    return knots


def _next(ref: Reference, branch: Branch, knots: list[Knot], place: float) -> tuple[Knot, float]:
    """The knot at ``place``, and how far it was from extrapolation (infinite if lost)."""
    places, smooth = np.array([[k.place for k in knots]]), np.array([[k.smooth for k in knots]])
    here = np.array([place])
    guess = branch.rough(lagrange(places, smooth, here), here)
    with np.errstate(all="ignore"):
        rest = refine(ref, expit(here), guess, COARSE, ROUGH)
    entropy, slope = rest.numbers[:2, 0]
    knot = Knot(place, branch.flat(rest.y, here)[0], float(entropy), float(slope))
    if not rest.rested[0]:
        return knot, np.inf
    off = np.abs(rest.y - guess) / np.array([[1.0, _room(here)[0], 1.0]])[:, : guess.shape[1]]
    off[:, 2:] /= 1 + np.abs(guess[:, 2:])
    return knot, float(off.max())


def _room(place: Array) -> Array:
    return 4 * expit(place) * expit(-place)


def lagrange(x: Array, y: Array, at: Array) -> Array:
    """Lagrange's polynomials: x (points, n), y (points, n, unknowns), at (points,)."""
    weight = np.ones_like(x)
    for j in range(x.shape[1]):
        for k in range(x.shape[1]):
            if k != j:
                weight[:, j] *= (at - x[:, k]) / (x[:, j] - x[:, k])
    return np.asarray((weight[..., None] * y).sum(axis=1))

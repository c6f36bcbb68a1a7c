"""The local entropy along the distance, for one load and one pair of margins.

Three regimes make the curve: where the reference's margin shields the weights the first order in
the patterns, near the typical distance an interpolation, and Newton's method elsewhere, with a rule
coarser than the last beside every value as its error.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, xlogy

from ..errors import DomainError
from ..estimate import Array
from .distance_curve import Branch, drawn, follow, lagrange, logit, typical
from .fixed_distance import Rest, overlaps_at, refine
from .max_margin import max_margin
from .pair_pattern import Overlaps, Reference
from .saddle import saddle_limit, saddle_point
from .shielded import FAINT, might_be_shielded, shielded
from .stretched import COARSE, FINE, FINEST

QUIET = 1e-7  # rounding in φ, as it grows towards the capacity, that stands as part of the error
CLOSER = 1e-6  # step at which the coarse rule has done its part
BLOCK = 16  # points at a time: some thousand nodes each, which fit into the cache
FULL, AHEAD = 0.5, 0.1  # a branch ends at q = 1 if of 1 − p² less is left, for so short a way
NEAR = 0.02  # of the typical place, where Newton's method may be lost in rounding
UNSURE = 1e-7  # difference of two rules from which on a third is asked
STRAYED = 0.2  # from the interpolated branch: what lies there is another one
RESULTS = ("local_entropy", "slope", "q", "t", "q_hat", "t_hat", "p_hat", "error", "residual")


def upper_bound(distance: ArrayLike, model: str = "binary") -> Array:
    """φ without patterns: −d ln d − (1−d) ln(1−d), or ½ ln 4d(1−d) on the sphere.

    >>> float(upper_bound(0.5, "spherical"))
    0.0
    """
    d = np.asarray(distance, dtype=np.float64)
    if model == "spherical":
        return np.asarray(0.5 * np.log(4 * d * (1 - d)))
    return np.asarray(-xlogy(d, d) - xlogy(1 - d, 1 - d))


def reference(alpha: float, kappa: float, margin: float, model: str) -> Reference:
    """The references of margin ``margin``; DomainError where there are none."""
    limit = float(saddle_limit(margin, model))
    if not alpha < limit:
        msg = (
            f"no reference of reference_margin = {margin:.10g} exists at alpha = {alpha:.10g}:"
            f" alpha must stay below {limit:.10g} there"
        )
        raise DomainError(msg)
    # binary references of negative entropy are no measure
    if model == "binary" and saddle_point(alpha, margin, model).entropy < -1e-9:
        most = max_margin(alpha, "binary").kappa_max
        msg = (
            f"reference_margin must be at most {most:.10g}, the largest margin that binary"
            f" weights keep at alpha = {alpha:.10g}; it is {margin:.10g}: no such reference exists"
        )
        raise DomainError(msg)
    return drawn(alpha, kappa, margin, model)


class EntropyCurve:
    """φ(d) of one load and one pair of margins, which must have a reference."""

    def __init__(self, alpha: float, kappa: float, margin: float, model: str) -> None:
        counted = saddle_point(alpha, kappa, model)
        self.ref = reference(alpha, kappa, margin, model)
        with np.errstate(all="ignore"):
            self.start = typical(self.ref, counted) if alpha > 0 else None
        both = saddle_point(alpha, [kappa, margin], model)
        self.at_stable = bool(both.at_stable.all())

    def at(self, distance: Array) -> tuple[Array, NDArray[np.object_], NDArray[np.bool_]]:
        """Rows RESULTS at distances of shape (points,); why there are none, if the branch ended."""
        table = np.full((len(RESULTS), len(distance)), np.nan)
        reason = np.full(distance.shape, "", dtype=object)
        ended = np.zeros(distance.shape, dtype=np.bool_)
        if self.start is None:
            return _without_patterns(distance, self.ref.model), reason, ended
        left = self._shielded(distance, table)
        if not left.any():
            return table, reason, ended
        ends = logit(distance[left])
        middle = float(logit(self.start.distance))
        low, high = min(ends.min(), middle - 4 * NEAR), max(ends.max(), middle + 4 * NEAR)
        with np.errstate(all="ignore"):
            branch = follow(self.ref, self.start, float(expit(low)), float(expit(high)))
        covered = left & branch.covers(distance)
        where = np.flatnonzero(covered)
        for start in range(0, len(where), BLOCK):
            block = where[start : start + BLOCK]
            table[:, block] = self._solve(branch, distance[block])
        near = np.abs(logit(distance) - branch.centre) < NEAR
        lost = np.flatnonzero(covered & near & np.isnan(table[0]))
        if len(lost):
            table[:, lost] = self._between(branch, distance[lost])
        for i in np.flatnonzero(left & ~covered):
            reason[i], ended[i] = self._end(branch, float(distance[i]))
        reason[covered & np.isnan(table[0])] = "Newton's method did not come to rest"
        return table, reason, ended

    def _shielded(self, distance: Array, table: Array) -> NDArray[np.bool_]:
        """Fills in the distances at which the patterns are hardly felt; True for the others."""
        left = np.ones(distance.shape, dtype=np.bool_)
        maybe = np.flatnonzero(might_be_shielded(self.ref, distance))
        if len(maybe):
            with np.errstate(all="ignore"):
                at, numbers, second = shielded(self.ref, distance[maybe])
            sure = second < FAINT
            left[maybe[sure]] = False
            second += np.spacing(1.0)
            table[:, maybe[sure]] = self._rows(at, numbers, second, second)[:, sure]
        return left

    def _solve(self, branch: Branch, distance: Array) -> Array:
        with np.errstate(all="ignore"):
            guess = branch.guess(distance)
            rough = refine(self.ref, distance, guess, COARSE, CLOSER, still=QUIET)
            better = np.where(rough.rested[:, None], rough.y, guess)
            fine = refine(self.ref, distance, better, FINE, still=QUIET)
            error = np.abs(fine.numbers[0] - rough.numbers[0])
            table = self._table(distance, fine, error)
            table[:, _stray(distance, fine.y, guess)] = np.nan
            unsure = np.flatnonzero(~fine.rested | ~(error < UNSURE))
            if len(unsure):
                d = distance[unsure]
                finest = refine(self.ref, d, fine.y[unsure], FINEST, still=QUIET)
                error = np.abs(finest.numbers[0] - fine.numbers[0][unsure])
                better = self._table(d, finest, error)
                table[:, unsure] = np.where(finest.rested, better, table[:, unsure])
        return table

    def _between(self, branch: Branch, distance: Array) -> Array:
        """At the typical distance itself, where c² has no logarithm: from three points a side."""
        place = branch.centre + NEAR * np.array([-3, -2, -1, 1, 2, 3])
        if not branch.covers(expit(place)).all():
            return np.full((len(RESULTS), len(distance)), np.nan)
        beside = self._solve(branch, expit(place))

        def at(nodes: list[int]) -> Array:
            x = np.tile(place[nodes], (len(distance), 1))
            y = np.tile(beside[:, nodes].T, (len(distance), 1, 1))
            return lagrange(x, y, logit(distance)).T

        table, fewer = at([0, 1, 2, 3, 4, 5]), at([1, 2, 3, 4])
        table[-2] = beside[-2].max() + np.abs(table[0] - fewer[0])
        table[-1] = beside[-1].max()
        return table

    def _table(self, distance: Array, rest: Rest, error: Array) -> Array:
        """Rows RESULTS; NaN where Newton's method is not at rest."""
        at = overlaps_at(self.ref, distance, rest.y)
        noise = rest.wander + np.spacing(1.0)
        rows = self._rows(at, rest.numbers, error + noise, rest.size)
        return np.where(rest.rested, rows, np.nan)

    def _rows(self, at: Overlaps, numbers: Array, error: Array, residual: Array) -> Array:
        t = self.ref.q * at.p + self.ref.gap * at.e
        return np.stack((*numbers[:2], 1 - at.gap, t, *numbers[2:], error, residual))

    def _end(self, branch: Branch, distance: float) -> tuple[str, bool]:
        """Why the branch does not reach ``distance``, and whether that is since it has ended."""
        unstable = "" if self.at_stable else "; replica symmetry is unstable at this load"
        if not len(branch.place):
            text = "the saddle point could not be followed away from the typical distance"
            return text + unstable, False
        below = bool(logit(distance) < branch.place[0])
        side, outer = ("below", [0, 1]) if below else ("above", [-1, -2])
        place = branch.place[outer]
        d = expit(place)
        at = overlaps_at(self.ref, d, branch.rough(branch.smooth[outer], place))
        share = at.gap / (1 - at.p**2)
        text = f"the saddle point could not be followed {side} d = {d[0]:.6g}"
        # how far on, straight, 1 − q is gone
        lost, fall = share[0] * (place[0] - place[1]), share[1] - share[0]
        if not (share[0] < FULL and abs(lost) < AHEAD * fall):
            return f"{text}{unstable}", False
        end = place[0] + lost / fall
        gone = f"{side} about d = {float(expit(end)):.3g}, where q reaches 1"
        if (logit(distance) < end) == below:
            return f"no replica-symmetric solutions {gone}", True
        return f"{text}: none is left {gone}{unstable}", False


def _stray(distance: Array, y: Array, guess: Array) -> NDArray[np.bool_]:
    """Where Newton's method has left the branch, judged by e and p̂."""
    off = np.abs(y - guess)[:, 1:]
    off[:, 0] /= 4 * distance * (1 - distance)
    off[:, 1:] /= 1 + np.abs(guess[:, 2:])
    return np.asarray((off > STRAYED).any(axis=1))


def _without_patterns(distance: Array, model: str) -> Array:
    """α = 0, exactly; rows RESULTS."""
    p, zero = 1 - 2 * distance, np.zeros_like(distance)
    pull = np.arctanh(p) if model == "binary" else p / (1 - p**2)
    return np.array(
        [upper_bound(distance, model), 2 * pull, p**2, zero, zero, zero, pull, zero, zero]
    )

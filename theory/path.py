"""A path through parameter space: beads, arc length, tangent, and projection onto it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

from .errors import DomainError
from .estimate import Array, Estimate, frozen


@dataclass(frozen=True)
class Path:
    """A polygon of beads ``points`` (n, P), n ≥ 2, no two neighbours equal.

    Positions along it are arc lengths s ∈ [0, length], in units of parameter distance.

    >>> bent = Path(np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]))
    >>> bent.length, bent.at([1.0, 5.0]).tolist()
    (7.0, [[1.0, 0.0], [3.0, 2.0]])
    >>> bent.project(np.array([[1.0, -2.0], [9.0, 2.0]])).tolist()
    [1.0, 5.0]
    """

    points: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", frozen(self.points))
        if self.points.ndim != 2 or len(self.points) < 2:
            msg = f"a path needs points of shape (n >= 2, P); they have {self.points.shape}"
            raise DomainError(msg)
        if not np.all(np.isfinite(self.points)):
            msg = "the points of a path must be finite numbers"
            raise DomainError(msg)
        if np.any(self._lengths == 0):
            msg = "neighbouring points of a path must differ"
            raise DomainError(msg)

    @cached_property
    def _segments(self) -> Array:
        return np.diff(self.points, axis=0)

    @cached_property
    def _lengths(self) -> Array:
        return np.asarray(np.linalg.norm(self._segments, axis=1))

    @cached_property
    def arc(self) -> Array:
        """Arc length (n,) at which each bead stands."""
        return frozen(np.concatenate([[0.0], np.cumsum(self._lengths)]))

    @property
    def length(self) -> float:
        """Length of the whole path."""
        return float(self.arc[-1])

    def segment_of(self, s: Array) -> Array:
        """Number (n,) of the segment in which each arc length lies."""
        return np.clip(np.searchsorted(self.arc, s, side="right") - 1, 0, len(self._lengths) - 1)

    def at(self, s: Array | list[float] | float) -> Array:
        """Points (…, P) at the arc lengths ``s``; DomainError outside [0, length]."""
        s = np.asarray(s, float)
        slack = 1e-9 * self.length
        if not np.all((s >= -slack) & (s <= self.length + slack)):
            msg = f"a position on the path must lie within [0, {self.length:.6g}]"
            raise DomainError(msg)
        i = self.segment_of(s)
        fraction = (s - self.arc[i]) / self._lengths[i]
        return np.asarray(self.points[i] + fraction[..., None] * self._segments[i])

    def tangent(self, s: Array | list[float] | float) -> Array:
        """Unit tangents (…, P) of the segments in which ``s`` lies."""
        i = self.segment_of(np.asarray(s, float))
        return np.asarray(self._segments[i] / self._lengths[i][..., None])

    def bending(self, s: float) -> Array:
        """dt/ds (P,) at ``s``: change of the tangent across the neighbouring segments."""
        i = int(self.segment_of(np.asarray(s, float)))
        low, high = max(i - 1, 0), min(i + 1, len(self._lengths) - 1)
        if low == high:
            return np.zeros(self.points.shape[1])
        middle = 0.5 * (self.arc[:-1] + self.arc[1:])
        ahead, behind = self._segments[high] / self._lengths[high], self._segments[low]
        turn = ahead - behind / self._lengths[low]
        return np.asarray(turn / (middle[high] - middle[low]))

    def project(self, points: Array) -> Array:
        """Arc length (m,) of the point nearest to each of ``points`` (m, P), over all segments."""
        origin = self.points[0]
        offset, knots = points - origin, self.points - origin
        along = offset @ self._segments.T - np.sum(knots[:-1] * self._segments, axis=1)
        fraction = np.clip(along / self._lengths**2, 0.0, 1.0)
        # |offset − knot − fraction·segment|² up to |offset|², which is common to all segments
        distance = (
            np.sum(knots[:-1] ** 2, axis=1)
            - 2 * offset @ knots[:-1].T
            + fraction * (fraction * self._lengths**2 - 2 * along)
        )
        nearest = np.argmin(distance, axis=1)
        rows = np.arange(len(points))
        return np.asarray(self.arc[nearest] + fraction[rows, nearest] * self._lengths[nearest])

    def smoothed(self, beads: int) -> "Path":
        """``beads`` equidistant points of the cubic spline through these, ends kept."""
        if len(self.points) < 3:
            return self.respaced(beads)
        # a point of the spline is a fixed mixture of these: n numbers instead of P
        identity = np.eye(len(self.points))
        mixed = CubicSpline(self.arc, identity)(np.linspace(0, self.length, 20 * beads))
        mixed[[0, -1]] = identity[[0, -1]]
        offsets = self.points - self.points.mean(axis=0)
        root = np.asarray(np.linalg.qr(offsets.T, mode="r")).T  # has the same distances
        arc = Path(mixed @ root).arc
        places = np.linspace(0, arc[-1], beads)
        mixture = np.array([np.interp(places, arc, column) for column in mixed.T]).T
        points = mixture @ self.points
        points[[0, -1]] = self.points[[0, -1]]
        return Path(points)

    def middles(self, fractions: Array | list[float]) -> Array:
        """Arc lengths (n,) of the segments' middles nearest to ``fractions`` of the length."""
        middle = 0.5 * (self.arc[1:] + self.arc[:-1])
        wanted = self.length * np.asarray(fractions, float)
        return np.asarray(middle[np.argmin(abs(middle - wanted[:, None]), axis=1)])

    def respaced(self, beads: int) -> "Path":
        """``beads`` equidistant points of the polygon itself, ends kept to the last bit."""
        points = self.at(np.linspace(0, self.length, beads))
        points[-1:] = self.points[-1]
        return Path(points)


def straight(first: Array, last: Array, beads: int = 2) -> Path:
    """The straight line between two points, as ``beads`` equidistant points."""
    first, last = np.asarray(first, float), np.asarray(last, float)
    return Path(first + np.linspace(0, 1, beads)[:, None] * (last - first))


@dataclass(frozen=True)
class Profile:
    """A quantity along a path: arc length s (n,), its estimate (n,), its name with unit."""

    s: Array
    estimate: Estimate
    quantity: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "s", frozen(self.s))
        if self.estimate.value.shape != self.s.shape:
            msg = f"{self.s.shape} positions do not fit {self.estimate.value.shape} values"
            raise DomainError(msg)

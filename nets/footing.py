r"""Back onto the nearest segment of a path, for points that came from it and did not go far.

With p the point of the path where a replica began, θ where it is and D_j the distance of p from
segment j, θ is at most |θ − p| from the path and at least D_j − |θ − p| from that segment: only
segments with D_j ≤ 2|θ − p| can be the nearest.  All D_j follow from the inner products of the
beads alone, so that products over all parameters are needed for a few segments only; the answer is
that of a search over all of them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..theory.estimate import Array
from ..theory.path import Path

TOGETHER = 32  # replicas, neighbours on the path, whose segments are tried together
ROUNDING = 1e-6  # of the largest bead: how far off a distance from inner products may be


@dataclass(frozen=True)
class Footing:
    """Where replicas stand on ``path``."""

    path: Path

    @cached_property
    def _gram(self) -> Array:
        return np.asarray(self.path.points @ self.path.points.T)

    def project(self, moved: Array, s: Array) -> Array:
        """Arc lengths (R,) nearest to ``moved`` (R, P), which began at the arc lengths ``s``."""
        found = np.empty(len(s))
        delta = moved - self.path.at(s)
        for rows in np.array_split(np.argsort(s), -(-len(s) // TOGETHER)):
            found[rows] = self._nearest(delta[rows], s[rows])
        return found

    def _nearest(self, delta: Array, s: Array) -> Array:
        """For p + delta (r, P) with p at ``s``."""
        gram, arc, rows = self._gram, self.path.arc, np.arange(len(s))
        i = self.path.segment_of(s)
        f = (s - arc[i]) / (arc[i + 1] - arc[i])
        beads = (1 - f)[:, None] * gram[i] + f[:, None] * gram[i + 1]  # p·k
        square = (1 - f) * beads[rows, i] + f * beads[rows, i + 1]  # p·p
        every = np.arange(len(arc) - 1)
        _, apart = self._foot(beads, every)
        distance = np.sqrt(np.maximum(apart + square[:, None], 0.0))
        far = np.sqrt(np.einsum("rp,rp->r", delta, delta))
        slack = ROUNDING * np.sqrt(gram.diagonal().max())
        segments = np.flatnonzero((distance <= 2 * far[:, None] + slack).any(axis=0))
        near = np.union1d(segments, segments + 1)
        points = self.path.points
        whole = points if len(near) == len(points) else points[near]
        beads[:, near] += delta @ whole.T
        fraction, apart = self._foot(beads, segments)
        best = np.argmin(apart, axis=1)
        nearest = segments[best]
        return np.asarray(arc[nearest] + fraction[rows, best] * (arc[nearest + 1] - arc[nearest]))

    def _foot(self, beads: Array, j: np.ndarray) -> tuple[Array, Array]:
        """Of x with x·k = ``beads`` (r, n) on the segments j: fraction, and |x − q|² − |x|²."""
        gram = self._gram
        own, next_own, mixed = gram[j, j], gram[j + 1, j + 1], gram[j, j + 1]
        square, base = next_own - 2 * mixed + own, mixed - own  # e·e, k·e
        along = beads[:, j + 1] - beads[:, j]  # x·e
        fraction = np.clip((along - base) / square, 0.0, 1.0)
        on_path = own + fraction * (2 * base + fraction * square)
        return fraction, on_path - 2 * (beads[:, j] + fraction * along)

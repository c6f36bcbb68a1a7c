"""The pivots of a path as torch holds them: arc length, points between them, tangents.

The same geometry as :class:`entropic.theory.Path`, in the problem's own type and on its device, for
networks too large for a double-precision copy of every pivot.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, frozen
from .beads import arc_lengths


@dataclass(frozen=True)
class Polyline:
    """A polygon of pivots ``points`` (n, P), n ≥ 2, no two neighbours equal.

    >>> bent = Polyline(torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]))
    >>> bent.length, bent.at(5.0).tolist(), bent.tangent(5.0).tolist()
    (7.0, [3.0, 2.0], [0.0, 1.0])
    """

    points: Tensor

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or len(self.points) < 2:
            msg = f"a path needs points of shape (n >= 2, P); they have {tuple(self.points.shape)}"
            raise DomainError(msg)
        if not bool(torch.isfinite(self.points).all()):
            msg = "the points of a path must be finite numbers"
            raise DomainError(msg)
        if not np.isfinite(self.arc[-1]):
            msg = "the length of a path must be finite; its points are too far apart"
            raise DomainError(msg)
        if np.any(np.diff(self.arc) <= 0):
            msg = "neighbouring points of a path must differ"
            raise DomainError(msg)

    @cached_property
    def arc(self) -> Array:
        """Arc length (n,) at which each pivot stands."""
        return frozen(arc_lengths(self.points).numpy())

    @property
    def length(self) -> float:
        """Length of the whole path."""
        return float(self.arc[-1])

    def _place(self, s: float) -> tuple[int, float]:
        """Segment and the fraction of it; DomainError outside the path."""
        if not -1e-9 * self.length <= s <= (1 + 1e-9) * self.length:
            msg = f"a position on the path must lie within [0, {self.length:.6g}]; it is {s:g}"
            raise DomainError(msg)
        i = int(np.clip(np.searchsorted(self.arc, s, side="right") - 1, 0, len(self.arc) - 2))
        return i, float((s - self.arc[i]) / (self.arc[i + 1] - self.arc[i]))

    def at(self, s: float) -> Tensor:
        """The point (P,) at arc length ``s``; at a pivot it is the pivot, to the last bit."""
        i, fraction = self._place(s)
        if fraction in (0.0, 1.0):
            return self.points[i + int(fraction)]
        return torch.lerp(self.points[i], self.points[i + 1], fraction)

    def tangent(self, s: float) -> Tensor:
        """The unit tangent (P,) in double precision; at a pivot it halves the angle there."""
        i, fraction = self._place(s)
        around = {i}
        if fraction == 0.0 and i > 0:
            around.add(i - 1)
        directions = []
        for j in around:
            step = self.points[j + 1].double() - self.points[j].double()
            directions.append(step / step.norm())
        whole = torch.stack(directions).sum(0)
        size = float(whole.norm())
        if size == 0:  # a hairpin has no middle
            whole, size = directions[0], 1.0
        tangent: Tensor = whole / size
        return tangent

"""The landscape across a whole path: one pass of eigen-work that serves every algorithm on it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.path import Path
from .across import AcrossPoint, across_point
from .levelling import path_slopes
from .problem import Problem

Progress = Callable[[float], None]
DENSE = 4000  # parameters up to which H is diagonalised: 128 MB a matrix and a minute a point
PAIRS = 64  # eigenpairs beyond


@dataclass(frozen=True)
class AcrossProfile:
    """What is across a path at m ≥ 2 ``points``, and the slope of the loss along it.

    slopes: t·∇L in the middle of every segment.  floor: eigenvalues at or below it were left out
    everywhere.  samples: n of the training set.
    """

    path: Path
    points: tuple[AcrossPoint, ...]
    slopes: Array
    floor: float
    samples: int

    @property
    def s(self) -> Array:
        """Arc lengths (m,) of the points."""
        return np.array([point.s for point in self.points])

    @property
    def reach(self) -> float:
        """Above it the eigenvalues of all points are complete."""
        return max(point.reach for point in self.points)

    def log_det(self, floor: float) -> Array:
        """Σ ln(λ/floor) (m,) over the eigenvalues of H⊥ above one floor for the whole path.

        Its half times the temperature is the entropic potential of white noise.  Raises DomainError
        for a floor that is not positive or below ``reach``.
        """
        self.check(floor)
        return np.array([np.log(p.kept[p.kept > floor] / floor).sum() for p in self.points])

    def check(self, floor: float) -> None:
        """DomainError unless ``floor`` is positive and nothing is missing above it."""
        if not (0 < floor < np.inf and floor >= self.reach):
            msg = f"the floor must be positive and at least {self.reach:.4g}, above which all "
            raise DomainError(msg + f"eigenvalues are known; it is {floor:g}")


def landscape_across(
    problem: Problem,
    path: Path,
    positions: Array,
    *,
    floor: float = 0.0,
    dense: int = DENSE,
    pairs: int = PAIRS,
    seed: int = 0,
    progress: Progress | None = None,
) -> AcrossProfile:
    """The fast directions at ``positions`` (m ≥ 2), increasing arc lengths, best segments' middles.

    floor: eigenvalues at or below it are left out, which saves time, and memory: 24 r² bytes a
    point for r directions.  dense: the most parameters for which H is diagonalised; beyond, only
    its ``pairs`` largest eigenvalues count, and one floor, ``reach``, cuts all points alike.
    Raises DomainError for a path of another model, for positions off it or not rising, for batch
    statistics, with which a sample has no gradient of its own, and for a negative floor.
    """
    where = np.asarray(positions, float)
    if where.ndim != 1 or len(where) < 2 or not np.all(np.diff(where) > 0):
        msg = "the positions along the path must increase and be at least 2"
        raise DomainError(msg)
    if problem.normalisation == "batch":
        msg = "adiabatic predictions need gradients of single samples; batch statistics tie them "
        raise DomainError(msg + "together: take running statistics")
    if not 0 <= floor < np.inf:
        msg = f"the floor of the eigenvalues must not be negative; it is {floor:g}"
        raise DomainError(msg)
    if pairs < 1:
        msg = f"at least one eigenpair must be found; {pairs} were asked for"
        raise DomainError(msg)
    path.at(where[[0, -1]])  # refuses what is off the path before any work
    points = []
    for i, s in enumerate(where.tolist()):
        points.append(
            across_point(problem, path, s, floor=floor, dense=dense, pairs=pairs, seed=seed)
        )
        if progress is not None:
            progress((i + 1) / len(where))
    return AcrossProfile(path, tuple(points), path_slopes(problem, path), floor, problem.samples)

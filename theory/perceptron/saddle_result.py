"""What a saddle point says, in one coat for all weights, settings and energies."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..estimate import Array, freeze

# the numbers that a solver returns for every point, in this order
NUMBERS = (
    *("q", "q_hat", "entropy", "distance", "at_eigenvalue", "residual"),
    *("free_entropy", "energy", "error_rate"),
    *("teacher_overlap", "generalization_error", "generalization_error_bayes"),
)
TOLERANCE = 1e-12  # of the residual, for a point to count as converged
LOST = "Newton's method did not reach the saddle point"
FROZEN = "1 - q falls below 1e-13 before this load, where the curve of saddle points is lost"


@dataclass(frozen=True)
class SaddlePoint:
    """Replica-symmetric saddle points; every field but the names is of the shape of the arguments.

    A point that does not exist or did not converge is NaN in every result, with ``converged`` False
    and the reason in words.
    """

    model: str
    """Which weights: "spherical", "binary" or "symmetric"."""
    alpha: Array
    """Patterns per weight."""
    kappa: Array
    """Margin that every pattern keeps."""
    q: Array
    """Overlap of two solutions; where it is nearly 1, ``distance`` has the digits."""
    q_hat: Array
    """Its conjugate, the variance of the field on a weight."""
    entropy: Array
    """Nats per weight; from the uniform measure on the sphere, or the count of binary weights."""
    distance: Array
    """(1 − q)/2, the fraction of binary weights in which two solutions differ."""
    at_eigenvalue: Array
    """De Almeida--Thouless: a difference between replicas is multiplied by this."""
    at_stable: NDArray[np.bool_]
    """Whether that is below 1."""
    residual: Array
    """Largest relative residual of the saddle equations, with a finer rule than solved them."""
    converged: NDArray[np.bool_]
    """Whether the residual is at most 1e-12."""
    beta: Array
    """Inverse temperature; inf is the hard constraint."""
    free_entropy: Array
    """entropy − beta × energy, nats per weight; the entropy itself at beta = inf."""
    energy: Array
    """Mean energy per weight; 0 at beta = inf."""
    error_rate: Array
    """Fraction of the patterns that miss the margin; 0 at beta = inf."""
    teacher_overlap: Array
    """R, with the teacher; NaN in the storage setting, like the two errors."""
    generalization_error: Array
    """arccos(R)/π: how often one solution, drawn from the measure, misses the teacher's label."""
    generalization_error_bayes: Array
    """arccos(R/√q)/π: how often the majority vote of all solutions does."""
    branch: NDArray[np.str_]
    """From α = 0 on "typical"; past a fold "aligned", near the teacher; "perfect" where R = 1."""
    dominant: NDArray[np.bool_]
    """Whether no other branch has a higher free entropy there."""
    reason: NDArray[np.str_]
    """Why a point has no numbers; empty where it has."""
    setting: str = field(default="storage", kw_only=True)
    """"storage" (random labels) or "teacher"."""
    cost: str = field(default="count", kw_only=True)
    """What a missed pattern costs: "count", "hinge" or "quadratic"."""

    def __post_init__(self) -> None:
        freeze(self)

    def without_solutions(self) -> NDArray[np.bool_]:
        """True where the entropy counts less than one solution: weights ±1, entropy < 0.

        The saddle point is one of the equations there, but typical patterns have no solution; the
        load is above `critical_capacity`.  At a finite temperature it is the same failure: replica
        symmetry counts fewer than one weight vector of that energy.  (Spherical entropies are
        volumes, and may be negative.)
        """
        return np.asarray((self.model != "spherical") & (self.entropy < 0))


@dataclass(frozen=True)
class Points:
    """Saddle points as a solver leaves them: rows NUMBERS of shape (points,), and words."""

    numbers: Array
    branch: str = "typical"
    reasons: dict[int, str] = field(default_factory=dict)
    """Why a point has no numbers, by its index."""

    def __getitem__(self, name: str) -> Array:
        return np.asarray(self.numbers[NUMBERS.index(name)])


def joined(
    size: int, parts: list[tuple[NDArray[np.intp], list[Points]]], order: tuple[str, ...]
) -> list[Points]:
    """The parts of every branch in their places, the branches in ``order``."""
    names = {points.branch for _, found in parts for points in found}
    whole = []
    for name in (branch for branch in order if branch in names):
        numbers = np.full((len(NUMBERS), size), np.nan)
        reasons = dict.fromkeys(range(size), f"the {name} branch does not exist at this load")
        for which, found in parts:
            for points in (points for points in found if points.branch == name):
                numbers[:, which] = points.numbers
                reasons |= {int(which[i]): why for i, why in points.reasons.items()}
        reasons = {i: why for i, why in reasons.items() if np.isnan(numbers[0, i])}
        whole.append(Points(numbers, name, reasons))
    return whole

r"""Which eigenvalues of a Hessian count as curvature, and which as noise or flat directions.

A trained network's Hessian has eigenvalues near zero of either sign: flat directions, a minimum not
quite reached, rounding. ln λ makes much of the smallest, so a rule says what is left out:

    AboveMostNegative   keeps λ ≥ |most negative λ|   the negative end shows the size of errors
    TopRank(r)          keeps the r largest           min(P, N_i) in a linear net, else ≤ P·classes
    AboveFloor(ε)       keeps λ ≥ ε                   ε in the units of the Hessian; none is lifted
    WholeSpectrum       keeps all                     refuses unless the matrix is positive definite

The first is the procedure of Zhang, Saxe, Advani and Lee (section "Numerical experiments"), the
second the one they use for deep linear networks. Multiplied by a constant, a Hessian keeps the same
directions under all but the third, whose ε has to be multiplied too.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .errors import DomainError
from .estimate import Array


class CleaningRule(Protocol):
    """What a rule must tell: its name, and the smallest eigenvalue that it keeps."""

    @property
    def name(self) -> str:
        """How tables and the command line call it."""

    def count(self, eigenvalues: Array) -> int:
        """How many of ``eigenvalues``, all of the matrix in falling order, it keeps.

        Raises DomainError where the rule makes no sense for them.
        """

    def floor(self, eigenvalues: Array) -> float:
        """The value below which it drops, in the units of the eigenvalues."""


@dataclass(frozen=True)
class AboveMostNegative:
    """Keep λ > 0 that are not smaller than the magnitude of the most negative eigenvalue.

    Effect: a saddle loses also its positive directions up to that scale. Where nothing is negative
    it drops exact zeros only, so zeros that rounding made positive stay: prefer ``TopRank`` where
    the rank is known.

    >>> rule = AboveMostNegative()
    >>> rule.count(np.array([5.0, 1.0, 0.25, -0.5])), rule.floor(np.array([5.0, -0.5]))
    (2, 0.5)
    """

    name: str = "negative"

    def count(self, eigenvalues: Array) -> int:
        """How many are positive and at least |most negative|."""
        floor = self.floor(eigenvalues)
        return int(np.sum((eigenvalues >= floor) & (eigenvalues > 0)))

    def floor(self, eigenvalues: Array) -> float:
        """|most negative|, or 0 if none is."""
        return max(0.0, -float(eigenvalues[-1]))


@dataclass(frozen=True)
class TopRank:
    """Keep the ``rank`` largest, for a rank known beforehand.

    Effect: the same number of directions at every minimum, so that their entropies can be
    subtracted. The Hessian of P patterns has at most P·classes directions of Gauss-Newton
    curvature, and where residuals vanish no others.

    >>> TopRank(2).count(np.array([5.0, 1.0, 0.0])), TopRank(2).floor(np.array([5.0, 1.0, 0.0]))
    (2, 1.0)
    """

    rank: int
    name: str = "top"

    def __post_init__(self) -> None:
        if not (1 <= self.rank < np.inf and self.rank == int(self.rank)):
            msg = f"the rank must be a whole number from 1; it is {self.rank:g}"
            raise DomainError(msg)

    def count(self, eigenvalues: Array) -> int:
        """The rank itself; refused if the matrix is smaller or the last one kept not positive."""
        if self.rank > len(eigenvalues):
            msg = f"the rank must not exceed the {len(eigenvalues)} eigenvalues; it is {self.rank}"
            raise DomainError(msg)
        if not eigenvalues[self.rank - 1] > 0:
            positive = int(np.sum(eigenvalues > 0))
            msg = (
                f"the {self.rank} largest eigenvalues must be positive; only {positive} are: "
                f"lower the rank"
            )
            raise DomainError(msg)
        return self.rank

    def floor(self, eigenvalues: Array) -> float:
        """The smallest that is kept."""
        return float(eigenvalues[self.rank - 1])


@dataclass(frozen=True)
class AboveFloor:
    """Keep λ ≥ ``epsilon``, in the units of the Hessian; the rest is dropped, not lifted to it.

    Effect: the number of directions kept varies from minimum to minimum and with ε.

    >>> AboveFloor(0.5).count(np.array([5.0, 0.5, 0.25]))
    2
    """

    epsilon: float
    name: str = "floor"

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < np.inf:
            msg = f"the floor must be a positive number; it is {self.epsilon:g}"
            raise DomainError(msg)

    def count(self, eigenvalues: Array) -> int:
        """How many are at least ε."""
        return int(np.sum(eigenvalues >= self.epsilon))

    def floor(self, eigenvalues: Array) -> float:
        """ε itself."""
        return self.epsilon


@dataclass(frozen=True)
class WholeSpectrum:
    """Keep every eigenvalue, as the Laplace integral over all directions asks.

    Effect: none; it refuses a matrix that is not positive definite.
    """

    name: str = "none"

    def count(self, eigenvalues: Array) -> int:
        """All of them; refused unless all are positive."""
        if not eigenvalues[-1] > 0:
            bad = int(np.sum(eigenvalues <= 0))
            msg = (
                f"without a cleaning rule all eigenvalues must be positive; {bad} of "
                f"{len(eigenvalues)} are not, down to {eigenvalues[-1]:.6g}"
            )
            raise DomainError(msg)
        return len(eigenvalues)

    def floor(self, eigenvalues: Array) -> float:
        """0: nothing is dropped."""
        return 0.0

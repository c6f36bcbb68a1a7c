r"""The eigenvalues of a Hessian that count, and what was left out.

    ln det₊ = Σ ln λᵢ   over the eigenvalues that a rule of :mod:`.cleaning` keeps

The routes to them: given eigenvalues, a dense symmetric matrix, a symmetric operator (assembled
while it is small), the largest ones alone by Lanczos. Where even the kept ones are too many,
:mod:`.lanczos_quadrature` estimates their number and their log-determinant.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigvalsh
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh

from .cleaning import CleaningRule, TopRank
from .errors import DomainError, NotConverged
from .estimate import Array, Estimate, frozen
from .symmetric import assembled, check_symmetric, first_vector

SMALL = 2000  # directions up to which an operator is assembled: 32 MB and some seconds


@dataclass(frozen=True)
class Spectrum:
    """What a cleaning rule kept of a Hessian with ``dim`` directions, and what it left out.

    eigenvalues: those kept, positive, falling, in the units of the Hessian.
    dim: number N of directions, of all kinds.
    floor: the value below which the rule drops (for a rank: the smallest kept).
    discarded: those known and left out, falling; what was never computed is ``unseen``.
    rule: the name of the rule.
    """

    eigenvalues: Array
    dim: int
    floor: float
    discarded: Array
    rule: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "eigenvalues", frozen(self.eigenvalues))
        object.__setattr__(self, "discarded", frozen(self.discarded))
        kept = self.eigenvalues
        if kept.ndim != 1 or len(kept) == 0 or not np.all((kept > 0) & np.isfinite(kept)):
            range_ = f" from {kept.min():g} to {kept.max():g}" if kept.size else ""
            msg = f"a spectrum must keep positive, finite numbers; it keeps {kept.size}{range_}"
            raise DomainError(msg)
        if self.unseen < 0:
            known = len(kept) + len(self.discarded)
            msg = (
                f"dim must not be below the number of known eigenvalues, {known}; it is {self.dim}"
            )
            raise DomainError(msg)

    @property
    def kept(self) -> int:
        """How many eigenvalues count."""
        return len(self.eigenvalues)

    @property
    def unseen(self) -> int:
        """How many were never computed: Lanczos stops after the largest."""
        return self.dim - len(self.eigenvalues) - len(self.discarded)

    @property
    def log_det(self) -> Estimate:
        """Σ ln λ over the kept; exact to rounding."""
        return Estimate(np.log(self.eigenvalues).sum(), 0.0, "eigenvalues")

    def trace(self) -> float:
        """Trace of H, the sum over all, kept or not; raises DomainError while some are unseen."""
        if self.unseen:
            msg = f"the trace needs all {self.dim} eigenvalues; {self.unseen} were never computed"
            raise DomainError(msg)
        return float(self.eigenvalues.sum() + self.discarded.sum())

    def scaled(self, factor: float) -> "Spectrum":
        """The spectrum of ``factor`` times the Hessian, cleaned alike (the floor scales along).

        >>> from .cleaning import AboveMostNegative
        >>> spectrum = clean_eigenvalues([4.0, 2.0, 0.5, -1.0], AboveMostNegative())
        >>> spectrum.scaled(2.0).eigenvalues.tolist()
        [8.0, 4.0]
        """
        if not 0 < factor < np.inf:
            msg = f"the factor of a Hessian must be a positive number; it is {factor:g}"
            raise DomainError(msg)
        return Spectrum(
            factor * self.eigenvalues,
            self.dim,
            factor * self.floor,
            factor * self.discarded,
            self.rule,
        )

    def top(self, rank: int) -> "Spectrum":
        """The ``rank`` largest of the kept ones; the rest joins what is left out."""
        if not 1 <= rank <= self.kept:
            msg = f"the rank must be from 1 to the {self.kept} that are kept; it is {rank}"
            raise DomainError(msg)
        inner, outer = self.eigenvalues[:rank], self.eigenvalues[rank:]
        rest = np.concatenate([outer, self.discarded])
        return Spectrum(inner, self.dim, float(inner[-1]), rest, TopRank.name)


def clean_eigenvalues(eigenvalues: ArrayLike, rule: CleaningRule) -> Spectrum:
    """The spectrum that ``rule`` leaves of all ``eigenvalues`` (N,) of a matrix, in any order.

    Raises DomainError for numbers that are not finite, where the rule refuses, and where it keeps
    none.

    >>> from .cleaning import AboveMostNegative
    >>> spectrum = clean_eigenvalues([0.25, 5.0, -0.5, 1.0], AboveMostNegative())
    >>> spectrum.eigenvalues.tolist(), spectrum.discarded.tolist(), spectrum.floor
    ([5.0, 1.0], [0.25, -0.5], 0.5)
    """
    values = np.array(eigenvalues, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0:
        msg = f"eigenvalues must be a list of at least one number; their shape is {values.shape}"
        raise DomainError(msg)
    if not np.isfinite(values).all():
        bad = int(np.sum(~np.isfinite(values)))
        msg = f"eigenvalues must be finite numbers; {bad} of {len(values)} are not"
        raise DomainError(msg)
    values = np.sort(values)[::-1]
    count, floor = rule.count(values), rule.floor(values)
    if count == 0:
        msg = (
            f"the rule {rule.name!r} must keep an eigenvalue; it drops all {len(values)} below "
            f"{floor:.6g}, the largest is {values[0]:.6g}"
        )
        raise DomainError(msg)
    return Spectrum(values[:count], len(values), floor, values[count:], rule.name)


def matrix_spectrum(matrix: ArrayLike, rule: CleaningRule, tolerance: float = 1e-8) -> Spectrum:
    """The cleaned spectrum of a symmetric ``matrix`` (N, N).

    ``tolerance``: the largest |H − Hᵀ| that counts as rounding, relative to max |H|; a Hessian in
    single precision needs about 1e-5. Within it the symmetric part is diagonalised.
    Raises DomainError for other shapes, numbers that are not finite, asymmetry, and as
    ``clean_eigenvalues`` does.

    >>> from .cleaning import WholeSpectrum
    >>> matrix_spectrum([[2.0, 1.0], [1.0, 2.0]], WholeSpectrum()).eigenvalues.round(12).tolist()
    [3.0, 1.0]
    """
    values = np.array(matrix, dtype=np.float64)
    check_symmetric(values, tolerance)
    return clean_eigenvalues(eigvalsh(0.5 * values + 0.5 * values.T), rule)


def operator_spectrum(
    operator: LinearOperator, rule: CleaningRule, tolerance: float = 1e-8
) -> Spectrum:
    """The cleaned spectrum of a symmetric operator, such as ``symmetric_operator`` makes.

    Up to 2000 directions it is assembled, one product a column; beyond, ``TopRank`` finds its own
    by Lanczos. Raises DomainError as ``matrix_spectrum``, and for other rules on larger operators.
    """
    dim = operator.shape[0]
    if dim <= SMALL:
        return matrix_spectrum(assembled(operator), rule, tolerance)
    if isinstance(rule, TopRank):
        return lanczos_spectrum(operator, rule.rank)
    msg = (
        f"an operator must have at most {SMALL} directions to be assembled; it has {dim}: "
        "keep a TopRank, or estimate with lanczos_log_det"
    )
    raise DomainError(msg)


def lanczos_spectrum(operator: LinearOperator, rank: int) -> Spectrum:
    """The ``rank`` largest eigenvalues by Lanczos, to rounding; all others stay ``unseen``.

    A multiple eigenvalue is found as often as rounding mixes its copies in, which is not certain.
    Raises DomainError unless 1 ≤ rank < N and all found are positive; NotConverged with those found
    where the iteration ends early.
    """
    values = largest_pairs(operator, rank)[0]
    count = TopRank(rank).count(values)
    return Spectrum(values, operator.shape[0], float(values[count - 1]), np.empty(0), TopRank.name)


def largest_pairs(operator: LinearOperator, rank: int) -> tuple[Array, Array]:
    """The ``rank`` largest eigenvalues (rank,), falling, and their vectors (N, rank)."""
    dim = operator.shape[0]
    if not (1 <= rank < dim and rank == int(rank)):
        msg = f"Lanczos finds from 1 to N - 1 = {dim - 1} eigenvalues; it was asked for {rank}"
        raise DomainError(msg)
    try:
        values, vectors = eigsh(operator, k=rank, which="LA", tol=0, v0=first_vector(dim))
    except ArpackNoConvergence as error:
        found = np.sort(error.eigenvalues)[::-1]
        msg = f"Lanczos found {len(found)} of {rank} eigenvalues before its limit; ask for fewer"
        raise NotConverged(msg, found) from None
    except ArpackError as error:
        msg = f"Lanczos cannot start on this operator: {error}"
        raise NotConverged(msg) from None
    order = np.argsort(values)[::-1]
    return np.asarray(values[order]), np.asarray(vectors[:, order])

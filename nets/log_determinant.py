r"""The log-determinant of the part of a Hessian that counts as curvature.

    ln det₊ H = Σ ln λ_i            over the eigenvalues that a rule of ``theory.cleaning`` keeps
    excess    = Σ ln(λ_i/floor)     = ln det₊ H − kept · ln floor

An eigenvalue that crosses the floor enters the first with ln floor and the second with nothing: the
excess is continuous in the spectrum, and free of units.

Up to a few thousand directions the matrix is assembled and diagonalised; beyond, stochastic Lanczos
quadrature (``theory.lanczos_quadrature``, where its two errors are explained), all probes at once.
What the probes saw, :class:`ProbedSpectrum`, answers for any floor afterwards.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..theory.cleaning import AboveFloor, AboveMostNegative, CleaningRule
from ..theory.errors import DomainError, NotConverged
from ..theory.estimate import Array, Estimate, frozen, mean_estimate
from ..theory.lanczos_quadrature import sums_above_cut
from .density import check_quadrature, quadrature, recurrences
from .eigenpairs import EigenPairs, leading_pairs
from .operator import Operator
from .problem import array
from .traces import drawn_signs

DENSE = 3000  # directions up to which the matrix is assembled: 72 MB and some ten seconds
DEFLATE = 8  # eigenvalues taken exactly: about the outliers of a classifier


@dataclass(frozen=True)
class LogDet:
    """What a rule keeps of a spectrum.

    log_det: Σ ln λ; excess: Σ ln(λ/floor), NaN for a floor of 0; kept: how many; negative: how many
    are below zero; with standard errors over the probes, 0 where exact.  log_det_bias, excess_bias,
    kept_bias: bounds on what the quadrature may be off by on top of that.  floor: the value below
    which the rule drops.
    """

    log_det: Estimate
    excess: Estimate
    kept: Estimate
    negative: Estimate
    log_det_bias: float
    excess_bias: float
    kept_bias: float
    floor: float
    rule: str


@dataclass(frozen=True)
class KnownSpectrum:
    """All ``eigenvalues`` (dim,), falling."""

    eigenvalues: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "eigenvalues", frozen(self.eigenvalues))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest eigenvalue, and the lowest positive one (∞ if none is)."""
        positive = self.eigenvalues[self.eigenvalues > 0]
        return float(self.eigenvalues[-1]), float(positive[-1]) if len(positive) else np.inf

    def above(self, rule: CleaningRule) -> LogDet:
        """What ``rule`` keeps; a log-determinant of NaN where that is nothing."""
        count, floor = rule.count(self.eigenvalues), rule.floor(self.eigenvalues)
        logs = np.log(self.eigenvalues[:count])
        over = (logs - np.log(floor)).sum() if floor > 0 else np.nan
        values = (logs.sum() if count else np.nan, over, count, np.sum(self.eigenvalues < 0))
        total, excess, kept, negative = (Estimate(v, 0.0, "eigenvalues") for v in values)
        return LogDet(total, excess, kept, negative, 0.0, 0.0, 0.0, floor, rule.name)


@dataclass(frozen=True)
class ProbedSpectrum:
    """What m random probes saw of an operator, in k products each.

    diagonals, besides (m, k): of the Lanczos recurrences; masses (m,): |probe|² beside the
    eigenvectors of ``known`` (d,), the largest eigenvalues, falling.  end: none other is larger.
    """

    diagonals: Array
    besides: Array
    masses: Array
    known: Array
    end: float

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest Ritz value and the lowest positive one: inside the spectrum, and near it."""
        nodes, weights = quadrature(self.diagonals, self.besides)
        met = np.append(nodes[weights > 0], self.known)
        return float(met.min()), float(np.min(met[met > 0], initial=np.inf))

    def above(self, rule: AboveFloor) -> LogDet:
        """What lies above a floor, whatever it is."""
        floor = rule.epsilon
        found = self.diagonals, self.besides, self.masses
        sums = np.array(
            [
                sums_above_cut(a, b, float(mass), floor, self.end)
                for a, b, mass in zip(*found, strict=True)
            ]
        )
        nodes, weights = quadrature(self.diagonals, self.besides)
        below = (weights * (nodes < 0)).sum(axis=1) * self.masses + np.sum(self.known < 0)
        counted = self.known[self.known >= floor]
        totals = sums[:, 0] + np.log(counted).sum()
        kept = sums[:, 1] + len(counted)
        columns = (totals, totals - kept * np.log(floor), kept, below)
        mean = mean_estimate(np.column_stack(columns), "lanczos")
        both = zip(mean.value, mean.error, strict=True)
        total, excess, number, negative = (Estimate(v, e, "lanczos") for v, e in both)
        bias, jump = (float(b) for b in sums[:, 2:].mean(axis=0))
        smeared = max(bias - abs(np.log(floor)) * jump, 0.0)  # the excess does not jump
        return LogDet(total, excess, number, negative, bias, smeared, jump, floor, rule.name)


def log_det(
    operator: Operator,
    rule: CleaningRule | None = None,
    *,
    probes: int = 16,
    steps: int = 64,
    deflate: int = DEFLATE,
    seed: int = 0,
    dense: int = DENSE,
) -> LogDet:
    """Log-det, number kept and number negative under ``rule`` (by default above |most negative|).

    dense: the most directions for which the matrix is diagonalised.  Beyond, ``probes`` sign
    vectors, ``steps`` products each, after the ``deflate`` largest eigenvalues are taken exactly;
    the cut is a floor or the most negative Ritz value, and where none is negative half the
    smallest, so that all that was met is kept.  Raises DomainError for other rules there, for
    fewer than 2 probes or steps, and where nothing is kept.
    """
    rule = AboveMostNegative() if rule is None else rule
    check_rule(rule, operator.dim, dense)
    if operator.dim <= dense:
        identity = torch.eye(operator.dim, dtype=operator.dtype, device=operator.device)
        matrix = array(operator.products(identity))
        values = np.linalg.eigvalsh(0.5 * (matrix + matrix.T))[::-1]
        found = KnownSpectrum(np.asarray(values, float)).above(rule)
        if found.kept.value == 0:
            msg = f"the rule {rule.name!r} must keep an eigenvalue; all {operator.dim} are below "
            raise DomainError(msg + f"its floor of {found.floor:g}")
        return found
    seen = probed_spectrum(operator, probes=probes, steps=steps, deflate=deflate, seed=seed)
    floor = rule.epsilon if isinstance(rule, AboveFloor) else shared_floor([seen.ends])
    return seen.above(AboveFloor(floor, rule.name))


def probed_spectrum(
    operator: Operator,
    *,
    probes: int = 16,
    steps: int = 64,
    deflate: int = DEFLATE,
    seed: int = 0,
    start: Tensor | None = None,
) -> ProbedSpectrum:
    """What ``probes`` sign vectors see in ``steps`` products each, beside the largest eigenvalues.

    start (j, dim): vectors near the leading eigenvectors.
    """
    check_quadrature(probes, steps)
    if not 0 <= deflate < operator.dim - 1:
        msg = f"deflate must be from 0 to N - 2 = {operator.dim - 2}; it is {deflate}"
        raise DomainError(msg)
    try:
        pairs: EigenPairs = leading_pairs(operator, max(1, deflate), seed=seed, start=start)
    except NotConverged as error:  # within a dense bulk: good to second order in the residual
        pairs = error.found
    starts = drawn_signs(operator, probes, seed)
    found = recurrences(operator, starts, pairs.vectors[:deflate], steps)
    end = float(pairs.values[-1] + pairs.residuals[-1])
    return ProbedSpectrum(*found, pairs.values[:deflate], end)


def check_rule(rule: CleaningRule, dim: int, dense: int) -> None:
    """Refuse what needs all eigenvalues where they are too many."""
    if dim > dense and not isinstance(rule, (AboveFloor, AboveMostNegative)):
        msg = (
            f"beyond {dense} directions the rule must be a floor or the most negative eigenvalue; "
            f"it is {rule.name!r} for {dim}"
        )
        raise DomainError(msg)


def shared_floor(ends: list[tuple[float, float]]) -> float:
    """One floor for several spectra: the largest |most negative| of all.

    ends: the lowest and the lowest positive value of each.  Where none is negative half the
    smallest that is positive, so that all positive ones are kept; 0 where none is positive either.
    """
    lowest, positive = min(low for low, _ in ends), min(high for _, high in ends)
    if lowest < 0:
        return -lowest
    return 0.5 * positive if positive < np.inf else 0.0

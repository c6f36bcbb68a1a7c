r"""The log-determinant of the part of a Hessian that counts as curvature.

    ln det₊ H = Σ ln λ_i      over the eigenvalues that a rule of ``theory.cleaning`` keeps

Up to a few thousand directions the matrix is assembled and diagonalised; beyond, stochastic Lanczos
quadrature (``theory.lanczos_quadrature``, where its two errors are explained), all probes at once.
"""

from dataclasses import dataclass

import numpy as np
import torch

from ..theory.cleaning import AboveFloor, AboveMostNegative, CleaningRule
from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, mean_estimate
from ..theory.lanczos_quadrature import sums_above_cut
from ..theory.spectrum import clean_eigenvalues
from .density import check_quadrature, quadrature, recurrences
from .eigenpairs import leading_pairs
from .operator import Operator
from .problem import array
from .traces import drawn_signs

DENSE = 3000  # directions up to which the matrix is assembled: 72 MB and some ten seconds


@dataclass(frozen=True)
class LogDet:
    """What a rule keeps of an operator with ``dim`` directions.

    log_det: Σ ln λ; kept: how many; negative: how many are below zero; with standard errors over
    the probes, 0 where exact.  log_det_bias, kept_bias: bounds on what the quadrature may be off by
    on top of that.  floor: the value below which the rule drops.
    """

    log_det: Estimate
    kept: Estimate
    negative: Estimate
    log_det_bias: float
    kept_bias: float
    floor: float
    rule: str
    dim: int
    products: float


def log_det(
    operator: Operator,
    rule: CleaningRule | None = None,
    *,
    probes: int = 16,
    steps: int = 64,
    deflate: int = 8,
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
    if operator.dim <= dense:
        return _diagonalised(operator, rule)
    if not isinstance(rule, (AboveFloor, AboveMostNegative)):
        msg = (
            f"beyond {dense} directions the rule must be a floor or the most negative eigenvalue; "
            f"it is {rule.name!r} for {operator.dim}"
        )
        raise DomainError(msg)
    check_quadrature(probes, steps)
    if not 0 <= deflate < operator.dim - 1:
        msg = f"deflate must be from 0 to N - 2 = {operator.dim - 2}; it is {deflate}"
        raise DomainError(msg)
    began = operator.used
    pairs = leading_pairs(operator, max(1, deflate), seed=seed)
    starts = drawn_signs(operator, probes, seed)
    found = recurrences(operator, starts, pairs.vectors[:deflate], steps)
    nodes, weights = quadrature(*found[:2])
    floor = rule.epsilon if isinstance(rule, AboveFloor) else _cut(nodes, weights)
    end = float(pairs.values[-1] + pairs.residuals[-1])
    sums = [
        sums_above_cut(a, b, float(mass), floor, end) for a, b, mass in zip(*found, strict=True)
    ]
    below = (weights * (nodes < 0)).sum(axis=1) * found[2]
    return _gathered(
        np.column_stack([sums, below]),
        pairs.values[:deflate],
        (floor, rule.name, operator.dim, operator.used - began),
    )


def _diagonalised(operator: Operator, rule: CleaningRule) -> LogDet:
    began = operator.used
    identity = torch.eye(operator.dim, dtype=operator.dtype, device=operator.device)
    matrix = array(operator.products(identity))
    spectrum = clean_eigenvalues(np.linalg.eigvalsh(0.5 * (matrix + matrix.T)), rule)
    counts = spectrum.kept, np.sum(spectrum.discarded < 0)
    kept, negative = (Estimate(count, 0.0, "eigenvalues") for count in counts)
    spent = operator.used - began
    rest = spectrum.floor, rule.name, operator.dim, spent
    return LogDet(spectrum.log_det, kept, negative, 0.0, 0.0, *rest)


def _gathered(sums: Array, exact: Array, rest: tuple[float, str, int, float]) -> LogDet:
    """The mean over probes of ``sums`` (m, 5), and what the ``exact`` eigenvalues add."""
    counted = exact[exact >= rest[0]]
    added = np.array([np.log(counted).sum(), len(counted), np.sum(exact < 0)])
    mean = mean_estimate(sums[:, [0, 1, 4]] + added, "lanczos")
    total, kept, negative = (Estimate(mean.value[i], mean.error[i], "lanczos") for i in range(3))
    bias = sums[:, 2:4].mean(axis=0)
    return LogDet(total, kept, negative, float(bias[0]), float(bias[1]), *rest)


def _cut(nodes: Array, weights: Array) -> float:
    lowest = float(nodes[weights > 0].min())
    return -lowest if lowest < 0 else 0.5 * lowest

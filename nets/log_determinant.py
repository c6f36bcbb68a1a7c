r"""The log-determinant of the part of a Hessian that counts as curvature.

    ln det₊ H = Σ ln λ_i      over the eigenvalues that a rule of ``theory.cleaning`` keeps

Up to a few thousand directions the matrix is assembled and diagonalised; beyond, stochastic Lanczos
quadrature (``theory.lanczos_quadrature``, where its two errors are explained), all probes at once.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal

from ..theory.cleaning import AboveFloor, AboveMostNegative, CleaningRule
from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, mean_estimate
from ..theory.lanczos_quadrature import sums_above_cut
from ..theory.spectrum import clean_eigenvalues
from .density import check_quadrature, recurrences
from .eigenpairs import leading_pairs
from .hessian import Hessian
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
    operator: Hessian | Operator,
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
    began = operator.used
    if operator.dim <= dense:
        identity = np.eye(operator.dim)
        matrix = array(operator.products(drawn_signs(operator, 1, 0).new_tensor(identity)))
        spectrum = clean_eigenvalues(np.linalg.eigvalsh(0.5 * (matrix + matrix.T)), rule)
        negative = float(np.sum(spectrum.discarded < 0))
        kept, below = (Estimate(n, 0.0, "eigenvalues") for n in (spectrum.kept, negative))
        spent = operator.used - began
        return LogDet(
            spectrum.log_det, kept, below, 0.0, 0.0, spectrum.floor, rule.name, operator.dim, spent
        )
    if not isinstance(rule, (AboveFloor, AboveMostNegative)):
        msg = (
            f"beyond {dense} directions the rule must be a floor or the most negative eigenvalue; "
            f"it is {rule.name!r} for {operator.dim}"
        )
        raise DomainError(msg)
    check_quadrature(probes, steps)
    pairs = leading_pairs(operator, max(1, deflate), tolerance=1e-3, seed=seed)
    found, vectors = pairs.values[:deflate], pairs.vectors[:deflate]
    starts = drawn_signs(operator, probes, seed)
    diagonals, besides, masses = recurrences(operator, starts, vectors, steps)
    nodes, weights = quadrature(diagonals, besides)
    floor = rule.epsilon if isinstance(rule, AboveFloor) else _cut(nodes, weights)
    end = float(pairs.values[-1] + pairs.residuals[-1])
    sums = [
        sums_above_cut(a, b, float(mass), floor, end)
        for a, b, mass in zip(diagonals, besides, masses, strict=True)
    ]
    below = (weights * (nodes < 0)).sum(axis=1) * masses
    rows = np.column_stack([np.array(sums), below])
    counted = found[found >= floor]
    exact = np.array([np.log(counted).sum(), len(counted), 0.0])
    mean = mean_estimate(rows[:, [0, 1, 4]] + exact, "lanczos")
    total, kept, negative_ = (Estimate(mean.value[i], mean.error[i], "lanczos") for i in range(3))
    bias = rows[:, 2:4].mean(axis=0)
    return LogDet(
        total,
        kept,
        negative_,
        float(bias[0]),
        float(bias[1]),
        floor,
        rule.name,
        operator.dim,
        operator.used - began,
    )


def quadrature(diagonals: Array, besides: Array) -> tuple[Array, Array]:
    """Gauss nodes and weights (m, k) of every recurrence; the weights of each add up to 1."""
    nodes = np.empty(diagonals.shape)
    weights = np.empty_like(nodes)
    for i, (a, b) in enumerate(zip(diagonals, besides, strict=True)):
        nodes[i], states = eigh_tridiagonal(a, b[:-1])
        weights[i] = states[0] ** 2
    return nodes, weights


def _cut(nodes: Array, weights: Array) -> float:
    lowest = float(nodes[weights > 0].min())
    return -lowest if lowest < 0 else 0.5 * lowest

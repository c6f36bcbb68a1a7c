"""Loss, slope, λ_max and trace at one point of a path, quicker for what its neighbour knew."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..theory.estimate import Estimate
from .eigenpairs import leading_pairs
from .hessian import Hessian
from .problem import Problem
from .traces import trace


@dataclass(frozen=True)
class Carried:
    """What one point hands to the next.

    vectors (k + 1, dim): eigenvectors of the k largest eigenvalues, and that of the lowest found.
    """

    vectors: Tensor


@dataclass(frozen=True)
class PointCurvature:
    """One point.  lambda_max: error is the residual bound; trace: error is the standard error.

    smallest: the lowest eigenvalue is no higher.  products: with the Hessian, for all of it.
    """

    loss: float
    gradient_norm: float
    lambda_max: Estimate
    trace: Estimate
    smallest: float
    products: float


def curvature_at(
    problem: Problem,
    theta: Tensor,
    carried: Carried | None = None,
    *,
    count: int = 1,
    tolerance: float = 1e-3,
    probes: int = 8,
    trace_error: float | None = None,
    seed: int = 0,
) -> tuple[PointCurvature, Carried]:
    """Curvature at ``theta`` (P,), and what to hand to the next point.

    carried: of a neighbouring point; without it the search begins anew.  count: eigenvectors
    followed.  probes, or as many as reach the standard error ``trace_error``; the same at every
    point, in the complement of what the search for eigenvalues has seen.
    """
    hessian = Hessian(problem, theta)
    start = None if carried is None else carried.vectors
    pairs = leading_pairs(hessian, count, tolerance=tolerance, start=start, seed=seed)
    total = trace(hessian, probes=probes, error=trace_error, seed=seed, deflate=pairs)
    found = PointCurvature(
        loss=hessian.loss,
        gradient_norm=float(hessian.gradient.norm()),
        lambda_max=pairs.largest,
        trace=total,
        smallest=pairs.smallest,
        products=hessian.used,
    )
    return found, Carried(torch.cat([pairs.vectors, pairs.lowest_vector()]))

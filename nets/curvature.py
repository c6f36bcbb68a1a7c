"""How curved the landscape is at a point: trace and largest eigenvalue, each with its error."""

from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Estimate
from .eigenpairs import EigenPairs, leading_pairs, power_iteration
from .hessian import Hessian
from .problem import Problem
from .traces import trace

__all__ = [
    "EigenPairs",
    "hutchinson_trace",
    "largest_eigenvalue",
    "leading_pairs",
    "power_iteration",
    "trace",
]


def hutchinson_trace(problem: Problem, theta: Tensor, probes: int = 64, seed: int = 0) -> Estimate:
    """Tr H from ``probes`` random sign vectors; the same seed gives the same probes everywhere."""
    if probes < 2:
        msg = f"a standard error needs at least 2 probes; there are {probes}"
        raise DomainError(msg)
    return trace(Hessian(problem, theta), probes=probes, seed=seed)


def largest_eigenvalue(problem: Problem, theta: Tensor, tolerance: float = 1e-4) -> Estimate:
    """λ_max of H by Lanczos; the error is the residual bound |Hv − λv|."""
    return leading_pairs(Hessian(problem, theta), tolerance=tolerance).largest

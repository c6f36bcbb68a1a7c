"""How curved the landscape is at a point: trace and largest eigenvalue, each with its error."""

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, mean_estimate
from .operators import hessian_products
from .problem import Problem, array


def hutchinson_trace(problem: Problem, theta: Tensor, probes: int = 64, seed: int = 0) -> Estimate:
    """Tr H from ``probes`` random sign vectors; the same seed gives the same probes everywhere.

    The decay term is known and added exactly.  Hutchinson, Commun. Stat. 18, 1059 (1989).
    """
    if probes < 2:
        msg = f"a standard error needs at least 2 probes; there are {probes}"
        raise DomainError(msg)
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(2, (probes, len(theta)), generator=generator).to(theta.dtype) * 2 - 1
    products = hessian_products(problem, theta, signs)
    return mean_estimate(array((signs * products).sum(dim=1)), "hutchinson")


def largest_eigenvalue(problem: Problem, theta: Tensor, tolerance: float = 1e-4) -> Estimate:
    """λ_max of H by Lanczos; the error is the residual bound |Hv − λv|."""

    def product(vector: Array) -> Array:
        return array(hessian_products(problem, theta, problem.tensor(vector.reshape(1, -1)))[0])

    size = len(theta)
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    first = np.random.default_rng(0).standard_normal(size)
    values, vectors = eigsh(operator, k=1, which="LA", tol=tolerance, v0=first)
    residual = np.linalg.norm(product(vectors[:, 0]) - values[0] * vectors[:, 0])
    return Estimate(values[0], residual, "lanczos")

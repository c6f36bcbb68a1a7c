r"""Fluctuations of SGD about its noiseless trajectory, seen along one direction.

The linear map and the noise follow the trajectory g_j where that is cheap (first-order sums over
kicks, :func:`kicks`), and are frozen at one point of it where it is not (third derivatives,
:func:`entropic_shift`; samples, :func:`sampled_orders`).  Noise enters with covariance c·C; all
results are per power of c.
"""

import torch
from torch import Tensor
from torch.func import grad

from ..theory.estimate import Estimate, mean_estimate
from .operators import (
    cubic_to_quadratic,
    hessian_products,
    sample_curvatures,
    scores,
    third_forms,
)
from .problem import Problem, array


def noiseless_way(problem: Problem, theta: Tensor, step: float, cycle: int) -> Tensor:
    """g_0 … g_k (cycle + 1, P): full-batch steps from ``theta`` (P,)."""
    way = [theta]
    for _ in range(cycle):
        slope: Tensor = grad(problem.full)(way[-1])
        way.append(way[-1] - step * slope)
    return torch.stack(way)


def noise_root(problem: Problem, theta: Tensor) -> Tensor:
    """R (n, P) with RᵀR = C, the covariance of per-sample gradients (1/(n − 1))."""
    root: Tensor = scores(problem, theta) / (problem.samples - 1) ** 0.5
    return root


def kicks(problem: Problem, way: Tensor, directions: Tensor, step: float) -> Tensor:
    """What the noise of step j contributes to direction·δ_k: (k, m, n), one column per sample.

    directions (m, P).  With a_{k−1} = direction and a_{j−1} = (1 − ηH(g_j)) a_j the contribution
    is −η a_j·ξ_j; returned is R(g_j) a_j, whose squares add up to Var(direction·δ_k)/(η²c).
    """
    adjoint, found = directions, []
    for place in way[:-1].flip(0):
        found.append(adjoint @ noise_root(problem, place).T)
        adjoint = adjoint - step * hessian_products(problem, place, adjoint)
    return torch.stack(found[::-1])


def powers(problem: Problem, theta: Tensor, vector: Tensor, step: float, count: int) -> Tensor:
    """A^m v (count, P) for m < count, A = 1 − ηH at ``theta``."""
    rows = [vector]
    for _ in range(count - 1):
        rows.append(rows[-1] - step * hessian_products(problem, theta, rows[-1][None])[0])
    return torch.stack(rows)


def _factors(each: Tensor, leading: int, probes: int, generator: torch.Generator) -> Tensor:
    """Rows f_c with Σ_c f_c f_cᵀ = leading part of C, then probes z with E[z zᵀ] = the rest."""
    gram = each @ each.T
    vectors = torch.linalg.eigh(gram).eigenvectors[:, len(gram) - leading :]
    signs = torch.randint(2, (probes, len(each)), generator=generator).to(each.dtype) * 2 - 1
    rest = signs - (signs @ vectors) @ vectors.T
    return torch.cat([vectors.T, rest]) @ each


def entropic_shift(
    problem: Problem,
    theta: Tensor,
    each: Tensor,
    adjoint: Tensor,
    step: float,
    sampling: tuple[int, int, int],
) -> Estimate:
    """t·e_k per unit of c: −η³ Σ_i ½∇³L[U_i, A^i C A^i], U_i = Σ_{m ≤ k−2−i} A^m t.

    each: root of C; adjoint (k, P): A^m t; sampling: how many leading eigenvectors of C are taken
    exactly, how many random probes stand for the rest and give the standard error, the seed.
    """
    leading, probes, seed = sampling
    leading = min(leading, len(each))
    rows = _factors(each, leading, probes, torch.Generator().manual_seed(seed))
    reach = torch.cumsum(adjoint, dim=0)  # U_i = reach[k − 2 − i]
    total = torch.zeros(len(rows), dtype=rows.dtype)
    for i in range(len(adjoint) - 1):
        if i > 0:
            rows = rows - step * hessian_products(problem, theta, rows)
        total += 0.5 * third_forms(problem, theta, reach[len(adjoint) - 2 - i], rows)
    total *= -(step**3)
    exact, sampled = array(total[:leading]).sum(), array(total[leading:])
    return Estimate(exact + sampled.mean(), sampled.std(ddof=1) / probes**0.5, "theory")


def sampled_orders(
    problem: Problem,
    theta: Tensor,
    each: Tensor,
    adjoint: Tensor,
    step: float,
    sampling: tuple[int, int],
) -> tuple[Estimate, float, float]:
    """What needs samples of δ_j, drawn at c = 1.

    The variance that minibatch curvature adds, η² Σ_j Var_i(u_{k−1−j}·H_i δ_j) per c², and over
    δ_k the rms third and the mean second order of the loss.
    """
    draws, seed = sampling
    generator = torch.Generator().manual_seed(seed)
    delta = torch.zeros(draws, each.shape[1], dtype=each.dtype)
    added = torch.zeros(draws, dtype=each.dtype)
    for j in range(len(adjoint)):
        if j > 0:
            forms = sample_curvatures(problem, theta, adjoint[len(adjoint) - 1 - j], delta)
            added += step**2 * forms.var(dim=1)
        kick = torch.randn(draws, len(each), generator=generator, dtype=each.dtype) @ each
        delta = delta - step * (hessian_products(problem, theta, delta) + kick)
    cubic, quadratic = cubic_to_quadratic(problem, theta, delta)
    return (
        mean_estimate(array(added), "theory"),
        float((cubic**2).mean() ** 0.5),
        float(quadratic.mean()),
    )

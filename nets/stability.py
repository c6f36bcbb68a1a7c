r"""Whether SGD's fluctuations stay bounded: minibatch curvature multiplies them at every step.

A fluctuation δ obeys δ ← (1 − ηH_B)δ − ηξ with the Hessian H_B of the minibatch.  Its second moment
stays bounded only if

.. math:: λ_{max}\{(1-ηH)^2 + η^2 c\,D\} \le 1, \qquad D = \mathrm{Cov}_i(H_i) ,

Wu, Ma & E, NeurIPS 2018.  Beyond it tails are heavy, and no theory linear in the noise holds.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .operators import hessian_products, sample_hessian_products
from .problem import Problem


@dataclass(frozen=True)
class CurvatureSpread:
    """The direction v in which minibatch curvature fluctuates most.

    spread: vᵀDv, D = Σ_i (H_i − H)²/(n − 1).  linear, square: vᵀHv and |Hv|², decay included.
    """

    spread: float
    linear: float
    square: float

    def growth(self, step: float, noise_factor: float) -> float:
        """Mean-square amplification per step along v, |(1 − ηH)v|² + η²c vᵀDv; unstable over 1."""
        return 1 - 2 * step * self.linear + step**2 * (self.square + noise_factor * self.spread)


def curvature_spread(
    problem: Problem, theta: Tensor, iterations: int = 8, seed: int = 0
) -> CurvatureSpread:
    """Power iteration on D at ``theta`` (P,): a lower bound on its largest eigenvalue."""
    generator = torch.Generator().manual_seed(seed)
    v = torch.randn(len(theta), generator=generator, dtype=theta.dtype)
    for _ in range(iterations):
        v = v / v.norm()
        each = sample_hessian_products(problem, theta, v.expand(problem.samples, -1))
        apart = each - each.mean(dim=0)  # (H_i − H) v, which add up to nothing
        twice = sample_hessian_products(problem, theta, apart).sum(dim=0)
        applied = twice / (problem.samples - 1)
        spread, direction, v = v @ applied, v, applied
    curved = hessian_products(problem, theta, direction[None])[0]
    return CurvatureSpread(float(spread), float(direction @ curved), float(curved @ curved))

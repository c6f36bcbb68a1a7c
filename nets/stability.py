r"""Whether SGD's fluctuations stay bounded: minibatch curvature multiplies them at every step.

A fluctuation δ obeys δ ← (1 − ηH_B)δ − ηξ with the Hessian H_B of the minibatch.  Its second moment
stays bounded only if

.. math:: λ_{max}\{(1-ηH)^2 + η^2 c\,D\} \le 1, \qquad D = \mathrm{Cov}_i(H_i) ,

Wu, Ma & E, NeurIPS 2018.  Beyond it tails are heavy, and no theory linear in the noise holds.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .operators import hessian_products, sample_hessian_products
from .optimizer_map import LinearMap
from .problem import Problem


@dataclass(frozen=True)
class CurvatureSpread:
    """The direction v in which minibatch curvature fluctuates most.

    All in coordinates in which the scale S of the steps is 1, H → √S H √S.  spread: vᵀDv, D =
    Σ_i (H_i − H)²/(n − 1).  linear, square: vᵀHv and |Hv|², decay included.
    """

    spread: float
    linear: float
    square: float

    def growth(self, how: LinearMap, noise_factor: float) -> float:
        """Mean-square amplification per step along v; unstable over 1.

        Without momentum |(1 − H)v|² + c vᵀDv, in the scaled coordinates.  With it, the spectral
        radius of the map that the moments (δδ, δw, ww) of that direction alone obey, w = √S v.
        """
        a, b, beta = how.direct, how.carried, how.momentum
        h, hh = self.linear, self.square + noise_factor * self.spread
        moments = np.array(
            [
                [1 - 2 * a * h + a**2 * hh, -2 * b * (1 - a * h), b**2],
                [h - a * hh, beta - a * beta * h - b * h, -b * beta],
                [hh, 2 * beta * h, beta**2],
            ]
        )
        if beta == 0:
            return float(moments[0, 0])
        return float(np.abs(np.linalg.eigvals(moments)).max())


def curvature_spread(
    problem: Problem,
    theta: Tensor,
    scale: Tensor | float = 1.0,
    iterations: int = 8,
    seed: int = 0,
) -> CurvatureSpread:
    """Power iteration on D at ``theta`` (P,): a lower bound on its largest eigenvalue.

    scale: S of the optimizer's steps, (P,) or one number.
    """
    generator = torch.Generator().manual_seed(seed)
    v = torch.randn(len(theta), generator=generator, dtype=theta.dtype).to(theta.device)
    root = torch.as_tensor(scale, dtype=theta.dtype, device=theta.device).sqrt()
    for _ in range(iterations):
        v = v / v.norm()
        each = root * sample_hessian_products(
            problem, theta, (root * v).expand(problem.samples, -1)
        )
        apart = each - each.mean(dim=0)  # (H_i − H) v, which add up to nothing
        twice = root * sample_hessian_products(problem, theta, root * apart).sum(dim=0)
        applied = twice / (problem.samples - 1)
        spread, direction, v = v @ applied, v, applied
    curved = root * hessian_products(problem, theta, (root * direction)[None])[0]
    return CurvatureSpread(float(spread), float(direction @ curved), float(curved @ curved))

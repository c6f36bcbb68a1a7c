r"""Curves between two networks, trained so that the loss along them is low.

A curve is linear in its control points, the first and last of which are the ends:

.. math:: \theta(t) = \sum_k B_k(t)\, w_k, \qquad
    \text{Bézier } B_k = \binom{m}{k} t^k (1 - t)^{m - k}, \quad
    \text{polygon } B_k = \max(0, 1 - |m t - k|)

SGD on a position t drawn uniformly and a minibatch: the gradient of bend k is
:math:`B_k(t) \nabla L(\theta(t))`, decay included, so it is the landscape's own loss that is
averaged over t.  Garipov, Izmailov, Podoprikhin, Vetrov & Wilson, NeurIPS 2018, whose curves have
one bend.
"""

from collections.abc import Callable
from fractions import Fraction
from math import comb

import torch
from torch import Tensor

Basis = Callable[[Tensor, int], Tensor]
"""Positions t (m,) in [0, 1] and the number K of control points → weights (m, K)."""


def bezier(t: Tensor, count: int) -> Tensor:
    """Bernstein's polynomials (m, count).

    >>> bezier(torch.tensor([0.5]), 3).tolist()
    [[0.25, 0.5, 0.25]]
    """
    m = count - 1
    columns = [float(comb(m, k)) * t**k * (1 - t) ** (m - k) for k in range(count)]
    return torch.stack(columns, dim=1)


def polygon(t: Tensor, count: int) -> Tensor:
    """Hat functions (m, count): every side takes the same part of t.

    >>> polygon(torch.tensor([0.25]), 3).tolist()
    [[0.5, 0.5, 0.0]]
    """
    m = count - 1
    return (1 - (m * t[:, None] - torch.arange(count, dtype=t.dtype)).abs()).clamp(min=0)


BASES: dict[str, Basis] = {"bezier": bezier, "polygon": polygon}


def points_on_curve(basis: Basis, control: Tensor, t: Tensor) -> Tensor:
    """Points (m, P) at ``t`` (m,) of the curve with control points (K, P); ends to the last bit."""
    weights = basis(t, len(control)).to(control.device, control.dtype)
    return weights @ control


def beads_on_curve(basis: Basis, control: Tensor, count: int) -> Tensor:
    """``count`` points of the curve, equidistant in t, and for a polygon its corners as well."""
    places = {Fraction(i, count - 1) for i in range(count)}
    if basis is polygon:
        places |= {Fraction(k, len(control) - 1) for k in range(len(control))}
    t = torch.tensor([float(place) for place in sorted(places)], dtype=torch.float64)
    inner = points_on_curve(basis, control, t[1:-1])
    return torch.cat([control[:1], inner, control[-1:]])


def rate_along_training(rate: float, last_rate: float, fraction: float) -> float:
    """Constant for half of the training, then linear down to the last tenth, as in the source.

    >>> [round(rate_along_training(0.1, 1e-3, f), 4) for f in (0.0, 0.5, 0.7, 0.95)]
    [0.1, 0.1, 0.0505, 0.001]
    """
    part = min(max((fraction - 0.5) / 0.4, 0.0), 1.0)
    return rate + part * (last_rate - rate)

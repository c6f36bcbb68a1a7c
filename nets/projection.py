r"""The nearest point of a path to each of many points, for as many parameters as a network has.

All that the nearest point depends on are inner products of offsets from the first bead; with
:math:`k_j` the beads, :math:`e_j = k_{j+1} - k_j` and :math:`x` a point, all offsets,

.. math:: f_j = \mathrm{clip}\left(\frac{x \cdot e_j - k_j \cdot e_j}{|e_j|^2}, 0, 1\right), \qquad
    d_j^2 = |x|^2 - 2 x \cdot q_j + |q_j|^2, \quad q_j = k_j + f_j e_j

They are summed in float64, a slice of the parameters at a time, whatever type the points have.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, frozen
from .problem import array

COLUMNS = 1 << 18  # parameters whose products are summed at once


@dataclass(frozen=True)
class Projection:
    """s (m,): arc lengths of the nearest points; distance (m,): how far from them."""

    s: Array
    distance: Array

    def __post_init__(self) -> None:
        for name in ("s", "distance"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


def project_onto_path(path: Tensor, points: Tensor) -> Projection:
    """Where ``points`` (m, P) come to lie on the polygon ``path`` (n, P).

    Distances below 1e-8 of the path's size are rounding.  Raises DomainError where the two have
    different lengths, or two neighbouring beads are equal.

    >>> bent = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    >>> found = project_onto_path(bent, torch.tensor([[1.0, -2.0], [9.0, 2.0]]))
    >>> found.s.tolist(), found.distance.tolist()
    ([1.0, 5.0], [2.0, 6.0])
    """
    if path.ndim != 2 or points.ndim != 2 or path.shape[1] != points.shape[1] or len(path) < 2:
        msg = (
            "a path (n >= 2, P) and points (m, P) must match; "
            f"they are {tuple(path.shape)} and {tuple(points.shape)}"
        )
        raise DomainError(msg)
    beads, cross, squares = _products(path, points)
    own = beads.diagonal()
    length2 = own[1:] - 2 * beads.diagonal(1) + own[:-1]
    if not bool((length2 > 0).all()):
        msg = "neighbouring points of a path must differ"
        raise DomainError(msg)
    along = cross[:, 1:] - cross[:, :-1]  # x·e
    base = beads.diagonal(1) - own[:-1]  # k·e
    fraction = ((along - base) / length2).clamp(0, 1)
    on_path = own[:-1] + 2 * fraction * base + fraction**2 * length2
    distance2 = squares[:, None] - 2 * (cross[:, :-1] + fraction * along) + on_path
    nearest = distance2.argmin(dim=1)
    rows = torch.arange(len(points), device=nearest.device)
    lengths = length2.sqrt()
    arc = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
    s = arc[nearest] + fraction[rows, nearest] * lengths[nearest]
    return Projection(array(s), array(distance2[rows, nearest].clamp(min=0).sqrt()))


def _products(path: Tensor, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """k·k (n, n), x·k (m, n) and |x|² (m,) of the offsets from the first bead."""
    n, m = len(path), len(points)
    whole = torch.zeros(m + n, n, dtype=torch.float64, device=path.device)
    squares = torch.zeros(m, dtype=torch.float64, device=path.device)
    for first in range(0, path.shape[1], COLUMNS):
        part = slice(first, first + COLUMNS)
        origin = path[0, part].double()
        k, x = path[:, part].double() - origin, points[:, part].double() - origin
        whole += torch.cat([x, k]) @ k.T
        squares += (x * x).sum(dim=1)
    return whole[m:], whole[:m], squares

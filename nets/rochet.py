r"""RochetNet: the best menu to offer to one buyer of several items, found by descent.

Menu entry j gives item i with probability α_ji and costs β_j; the buyer of valuation v takes the
entry of largest utility, or nothing for nothing, and so has no reason to lie about v:

.. math:: u_j(v) = \sum_i \alpha_{ji} v_i - \beta_j, \qquad u_0 = 0,
          \qquad \alpha = \mathrm{sigmoid}(a)

The seller's revenue is the mean of the β of what is taken.  It is no smooth function of the menu;
training lets the buyer take entry j with probability softmax(u/T)_j.
Architecture: Dütting, Feng, Narasimhan, Parkes and Ravindranath, "Optimal Auctions through Deep
Learning" (ICML 2019).  The best menus for values uniform on [0, 1]: for one item the price 1/2,
which earns 1/4 (:math:`\max_p p(1 - p)`); for two items either at 2/3 and both at (4 − √2)/3, which
earns (12 + 2√2)/27 = 0.5492.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..theory.errors import DomainError


class RochetNet(nn.Module):
    """A menu of ``entries`` for ``items``: ``allocation`` a (J, m) and ``price`` β (J,)."""

    def __init__(self, items: int, entries: int, seed: int, dtype: torch.dtype = torch.float64):
        super().__init__()
        if items < 1 or entries < 1:
            msg = f"a menu needs at least one item and one entry; it has {items} and {entries}"
            raise DomainError(msg)
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.empty(entries, items, dtype=dtype).normal_(generator=generator)
        paid = torch.empty(entries, dtype=dtype).uniform_(generator=generator)
        self.allocation = nn.Parameter(drawn)
        # a price between nothing and what the entry is worth to the buyer who values it most
        self.price = nn.Parameter(paid * drawn.sigmoid().sum(dim=1))

    def forward(self, valuations: Tensor) -> Tensor:
        """(batch, J + 1, 2): utility and price of nothing and of every entry; (batch, m) in."""
        utility = valuations @ self.allocation.sigmoid().T - self.price
        offers = torch.stack([utility, self.price.expand_as(utility)], dim=-1)
        return nn.functional.pad(offers, (0, 0, 1, 0))


def negative_payment(temperature: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss −Σ_j β_j softmax(u/T)_j of every valuation; targets play no part.

    Raises DomainError unless the temperature is positive.

    >>> offers = torch.tensor([[[0.0, 0.0], [1.0, 3.0]]])
    >>> negative_payment(1e-3)(offers, torch.zeros(1)).item()
    -3.0
    """
    if not 0 < temperature < float("inf"):
        msg = f"the temperature must be positive; it is {temperature:g}"
        raise DomainError(msg)

    def loss(offers: Tensor, targets: Tensor) -> Tensor:
        taken = torch.softmax(offers[..., 0] / temperature, dim=-1)
        return -(taken * offers[..., 1]).sum(dim=-1)

    return loss


def revenue(offers: Tensor, targets: Tensor) -> Tensor:
    """What a buyer pays who takes the entry of largest utility; targets play no part.

    >>> revenue(torch.tensor([[[0.0, 0.0], [1.0, 3.0]]]), torch.zeros(1)).item()
    3.0
    """
    taken = offers[..., 0].argmax(dim=-1, keepdim=True)
    return offers[..., 1].gather(-1, taken).squeeze(-1)


def valuations(
    samples: int, items: int, seed: int, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """Points (samples, items) that fill [0, 1]^items evenly, and empty targets (samples,).

    Scrambled Sobol points: means over them are integrals over the uniform distribution, nearer by
    orders than over independent draws.
    """
    if samples < 2 or items < 1:
        msg = f"there must be at least 2 samples of 1 item; they are {samples} of {items}"
        raise DomainError(msg)
    engine: Any = torch.quasirandom.SobolEngine  # untyped
    points = engine(items, scramble=True, seed=seed).draw(samples, dtype=dtype)
    return points, torch.zeros(samples, dtype=dtype)

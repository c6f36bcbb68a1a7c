r"""What one buyer may choose from: entries that give items with some probability, at a price.

.. math:: u_j(v) = \alpha_j \cdot v - \beta_j, \qquad u_0 = 0

The buyer of valuation v takes the largest utility, or nothing for nothing.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, frozen
from .permutations import Integers
from .problem import Problem, array
from .rochet import RochetNet

FARTHEST = 20.0  # in a network, where sigmoid(a) = 0 and 1 only at infinity: 2e-9 from them


@dataclass(frozen=True)
class Menu:
    """Entries for a buyer: allocations (J, m) from 0 to 1, and prices (J,)."""

    allocations: Array
    prices: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "allocations", frozen(self.allocations))
        object.__setattr__(self, "prices", frozen(self.prices))
        if self.allocations.ndim != 2 or self.prices.shape != self.allocations.shape[:1]:
            msg = (
                "a menu needs allocations (J, m) and prices (J,); they have "
                f"{self.allocations.shape} and {self.prices.shape}"
            )
            raise DomainError(msg)
        if not np.all((self.allocations >= 0) & (self.allocations <= 1)):
            msg = "allocations must be probabilities from 0 to 1; some are not"
            raise DomainError(msg)
        if not np.all(np.isfinite(self.prices)):
            msg = "prices must be finite numbers; some are not"
            raise DomainError(msg)

    def taken(self, valuations: Array) -> Integers:
        """The entry (n,) that each buyer of ``valuations`` (n, m) takes; −1 for nothing."""
        utility = valuations @ self.allocations.T - self.prices
        best = utility.argmax(axis=1)
        return np.where(utility[np.arange(len(best)), best] > 0, best, -1)

    def shares(self, valuations: Array) -> Array:
        """The fraction of buyers who take each entry (J,)."""
        taken = self.taken(valuations)
        counts = np.bincount(taken[taken >= 0], minlength=len(self.prices))
        return np.asarray(counts / len(valuations))

    def revenue(self, valuations: Array) -> float:
        """Mean payment of the buyers.

        >>> Menu([[1.0]], [0.5]).revenue(np.array([[0.2], [0.6], [0.7], [0.4]]))
        0.25
        """
        return float(self.shares(valuations) @ self.prices)

    def towards(self, other: "Menu", t: float) -> "Menu":
        """Every entry the fraction ``t`` of the straight way to that of ``other``."""
        return Menu(
            (1 - t) * self.allocations + t * other.allocations,
            (1 - t) * self.prices + t * other.prices,
        )


def menu_of(problem: Problem, theta: Tensor) -> Menu:
    """What a RochetNet offers at ``theta`` (P,); DomainError for another network."""
    if not isinstance(problem.model, RochetNet):
        msg = f"only a RochetNet offers a menu; the model is {type(problem.model).__name__}"
        raise DomainError(msg)
    named = problem.layout.unflatten(theta)
    return Menu(array(named["allocation"].sigmoid()), array(named["price"]))


def menu_parameters(menu: Menu) -> Array:
    """The flat vector (P,) of the RochetNet that offers ``menu``.

    Allocations nearer to 0 or 1 than 2e-9 are put at 2e-9: a network cannot reach the ends.

    >>> menu_parameters(Menu(np.array([[0.5]]), np.array([0.25]))).tolist()
    [0.0, 0.25]
    """
    with np.errstate(divide="ignore"):
        logits = np.log(menu.allocations) - np.log1p(-menu.allocations)
    return np.concatenate([np.clip(logits, -FARTHEST, FARTHEST).ravel(), menu.prices])

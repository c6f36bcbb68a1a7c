r"""One step of an optimizer for all replicas at once, in torch's conventions.

    sgd     v ← β v + g,  θ ← θ − η v;   Nesterov: θ ← θ − η (g + β v)
    adam    m ← β m + (1 − β) g,  u ← β₂ u + (1 − β₂) g²,
            θ ← θ − η m̂ / (√û + 10⁻⁸),  m̂ = m/(1 − βᵗ),  û = u/(1 − β₂ᵗ),  β₂ = 0.999

with g the gradient of the whole loss, its decay included: the decay of Adam is thereby the coupled
one (``weight_decay`` of ``torch.optim.Adam``, not of AdamW).  β is the recipe's momentum.  D.
Kingma & J. Ba, Adam (2015), algorithm 1.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .recipe import Recipe

SECOND, SMALL = 0.999, 1e-8


@dataclass
class Optimizer:
    """What an optimizer remembers between steps: ``memory`` by name, each (R, P); steps taken."""

    recipe: Recipe
    memory: dict[str, Tensor] = field(default_factory=dict)
    steps: int = 0

    @classmethod
    def at(cls, recipe: Recipe, thetas: Tensor) -> "Optimizer":
        """An optimizer that has not yet stepped from ``thetas`` (R, P)."""
        if recipe.optimizer == "adam":
            names = ["first", "second"]
        else:
            names = ["velocity"] if recipe.momentum else []
        return cls(recipe, {name: torch.zeros_like(thetas) for name in names})

    def step(self, thetas: Tensor, slopes: Tensor, rate: float) -> None:
        """Move ``thetas`` by one step against ``slopes`` (both (R, P)), in place."""
        self.steps += 1
        if self.recipe.optimizer == "adam":
            self._adam(thetas, slopes, rate)
            return
        beta = self.recipe.momentum
        if beta:
            velocity = self.memory["velocity"].mul_(beta).add_(slopes)
            slopes = slopes.add(velocity, alpha=beta) if self.recipe.nesterov else velocity
        thetas.add_(slopes, alpha=-rate)

    def _adam(self, thetas: Tensor, slopes: Tensor, rate: float) -> None:
        beta, steps = self.recipe.momentum, self.steps
        first = self.memory["first"].lerp_(slopes, 1 - beta)
        second = self.memory["second"].mul_(SECOND).addcmul_(slopes, slopes, value=1 - SECOND)
        scale = second.sqrt().div_(math.sqrt(1 - SECOND**steps)).add_(SMALL)
        thetas.addcdiv_(first, scale, value=-rate / (1 - beta**steps))

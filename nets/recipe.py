"""How a network is trained: optimizer, rates and lengths; no state."""

from dataclasses import dataclass
from typing import Literal

from ..theory.errors import DomainError


@dataclass(frozen=True)
class Recipe:
    """Epochs of minibatch steps, the rate divided by ``factor`` at each of the ``drops``.

    rate: η at the start.  momentum: β of heavy-ball or Nesterov steps θ ← θ − η v, v ← β v + ∇L
    (torch's convention: the effective rate is η/(1 − β)).  drops: fractions of the training.
    optimizer: "langevin" steps against the full gradient with uncorrelated noise of the minibatch
    gradient's variance (:mod:`.matched_noise`), n/batch steps an epoch.  For "adam" the momentum is
    β₁.  gradient_norm, component: where given, full-batch descent follows until |∇L|, and the
    largest |∂L/∂θ_i|, is at most this, for at most ``longest`` gradients; ``descent`` says how
    (:mod:`.descent`).  The defaults are the source's: Entropic Confinement and Mode Connectivity
    (2025), section on training.  The weight decay belongs to the problem.
    """

    optimizer: Literal["sgd", "adam", "langevin"] = "sgd"
    rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False
    batch: int = 256
    epochs: int = 200
    drops: tuple[float, ...] = (0.3, 0.6, 0.8, 0.9)
    factor: float = 5.0
    gradient_norm: float | None = None
    component: float | None = None
    descent: Literal["momentum", "steepest", "lbfgs"] = "momentum"
    longest: int = 20_000

    def __post_init__(self) -> None:
        for name in ("rate", "factor"):
            if not 0 < getattr(self, name) < float("inf"):
                msg = f"the {name} must be positive; it is {getattr(self, name):g}"
                raise DomainError(msg)
        if not 0 <= self.momentum < 1:
            msg = f"the momentum must be from 0 to below 1; it is {self.momentum:g}"
            raise DomainError(msg)
        if self.batch < 1 or self.epochs < 0 or self.longest < 1:
            msg = (
                "batch and longest must be at least 1 and epochs not negative; "
                f"they are {self.batch}, {self.longest} and {self.epochs}"
            )
            raise DomainError(msg)
        if self.optimizer not in ("sgd", "adam", "langevin"):
            msg = f"the optimizer must be 'sgd', 'adam' or 'langevin'; it is {self.optimizer!r}"
            raise DomainError(msg)
        if self.optimizer == "langevin" and self.momentum:
            msg = f"langevin goes without momentum; it is {self.momentum:g}"
            raise DomainError(msg)
        if self.descent not in ("momentum", "steepest", "lbfgs"):
            msg = f"the descent must be 'momentum', 'steepest' or 'lbfgs'; it is {self.descent!r}"
            raise DomainError(msg)
        if self.nesterov and (self.optimizer != "sgd" or self.momentum == 0):
            msg = "Nesterov's step needs sgd with momentum"
            raise DomainError(msg)
        if not all(0 < drop < 1 for drop in self.drops):
            msg = f"the rate drops at fractions between 0 and 1; they are {self.drops}"
            raise DomainError(msg)
        for name in ("gradient_norm", "component"):
            wanted = getattr(self, name)
            if wanted is not None and not wanted > 0:
                msg = f"the {name.replace('_', ' ')} must be positive; it is {wanted:g}"
                raise DomainError(msg)

    def rate_at(self, fraction: float) -> float:
        """η after ``fraction`` of the epochs.

        >>> [round(Recipe().rate_at(f), 6) for f in (0.0, 0.3, 0.95)]
        [0.1, 0.02, 0.00016]
        """
        return self.rate / self.factor ** sum(fraction >= drop for drop in self.drops)

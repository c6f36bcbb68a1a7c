r"""The temperature of SGD, in the conventions there are.

A step is θ ← θ − η(∇L + ξ) with Cov ξ = c C, c = (1 − B/n)/B, C the covariance of per-sample
gradients.  Counted as the time η it diffuses with the matrix D, η² c C = 2 D η:

.. math:: D = \tfrac12 \eta\, c\, C

and where C = C₀·1 this is a bath of temperature T = ½ η c C₀, at unit mobility.  With momentum
(v ← βv + ∇L + ξ, θ ← θ − ηv) a step lasts η/(1 − β) and moves −ξ η/(1 − β), so that η becomes
η/(1 − β) in both.  C is never isotropic: the one number

.. math:: T_\mathrm{eff} = \tfrac12 \frac{\eta}{1-\beta}\, c\, \frac{\mathrm{tr}\,C}{P}

spreads it evenly over all P directions, while along the unit vector t the noise is that of
½ η c tᵀCt/(1 − β).  The literature calls η/B the temperature, which leaves out ½, 1 − B/n, the
momentum and C itself.  Minibatches are supposed independent; those of one epoch are not, and what
flat directions feel of them is less (arXiv 2306.05300).
"""

from dataclasses import dataclass

from ..theory.errors import DomainError
from .gradient_noise import minibatch_factor


@dataclass(frozen=True)
class Temperature:
    """SGD with step η on batches of B out of n samples, momentum β.

    >>> bath = Temperature(step=0.1, batch=4, samples=8)
    >>> bath.ratio, bath.of(2.0)
    (0.025, 0.0125)
    """

    step: float
    batch: int
    samples: int
    momentum: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.step < float("inf"):
            msg = f"the step size must be positive; it is {self.step:g}"
            raise DomainError(msg)
        if not 0 <= self.momentum < 1:
            msg = f"the momentum must be from 0 to below 1; it is {self.momentum:g}"
            raise DomainError(msg)
        minibatch_factor(self.batch, self.samples)

    @property
    def ratio(self) -> float:
        """η/B, which the literature calls the temperature."""
        return self.step / self.batch

    @property
    def factor(self) -> float:
        """½ η c/(1 − β): the temperature per unit of noise variance."""
        return 0.5 * self.step * minibatch_factor(self.batch, self.samples) / (1 - self.momentum)

    def of(self, variance: float) -> float:
        """Of a direction, or a mean over directions, in which C has this ``variance``."""
        return self.factor * variance

r"""Saddle points of any weights, energy and setting, written as a curve.

With the averages of :mod:`.taught_pattern` and :mod:`.weights_in_field`, both overlaps are explicit
in x and ρ, and two equations are left, of which one names the load and the other ties ρ to x:

.. math::
    \hat q = \frac{\alpha}{1-q}\langle G^2\rangle, \qquad
    \hat R = \frac{\alpha}{\sqrt{1-q}}\,\langle 2\sqrt{1+\gamma^2}\varphi(\gamma z) G\rangle
    \quad\Rightarrow\quad
    \alpha = \frac{\hat q (1-q)}{\langle G^2\rangle}, \qquad
    \rho = \sqrt{\hat q (1-q)}\,
           \frac{\langle 2\sqrt{1+\gamma^2}\varphi(\gamma z) G\rangle}{\langle G^2\rangle} .

At a saddle point the free entropy is s + α⟨ln f + ½G²⟩, with s that of the weights in their field:
the terms that couple field and overlap, ½ (q − R²)/(1 − q) or −½q̂(1 − q) − R̂R + ⟨h tanh h⟩ −
½q̂(1 − q), are α⟨½G²⟩ by the equations.
"""

import numpy as np

from ..estimate import Array
from .taught_pattern import CHECK_ORDER, ORDER, Constraint, TaughtPattern
from .weights_in_field import Weights


class FieldSaddle:
    """Saddle points at each x and ρ, shape (points,); on the curve where `mismatch` is 0."""

    def __init__(
        self,
        kind: type[Weights],
        x: Array,
        rho: Array,
        constraint: Constraint,
        order: int = ORDER,
    ) -> None:
        self.kind, self.x, self.rho, self.constraint = kind, x, rho, constraint
        self.weights = kind(x, rho, order)
        self.gamma = self.weights.R / np.sqrt(self.weights.spread)
        w = self.weights
        self.pattern = TaughtPattern(w.q, w.gap, self.gamma, constraint, order)

    def load(self) -> Array:
        """The α of which this is the saddle point."""
        return self.weights.q_hat * self.weights.gap / self.pattern.force()

    def load_growth(self) -> Array:
        """The slope d ln α/dx at ρ = 0."""
        up, dq = self.weights.growth()
        return up - dq / self.weights.gap * self.pattern.force_growth() / self.pattern.force()

    def mismatch(self) -> Array:
        """The logarithm of ρ over what the equation for R̂ makes of it."""
        ratio = self.rho * self.pattern.force() / self.pattern.lesson()
        return np.log(ratio) - 0.5 * np.log(self.weights.q_hat * self.weights.gap)

    def free_entropy(self, alpha: Array) -> Array:
        """(1/N) ln of the partition function, in nats per weight."""
        return self.entropy(alpha) - alpha * self.pattern.cost()

    def entropy(self, alpha: Array) -> Array:
        """Logarithm of the number of weights that matter, in nats per weight."""
        return self.weights.entropy() + alpha * self.pattern.entropy()

    def at_eigenvalue(self, alpha: Array) -> Array:
        """α/(1 − q)² ⟨G'²⟩⟨(∂w/∂h)²⟩; replica symmetry is stable below 1."""
        through = self.weights.replicon() / self.weights.gap**2
        return alpha * self.pattern.replicon() * through

    def residual(self, alpha: Array) -> Array:
        """The largest |right/left − 1| of the saddle equations, with the finer rule."""
        finer = FieldSaddle(self.kind, self.x, self.rho, self.constraint, CHECK_ORDER)
        pairs = zip(finer.weights.equations(), self.weights.equations(), strict=True)
        errors = [np.abs(a / b - 1) for a, b in pairs]
        errors.append(np.abs(alpha / finer.load() - 1))
        if (self.rho > 0).any():
            errors.append(np.abs(np.expm1(finer.mismatch())))
        return np.asarray(np.max(errors, axis=0))

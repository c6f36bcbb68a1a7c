r"""How a step is taken decides how far a fast direction strays, and how hard it pushes.

A fast direction of stiffness g under noise of variance 2 D η per step, a = ηg, has the stationary

    integrator           x ←                                  g⟨x²⟩/D                         a <
    euler                x − a x + w                          1/(1 − ½a)                      2
    euler, momentum β    x + v,  v ← β v − a x + w            1/[(1 − β)(1 − ½a/(1 + β))]     2(1+β)
    heun                 x − ½a(x + x̃) + w,  x̃ = x − a x + w  1 − c,  c = ¼a²/(1 − ½a + ¼a²)  2
    leimkuhler-matthews  x − a x + ½(w + w')                  1                               2
    baoab                positions; underdamped, a = η²g      1                               4
    exact                e^{−a} x + noise of its own          1                               ∞

Heavy-ball noise is that of the gradient, not rescaled: v gains −η∇V + √(2Dη) ξ, so that β raises
the temperature to D/(1 − β), and beyond it slows the clock by the mobility 1/(1 − β).

The force on the slow coordinate is taken where the integrator evaluates it.  That is x itself,
but for Heun half of it is taken at x̃, which strays farther: g⟨½(x² + x̃²)⟩/D = 1 + c, as much
above 1 as the samples lie below.

Two fast directions of stiffness g and h that share a noise are correlated; their covariance over
that of the noise is ``response(g, h)``, the matrix element of the discrete Lyapunov equation
in the eigenbasis of the Hessian.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .errors import DomainError
from .estimate import Array

Integrator = Literal["euler", "heun", "leimkuhler-matthews", "baoab", "exact"]
EDGES = {"euler": 2.0, "heun": 2.0, "leimkuhler-matthews": 2.0, "baoab": 4.0, "exact": np.inf}
INTEGRATORS = tuple(EDGES)
_ROOT = np.sqrt(3.0)


@dataclass(frozen=True)
class Update:
    """One step of the dynamics: its size η (0: continuous time), momentum β and integrator.

    Raises DomainError for a negative step, a momentum outside [0, 1), an unknown integrator, or
    momentum with any but Euler's.

    >>> Update(0.0).response(2.0).item(), Update(0.5).response(2.0).item()
    (0.5, 1.0)
    >>> round(Update(0.5, momentum=0.5).response(2.0).item(), 12)
    1.5
    """

    step: float = 0.0
    momentum: float = 0.0
    integrator: Integrator = "euler"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.step) and self.step >= 0):
            msg = f"the step must be zero (continuous time) or positive; it is {self.step:g}"
            raise DomainError(msg)
        if not 0 <= self.momentum < 1:
            msg = f"the momentum must be from 0 to below 1; it is {self.momentum:g}"
            raise DomainError(msg)
        if self.integrator not in INTEGRATORS:
            known = ", ".join(INTEGRATORS)
            msg = f"the integrator must be one of {known}; it is {self.integrator!r}"
            raise DomainError(msg)
        if self.momentum and self.integrator != "euler":
            msg = f"momentum goes with the euler integrator alone; this one is {self.integrator}"
            raise DomainError(msg)

    @property
    def mobility(self) -> float:
        """Drift of a slow coordinate over the force on it: 1/(1 − β).

        Raises DomainError for BAOAB, where it is 1/friction.
        """
        if self.integrator == "baoab":
            msg = "under baoab the mobility of y is 1/friction, which is not known here; "
            raise DomainError(msg + "an effective potential does not need it")
        return self._heating

    @property
    def _heating(self) -> float:
        """How much hotter momentum makes everything."""
        return 1 / (1 - self.momentum)

    def steps(self, stiffness: Array) -> Array:
        """ηg (η²g for BAOAB), refused from the edge of stability on and where g is not positive."""
        g = np.asarray(stiffness, float)
        power = 2 if self.integrator == "baoab" else 1
        a = np.asarray(self.step**power * g)
        if not np.all((g > 0) & np.isfinite(g)):
            msg = f"the stiffness must be positive and finite; it is down to {float(np.min(g)):.4g}"
            raise DomainError(msg)
        edge = EDGES[self.integrator] * (1 + self.momentum)
        if not np.all(a < edge):
            squared = "step**2" if power == 2 else "step"
            msg = f"{squared} * stiffness must stay below {edge:.4g}, the edge of stability; "
            msg += f"it reaches {float(np.max(a)):.4g}"
            raise DomainError(msg)
        return a

    def response(self, stiffness: Array | float, other: Array | float | None = None) -> Array:
        """⟨x x'⟩/D at rest, of two directions that one noise of strength D shakes: of one, ⟨x²⟩/D.

        In units of 1/stiffness.  Raises DomainError for a stiffness that is not positive, or at
        and beyond the edge of stability; for two directions under BAOAB, where it depends on the
        friction.
        """
        g = np.asarray(stiffness, float)
        h = g if other is None else np.asarray(other, float)
        a = self.steps(g)
        if other is not None:
            self.steps(h)
        match self.integrator:
            case "euler":
                left, beta, eta = 1 - self.momentum, self.momentum, self.step
                total = left * (g + h) - left / (1 + beta) * eta * g * h
                return np.asarray(2 / (total + eta * beta * (g - h) ** 2 / (left * (1 + beta))))
            case "heun":
                u, w = 1 - 0.5 * a, 1 - 0.5 * self.step * h
                return np.asarray(2 * u * w / (g * u + h * w - self.step * g * u * h * w))
            case "leimkuhler-matthews":
                total = g + h
                return np.asarray((2 - 0.5 * self.step * total) / (total - self.step * g * h))
            case "baoab" if other is not None:
                msg = "under baoab the covariance of two directions depends on the friction; "
                raise DomainError(msg + "it is known for one")
        return np.asarray(2 / (g + h))

    def push(self, stiffness: Array | float, other: Array | float | None = None) -> Array:
        """As :meth:`response`, of what the force on the slow coordinate is taken at."""
        found = self.response(stiffness, other)
        if self.integrator != "heun":
            return found
        g = np.asarray(stiffness, float)
        h = g if other is None else np.asarray(other, float)
        tried = (1 - self.step * g) * (1 - self.step * h) * found + 2 * self.step
        return np.asarray(0.5 * (found + tried))

    def white(self, stiffness: Array | float) -> Array:
        """∫ push dg, which is ln g in continuous time without momentum: what white noise feels."""
        g = np.asarray(stiffness, float)
        a = self.steps(g)
        if self.integrator == "euler":
            return np.asarray((np.log(g) - np.log(self._slack(a))) * self._heating)
        return np.asarray(np.log(g) + (_heun(0.5 * a)[0] if self.integrator == "heun" else 0.0))

    def aligned(self, stiffness: Array | float) -> Array:
        """∫ g push dg, which is g in continuous time without momentum: noise ∝ g feels it."""
        g = np.asarray(stiffness, float)
        a = self.steps(g)
        if self.integrator == "euler" and self.step > 0:
            rate = 0.5 * self.step / (1 + self.momentum)
            return np.asarray(-np.log1p(-rate * g) / rate * self._heating)
        if self.integrator == "heun" and self.step > 0:
            return np.asarray(g + 2 / self.step * _heun(0.5 * a)[1])
        return np.asarray(g * self._heating)

    def rate(self, stiffness: Array) -> Array:
        """At which a fast direction forgets, per unit of time, to leading order in the step.

        g, and with momentum the slower of the overdamped g/(1 − β) and the underdamped −½ ln β/η.
        """
        g = np.asarray(stiffness, float)
        if self.momentum == 0 or self.step == 0:
            return np.asarray(g * self._heating)
        return np.asarray(np.minimum(g * self._heating, -0.5 * np.log(self.momentum) / self.step))

    def _slack(self, a: Array) -> Array:
        return np.asarray(1 - 0.5 * a / (1 + self.momentum))


def _heun(u: Array) -> tuple[Array, Array]:
    """∫ c du/u and ∫ c du from 0, of c = u²/(1 − u + u²)."""
    log = 0.5 * np.log1p(u * (u - 1))
    # the difference of arctan((2u − 1)/√3) and its −π/6 at 0, without a cancellation
    arc = np.arctan2(_ROOT * u, 2 - u) / _ROOT
    series = u**3 * (1 / 3 + u * (1 / 4 - u**2 * (1 / 6 + u / 7)))
    return np.asarray(log + arc), np.where(u < 1e-2, series, u + log - arc)

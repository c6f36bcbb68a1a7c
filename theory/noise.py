r"""What shakes the fast directions decides which measure of curvature pushes the slow one.

A fast direction of stiffness g obeys x ← x − η g x + √(2 D η) ξ.  Its stationary variance
⟨x²⟩ pushes the slow coordinate with the mean force −½ g'(y)⟨x²⟩ per direction, which is −dW/dy of

    noise               D          ⟨x²⟩                 W(g) per direction
    thermal             T          T/[g(1 − ½ηg)]       ½ T ln[g/(1 − ½ηg)]
    curvature-aligned   T g/g₀     (T/g₀)/(1 − ½ηg)     −(T/(ηg₀)) ln(1 − ½ηg)

and for η → 0 W is ½ T ln g (log-det) and ½ T g/g₀ (trace).  The step η is physics, not an error:
a network is trained at η, and its valley is as steep as W says at that η.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .errors import DomainError
from .estimate import Array


class Noise(Protocol):
    """What a noise must tell: its strength, and the entropic potential that follows from it."""

    @property
    def name(self) -> str:
        """How tables and the command line call it."""

    @property
    def temperature(self) -> float:
        """T, in units of energy."""

    def strength(self, stiffness: Array) -> Array:
        """D(g): the fast noise has variance 2 D dt."""

    def variance(self, stiffness: Array, step: float = 0.0) -> Array:
        """⟨x²⟩ of one fast direction."""

    def potential(self, stiffness: Array, step: float = 0.0) -> Array:
        """W(g) of one fast direction, in units of energy, up to a constant."""


def _check(temperature: float, reference: float = 1.0) -> None:
    if not (np.isfinite(temperature) and temperature > 0):
        msg = f"the temperature must be a positive number; it is {temperature:g}"
        raise DomainError(msg)
    if not (np.isfinite(reference) and reference > 0):
        msg = f"the reference stiffness must be a positive number; it is {reference:g}"
        raise DomainError(msg)


def _damping(stiffness: Array, step: float) -> Array:
    """1 − ½ηg, refused beyond the edge of stability."""
    if not (np.isfinite(step) and step >= 0):
        msg = f"the step must be zero (continuous time) or positive; it is {step:g}"
        raise DomainError(msg)
    left = 1 - 0.5 * step * np.asarray(stiffness, float)
    if np.any(left <= 0):
        worst = float(np.max(step * np.asarray(stiffness, float)))
        msg = f"step * stiffness must stay below 2, the edge of stability; it reaches {worst:.4g}"
        raise DomainError(msg)
    return left


@dataclass(frozen=True)
class Thermal:
    """Isotropic noise of variance 2T dt: white noise, the log-determinant pushes.

    >>> Thermal(0.5).variance(np.array(2.0)).item()
    0.25
    """

    temperature: float
    name: str = "isotropic"

    def __post_init__(self) -> None:
        _check(self.temperature)

    def strength(self, stiffness: Array) -> Array:
        """D = T."""
        return np.full_like(np.asarray(stiffness, float), self.temperature)

    def variance(self, stiffness: Array, step: float = 0.0) -> Array:
        """T/[g(1 − ½ηg)]."""
        return np.asarray(self.temperature / (stiffness * _damping(stiffness, step)))

    def potential(self, stiffness: Array, step: float = 0.0) -> Array:
        """½ T ln[g/(1 − ½ηg)]."""
        return 0.5 * self.temperature * (np.log(stiffness) - np.log(_damping(stiffness, step)))


@dataclass(frozen=True)
class CurvatureAligned:
    """Noise of covariance 2T (g/g₀) dt, as label noise makes it in SGD: the trace pushes.

    reference: g₀, the stiffness at which this noise is as strong as the thermal one.

    >>> CurvatureAligned(0.5).variance(np.array(2.0)).item()
    0.5
    """

    temperature: float
    reference: float = 1.0
    name: str = "hessian"

    def __post_init__(self) -> None:
        _check(self.temperature, self.reference)

    def strength(self, stiffness: Array) -> Array:
        """D = T g/g₀."""
        return np.asarray(self.temperature * np.asarray(stiffness, float) / self.reference)

    def variance(self, stiffness: Array, step: float = 0.0) -> Array:
        """(T/g₀)/(1 − ½ηg)."""
        return np.asarray(self.temperature / self.reference / _damping(stiffness, step))

    def potential(self, stiffness: Array, step: float = 0.0) -> Array:
        """−(T/(ηg₀)) ln(1 − ½ηg), and ½ T g/g₀ without a step."""
        _damping(stiffness, step)
        if step == 0:
            return np.asarray(0.5 * self.temperature / self.reference * stiffness)
        log = np.log1p(-0.5 * step * np.asarray(stiffness, float))
        return np.asarray(-self.temperature / (step * self.reference) * log)

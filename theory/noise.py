r"""What shakes the fast directions decides which measure of curvature pushes the slow one.

A fast direction of stiffness g obeys x ← x − η g x + √(2 D η) ξ.  Its stationary variance
⟨x²⟩ pushes the slow coordinate with the mean force −½ g'(y)⟨x²⟩ per direction, which is −dW/dy of

    noise               D           ⟨x²⟩                  W(g) per direction
    thermal             T           T/[g(1 − cηg)]        ½ T ln[g/(1 − cηg)]
    curvature-aligned   T g/g₀      (T/g₀)/(1 − cηg)      −(T/(2cηg₀)) ln(1 − cηg)
    measured            C, k × k    tr C/[kg(1 − cηg)]    ½ (tr C/k) ln[g/(1 − cηg)]

with c = ½, and for η → 0 W is ½ T ln g (log-det) and ½ T g/g₀ (trace).  The step η is physics, not
an error: a network is trained at η, and its valley is as steep as W says at that η.  Heavy-ball
momentum β makes c = ½/(1 + β) and divides ⟨x²⟩ and W by 1 − β; other integrators have other c: see
:mod:`.update`, whose ``Update`` may stand wherever a step does.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .errors import DomainError
from .estimate import Array, frozen
from .update import Update

ROUNDING = 1e-12  # of the largest entry: what a covariance may lack of symmetry, or be below zero


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

    def variance(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """⟨x²⟩ of one fast direction, of what the integrator hands out."""

    def push(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """⟨x²⟩ of one fast direction where the force is taken: twice the slope of W."""

    def potential(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """W(g) of one fast direction, in units of energy, up to a constant."""


def _check(temperature: float, reference: float = 1.0) -> None:
    if not (np.isfinite(temperature) and temperature > 0):
        msg = f"the temperature must be a positive number; it is {temperature:g}"
        raise DomainError(msg)
    if not (np.isfinite(reference) and reference > 0):
        msg = f"the reference stiffness must be a positive number; it is {reference:g}"
        raise DomainError(msg)


def _covariance(given: Array) -> Array:
    """What is given, or a DomainError if it cannot be a covariance."""
    found = np.atleast_2d(np.asarray(given, float))
    if found.ndim != 2 or found.shape[0] != found.shape[1] or not found.size:
        msg = f"a covariance must be a square matrix; it has shape {found.shape}"
        raise DomainError(msg)
    if not np.all(np.isfinite(found)):
        msg = "a covariance must be finite; it holds what is no number"
        raise DomainError(msg)
    scale = np.abs(found).max()
    gap = np.abs(found - found.T).max()
    if gap > ROUNDING * scale:
        msg = f"a covariance must be symmetric; it differs from its transpose by {gap:.3g}"
        raise DomainError(msg)
    lowest = float(np.linalg.eigvalsh(found)[0])
    if lowest < -ROUNDING * scale or not scale > 0:
        msg = "a covariance must have no negative eigenvalue, and a positive one; "
        raise DomainError(msg + f"the lowest is {lowest:.6g}")
    return frozen(found)


def _update(step: float | Update) -> Update:
    return step if isinstance(step, Update) else Update(step)


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

    def variance(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """T/[g(1 − cηg)]."""
        return self.temperature * _update(step).response(stiffness)

    def push(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """The same but for Heun."""
        return self.temperature * _update(step).push(stiffness)

    def potential(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """½ T ln[g/(1 − cηg)]."""
        return 0.5 * self.temperature * _update(step).white(stiffness)


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

    def variance(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """(T/g₀)/(1 − cηg)."""
        return self.strength(stiffness) * _update(step).response(stiffness)

    def push(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """The same but for Heun."""
        return self.strength(stiffness) * _update(step).push(stiffness)

    def potential(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """−(T/(2cηg₀)) ln(1 − cηg), and ½ T g/g₀ without a step."""
        return 0.5 * self.temperature / self.reference * _update(step).aligned(stiffness)


@dataclass(frozen=True, eq=False)
class Measured:
    """Noise of a given covariance 2C dt among k fast directions, all of stiffness g.

    covariance: C, (k, k) symmetric and nowhere negative, in units of energy as T is.  Turning x
    to its eigenvectors is exact while the stiffness is the same in all directions (where it is
    not: :mod:`.modes`), so that ⟨|x|²⟩ is that of k directions at the mean temperature tr C/k.

    Raises DomainError for a C that is no covariance.

    >>> Measured(np.diag([0.2, 0.8])).variance(np.array(2.0)).item()
    0.25
    """

    covariance: Array
    name: str = "covariance"

    def __post_init__(self) -> None:
        object.__setattr__(self, "covariance", _covariance(self.covariance))

    @property
    def fast_dims(self) -> int:
        """k, the number of fast directions that it is the covariance of."""
        return len(self.covariance)

    @property
    def temperature(self) -> float:
        """The mean over the directions, tr C/k."""
        return float(np.trace(self.covariance)) / self.fast_dims

    def strength(self, stiffness: Array) -> Array:
        """D = tr C/k, the mean over the directions."""
        return np.full_like(np.asarray(stiffness, float), self.temperature)

    def variance(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """⟨|x|²⟩/k = (tr C/k)/[g(1 − cηg)]."""
        return self.temperature * _update(step).response(stiffness)

    def push(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """The same but for Heun."""
        return self.temperature * _update(step).push(stiffness)

    def potential(self, stiffness: Array, step: float | Update = 0.0) -> Array:
        """½ (tr C/k) ln[g/(1 − cηg)], so that k of them are the sum over the directions."""
        return 0.5 * self.temperature * _update(step).white(stiffness)

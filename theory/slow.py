"""One slow coordinate left over: drift and diffusion on a grid, and what each part of the drift is.

Itô throughout:  dy = drift dt + √(2 diffusion) dW.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .errors import DomainError
from .estimate import Array, frozen
from .noise import Measured, Noise
from .update import Integrator, Update
from .valley import Valley, checked


@dataclass(frozen=True)
class SlowDynamics:
    """Drift–diffusion on the interval [y[0], y[-1]].

    y: increasing grid (n ≥ 5).  drift, diffusion > 0: at the grid points, in y per time and y² per
    time.  parts: the addends of the drift by name ("energetic", "entropic", …), each (n,).
    adiabaticity: ε(y) = |rate at which the stiffness changes| / (rate of the fast directions),
    which must stay small for the reduction to hold; empty where no valley stood behind it.
    """

    y: Array
    drift: Array
    diffusion: Array
    parts: Mapping[str, Array] = field(default_factory=dict)
    adiabaticity: Array = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        for name in ("y", "drift", "diffusion", "adiabaticity"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        object.__setattr__(self, "parts", {k: frozen(v) for k, v in self.parts.items()})
        if self.y.ndim != 1 or len(self.y) < 5 or not np.all(np.diff(self.y) > 0):
            msg = "the grid must increase and have at least 5 points"
            raise DomainError(msg)
        if not np.all(np.isfinite(self.y)):
            msg = "the grid must be finite"
            raise DomainError(msg)
        if not self.drift.shape == self.diffusion.shape == self.y.shape:
            msg = f"drift and diffusion must be those at the {len(self.y)} points of the grid; "
            raise DomainError(msg + f"they are {self.drift.shape}, {self.diffusion.shape}")
        if not np.all(np.isfinite(self.drift)):
            msg = "the drift must be finite on the whole grid"
            raise DomainError(msg)
        if not np.all(np.isfinite(self.diffusion) & (self.diffusion > 0)):
            msg = "the diffusion must be positive on the whole grid"
            raise DomainError(msg)


def effective_potential(
    valley: Valley,
    noise: Noise,
    y: Array,
    step: float = 0.0,
    *,
    momentum: float = 0.0,
    integrator: Integrator = "euler",
) -> Array:
    """V_eff(y) = U(y) + k W(g(y)), in units of energy; k = fast_dims, W as in :mod:`.noise`.

    Its slope is minus the mean force, before any mobility; with momentum β, y at rest has density
    exp[−(1 − β) V_eff/T_y].  Raises DomainError where g ≤ 0, U is not finite or the step reaches
    the edge of stability (step * g = 2 for Euler).

    >>> from .expression import shape
    >>> from .noise import Thermal
    >>> valley = Valley(shape("0"), shape("exp(y)"), fast_dims=2)
    >>> effective_potential(valley, Thermal(0.5), np.array([0.0, 1.0])).tolist()
    [0.0, 0.5]
    """
    how, y = _update(valley, noise, step, momentum, integrator), np.asarray(y, float)
    g = valley.stiffness_at(y)
    with np.errstate(all="ignore"):
        height = valley.energy_at(y) + valley.fast_dims * noise.potential(g, how)
    return checked(y, np.asarray(height), True, "effective potential", "be finite")


def mean_forces(
    valley: Valley,
    noise: Noise,
    y: Array,
    step: float = 0.0,
    *,
    momentum: float = 0.0,
    integrator: Integrator = "euler",
) -> tuple[Array, Array]:
    """Energetic force −U'(y) and entropic force −½ k g'(y)⟨x²⟩ on the slow coordinate.

    Raises DomainError as :func:`effective_potential` does.
    """
    how, y = _update(valley, noise, step, momentum, integrator), np.asarray(y, float)
    g = valley.stiffness_at(y)
    valley.energy_at(y)
    with np.errstate(all="ignore"):
        energetic = -np.asarray(valley.energy.derivative(y), float)
        slope = np.asarray(valley.stiffness.derivative(y), float)
        entropic = -0.5 * valley.fast_dims * slope * noise.push(g, how)
    checked(y, energetic, True, f"slope of the energy {valley.energy.text!r}", "be finite")
    checked(y, entropic, True, f"slope of the stiffness {valley.stiffness.text!r}", "be finite")
    return energetic, entropic


def _update(
    valley: Valley, noise: Noise, step: float, momentum: float, integrator: Integrator
) -> Update:
    if isinstance(noise, Measured) and noise.fast_dims != valley.fast_dims:
        msg = f"the covariance must be that of the valley's {valley.fast_dims} fast directions; "
        raise DomainError(msg + f"it is one of {noise.fast_dims}")
    return Update(step, momentum, integrator)


def slow_heat(noise: Noise, slow_temperature: float | None) -> float:
    """T_y, the temperature of the noise on y itself: the noise's own unless another is given."""
    return checked_heat(noise.temperature if slow_temperature is None else slow_temperature)


def checked_heat(heat: float) -> float:
    """T_y, refused unless it is a positive number."""
    if not (np.isfinite(heat) and heat > 0):
        msg = f"the slow temperature must be a positive number; it is {heat:g}"
        raise DomainError(msg)
    return heat


def checked_interval(interval: tuple[float, float]) -> tuple[float, float]:
    """Its ends, refused unless they rise."""
    low, high = interval
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        msg = f"the interval must run from low to high; it is {low:g} to {high:g}"
        raise DomainError(msg)
    return low, high


def grid(interval: tuple[float, float], points: int) -> Array:
    """The interval in ``points`` places, refused below the five that a SlowDynamics needs."""
    low, high = checked_interval(interval)
    if not (5 <= points < np.inf and points == int(points)):
        msg = f"the points of the grid must be a whole number of at least 5; they are {points:g}"
        raise DomainError(msg)
    return np.linspace(low, high, int(points))


def slow_dynamics(
    valley: Valley,
    noise: Noise,
    interval: tuple[float, float],
    step: float = 0.0,
    slow_temperature: float | None = None,
    points: int = 4001,
    *,
    momentum: float = 0.0,
    integrator: Integrator = "euler",
) -> SlowDynamics:
    """Integrate the fast directions out: the adiabatic drift–diffusion of y on ``interval``.

    slow_temperature: T_y of the noise on y itself (default: the noise's temperature).  Unit
    mobility; heavy-ball momentum β makes it 1/(1 − β), and the diffusion T_y/(1 − β)² since the
    noise on y is not rescaled either.  Raises DomainError for a reversed interval, fewer than 5
    points, an inadmissible g, U, T_y, step or momentum, or BAOAB, whose mobility depends on the
    friction.
    """
    y = grid(interval, points)
    how = _update(valley, noise, step, momentum, integrator)
    heat = slow_heat(noise, slow_temperature) * how.mobility**2
    parts = mean_forces(valley, noise, y, step, momentum=momentum, integrator=integrator)
    energetic, entropic = (how.mobility * part for part in parts)
    drift = energetic + entropic
    g = valley.stiffness_at(y)
    with np.errstate(over="ignore"):
        change = np.abs(np.asarray(valley.stiffness.derivative(y), float) / g)
        rate = change * np.abs(drift) + change**2 * heat
        adiabaticity = rate / how.rate(g)
    addends = {"energetic": energetic, "entropic": entropic}
    return SlowDynamics(y, drift, np.full_like(y, heat), addends, adiabaticity)

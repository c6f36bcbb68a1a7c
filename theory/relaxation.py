r"""How long the slow coordinate stays: mean first-passage times by quadrature.

With Φ(y) = −∫ drift/diffusion dy, speed density m = e^{−Φ}/D and scale density s = e^{Φ}, the mean
time T(y) to the absorbing end(s) solves  drift T' + diffusion T'' = −1  and is a double integral of
m and s; every term in it is positive, so nothing cancels.

Gardiner, Stochastic Methods, the section on first-passage times of homogeneous processes.
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from .errors import DomainError
from .estimate import Array, Estimate, frozen
from .slow import SlowDynamics

Ends = Literal["left", "right", "both"]

# −ζ(1/2)/√(2π): how far beyond the line, in standard deviations of one kick, a walk lands that is
# watched once a step.  Siegmund, Sequential Analysis (1985); Chernoff (1965).
OVERSHOOT = 0.5825971579390106
MILNE = 1.4603545088095868  # −ζ(1/2)
MOMENTUM = (0.16452144, -0.07117804, 0.06339887, -0.04863396, 0.02934336)  # p, see below


@dataclass(frozen=True)
class Relaxation:
    """Mean first-passage time from each start; predicted or measured.

    start (n,), time: Estimate (n,) in units of the dynamics' clock, clock (m,) and survival (n, m):
    the probability to be inside still (empty where not asked for).
    """

    start: Array
    time: Estimate
    clock: Array = field(default_factory=lambda: np.empty(0))
    survival: Array = field(default_factory=lambda: np.empty((0, 0)))

    def __post_init__(self) -> None:
        for name in ("start", "clock", "survival"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def sigmas_from(self, other: "Relaxation") -> Array:
        """The gap to the other in standard errors, by start; positive where this is longer."""
        return self.time.sigmas_from(other.time)


def monitoring_shift(diffusion: float, step: float, momentum: float = 0.0) -> float:
    r"""How far an absorbing end moves outwards when it is watched once a step: λ(β) √(2 D step).

    diffusion: D of the slow coordinate, with the momentum β in it: T_y/(1 − β)².  Without momentum
    λ = 0.5826.  With it kicks resemble the ones before, v ← βv + kick, and the end is passed at
    speed; λ is the extrapolation length of the harmonic function of (y, v) on a half line,

    .. math:: λ(β) \sqrt{1 - β^2} = (1 - β)\, 0.5826 + β\, 1.4604 + β (1 - β)\, p(β),

    −ζ(1/2) = 1.4604 being Milne's length of the underdamped walk, β → 1.  p is a polynomial through
    the integral equation solved at ten β up to 0.8, to 3e-6 of λ; at β = 0.85 it agrees to 2e-5.
    Raises DomainError for a momentum outside [0, 1), and a diffusion or a step that is negative.

    >>> round(monitoring_shift(0.5, 0.01), 6)
    0.05826
    >>> round(monitoring_shift(0.5, 0.01, momentum=0.9) / 0.1, 3)
    3.177
    """
    if not 0 <= momentum < 1:
        msg = f"the momentum must be at least 0 and below 1; it is {momentum:g}"
        raise DomainError(msg)
    for what, value in (("diffusion", diffusion), ("step", step)):
        if not 0 <= value < np.inf:
            msg = f"the {what} must be a number of at least 0; it is {value:g}"
            raise DomainError(msg)
    between = np.polynomial.polynomial.polyval(momentum, MOMENTUM)
    scaled = (1 - momentum) * OVERSHOOT + momentum * MILNE + momentum * (1 - momentum) * between
    length = scaled / np.sqrt(1 - momentum**2)
    return float(length * np.sqrt(2 * diffusion) * np.sqrt(step))


def check_ends(absorb: Ends) -> None:
    """Raise DomainError unless ``absorb`` names the absorbing ends."""
    if absorb not in get_args(Ends):
        msg = f"the absorbing ends must be one of {', '.join(get_args(Ends))}; it is {absorb!r}"
        raise DomainError(msg)


def mean_exit_time(slow: SlowDynamics, start: ArrayLike, absorb: Ends = "both") -> Relaxation:
    """Mean time to leave through the absorbing end(s) of the grid; the other end reflects.

    start: (n,) inside the interval.  The error of the result is the change on every other point of
    the grid.  Raises DomainError for a start outside, unknown ends, or a barrier beyond the range
    of floats.

    >>> free = SlowDynamics(np.linspace(-1, 1, 101), np.zeros(101), np.full(101, 0.5))
    >>> mean_exit_time(free, 0.0).time.value.round(12).tolist()      # (1 − y²)/2D
    [1.0]
    >>> mean_exit_time(free, 0.0, absorb="right").time.value.round(12).tolist()
    [3.0]
    """
    check_ends(absorb)
    start = _within(slow, start)
    fine = _exit_times(slow.y, slow.drift, slow.diffusion, start, absorb)
    half = np.unique([*range(0, len(slow.y), 2), len(slow.y) - 1])
    coarse = _exit_times(slow.y[half], slow.drift[half], slow.diffusion[half], start, absorb)
    return Relaxation(start, Estimate(fine, np.abs(fine - coarse), "theory"))


def leaves_right(slow: SlowDynamics, start: ArrayLike) -> Array:
    """Probability (n,) to reach the right end of the grid before the left one.

    With both ends absorbing: the scale function from the left end over the whole of it.

    >>> free = SlowDynamics(np.linspace(-1, 1, 101), np.zeros(101), np.full(101, 0.5))
    >>> leaves_right(free, [-1.0, 0.0, 0.5]).round(12).tolist()
    [0.0, 0.5, 0.75]
    """
    start = _within(slow, start)
    phi = _height(slow.y, slow.drift, slow.diffusion)
    scale = np.exp(phi - phi.max())
    whole = _running(slow.y, scale)
    return np.asarray(CubicSpline(slow.y, whole / whole[-1])(start))


def _within(slow: SlowDynamics, start: ArrayLike) -> Array:
    start = np.atleast_1d(np.asarray(start, float))
    low, high = slow.y[0], slow.y[-1]
    outside = ~((start >= low) & (start <= high))
    if outside.any():
        msg = f"a start must lie within [{low:g}, {high:g}]; {start[outside][0]:g} does not"
        raise DomainError(msg)
    return start


def _height(y: Array, drift: Array, diffusion: Array) -> Array:
    """Φ on the grid, from 0 at the left end; refused beyond the range of floats."""
    with np.errstate(all="ignore"):
        pull = drift / diffusion
        phi = -_running(y, pull) if np.isfinite(pull).all() else np.full_like(y, np.nan)
        barrier = np.nan_to_num(np.ptp(phi), nan=np.inf, posinf=np.inf)
    if barrier > 600:
        msg = f"the barrier of {barrier:.3g} temperatures is beyond the range of floats"
        raise DomainError(msg)
    return phi


def _exit_times(y: Array, drift: Array, diffusion: Array, start: Array, absorb: Ends) -> Array:
    phi = _height(y, drift, diffusion)
    phi = phi - 0.5 * (phi.max() + phi.min())
    unit = diffusion.max()  # times in 1/unit until the end
    speed, scale = np.exp(-phi) / (diffusion / unit), np.exp(phi)
    if absorb == "right":
        times = _remaining(y, scale * _running(y, speed))
    elif absorb == "left":
        times = _running(y, scale * _remaining(y, speed))
    else:
        below, above = _running(y, scale), _remaining(y, scale)
        inner = above * _running(y, below * speed) + below * _remaining(y, above * speed)
        times = inner / below[-1]
    with np.errstate(over="ignore"):
        found = np.asarray(CubicSpline(y, times)(start) / unit)
    if not np.all(np.isfinite(found)):
        msg = f"the exit time with a diffusion of {unit:.3g} is beyond the range of floats"
        raise DomainError(msg)
    return found


def _running(y: Array, values: Array) -> Array:
    """∫ from the left end to each grid point."""
    return np.asarray(CubicSpline(y, values).antiderivative()(y))


def _remaining(y: Array, values: Array) -> Array:
    """∫ from each grid point to the right end, integrated from there so that nothing cancels."""
    return _running(-y[::-1], values[::-1])[::-1]

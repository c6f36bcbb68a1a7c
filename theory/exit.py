"""From a valley and its ends to the mean time of leaving it.

An end absorbs, reflects or is open.  On an open side the effective potential itself must turn the
walker back; the interval then ends where it has risen so high that a float forgets what is beyond.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .errors import DomainError, NotConverged
from .estimate import Array
from .noise import Noise
from .relaxation import Ends, Relaxation, mean_exit_time, monitoring_shift
from .slow import SlowDynamics, effective_potential, slow_dynamics, slow_heat
from .valley import Valley

RISE = 37.0  # temperatures: exp(−37) < 1e-16
FARTHEST = 1e4  # how far an open side is followed, in distances from the absorbing end to a start
VISITED = 5.0  # temperatures above the minimum, where a walker still is now and then
GRIDS = (4001, 16001, 64001)
TOLERANCE = 1e-6  # error over the longest of the times, at which the grid is fine enough
ROUGHEST = 1e-3  # and at which the time is still handed over: a kink in U or g costs as much


@dataclass(frozen=True)
class AdiabaticExit:
    """The predicted relaxation and what it rests on.

    relaxation: mean exit times, their error that of the quadrature.  interval: where y lives, an
    open side cut off.  adiabaticity: the largest ε of :class:`.slow.SlowDynamics` among the places
    that the walker visits; the prediction is safe while it is far below 1.
    """

    relaxation: Relaxation
    interval: tuple[float, float]
    adiabaticity: float


class _Interval(NamedTuple):
    low: float | None  # None: open
    high: float | None
    absorb: Ends


def adiabatic_exit_time(
    valley: Valley,
    noise: Noise,
    start: ArrayLike,
    absorb: ArrayLike,
    reflect: ArrayLike = (),
    step: float = 0.0,
    slow_temperature: float | None = None,
    monitoring: Literal["continuous", "discrete"] = "continuous",
) -> AdiabaticExit:
    """Mean time until y first passes an end of ``absorb``, the fast directions integrated out.

    start: (n,) between the ends.  absorb: one or two ends, rising; reflect: none, or one opposite
    the single absorbing end.  A side without an end is open.  slow_temperature: of the noise on y
    (default: the noise's).  monitoring: ``discrete`` watches once a step, which moves the
    absorbing ends outwards by :func:`.relaxation.monitoring_shift`.

    Raises DomainError for ends and starts that do not fit, an open side where the potential does
    not confine, an inadmissible g, U, T or step; NotConverged if the quadrature is too rough.

    >>> from .expression import constant
    >>> from .noise import Thermal
    >>> flat = Valley(constant(0.0), constant(1.0))
    >>> adiabatic_exit_time(flat, Thermal(0.5), [0.0], [-1, 1]).relaxation.time.value.round(9)
    array([1.])
    """
    start, ends, mirrors = (np.atleast_1d(np.asarray(x, float)) for x in (start, absorb, reflect))
    between = _interval(start, ends, mirrors)
    heat = slow_heat(noise, slow_temperature)
    if monitoring == "discrete":
        between = _watched_once_a_step(between, heat, step)
    scale = float(np.max(np.abs(start[:, None] - ends)) or max(1.0, abs(ends[0])))
    low, high = between.low, between.high
    if low is None and high is not None:
        low = _turning_point(valley, noise, (high, float(start.min()), -scale), step, heat)
    elif high is None and low is not None:
        high = _turning_point(valley, noise, (low, float(start.max()), scale), step, heat)
    assert low is not None and high is not None  # noqa: PT018
    for points in GRIDS:
        slow = slow_dynamics(valley, noise, (low, high), step, slow_temperature, points)
        found = mean_exit_time(slow, start, between.absorb)
        longest = max(found.time.value.max(), 1e-9 * scale**2 / heat)
        if found.time.error.max() <= TOLERANCE * longest:
            break
    if not found.time.error.max() <= ROUGHEST * longest:
        msg = f"{points} points on [{low:g}, {high:g}] give the exit time to no better than "
        msg += f"{found.time.error.max() / longest:.2g} of it"
        raise NotConverged(msg, found)
    given = np.concatenate([start, ends, mirrors])
    return AdiabaticExit(found, (low, high), _largest_visited(slow, given))


def _interval(start: Array, absorb: Array, reflect: Array) -> _Interval:
    """Which end is where; refused if ends and starts do not fit."""
    for name, values in (("start", start), ("absorbing end", absorb), ("reflecting end", reflect)):
        if values.ndim != 1 or not np.all(np.isfinite(values)):
            msg = f"every {name} must be a finite number; there is {values.tolist()}"
            raise DomainError(msg)
    if not (1 <= len(absorb) <= 2 and len(absorb) + len(reflect) <= 2 and len(start)):
        msg = (
            "there must be one or two absorbing ends, and a reflecting one only opposite a single "
            f"absorbing one; there are {len(absorb)} absorbing and {len(reflect)} reflecting"
        )
        raise DomainError(msg)
    ends = np.concatenate([absorb, reflect])
    if len(ends) == 2 and ends[0] == ends[1]:
        msg = f"the two ends must differ; both are {ends[0]:g}"
        raise DomainError(msg)
    if len(absorb) == 2 and absorb[0] > absorb[1]:
        msg = f"absorbing ends must rise from low to high; they are {absorb[0]:g}, {absorb[1]:g}"
        raise DomainError(msg)
    side = reflect[0] if len(reflect) else start[0]  # a single absorbing end: where it looks
    end = float(absorb[0])
    low, high = (None, end) if side < end else (end, None)
    exits: Ends = "right" if low is None else "left"
    if len(ends) == 2:
        low, high = float(ends.min()), float(ends.max())
        exits = "both" if len(absorb) == 2 else exits
    inside = (start >= (-np.inf if low is None else low)) & (
        start <= (np.inf if high is None else high)
    )
    if not inside.all():
        walls = f"from {'-inf' if low is None else f'{low:g}'} to "
        walls += "inf" if high is None else f"{high:g}"
        msg = f"every start must lie inside the ends, {walls}; {start[~inside][0]:g} does not"
        raise DomainError(msg)
    return _Interval(low, high, exits)


def _watched_once_a_step(between: _Interval, heat: float, step: float) -> _Interval:
    if not step > 0:
        msg = f"discrete monitoring needs a step above 0; it is {step:g}"
        raise DomainError(msg)
    low, high, absorb = between
    shift = monitoring_shift(heat, step)
    if low is not None and absorb in ("left", "both"):
        low -= shift
    if high is not None and absorb in ("right", "both"):
        high += shift
    return _Interval(low, high, absorb)


def _turning_point(
    valley: Valley, noise: Noise, ray: tuple[float, float, float], step: float, heat: float
) -> float:
    """Where V_eff has risen by RISE temperatures above all it was on the way from the end.

    ray: the absorbing end, the farthest start, and the signed scale of the walk outwards.  A rise
    counts if the potential does not come down again within twice the way.
    """
    end, farthest, scale = ray

    def height(y: float) -> float:
        return float(effective_potential(valley, noise, np.array(y), step)) / heat

    lowest, last = np.inf, end
    found: tuple[float, float, float, float] | None = None  # near, far, r, lowest
    way = np.concatenate([np.arange(401) / 200, 2 * 1.01 ** np.arange(1, 860)])
    for r in way.tolist():
        y = end + scale * r
        if abs(r) > FARTHEST or (found is not None and r > 2 * found[2] + 1):
            break
        try:
            here = height(y)
        except DomainError as error:
            if found is not None:
                break
            msg = f"{error}; a reflecting end (reflect) before it would close the {_side(scale)}"
            raise DomainError(msg) from None
        lowest = min(lowest, here)
        beyond = scale * (y - farthest) > 0
        if here - lowest < RISE:
            found = None
        elif found is None and beyond:
            found = (last, y, r, lowest)
        last = y
    if found is None:
        msg = (
            f"the effective potential does not confine on the {_side(scale)} (followed to "
            f"y = {last:.4g}); give --reflect, a reflecting end on that side"
        )
        raise DomainError(msg)
    near, far, _, lowest = found
    if scale * (near - farthest) < 0:
        near = farthest
    for _ in range(60):
        middle = 0.5 * (near + far)
        near, far = (near, middle) if height(middle) - lowest >= RISE else (middle, far)
    return far


def _side(scale: float) -> str:
    return "left" if scale < 0 else "right"


def _largest_visited(slow: SlowDynamics, given: Array) -> float:
    """The largest ε between the places given and wherever else the potential is low."""
    steps = 0.5 * np.diff(slow.y) * (slow.drift[1:] + slow.drift[:-1])
    potential = -np.concatenate([[0.0], np.cumsum(steps / slow.diffusion[1:])])
    between = (slow.y >= given.min()) & (slow.y <= given.max())
    return float(slow.adiabaticity[between | (potential - potential.min() <= VISITED)].max())

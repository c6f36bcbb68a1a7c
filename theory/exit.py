"""From a valley and its ends to the mean time of leaving it.

Three routes: the fast directions integrated out (``none``), with what they leave behind to first
order in their lag (``first``, :mod:`.beyond_adiabatic`), or nothing integrated out (``exact``,
:mod:`.laguerre`).  Ends as in :mod:`.walls`.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .beyond_adiabatic import corrected_dynamics
from .end_shifts import late_exit, outward_shift
from .errors import DomainError, NotConverged
from .estimate import Array, Estimate
from .fokker_planck import FirstPassage, first_passage
from .forgetting import RelaxationSpectrum, relaxation_spectrum
from .laguerre import exact_exit_time
from .noise import Noise
from .relaxation import Ends, Relaxation, leaves_right, mean_exit_time, monitoring_shift
from .slow import SlowDynamics, slow_dynamics, slow_heat
from .valley import Valley
from .walls import Walls, turning_point, walls

Correction = Literal["none", "first", "exact"]
Monitoring = Literal["continuous", "discrete"]
VISITED = 5.0  # temperatures above the minimum, where a walker still is now and then
GRIDS = (4001, 16001, 64001)
TOLERANCE = 1e-6  # error over the longest of the times, at which the grid is fine enough
ROUGHEST = 1e-3  # and at which the time is still handed over: a kink in U or g costs as much


@dataclass(frozen=True)
class ValleyExit:
    """The predicted relaxation and what it rests on.

    relaxation: mean exit times, their error that of the numerics.  interval: where y lives, ends
    moved by what watching and the fast directions do to them, an open side cut off.  absorb: the
    ends it leaves through.  slow: the drift–diffusion solved there (of first order for ``exact``).
    adiabaticity: the largest ε of :class:`.slow.SlowDynamics` among the places that the walker
    visits; ``none`` and ``first`` are safe while it is far below 1.  late: by how much the survival
    of a watched walker lies behind that on the interval, a quarter of a step.
    """

    relaxation: Relaxation
    interval: tuple[float, float]
    absorb: Ends
    slow: SlowDynamics
    adiabaticity: float
    correction: Correction = "none"
    late: float = 0.0

    def first_passage(self, clock: ArrayLike) -> FirstPassage:
        """Survival and density of the passage at any times, from the starts of the relaxation.

        Raises DomainError where nothing was integrated out: there is no slow dynamics to carry.
        """
        self._reduced("survival")
        clock = np.asarray(clock, float)
        inside = np.clip(self.relaxation.start, *self.interval)
        later = np.where(clock > 0, clock + self.late, clock)
        found = first_passage(self.slow, inside, later, self.absorb)
        return FirstPassage(self.relaxation.start, clock, found.survival, found.density)

    def spectrum(self, modes: int) -> RelaxationSpectrum:
        """The slowest rates of leaving and their functions; raises as :meth:`first_passage`."""
        self._reduced("spectrum")
        return relaxation_spectrum(self.slow, modes, self.absorb)

    def _reduced(self, what: str) -> None:
        if self.correction == "exact":
            msg = f"the {what} is known of the slow coordinate alone: correction none or first"
            raise DomainError(msg)


@dataclass(frozen=True)
class _Watch:
    """How the ends are watched and y moves."""

    valley: Valley
    noise: Noise
    step: float
    heat: float
    monitored: bool

    def slow(self, interval: tuple[float, float], points: int, corrected: bool) -> SlowDynamics:
        make = corrected_dynamics if corrected else slow_dynamics
        return make(self.valley, self.noise, interval, self.step, self.heat, points)

    def moved(self, between: Walls, corrected: bool) -> tuple[float | None, float | None]:
        """The ends as the slow coordinate alone feels them."""
        watched = monitoring_shift(self.heat, self.step) if self.monitored else 0.0
        ends = []
        for end, outwards, side in ((between.low, -1, "left"), (between.high, 1, "right")):
            absorbing = between.absorb in (side, "both")
            shift = watched * absorbing
            if corrected and end is not None:
                rest = (absorbing, self.step, self.heat, self.monitored)
                shift = outward_shift(self.valley, self.noise, end, outwards, *rest)
            ends.append(None if end is None else end + outwards * shift)
        return ends[0], ends[1]

    def late(self, between: Walls, slow: SlowDynamics, start: Array) -> Array:
        """What remains when the slow coordinate has reached a moved end."""
        right = {"left": np.zeros(1), "right": np.ones(1)}
        share = leaves_right(slow, start) if between.absorb == "both" else right[between.absorb]
        late = np.zeros(len(start))
        for end, outwards, chance in ((between.low, -1, 1 - share), (between.high, 1, share)):
            if end is not None:
                rest = (end, outwards, self.step, self.heat)
                late = late + chance * late_exit(self.valley, self.noise, *rest)
        return late


def valley_exit_time(
    valley: Valley,
    noise: Noise,
    start: ArrayLike,
    absorb: ArrayLike,
    reflect: ArrayLike = (),
    step: float = 0.0,
    slow_temperature: float | None = None,
    monitoring: Monitoring = "continuous",
    correction: Correction = "none",
) -> ValleyExit:
    """Mean time until y first passes an end of ``absorb``.

    start: (n,) between the ends.  absorb: one or two ends, rising; reflect: none, or one opposite
    the single absorbing end.  A side without an end is open.  slow_temperature: of the noise on y
    (default: the noise's).  monitoring: ``discrete`` watches once a step, which moves the
    absorbing ends outwards by :func:`.relaxation.monitoring_shift`.  correction: ``none`` is
    adiabatic; ``first`` adds the first order in the lag of the fast directions, their layers at
    the ends and the step of y, to second order where ends are watched once a step;
    ``exact`` integrates nothing out, and takes the effect of a step from ``first``, as a factor.

    Raises DomainError for ends and starts that do not fit, an open side where the potential does
    not confine, an inadmissible g, U, T or step; NotConverged if the numerics are too rough.

    >>> from .expression import constant
    >>> from .noise import Thermal
    >>> flat = Valley(constant(0.0), constant(1.0))
    >>> valley_exit_time(flat, Thermal(0.5), [0.0], [-1, 1]).relaxation.time.value.round(9)
    array([1.])
    """
    start, ends, mirrors = (np.atleast_1d(np.asarray(x, float)) for x in (start, absorb, reflect))
    between = walls(start, ends, mirrors)
    heat = slow_heat(noise, slow_temperature)
    watch = _Watch(valley, noise, step, heat, monitoring == "discrete")
    if watch.monitored and not step > 0:
        msg = f"discrete monitoring needs a step above 0; it is {step:g}"
        raise DomainError(msg)
    scale = float(np.max(np.abs(start[:, None] - ends)) or max(1.0, abs(ends[0])))
    given = np.concatenate([start, ends, mirrors])
    found = _reduced(watch, between, start, scale, correction != "none", given)
    if correction != "exact":
        return found
    return _unreduced(found, watch, between, start, scale, given)


def valley_spectrum(
    valley: Valley,
    noise: Noise,
    modes: int,
    mirrors: tuple[float, float],
    step: float = 0.0,
    slow_temperature: float | None = None,
    correction: Correction = "none",
) -> tuple[RelaxationSpectrum, float]:
    """The slowest rates of a valley between two mirrors, and the largest ε visited there.

    For a valley that absorbs: :meth:`ValleyExit.spectrum`.  Raises DomainError for mirrors that do
    not rise, the correction ``exact``, and as :func:`valley_exit_time`.
    """
    low, high = mirrors
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        msg = f"the mirrors must rise from low to high; they are {low:g} and {high:g}"
        raise DomainError(msg)
    if correction == "exact":
        msg = "the spectrum is known of the slow coordinate alone: correction none or first"
        raise DomainError(msg)
    heat = slow_heat(noise, slow_temperature)
    watch, ends = _Watch(valley, noise, step, heat, False), (low, high)
    if correction == "first":
        shifts = [
            outward_shift(valley, noise, e, s, False, step, heat) for e, s in ((low, -1), (high, 1))
        ]
        ends = (low - shifts[0], high + shifts[1])
    slow = watch.slow(ends, GRIDS[0], correction == "first")
    return relaxation_spectrum(slow, modes), _largest_visited(slow, np.array(ends))


def _reduced(
    watch: _Watch, between: Walls, start: Array, scale: float, corrected: bool, given: Array
) -> ValleyExit:
    """The exit of the slow coordinate alone."""
    low, high = _closed(watch, between, watch.moved(between, corrected), start, scale)
    inside = np.clip(start, low, high)  # within the layer of an end is at the end
    for points in GRIDS:
        slow = watch.slow((low, high), points, corrected)
        found = mean_exit_time(slow, inside, between.absorb)
        longest = max(found.time.value.max(), 1e-9 * scale**2 / watch.heat)
        if found.time.error.max() <= TOLERANCE * longest:
            break
    late = watch.late(between, slow, inside) if corrected and watch.monitored else 0.0
    time = Estimate(found.time.value + late, found.time.error, found.time.origin)
    found = Relaxation(start, time)
    if not found.time.error.max() <= ROUGHEST * longest:
        msg = f"{points} points on [{low:g}, {high:g}] give the exit time to no better than "
        msg += f"{found.time.error.max() / longest:.2g} of it"
        raise NotConverged(msg, found)
    how: Correction = "first" if corrected else "none"
    wait = 0.25 * watch.step if corrected and watch.monitored else 0.0
    eps = _largest_visited(slow, given)
    return ValleyExit(found, (low, high), between.absorb, slow, eps, how, wait)


def _unreduced(
    first: ValleyExit,
    watch: _Watch,
    between: Walls,
    start: Array,
    scale: float,
    given: Array,
) -> ValleyExit:
    """The exit of x and y together; the step enters as the factor it has in first order."""
    still = _Watch(watch.valley, watch.noise, 0.0, watch.heat, monitored=False)
    low, high = _closed(still, between, (between.low, between.high), start, scale)
    rest = (start, (low, high), between.absorb, watch.heat)
    exact = exact_exit_time(watch.valley, watch.noise, *rest)
    if watch.step == 0:
        return replace(first, relaxation=exact, interval=(low, high), correction="exact")
    smooth = _reduced(still, between, start, scale, True, given).relaxation.time
    stepwise = first.relaxation.time
    gone = smooth.value <= 0  # at an end without a step: out at once
    factor = np.where(gone, 1.0, stepwise.value / np.where(gone, 1.0, smooth.value))
    value = np.where(gone, stepwise.value, exact.time.value * factor)
    error = np.hypot(exact.time.error * factor, np.hypot(stepwise.error, smooth.error))
    found = Relaxation(start, Estimate(value, error, "theory"))
    return replace(first, relaxation=found, correction="exact")


def _closed(
    watch: _Watch,
    between: Walls,
    ends: tuple[float | None, float | None],
    start: Array,
    scale: float,
) -> tuple[float, float]:
    """The interval, an open side cut off where the potential has turned every walker back."""
    low, high = ends
    rest = (watch.step, watch.heat)
    if low is None and high is not None:
        ray = (high, float(start.min()), -scale)
        low = turning_point(watch.valley, watch.noise, ray, *rest)
    elif high is None and low is not None:
        ray = (low, float(start.max()), scale)
        high = turning_point(watch.valley, watch.noise, ray, *rest)
    assert low is not None and high is not None  # noqa: PT018
    return low, high


def _largest_visited(slow: SlowDynamics, given: Array) -> float:
    """The largest ε between the places given and wherever else the potential is low."""
    steps = 0.5 * np.diff(slow.y) * (slow.drift[1:] + slow.drift[:-1])
    potential = -np.concatenate([[0.0], np.cumsum(steps / slow.diffusion[1:])])
    between = (slow.y >= given.min()) & (slow.y <= given.max())
    return float(slow.adiabaticity[between | (potential - potential.min() <= VISITED)].max())

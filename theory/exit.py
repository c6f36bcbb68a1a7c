"""From a valley and its ends to the mean time of leaving it.

Three routes: the fast directions integrated out (``none``), with what they leave behind to first
order in their lag (``first``, :mod:`.beyond_adiabatic`), or nothing integrated out (``exact``,
:mod:`.laguerre`).  Ends as in :mod:`.walls`.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from .end_shifts import outward_shift
from .errors import DomainError, NotConverged
from .estimate import Estimate
from .fokker_planck import FirstPassage, first_passage
from .forgetting import RelaxationSpectrum, relaxation_spectrum
from .laguerre import exact_exit_time
from .noise import Noise
from .relaxation import Ends, Relaxation, mean_exit_time
from .slow import SlowDynamics, slow_heat
from .update import Update
from .valley import Valley
from .walls import Walls, walls
from .watch import Watch

Correction = Literal["none", "first", "exact"]
Monitoring = Literal["continuous", "discrete"]
GRIDS = (4001, 16001, 64001)
TOLERANCE = 1e-6  # error over the longest of the times, at which the grid is fine enough
ROUGHEST = 1e-3  # and at which the time is still handed over: a kink in U or g costs as much


@dataclass(frozen=True)
class ValleyExit:
    """The predicted relaxation and what it rests on.

    relaxation: mean exit times, their error that of the numerics.  interval: where y lives, ends
    moved by what watching and the fast directions do to them, an open side cut off.  absorb: the
    ends it leaves through.  slow: the drift–diffusion solved there (for ``exact`` that of ``none``
    or, with a step, of ``first``).
    adiabaticity: the largest ε of :class:`.slow.SlowDynamics` among the places that the walker
    visits; ``none`` and ``first`` are safe while it is far below 1.  With momentum also of the time
    that y remembers its velocity for, over that of its own way.  late: by how much the survival
    of a watched walker lies behind that on the interval, a quarter of a step.  change: the largest
    |ln| of what the first correction does to a time; its own error is of the square of it.
    """

    relaxation: Relaxation
    interval: tuple[float, float]
    absorb: Ends
    slow: SlowDynamics
    adiabaticity: float
    correction: Correction = "none"
    late: float = 0.0
    change: float = 0.0

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
    momentum: float = 0.0,
) -> ValleyExit:
    """Mean time until y first passes an end of ``absorb``.

    start: (n,) between the ends.  absorb: one or two ends, rising; reflect: none, or one opposite
    the single absorbing end.  A side without an end is open.  slow_temperature: of the noise on y
    (default: the noise's).  monitoring: ``discrete`` watches once a step, which moves the
    absorbing ends outwards by :func:`.relaxation.monitoring_shift`.  correction: ``none`` is
    adiabatic; ``first`` adds the first order in the lag of the fast directions, their layers at
    the ends and the step of y, to second order where ends are watched once a step;
    ``exact`` integrates nothing out, and takes the effect of a step from ``first``, as a factor.
    momentum: β of the heavy ball, which goes with ``none`` alone.

    Raises DomainError for ends and starts that do not fit, an open side where the potential does
    not confine, an inadmissible g, U, T, step or momentum; NotConverged if the numerics are too
    rough.

    >>> from .expression import constant
    >>> from .noise import Thermal
    >>> flat = Valley(constant(0.0), constant(1.0))
    >>> valley_exit_time(flat, Thermal(0.5), [0.0], [-1, 1]).relaxation.time.value.round(9)
    array([1.])
    """
    start, ends, mirrors = (np.atleast_1d(np.asarray(x, float)) for x in (start, absorb, reflect))
    between = walls(start, ends, mirrors)
    _known("monitoring", monitoring, get_args(Monitoring))
    _known("correction", correction, get_args(Correction))
    heat, monitored = slow_heat(noise, slow_temperature), monitoring == "discrete"
    if monitored and not step > 0:
        msg = f"discrete monitoring needs a step above 0; it is {step:g}"
        raise DomainError(msg)
    if momentum and correction != "none":
        msg = f"the correction {correction} is known without momentum; it is {momentum:g}"
        raise DomainError(msg)
    Update(step, momentum)
    plain = Watch(valley, noise, step, heat, between, start, monitored, False, momentum)
    if correction == "none":
        return _reduced(plain)
    if correction == "exact":
        return _unreduced(plain)
    first = _reduced(replace(plain, corrected=True))
    return replace(first, change=_change(first, _reduced(plain)))


def valley_spectrum(
    valley: Valley,
    noise: Noise,
    modes: int,
    mirrors: tuple[float, float],
    step: float = 0.0,
    slow_temperature: float | None = None,
    correction: Correction = "none",
    momentum: float = 0.0,
) -> tuple[RelaxationSpectrum, float]:
    """The slowest rates of a valley between two mirrors, and the largest ε visited there.

    For a valley that absorbs: :meth:`ValleyExit.spectrum`.  Raises DomainError for mirrors that do
    not rise, the correction ``exact``, and as :func:`valley_exit_time`.
    """
    low, high = mirrors
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        msg = f"the mirrors must rise from low to high; they are {low:g} and {high:g}"
        raise DomainError(msg)
    _known("correction", correction, get_args(Correction))
    if correction == "exact":
        msg = "the spectrum is known of the slow coordinate alone: correction none or first"
        raise DomainError(msg)
    heat = slow_heat(noise, slow_temperature)
    between = Walls(low, high, "both")
    if momentum and correction != "none":
        msg = f"the correction {correction} is known without momentum; it is {momentum:g}"
        raise DomainError(msg)
    corrected = correction == "first"
    rest = (between, np.empty(0), False, corrected, momentum)
    watch = Watch(valley, noise, step, heat, *rest)
    ends = (low, high)
    if watch.corrected:
        mirror = (False, step, heat)
        ends = (
            low - outward_shift(valley, noise, low, -1, *mirror),
            high + outward_shift(valley, noise, high, 1, *mirror),
        )
    slow = watch.slow(ends, GRIDS[0])
    return relaxation_spectrum(slow, modes), watch.largest_visited(slow)


def _known(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        msg = f"the {what} must be one of {', '.join(known)}; it is {given!r}"
        raise DomainError(msg)


def _reduced(watch: Watch) -> ValleyExit:
    """The exit of the slow coordinate alone."""
    low, high = watch.interval()
    inside = np.clip(watch.start, low, high)  # within the layer of an end is at the end
    for points in GRIDS:
        slow = watch.slow((low, high), points)
        time = mean_exit_time(slow, inside, watch.between.absorb).time
        longest = max(time.value.max(), 1e-9 * watch.scale**2 / watch.heat)
        if time.error.max() <= TOLERANCE * longest:
            break
    found = Relaxation(
        watch.start, Estimate(time.value + watch.late(slow), time.error, time.origin)
    )
    if not time.error.max() <= ROUGHEST * longest:
        msg = f"{points} points on [{low:g}, {high:g}] give the exit time to no better than "
        msg += f"{time.error.max() / longest:.2g} of it"
        raise NotConverged(msg, found)
    how: Correction = "first" if watch.corrected else "none"
    wait = 0.25 * watch.step if watch.corrected and watch.monitored else 0.0
    eps = watch.largest_visited(slow)
    return ValleyExit(found, (low, high), watch.between.absorb, slow, eps, how, late=wait)


def _unreduced(watch: Watch) -> ValleyExit:
    """The exit of x and y together; the step enters as the factor it has in first order."""
    still = replace(watch, step=0.0, monitored=False)
    interval = still.interval()
    rest = (watch.start, interval, watch.between.absorb, watch.heat)
    exact = exact_exit_time(watch.valley, watch.noise, *rest)
    if watch.step == 0:
        plain = _reduced(still)
        return replace(plain, relaxation=exact, interval=interval, correction="exact")
    first = _reduced(replace(watch, corrected=True))
    smooth = _reduced(replace(still, corrected=True)).relaxation.time
    stepwise = first.relaxation.time
    gone = smooth.value <= 0  # at an end without a step: out at once
    factor = np.where(gone, 1.0, stepwise.value / np.where(gone, 1.0, smooth.value))
    value = np.where(gone, stepwise.value, exact.time.value * factor)
    error = np.hypot(exact.time.error * factor, np.hypot(stepwise.error, smooth.error))
    found = Relaxation(watch.start, Estimate(value, error, "theory"))
    return replace(first, relaxation=found, correction="exact")


def _change(first: ValleyExit, none: ValleyExit) -> float:
    """The largest |ln| of what the correction does to a time."""
    one, other = first.relaxation.time.value, none.relaxation.time.value
    both = (one > 0) & (other > 0)
    return float(np.abs(np.log(one[both] / other[both])).max(initial=0.0))

"""How y is watched in its valley: between which walls, from where, by which dynamics."""

from dataclasses import dataclass

import numpy as np

from .beyond_adiabatic import corrected_dynamics
from .end_shifts import late_exit, outward_shift
from .errors import DomainError
from .estimate import Array
from .noise import Noise
from .relaxation import leaves_right, monitoring_shift
from .slow import SlowDynamics, slow_dynamics
from .valley import Valley
from .walls import Walls, turning_point

VISITED = 5.0  # temperatures above the minimum, where a walker still is now and then


@dataclass(frozen=True)
class Watch:
    """A valley and its noise, Euler's step, T_y, the walls and the starts (n,) between them.

    monitored: the absorbing ends are looked at once a step.  corrected: to first order in ε, else
    the fast directions follow at once; known without momentum.
    """

    valley: Valley
    noise: Noise
    step: float
    heat: float
    between: Walls
    start: Array
    monitored: bool
    corrected: bool
    momentum: float = 0.0

    @property
    def scale(self) -> float:
        """The farthest way to an absorbing end."""
        low, high, absorb = self.between
        sides = ((low, absorb != "right"), (high, absorb != "left"))
        ends = [end for end, absorbs in sides if absorbs and end is not None]
        farthest = max(float(np.max(np.abs(self.start - end))) for end in ends)
        return farthest or max(1.0, abs(ends[0]))

    def slow(self, interval: tuple[float, float], points: int) -> SlowDynamics:
        """The dynamics of y alone."""
        rest = (self.valley, self.noise, interval, self.step, self.heat, points)
        if self.corrected:
            return corrected_dynamics(*rest)
        return slow_dynamics(*rest, momentum=self.momentum)

    def interval(self) -> tuple[float, float]:
        """Where y alone lives: its ends moved, an open side cut off where every walker turns."""
        free = self.heat / (1 - self.momentum) ** 2
        watched = monitoring_shift(free, self.step, self.momentum) if self.monitored else 0.0
        ends = []
        for end, outwards, side in (
            (self.between.low, -1, "left"),
            (self.between.high, 1, "right"),
        ):
            absorbing = self.between.absorb in (side, "both")
            shift = watched * absorbing
            if self.corrected and end is not None:
                rest = (absorbing, self.step, self.heat, self.monitored)
                shift = outward_shift(self.valley, self.noise, end, outwards, *rest)
            ends.append(None if end is None else end + outwards * shift)
        low, high = self._closed(*ends)
        if not low < high:
            msg = (
                "the layers at the ends are wider than what lies between them: the first "
                "correction does not hold here (exact does)"
            )
            raise DomainError(msg)
        return low, high

    def _closed(self, low: float | None, high: float | None) -> tuple[float, float]:
        start, rest = self.start, (self.step, self.heat, self.momentum)
        if low is None and high is not None:
            ray = (high, float(start.min()), -self.scale)
            low = turning_point(self.valley, self.noise, ray, *rest)
        elif high is None and low is not None:
            ray = (low, float(start.max()), self.scale)
            high = turning_point(self.valley, self.noise, ray, *rest)
        assert low is not None and high is not None  # noqa: PT018
        return low, high

    def late(self, slow: SlowDynamics) -> Array:
        """Mean time (n,) that a walker still needs where y alone has reached a moved end."""
        if not (self.corrected and self.monitored):
            return np.zeros(len(self.start))
        low, high, absorb = self.between
        right = np.full(len(self.start), float(absorb == "right"))
        if absorb == "both":
            right = leaves_right(slow, np.clip(self.start, slow.y[0], slow.y[-1]))
        late = np.zeros(len(self.start))
        for end, outwards, chance in ((low, -1, 1 - right), (high, 1, right)):
            if end is not None:
                rest = (end, outwards, self.step, self.heat)
                late = late + chance * late_exit(self.valley, self.noise, *rest)
        return late

    def largest_visited(self, slow: SlowDynamics) -> float:
        """The largest ε between starts and ends, and wherever else the potential is low.

        With momentum y remembers its velocity for η/(1 − β) of time, which counts as well: against
        the time of diffusing to an end, and against that in which the drift changes.
        """
        ends = [end for end in self.between[:2] if end is not None]
        given = np.concatenate([self.start, ends])
        steps = 0.5 * np.diff(slow.y) * (slow.drift[1:] + slow.drift[:-1])
        potential = -np.concatenate([[0.0], np.cumsum(steps / slow.diffusion[1:])])
        between = (slow.y >= given.min()) & (slow.y <= given.max())
        visited = between | (potential - potential.min() <= VISITED)
        largest = float(slow.adiabaticity[visited].max())
        if self.momentum == 0:
            return largest
        way = self.scale if len(self.start) else 0.5 * float(np.ptp(slow.y))
        change = np.abs(np.gradient(slow.drift, slow.y))[visited].max()
        rate = max(float(change), float(slow.diffusion.max()) / way**2)
        return max(largest, rate * self.step / (1 - self.momentum))

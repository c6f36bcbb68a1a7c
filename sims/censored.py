"""Exit times of which some are known only to be longer than the walk was followed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..theory.censored import kaplan_meier, restricted_mean
from ..theory.estimate import Array, Estimate
from .ends import increasing

if TYPE_CHECKING:
    from ..theory.relaxation import Relaxation

ORIGIN = "langevin"


@dataclass(frozen=True)
class FirstPassage:
    """What became of every trajectory; (starts, trajectories) where not said otherwise.

    start: (starts,).  step: η.  most: steps after which a trajectory was given up.  steps: taken
    until it was seen outside; −1: given up after ``most``; −2: still on its way after ``inside``
    steps when the run was cut; 0: not begun.  place: y when seen outside; of one given up y at the
    end of the round in which it was, up to 15 steps later.
    """

    start: Array
    step: float
    most: int
    steps: NDArray[np.int64]
    place: Array
    inside: NDArray[np.int64]
    low: float
    high: float

    def __post_init__(self) -> None:
        for name in ("start", "steps", "place", "inside"):
            array = np.array(getattr(self, name))
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def absorbed(self) -> NDArray[np.int64]:
        """Trajectories that left, (starts,)."""
        return np.asarray((self.steps > 0).sum(axis=1))

    @property
    def censored(self) -> NDArray[np.int64]:
        """Trajectories followed but not seen to leave, (starts,)."""
        return np.asarray((self.steps < 0).sum(axis=1))

    @property
    def through_high(self) -> Estimate:
        """Fraction (starts,) of those absorbed that left through the upper end."""
        left = self.steps > 0
        count = np.maximum(left.sum(axis=1), 1)
        share = (left & (self.place >= self.high)).sum(axis=1) / count
        return Estimate(share, np.sqrt(share * (1 - share) / count), ORIGIN)

    def survival(self, clock: ArrayLike) -> Estimate:
        """Probability (starts, times) to be inside still, with Greenwood's standard error.

        Kaplan and Meier's product over exit times: a trajectory given up, or cut, counts for as
        long as it was followed.  NaN beyond the time to which any was followed.
        """
        times = np.floor(np.asarray(clock, float) / self.step * (1 + 1e-12))
        rows = [kaplan_meier(row, seen, times) for row, seen in self._followed()]
        value, error = (np.array(part) for part in zip(*rows, strict=True))
        return Estimate(value, error, ORIGIN)

    @property
    def mean_time(self) -> Estimate:
        """Mean exit time (starts,), from the area under the survival curve.

        Where trajectories were given up it is the mean of min(exit time, the longest time any was
        followed): a lower bound of the mean exit time.  NaN if none was begun.
        """
        rows = [restricted_mean(row, seen) for row, seen in self._followed()]
        value, error = (np.array(part) * self.step for part in zip(*rows, strict=True))
        return Estimate(value, error, ORIGIN)

    def relaxation(self, clock: ArrayLike = ()) -> "Relaxation":
        """The same as theory answers, with the survival at the times ``clock``."""
        from ..theory.relaxation import Relaxation  # SciPy wakes with it

        clock = increasing("times of the clock", clock)
        survival = self.survival(clock).value if len(clock) else np.empty((0, 0))
        return Relaxation(self.start, self.mean_time, clock, survival)

    def _followed(self) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
        """Per start, of the trajectories begun: whether it left, and the steps it was followed."""
        for steps, inside in zip(self.steps, self.inside, strict=True):
            begun = steps != 0
            seen = np.where(steps > 0, steps, np.where(steps == -1, self.most, inside))
            yield (steps > 0)[begun], seen[begun]

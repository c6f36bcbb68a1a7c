"""What became of replicas that relaxed along a path: where they were, when they passed its ends.

Times are in cycles.  A replica that has not passed is censored at the horizon: its passage time is
known to be longer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..theory.censored import kaplan_meier, restricted_mean
from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, freeze, mean_estimate

ORIGIN = "sgd"


@dataclass(frozen=True)
class PathRun:
    """R replicas at the m cycles of ``clock``, s in units of parameter distance.

    start (R,); s (R, m): arc lengths; of a replica that has passed, the place where it was seen
    beyond the end.  loss (R, m): of the landscape at these places, interpolated to within about
    ``loss_error`` (0: not interpolated).  shaken_loss (R, m): off the path, of the last minibatch
    before the projection; NaN at the start and after the passage.  passage (R,): cycle of the
    first passage, infinite where there was none until ``horizon``; side (R,): −1 or +1 for passing
    ``low`` or ``high`` (R,), 0 for none.  way: how gradients were computed.

    Methods answer by start: their first axis (S,) is that of ``starts``.
    """

    start: Array
    clock: Array
    s: Array
    loss: Array
    shaken_loss: Array
    passage: Array
    side: Array
    low: Array
    high: Array
    loss_error: float
    horizon: int
    way: str

    def __post_init__(self) -> None:
        ours = (self.loss_error,)
        freeze(self)
        object.__setattr__(self, "loss_error", *ours)

    @property
    def starts(self) -> Array:
        """The distinct starts (S,), rising."""
        return np.unique(self.start)

    @property
    def replicas(self) -> NDArray[np.intp]:
        """Replicas (S,) of each start."""
        return np.unique(self.start, return_counts=True)[1]

    def _rows(self, values: Array) -> list[Array]:
        """Those of each start."""
        return [values[self.start == s] for s in self.starts]

    def mean(self, what: str = "s") -> Estimate:
        """Mean over replicas (S, m) of "s", "loss" or "shaken_loss", with standard error.

        Of the shaken loss only replicas that are inside still: NaN where there are fewer than two.
        """
        rows = self._rows(getattr(self, what))
        found = [_mean_of_known(row) for row in rows]
        value, error = (np.array(part) for part in zip(*found, strict=True))
        return Estimate(value, error, ORIGIN)

    def quantiles(self, shares: ArrayLike) -> Array:
        """Quantiles of s, (len(shares), S, m)."""
        rows = [np.quantile(row, np.asarray(shares, float), axis=0) for row in self._rows(self.s)]
        return np.stack(rows, axis=1)

    def _seen(self) -> list[Array]:
        return self._rows(np.minimum(self.passage, self.horizon))

    def _left(self) -> list[NDArray[np.bool_]]:
        return [np.isfinite(row) for row in self._rows(self.passage)]

    def survival(self, clock: ArrayLike) -> Estimate:
        """Probability (S, len(clock)) to be inside still, with Greenwood's error; NaN beyond."""
        times = np.asarray(clock, float)
        pairs = zip(self._left(), self._seen(), strict=True)
        rows = [kaplan_meier(left, seen, times) for left, seen in pairs]
        value, error = (np.array(part) for part in zip(*rows, strict=True))
        return Estimate(value, error, ORIGIN)

    def survival_band(
        self, clock: ArrayLike, level: float = 0.95, resamples: int = 400, seed: int = 0
    ) -> tuple[Array, Array]:
        """Low and high (S, len(clock)) of the survival, from resampling replicas (percentiles)."""
        if not 0 < level < 1 or resamples < 2:
            msg = (
                "a band needs a level between 0 and 1 and at least 2 resamples; "
                f"they are {level:g} and {resamples}"
            )
            raise DomainError(msg)
        rng, times = np.random.default_rng(seed), np.asarray(clock, float)
        bands = []
        for left, seen in zip(self._left(), self._seen(), strict=True):
            picks = rng.integers(len(seen), size=(resamples, len(seen)))
            curves = [kaplan_meier(left[pick], seen[pick], times)[0] for pick in picks]
            bands.append(np.quantile(curves, [(1 - level) / 2, (1 + level) / 2], axis=0))
        low, high = np.stack(bands, axis=1)
        return low, high

    def mean_time(self) -> Estimate:
        """Mean (S,) of min(passage, horizon) in cycles: a lower bound where some are censored."""
        pairs = zip(self._left(), self._seen(), strict=True)
        found = [restricted_mean(left, seen) for left, seen in pairs]
        value, error = (np.array(part) for part in zip(*found, strict=True))
        return Estimate(value, error, ORIGIN)

    def share(self, side: int) -> Estimate:
        """Fraction (S,) of the replicas that passed the low end (−1), the high one (1), none (0).

        The error is that of (n p + 1)/(n + 2), so that none of n has one as well.
        """
        rows = [row == side for row in self._rows(self.side)]
        counts, found = self.replicas, np.array([row.mean() for row in rows])
        hedged = (counts * found + 1) / (counts + 2)
        return Estimate(found, np.sqrt(hedged * (1 - hedged) / counts), ORIGIN)


def _mean_of_known(row: Array) -> tuple[Array, Array]:
    """Mean and standard error over the first axis, of what is not NaN."""
    if len(row) < 2:
        return row[0], np.full(row.shape[1], np.nan)
    if not np.isnan(row).any():
        whole = mean_estimate(row, ORIGIN)
        return whole.value, whole.error
    known = ~np.isnan(row)
    count = known.sum(axis=0)
    enough = count > 1
    mean = np.where(known, row, 0).sum(axis=0) / np.maximum(count, 1)
    square = (np.where(known, row - mean, 0) ** 2).sum(axis=0) / np.maximum(count - 1, 1)
    error = np.sqrt(square / np.maximum(count, 1))
    return np.where(enough, mean, np.nan), np.where(enough, error, np.nan)

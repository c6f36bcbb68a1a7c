"""Averages over an ensemble and their errors, which are from the spread of its trajectories."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..theory.estimate import Array, Estimate, freeze
from .censored import ORIGIN


@dataclass(frozen=True)
class Course:
    """Means over the ensemble in bins of time.

    time: (bins,) the middle of each.  position ⟨y⟩, position_squared ⟨y²⟩, fast_variance ⟨|x|²⟩/k:
    Estimates (bins,).
    """

    time: Array
    position: Estimate
    position_squared: Estimate
    fast_variance: Estimate


@dataclass(frozen=True)
class Observation:
    """What was seen of an ensemble.

    position, position_squared, fast_variance: ⟨y⟩, ⟨y²⟩, ⟨|x|²⟩/k over time and trajectories.
    edges (bins + 1,), histogram: Estimate (bins,) of the probability of [edge, next edge).
    course: the same means in bins of time.  lags (lags,), autocorrelation: of y, normalised.
    trails: (trajectories, points, 2) of x (the radius |x| where that is walked) and y.
    final: (trajectories,) the last y.  What was not asked for is empty.
    """

    position: Estimate
    position_squared: Estimate
    fast_variance: Estimate
    edges: Array
    histogram: Estimate
    course: Course
    lags: Array
    autocorrelation: Estimate
    trails: Array
    final: Array

    def __post_init__(self) -> None:
        freeze(self)


def mean_of(values: Array) -> Estimate:
    """Mean and standard error over independent values (n,)."""
    return Estimate(values.mean(), values.std(ddof=1) / np.sqrt(len(values)), ORIGIN)


def mean_of_sums(sums: Array, n: int | NDArray[np.int64]) -> Estimate:
    """Mean and standard error from the sum and the sum of squares over n independent values."""
    mean = sums[0] / n
    spread = np.maximum(sums[1] / n - mean**2, 0.0) / (n - 1)
    return Estimate(mean, np.sqrt(spread), ORIGIN)


def lagged_sums(r: Array, means: Array) -> Array:
    """Over trajectories, (lags, 4): of r, r², r r₀ and r ȳ, from r (lags, n) and ȳ (n,)."""
    return np.stack([each.sum(axis=1) for each in (r, r * r, r * r[:1], r * means)], axis=1)


def autocorrelated(lagged: Array, means: Array, n: int | NDArray[np.int64]) -> Estimate:
    """ρ = C(m)/C(0) of C = r − ⟨y⟩²; its error by the delta method, from r and ȳ together.

    lagged: as of `lagged_sums`.  means: ȳ of every trajectory.  n: how many of them have come so
    far, (lags,) or for all.
    """
    if len(lagged) == 0:
        return Estimate(np.empty(0), np.empty(0), ORIGIN)
    mean = means.mean()
    r = lagged[:, 0] / n
    rho = (r - mean**2) / (r[0] - mean**2)
    variance = lagged[:, 1] / n - r**2
    both = lagged[:, 2] / n - r * r[0]
    tilt = lagged[:, 3] / n - r * mean  # covariance of r and ȳ
    pull = 2 * mean * (1 - rho)
    spread = variance - 2 * rho * both + rho**2 * variance[0]
    spread += pull**2 * means.var() - 2 * pull * (tilt - rho * tilt[0])
    error = np.sqrt(np.maximum(spread, 0.0) / (n - 1)) / (r[0] - mean**2)
    return Estimate(rho, error, ORIGIN)

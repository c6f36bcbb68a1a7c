r"""Times of which some are known only to be longer than they were watched.

.. math:: \hat S(t) = \prod_{t_i \le t} \Big(1 - \frac{d_i}{n_i}\Big), \qquad
    \mathrm{var}\,\hat S(t) = \hat S(t)^2 \sum_{t_i \le t} \frac{d_i}{n_i (n_i - d_i)}

d_i of the n_i that were watched until t_i leave then.  Kaplan & Meier (1958); the error is
Greenwood's (1926).  The area under Ŝ is the mean of min(time, the longest time watched).
"""

import numpy as np
from numpy.typing import NDArray

from .estimate import Array

Times = NDArray[np.float64] | NDArray[np.int64]


def kaplan_meier(left: NDArray[np.bool_], seen: Times, times: Array) -> tuple[Array, Array]:
    """Probability (m,) to be inside still at ``times``, and Greenwood's standard error.

    left (n,): whether each was seen to leave; seen (n,): when it was, or until when it was watched.
    NaN beyond the time to which any was watched.

    >>> kaplan_meier(np.array([True, False, True]), np.array([1, 2, 3]), np.array([0, 1, 3]))[0]
    array([1.        , 0.66666667, 0.        ])
    """
    if len(seen) == 0:
        return np.full_like(times, np.nan), np.full_like(times, np.nan)
    when, died, at_risk = _deaths(left, seen)
    alive, greenwood = _curve(died, at_risk)
    at = np.searchsorted(when, times, side="right")
    value = np.concatenate([[1.0], alive])[at]
    with np.errstate(invalid="ignore"):
        error = np.nan_to_num(value * np.sqrt(np.concatenate([[0.0], greenwood])[at]))
    unknown = (times > seen.max()) & (value > 0)
    return np.where(unknown, np.nan, value), np.where(unknown, np.nan, error)


def restricted_mean(left: NDArray[np.bool_], seen: Times) -> tuple[float, float]:
    """Area under the survival curve, and its standard error; NaN for fewer than two times.

    >>> restricted_mean(np.array([True, False, True]), np.array([1, 2, 2]))[0].__round__(12)
    1.666666666667
    """
    n = len(seen)
    if n < 2:
        return np.nan, np.nan
    if left.all() or np.all(seen[~left] >= seen.max()):  # followed to one horizon: a plain mean
        return float(seen.mean()), float(seen.std(ddof=1) / np.sqrt(n))
    when, died, at_risk = _deaths(left, seen)
    alive, _ = _curve(died, at_risk)
    knots = np.concatenate([[0.0], when, [max(float(seen.max()), when[-1] if len(when) else 0)]])
    pieces = np.concatenate([[1.0], alive]) * np.diff(knots)
    after = np.cumsum(pieces[::-1])[::-1][1:]  # area behind each exit
    some = at_risk > died
    spread = np.sum((after**2 * died)[some] / (at_risk * (at_risk - died))[some])
    return float(pieces.sum()), float(np.sqrt(spread))


def _deaths(left: NDArray[np.bool_], seen: Times) -> tuple[Array, Array, Array]:
    """The distinct exit times, how many left at each, and how many were followed until then."""
    when, died = np.unique(seen[left], return_counts=True)
    at_risk = len(seen) - np.searchsorted(np.sort(seen), when, side="left")
    return when.astype(float), died.astype(float), at_risk.astype(float)


def _curve(died: Array, at_risk: Array) -> tuple[Array, Array]:
    """Survival after each exit, and Greenwood's running sum for its error."""
    alive = np.asarray(np.cumprod(1 - died / at_risk), float)
    with np.errstate(divide="ignore"):
        greenwood = np.asarray(np.cumsum(died / (at_risk * (at_risk - died))), float)
    return alive, greenwood

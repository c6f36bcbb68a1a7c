"""A number that knows how sure it is and where it is from.

Prediction and measurement wear the same coat, so that comparing them is one method.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DomainError, TooShort

Array = NDArray[np.float64]


def frozen(values: ArrayLike) -> Array:
    """A read-only float64 copy of ``values``."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def freeze(result: object) -> None:
    """Make every array of a frozen dataclass a read-only copy: of floats, truths or words.

    For its ``__post_init__``.  Lists count as arrays; other fields stay as they are.
    """
    for name, value in vars(result).items():
        if not isinstance(value, (np.ndarray, np.generic, float, list)):
            continue
        array = np.array(value)
        kind = {"b": np.bool_, "U": np.str_, "O": np.str_}.get(array.dtype.kind, np.float64)
        array = array.astype(kind)
        array.flags.writeable = False
        object.__setattr__(result, name, array)


@dataclass(frozen=True, init=False)
class Estimate:
    """A value (any shape), its standard error (same shape; 0 where exact) and its origin.

    >>> predicted, measured = Estimate(2.0, 0.0, "theory"), Estimate(2.2, 0.1, "langevin")
    >>> round(float(measured.sigmas_from(predicted)), 6), round(float(measured.ratio(predicted)), 6)
    (2.0, 1.1)
    """

    value: Array
    error: Array
    origin: str

    def __init__(self, value: ArrayLike, error: ArrayLike, origin: str) -> None:
        object.__setattr__(self, "value", frozen(value))
        object.__setattr__(self, "error", frozen(np.broadcast_to(error, self.value.shape)))
        object.__setattr__(self, "origin", origin)

    def sigmas_from(self, other: "Estimate") -> Array:
        """The gap in standard errors of both, (self − other)/√(error² + other.error²).

        Infinite where both are exact and differ.
        """
        gap = self.value - other.value
        spread = np.hypot(self.error, other.error)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(gap == 0, 0.0, gap / spread)

    def ratio(self, other: "Estimate") -> Array:
        """Quotient self.value / other.value."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.value / other.value)


def mean_estimate(samples: ArrayLike, origin: str) -> Estimate:
    """Mean over the first axis of independent ``samples``, with its standard error.

    >>> mean_estimate([1.0, 2.0, 3.0], "by hand").error.round(6).item()
    0.57735
    """
    samples = np.asarray(samples, dtype=np.float64)
    if len(samples) < 2:
        msg = f"a standard error needs at least 2 independent samples; there are {len(samples)}"
        raise TooShort(msg)
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    return Estimate(samples.mean(axis=0), error, origin)


def variance_estimate(samples: ArrayLike, origin: str) -> Estimate:
    r"""Variance over the first axis of independent ``samples``, with its standard error.

    The error is the one for any distribution with a fourth moment,
    :math:`\mathrm{var}(s^2) = (m_4 - s^4 (n-3)/(n-1))/n`.
    """
    samples = np.asarray(samples, dtype=np.float64)
    n = len(samples)
    if n < 4:
        msg = f"the error of a variance needs at least 4 independent samples; there are {n}"
        raise TooShort(msg)
    variance = samples.var(axis=0, ddof=1)
    fourth = ((samples - samples.mean(axis=0)) ** 4).mean(axis=0)
    error = np.sqrt(np.maximum(fourth - variance**2 * (n - 3) / (n - 1), 0.0) / n)
    return Estimate(variance, error, origin)


def bootstrap_estimate(
    statistic: Callable[[Array], ArrayLike],
    samples: ArrayLike,
    origin: str,
    seed: int,
    resamples: int = 200,
) -> Estimate:
    """A statistic of independent ``samples`` (first axis), its error from resampling them.

    Raises DomainError if ``resamples`` is below 2.
    """
    samples = np.asarray(samples, dtype=np.float64)
    if resamples < 2:
        msg = f"a bootstrap error needs at least 2 resamples; resamples = {resamples}"
        raise DomainError(msg)
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(samples), size=(resamples, len(samples)))
    drawn = np.array([statistic(samples[pick]) for pick in picks])
    return Estimate(statistic(samples), drawn.std(axis=0, ddof=1), origin)

"""What may be asked of sampled weights, and the one line that answers what may not."""

from collections.abc import Sequence

import numpy as np

from ...theory.errors import DomainError
from ...theory.estimate import Array


def temperatures(betas: Sequence[float] | Array) -> Array:
    """Inverse temperatures as an array of different numbers above 0, inf among them.

    >>> temperatures([1, np.inf]).tolist()
    [1.0, inf]
    """
    asked = np.asarray(betas, np.float64)
    if asked.ndim != 1 or not len(asked) or len(np.unique(asked)) < len(asked):
        msg = f"betas must be a list of different numbers; they are {asked.tolist()}"
        raise DomainError(msg)
    for wrong in asked[~(asked > 0)]:
        msg = f"beta must be above 0, or inf for the hard constraint; it is {wrong:.10g}"
        raise DomainError(msg)
    return asked


def finite(**numbers: float) -> None:
    """Raise DomainError unless every number is one."""
    for name, value in numbers.items():
        if not np.isfinite(value):
            msg = f"{name} must be finite; it is {value:g}"
            raise DomainError(msg)


def at_least(**counts: tuple[int, int]) -> None:
    """Raise DomainError unless every count is a whole number of at least its least."""
    for name, (count, least) in counts.items():
        if not isinstance(count, int | np.integer) or count < least:
            msg = f"{name} must be a whole number of at least {least}; it is {count}"
            raise DomainError(msg)

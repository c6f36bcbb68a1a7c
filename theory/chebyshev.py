"""Integrals of a function known at Chebyshev points, ends included (Clenshaw and Curtis).

The points of n intervals hold those of n/2, so that half of them tells how good all are.
"""

import numpy as np

from .errors import DomainError
from .estimate import Array


def chebyshev_points(intervals: int) -> Array:
    """The n + 1 points (1 − cos(πj/n))/2, from 0 to 1.

    >>> chebyshev_points(2).round(12).tolist()
    [0.0, 0.5, 1.0]
    """
    if intervals < 2 or intervals % 2:
        msg = f"the intervals must be an even number from 2; there are {intervals}"
        raise DomainError(msg)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.arange(intervals + 1) / intervals))


def running_weights(intervals: int) -> Array:
    """Weights (n + 1, n + 1): row j gives the integral from 0 to the j-th point.

    >>> running_weights(2)[-1].round(6).tolist()  # Simpson
    [0.166667, 0.666667, 0.166667]
    """
    x = 2 * chebyshev_points(intervals) - 1
    columns = []
    for i in range(intervals + 1):
        values = np.zeros(intervals + 1)
        values[i] = 1.0
        coefficients = np.linalg.solve(np.polynomial.chebyshev.chebvander(x, intervals), values)
        integral = np.polynomial.chebyshev.chebint(coefficients, lbnd=-1)
        columns.append(0.5 * np.polynomial.chebyshev.chebval(x, integral))
    return np.column_stack(columns)

"""Newton's method on many increasing functions at once, none of which can leave its bracket."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..estimate import Array

# (x, which) -> (value, slope): the functions number `which`, evaluated at x, one x each
Curve = Callable[[Array, NDArray[np.intp]], tuple[Array, Array]]


def bracketed_newton(
    curve: Curve, guess: Array, low: ArrayLike, high: ArrayLike, steps: int = 100
) -> Array:
    """Roots in [low, high] of increasing functions; NaN where a function is NaN.

    A Newton step is taken where it stays inside the bracket and is less than half the step before
    it; elsewhere the bracket is halved.  A point rests when its function is exactly 0, its step is
    a rounding error, or a Newton step so small that the next, of the order of its square, would be
    one; it is evaluated no more.  ``guess`` and result have shape (points,), the bracket that or
    (); a guess of NaN stays NaN.  After ``steps`` rounds the best point is returned as it is:
    judging it is the caller's.

    >>> cubes = np.array([8.0, 27.0])
    >>> bracketed_newton(lambda x, i: (x**3 - cubes[i], 3 * x**2), np.ones(2), 0.0, 9.0).round(12)
    array([2., 3.])
    """
    x = np.clip(guess, low, high)
    below, above = np.full_like(x, low), np.full_like(x, high)
    last = above - below
    awake = np.arange(len(x))
    for _ in range(steps):
        if not len(awake):
            break
        here = x[awake]
        value, slope = curve(here, awake)
        below[awake] = np.where(value < 0, here, below[awake])
        above[awake] = np.where(value > 0, here, above[awake])
        with np.errstate(all="ignore"):
            there = here - value / slope
        inside = (there >= below[awake]) & (there <= above[awake])
        newton = inside & np.isfinite(slope) & (np.abs(there - here) < 0.5 * last[awake])
        there = np.where(newton, there, 0.5 * (below[awake] + above[awake]))
        there = np.where(value == 0, here, np.where(np.isnan(value), np.nan, there))
        x[awake] = there
        last[awake] = np.abs(there - here)
        scale = np.maximum(1.0, np.abs(here))
        awake = awake[last[awake] > np.where(newton, 1e-10, 2e-16) * scale]
    return x

"""Newton's method on a few equations at once, with differences for slopes and shorter steps."""

from collections.abc import Callable

import numpy as np

from ..estimate import Array

STEP = 1e-5  # of the unknowns, central: the slopes then have ten digits


def damped_newton(
    equations: Callable[[Array], Array],
    start: Array,
    steps: int = 40,
    tolerance: float = 1e-11,
    longest: float = 1.0,
) -> tuple[Array, Array] | None:
    """A root of as many ``equations`` as unknowns and the inverse slopes there; None if not found.

    The unknowns should be of order 1, such as logarithms, and so should the equations.  A step is
    at most ``longest`` and is halved until the equations shrink; at rest when the step is below
    ``tolerance``.  Equations that are NaN count as a wall.

    >>> start = np.array([1.0, 1.0])
    >>> root, _ = damped_newton(lambda x: np.array([x[0] ** 2 - x[1], x[1] - 4]), start)
    >>> root.round(10)
    array([2., 4.])
    """
    x = np.array(start, dtype=np.float64)
    value = equations(x) if np.isfinite(x).all() else x
    if not np.isfinite(value).all():
        return None
    for _ in range(steps):
        slopes = slopes_of(equations, x)
        try:
            inverse: Array = np.asarray(np.linalg.inv(slopes), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
        step = -inverse @ value
        size = np.abs(step).max()
        if not np.isfinite(size):
            return None
        step *= min(1.0, longest / size) if size > 0 else 1.0
        if size <= tolerance:
            return x + step, inverse
        for halvings in range(12):
            there = equations(x + 0.5**halvings * step)
            if np.isfinite(there).all() and (
                np.linalg.norm(there) < np.linalg.norm(value) or size < 1e-7
            ):
                break
        else:
            return None
        x, value = x + 0.5**halvings * step, there
    return None


def slopes_of(equations: Callable[[Array], Array], x: Array) -> Array:
    """Derivatives of every equation (rows) by every unknown (columns), by central differences."""
    columns = [(equations(x + h) - equations(x - h)) / (2 * STEP) for h in STEP * np.eye(len(x))]
    return np.array(columns).T

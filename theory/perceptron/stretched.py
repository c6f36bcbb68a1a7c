r"""Trapezoidal rules whose nodes crowd where an integrand turns sharp.

The trapezoidal rule converges exponentially for analytic functions that decay at both ends.  It is
used here in a stretched variable v,

.. math:: v(x) = \sum_k \operatorname{arsinh}\frac{x - c_k}{s_k},

so that a feature at :math:`c_k` of width :math:`s_k` is met with steps of about ``step`` × s_k and
the tails with steps that grow with the distance.  A Gaussian keeps its decay for |Im v| < π/4,
which leaves errors of about exp(−½ π²/step): 1e-10 at the COARSE step, 1e-15 at the FINE one.
(One kink is inverted in closed form; several by Newton's method, v being monotonic.)
"""

from collections.abc import Callable

import numpy as np

from ..estimate import Array

COARSE = 0.19
FINE = 0.13
FINEST = 0.08
REACH = 8.0  # standard deviations; what lies beyond weighs 1e-15
NEWTON = 30  # rounds at most; from the table it takes 3


def stretched(
    centre: Array, width: Array, low: Array, high: Array, step: float
) -> tuple[Array, Array]:
    """Nodes and weights on [low, high] around one kink; all of one shape, nodes added behind it.

    >>> zero, one = np.zeros(1), np.ones(1)
    >>> x, weight = stretched(zero, one, -9 * one, 9 * one, FINE)
    >>> round(float((weight * np.exp(-0.5 * x * x)).sum() ** 2 / np.pi), 12)
    2.0
    """
    start, end = np.arcsinh((low - centre) / width), np.arcsinh((high - centre) / width)
    count = _count(end - start, step)
    stride = (end - start)[..., None] / count
    v = start[..., None] + stride * np.arange(count + 1)
    decay = np.exp(-np.abs(v))  # sinh and cosh of one exponential
    grow = 1 / decay
    x = centre[..., None] + (0.5 * width)[..., None] * np.sign(v) * (grow - decay)
    return x, stride * (0.5 * width)[..., None] * (grow + decay)


def within_reach_of_bulk(centre: Array, width: Array) -> Array:
    """Where the nodes crowd for a kink in a tail of the normal, so that they keep to its bulk too.

    Four widths from a kink the steps still resolve it.
    """
    place = np.maximum(np.abs(centre) - 4 * width, 0.0)
    farthest = np.where(width > 0.6, 1.0, np.where(width > 0.3, 2.5, 5.0))
    return np.sign(centre) * np.minimum(place, farthest)


def stretched_around_all(
    centres: Array, widths: Array, low: Array, high: Array, step: float
) -> tuple[Array, Array]:
    """The same around several kinks: ``centres`` and ``widths`` have shape (points, kinks)."""
    c, s = centres[:, None, :], widths[:, None, :]

    def stretch(x: Array) -> Array:
        return np.asarray(np.arcsinh((x[..., None] - c) / s).sum(axis=-1))

    ends = np.stack((low, high), axis=-1)
    start, end = stretch(ends).T
    count = _count(end - start, step)
    stride = ((end - start) / count)[:, None]
    v = start[:, None] + stride * np.arange(count + 1)
    x = _first_guess(v, centres, widths, ends, stretch)
    for _ in range(NEWTON):
        density = (1 / np.hypot(s, x[..., None] - c)).sum(axis=-1)
        move = (v - stretch(x)) / density
        x = np.clip(x + move, low[:, None], high[:, None])
        if np.all(np.abs(move) < 1e-10 * np.hypot(1, x)):
            break
    # one more correction than the last density: quadratic, hence rounding
    density = (1 / np.hypot(s, x[..., None] - c)).sum(axis=-1)
    return x, stride / density


def _count(length: Array, step: float) -> int:
    # a NaN point stays one, an infinite one becomes one
    longest = np.fmax.reduce(length, axis=None, initial=1.0, where=length < np.inf)
    return int(np.ceil(longest / step))


def _first_guess(
    v: Array, centres: Array, widths: Array, ends: Array, stretch: Callable[[Array], Array]
) -> Array:
    """The inverse of v(x) from a table that follows every kink."""
    ladder = np.sinh(np.linspace(-25, 25, 126))
    rungs = (centres[..., None] + widths[..., None] * ladder).reshape(len(centres), -1)
    rungs = np.concatenate((ends, np.clip(rungs, ends[:, :1], ends[:, 1:])), axis=1)
    table = np.sort(rungs, axis=1)
    rows = zip(v, stretch(table), table, strict=True)
    return np.array([np.interp(want, have, x) for want, have, x in rows])

"""The walk itself, one step after the other: compiled loops over floats and arrays.

    x ← x − η g(y) x + √(2 D(g) η) ξ            D(g) = plain + aligned·g
    y ← y − η (U'(y) + ½ g'(y)|x|²) + √(2 T η) ξ

Euler–Maruyama: both forces at the old point.  The end of a walk is told by a whole number.
"""

from typing import Any

import numpy as np
from numba import njit

INSIDE, OUT, STEEP, LOST = 0, 1, 2, 3  # STEEP: ηg left (0, 2);  LOST: y is no finite number


@njit(nogil=True, error_model="numpy")
def _advance(  # type: ignore[no-untyped-def]
    rng, x, y, steps, step, plain, aligned, heat, lo, hi, floor, ceiling, dU, pU, g, dg, pg
) -> Any:
    """Walk on until y is seen outside (lo, hi), at most ``steps`` steps; x changes in place.

    floor, ceiling: mirrors for y.  Returns y, the number of steps taken and how the walk ended.
    """
    kick = np.sqrt(2 * heat * step)
    for n in range(steps):
        stiffness = g(y, pg)
        if not 0 < step * stiffness < 2:
            return y, n, STEEP
        keep = 1 - step * stiffness
        shake = np.sqrt(2 * (plain + aligned * stiffness) * step)
        square = 0.0
        for i in range(x.size):
            square += x[i] * x[i]
            x[i] = keep * x[i] + shake * rng.standard_normal()
        y = y - step * (dU(y, pU) + 0.5 * dg(y, pg) * square) + kick * rng.standard_normal()
        if y > ceiling:
            y = 2 * ceiling - y
        if y < floor:
            y = 2 * floor - y
        if not lo < y < hi:
            return y, n + 1, OUT if np.isfinite(y) else LOST
    return y, steps, INSIDE


@njit(nogil=True, error_model="numpy")
def _observe(rng, x, y, samples, every, edges, counts, sums, *rules) -> Any:  # type: ignore[no-untyped-def]
    """Walk and look ``samples`` times, each ``every`` steps: adds to ``counts`` and ``sums``.

    counts: (bins,) visits to [edges[j], edges[j + 1]).  sums: (3,) of y, y² and |x|².
    rules: what ``_advance`` takes from ``step`` on.  Returns as ``_advance`` does.
    """
    for n in range(samples):
        y, taken, end = _advance(rng, x, y, every, *rules)
        if end != INSIDE:
            return y, n * every + taken, end
        j = np.searchsorted(edges, y, side="right") - 1
        if 0 <= j < counts.size:
            counts[j] += 1
        square = 0.0
        for i in range(x.size):
            square += x[i] * x[i]
        sums[0] += y
        sums[1] += y * y
        sums[2] += square
    return y, samples * every, INSIDE

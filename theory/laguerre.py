r"""The slow coordinate and the spread of the fast ones together, at any ratio of their time scales.

The mean exit time u(y, z), z = r/2s with r = |x|² and s = D/g the spread per fast direction, solves

    2g (z ∂² + (k/2 − z) ∂) u + (f₀ − g's z) ∇u + T_y ∇²u = −1,     ∇ = ∂_y − (s'/s) z ∂_z,

f₀ = −U'.  In z it is a series of Laguerre functions L_n^{(k/2−1)}, on which z, ∂ and z∂ are banded
matrices; in y a polynomial through Chebyshev points.  The term n = 0 is the mean over an x in its
stationary law.  Continuous time; nothing is averaged out and no ratio is small.
"""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import BarycentricInterpolator

from .beyond_adiabatic import unevenness
from .errors import DomainError, NotConverged
from .estimate import Array, Estimate
from .noise import Noise
from .relaxation import Ends, Relaxation, check_ends
from .slow import checked_interval, slow_heat
from .valley import Valley

SIZES = ((32, 8), (48, 12), (64, 18), (96, 26))  # points in y, Laguerre functions in z
TOLERANCE = 1e-6  # change from one size to the next, at which the smaller was enough
ROUGHEST = 1e-3  # and at which the result is still handed over


def exact_exit_time(
    valley: Valley,
    noise: Noise,
    start: Array | float,
    interval: tuple[float, float],
    absorb: Ends = "both",
    slow_temperature: float | None = None,
) -> Relaxation:
    """Mean time until y leaves through the absorbing end(s), x and y moving together.

    start: (n,) inside; x starts in its stationary law there.  The other end reflects y at fixed x.
    The error is the change from a coarser resolution.  Raises DomainError for a start outside,
    directions shaken unevenly and an inadmissible g, U or T; NotConverged if the series does not
    settle.

    >>> from .expression import constant
    >>> from .noise import Thermal
    >>> flat = Valley(constant(0.0), constant(1.0))
    >>> exact_exit_time(flat, Thermal(0.5), 0.0, (-1, 1)).time.value.round(9)
    array([1.])
    """
    check_ends(absorb)
    start, (low, high) = np.atleast_1d(np.asarray(start, float)), checked_interval(interval)
    if not len(start) or not np.all((start >= low) & (start <= high)):
        msg = f"a start must lie within [{low:g}, {high:g}]"
        raise DomainError(msg)
    heat, before = slow_heat(noise, slow_temperature), None
    if unevenness(noise) > 1 + 1e-9:
        msg = "the exact exit time wants fast directions that are alike; these are shaken unevenly"
        raise DomainError(msg)
    for points, modes in SIZES:
        fields = _fields(valley, noise, interval, points)
        times = _means(fields, valley.fast_dims, heat, absorb, modes)
        now = np.asarray(BarycentricInterpolator(fields.y, times)(start))
        if before is not None:
            gap, longest = np.abs(now - before), np.abs(times).max()
            if gap.max() <= TOLERANCE * longest:
                break
        before = now
    found = Relaxation(start, Estimate(now, gap, "theory"))
    if not gap.max() <= ROUGHEST * longest:
        msg = (
            f"{points} points and {modes} Laguerre functions give the exit time to no better than "
        )
        msg += f"{gap.max() / longest:.2g} of it"
        raise NotConverged(msg, found)
    return found


class _Fields(NamedTuple):
    """What the equation needs at the Chebyshev points y (from high to low)."""

    y: Array
    slope: Array  # the matrix d/dy
    force: Array  # −U'
    stiffness: Array
    pull: Array  # g's
    widening: Array  # s'/s
    curving: Array  # (s'/s)'


def _fields(valley: Valley, noise: Noise, interval: tuple[float, float], points: int) -> _Fields:
    y, slope = _chebyshev(points, *interval)
    g = valley.stiffness_at(y)
    s = noise.variance(g)
    valley.energy_at(y)
    widening = slope @ np.log(s)
    pull = np.asarray(valley.stiffness.derivative(y), float) * s
    force = -np.asarray(valley.energy.derivative(y), float)
    return _Fields(y, slope, force, g, pull, widening, slope @ widening)


def _chebyshev(points: int, low: float, high: float) -> tuple[Array, Array]:
    """Chebyshev points from high to low and the matrix that differentiates at them."""
    j = np.arange(points)
    x = np.cos(np.pi * j / (points - 1))
    ends = np.where((j == 0) | (j == points - 1), 2.0, 1.0) * (-1.0) ** j
    matrix = np.outer(ends, 1 / ends) / (x[:, None] - x + np.eye(points))
    matrix -= np.diag(matrix.sum(axis=1))
    y = low + 0.5 * (high - low) * (x + 1)
    slope: Array = matrix * 2 / (high - low)
    return y, slope


def _means(fields: _Fields, fast_dims: int, heat: float, absorb: Ends, modes: int) -> Array:
    """The exit time at the points, averaged over x."""
    n = np.arange(modes)
    lower = np.diag(-(n[1:] + 0.5 * fast_dims - 1), 1)
    z = np.diag(2 * n + 0.5 * fast_dims) + np.diag(-n[1:].astype(float), -1) + lower
    scale = np.diag(n.astype(float)) + lower  # z d/dz
    one, every, unit = np.eye(modes), np.ones(len(fields.y)), np.eye(len(fields.y))
    wide = fields.widening

    def term(factor: Array, along: Array, across: Array) -> Array:
        return np.asarray(np.kron(factor[:, None] * along, across))

    d, d2 = fields.slope, fields.slope @ fields.slope
    operator = term(-2 * fields.stiffness, unit, np.diag(n.astype(float)))
    operator += term(fields.force, d, one) - term(fields.force * wide, unit, scale)
    operator -= term(fields.pull, d, z) - term(fields.pull * wide, unit, z @ scale)
    operator += heat * (term(every, d2, one) - 2 * term(wide, d, scale))
    operator += heat * (term(wide**2, unit, scale @ scale) - term(fields.curving, unit, scale))
    right = np.tile(-(n == 0).astype(float), len(fields.y))
    for point, side in ((0, "right"), (len(fields.y) - 1, "left")):
        rows = slice(point * modes, (point + 1) * modes)
        right[rows] = operator[rows] = 0.0
        if absorb in (side, "both"):
            operator[rows, rows] = one
        else:  # ∇u = 0
            operator[rows] = np.kron(d[point], one)
            operator[rows, rows] -= wide[point] * scale
    return np.asarray(np.linalg.solve(operator, right)[::modes])

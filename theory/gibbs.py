"""The measure exp(−V(x)/T) on a line: its mass and its averages, for many V at once.

x is scanned from −10⁸ to 10⁸ for where V stays within a float's memory of its lowest.  There, after
x = c + w sinh v with the place c and the width w of the well, the trapezoid rule is halved until it
stands still: the sum of an analytic function that vanishes at both ends converges faster than any
power of the step.  Where a closer look shows two wells, x itself takes the place of v, in steps
that no well falls between.  The scan has a point every 2.4 % of |x|: a single well is found however
narrow, by its walls, but of two wells that are far out for their width one may be stepped over.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import DomainError
from .estimate import Array

Rows = NDArray[np.intp]
Height = Callable[[Array, Rows], Array]  # x (n, m) of the potentials numbered (n,) → V (n, m)
Observe = Callable[[Array, Array, Rows], Array]  # x, weights that sum to 1, which → (k, n)

RISE = 40.0  # temperatures above the lowest: exp(−40) < 1e-17
FARTHEST = 1e8  # of the scan
SCAN = 1601  # points of it, one every 2.4 % of |x| where that is large, and of a closer look
SEEN = 40  # points that must lie where V is low
LOOKS = 30  # closer looks, each forty times as close or the last
PARTED = 1e-6  # temperatures: a rise between two wells that is no rounding
FIRST, LAST = 257, 32769  # points of the sums
APART = 4097  # points of the first sum over two wells
TOLERANCE = 1e-11  # of the sums, in temperatures
_AT_ONCE = 2**20  # numbers of one array


class Window(NamedTuple):
    """Where to sum n measures, (n,) each.

    low, high: V is within RISE of its lowest between them.  place: of the lowest; width: within one
    temperature of it.  barrier: the largest between two wells, seen from the shallower.
    """

    low: Array
    high: Array
    place: Array
    width: Array
    barrier: Array


class _Look(NamedTuple):
    """V over temperature on a grid, (n, SCAN), and the ends of where it is low."""

    grid: Array
    lift: Array
    low: Array
    high: Array


class Averages(NamedTuple):
    """Of n measures.  mass: ln ∫ exp(−V/T) dx, (n,), and its error; barrier: (n,) in temperatures.

    seen: (k, n) what was observed, and its error.  barrier: 0 where there is one well, and between
    the wells of several the largest that parts the shallower of two from the deeper.
    """

    mass: Array
    mass_error: Array
    barrier: Array
    seen: Array
    seen_error: Array


def gibbs_averages(height: Height, observe: Observe, temperature: float, count: int) -> Averages:
    """Mass and averages of ``count`` measures; errors are the change under halving the last step.

    Raises DomainError where V does not confine x, or is not defined in the midst.
    """
    size = max(1, _AT_ONCE // SCAN)
    parts = []
    for first in range(0, count, size):
        rows = np.arange(first, min(first + size, count))
        where = window(height, temperature, rows)
        parts.append(_summed(height, observe, temperature, where, rows))
    return Averages(*(np.concatenate(part, axis=-1) for part in zip(*parts, strict=True)))


def window(height: Height, temperature: float, rows: Rows) -> Window:
    """Where to sum each of the measures ``rows``.

    Raises DomainError where V does not confine x or is not defined in the midst, where its wells
    are too far apart to be seen at once, and where its lowest is too narrow for floats, as a pole.
    """
    far = np.arcsinh(FARTHEST)
    grid = np.broadcast_to(np.sinh(np.linspace(-far, far, SCAN)), (len(rows), SCAN))
    wide = _closer(height, temperature, rows, grid, RISE)
    core = _closer(height, temperature, rows, _between(wide.low, wide.high), 1.0)
    place = core.grid[np.arange(len(rows)), core.lift.argmin(axis=1)]
    # a pole looks like a well as long as floats can tell: it narrows down to their spacing
    lost = SCAN * np.finfo(float).eps * np.abs(place)
    _refuse(core.high - core.low <= lost, rows, "have no well too narrow for floats")
    left = np.minimum.accumulate(wide.lift, axis=1)
    right = np.minimum.accumulate(wide.lift[:, ::-1], axis=1)[:, ::-1]
    with np.errstate(invalid="ignore"):
        rise = wide.lift - np.maximum(left, right)
    low = np.isfinite(wide.lift) & (np.minimum(left, right) < np.inf)
    barrier = np.where(low, rise, 0.0).max(axis=1)
    return Window(wide.low, wide.high, place, 0.5 * (core.high - core.low), barrier)


def _closer(height: Height, temperature: float, rows: Rows, grid: Array, rise: float) -> _Look:
    """Look closer until enough points of the grid lie within ``rise`` of the lowest."""
    first_look, each = True, np.arange(len(rows))
    for _ in range(LOOKS):
        with np.errstate(all="ignore"):
            lift = height(grid, rows) / temperature
        known = np.where(np.isnan(lift), np.inf, lift)
        lowest = known.min(axis=1, keepdims=True)
        _refuse(~np.isfinite(lowest[:, 0]), rows, "have a finite lowest value")
        inside = known - lowest <= rise
        first, last = inside.argmax(axis=1), SCAN - 1 - inside[:, ::-1].argmax(axis=1)
        if first_look and rise == RISE:
            rises = (first > 0) & (last < SCAN - 1)
            _refuse(~rises, rows, f"rise by {RISE:g} temperatures on both sides")
        first, last = np.maximum(first - 1, 0), np.minimum(last + 1, SCAN - 1)
        number = np.arange(SCAN)
        between = (number >= first[:, None]) & (number <= last[:, None])
        _refuse((np.isnan(lift) & between).any(axis=1), rows, "be defined in between")
        low, high, seen = grid[each, first], grid[each, last], inside.sum(axis=1)
        if not first_look and seen.min() >= SEEN:
            break
        first_look, grid = False, _between(low, high)
    _refuse(seen < SEEN, rows, "have no wells farther apart than forty of their widths")
    return _Look(grid, known, low, high)


def _between(low: Array, high: Array) -> Array:
    return np.asarray(low[:, None] + (high - low)[:, None] * np.linspace(0, 1, SCAN))


def _refuse(bad: NDArray[np.bool_], rows: Rows, must: str) -> None:
    if bad.any():
        raise Unconfined(must, int(rows[bad][0]))


class Unconfined(DomainError):
    """What V must do in x and does not, and the number of the first such V."""

    def __init__(self, must: str, which: int) -> None:
        super().__init__(f"the potential must {must}")
        self.must, self.which = must, which


def _summed(
    height: Height, observe: Observe, temperature: float, where: Window, rows: Rows
) -> Averages:
    """The sums, with twice the points for the measures that have not settled."""
    parted = where.barrier > PARTED
    straight = np.where(parted, 1e3 * (where.high - where.low), where.width)  # sinh v is v there
    where, found = where._replace(width=straight), None
    points, left = FIRST, np.arange(len(rows))
    while len(left) and points <= LAST:
        new = [
            _sum(
                height, observe, temperature, Window(*(a[some] for a in where)), rows[some], points
            )
            for some in np.array_split(left, -(-len(left) * points // _AT_ONCE))
        ]
        joined = Averages(*(np.concatenate(part, axis=-1) for part in zip(*new, strict=True)))
        found = joined if found is None else found
        for old, fresh in zip(found, joined, strict=True):
            old[..., left] = fresh
        settled = (joined.mass_error <= TOLERANCE) & ~(parted[left] & (points < APART))
        left, points = left[~settled], 2 * points - 1
    assert found is not None
    return found


def _sum(
    height: Height,
    observe: Observe,
    temperature: float,
    where: Window,
    rows: Rows,
    points: int,
) -> Averages:
    low, high, place, width, _ = (a[:, None] for a in where)
    start, end = np.arcsinh((low - place) / width), np.arcsinh((high - place) / width)
    v = start + (end - start) * np.linspace(0, 1, points)
    x = place + width * np.sinh(v)
    with np.errstate(over="ignore"):
        lift = height(x, rows) / temperature
    lowest = lift.min(axis=1, keepdims=True)
    weight = np.exp(lowest - lift) * width * np.cosh(v) * (end - start) / (points - 1)
    masses, means = [], []
    for every in (1, 2):
        some = every * weight[:, ::every]
        total = some.sum(axis=1, keepdims=True)
        masses.append(np.log(total[:, 0]) - lowest[:, 0])
        means.append(observe(x[:, ::every], some / total, rows))
    return Averages(
        *(masses[0], np.abs(masses[0] - masses[1]), where.barrier),
        *(means[0], np.abs(means[0] - means[1])),
    )

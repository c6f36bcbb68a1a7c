r"""Following a curve of saddle points through the plane of (x, ln ρ), over every fold.

With a teacher no one unknown runs all along the curve: at a positive margin q → 1 at a finite
load, at a negative one R → 1 with q = R² far from 1.  So the curve is followed by its length: a
step along the tangent, then Newton's method across it; the step is cut where that fails.  The
start, where α → 0, is known: there every pattern acts alone, and ρ² = 2α/π.

Every point knows ln α and the slopes along the curve, so that the curve between the points is a
cubic, good enough to start Newton's method in both unknowns from anywhere.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..estimate import Array
from .field_saddle import FieldSaddle
from .taught_pattern import ORDER, Constraint
from .weights_in_field import Weights

START = 1e-4  # patterns per weight; below, the curve is straight
STEP, SHORTEST, LONGEST = 0.4, 1e-5, 0.6  # in the plane of (x, ln ρ)
STEPS = 400
STRAIGHT = 1e-4  # of a step, to whose side it ends: only a line, as that of q = R, is so straight
SMALLEST = 1e-13  # 1 − q, at which a curve ends
DIFFERENCE = 1e-6  # for slopes
SHIFT = np.array([[0, 1, 0], [0, 0, 1]])[:, :, None]
COARSE = 10  # nodes on a panel, enough to find the way
FINE = 16  # points of the cubic between two of the curve

Sheet = tuple[Array, Array]  # mismatch and ln α, each with rows: value, slope in x, slope in ln ρ


@dataclass(frozen=True)
class Trace:
    """A curve of saddle points for one margin and temperature; arrays of shape (points,)."""

    x: Array
    log_rho: Array
    log_load: Array
    short_of_teacher: float
    """1 − R at the end."""
    gap: float
    """1 − q at the end."""
    passed: bool
    """Whether it went by the load asked for, or to the last x there is."""

    def is_complete(self) -> bool:
        """Whether it was followed to the load asked for or to where q or R reaches 1."""
        return self.passed or self.gap < 10 * SMALLEST or self.reaches_teacher()

    def fold(self) -> float:
        """The first point, by number, after which the load falls; inf where it always rises."""
        nodes = self.log_load[::FINE]
        falls = np.flatnonzero(np.diff(nodes) < 0)
        return float(FINE * (falls[0] + 1)) if len(falls) else np.inf

    def summit(self) -> float:
        """The largest ln α among the points before the fold; inf without one."""
        fold = self.fold()
        return float(self.log_load[: int(fold) : FINE].max()) if np.isfinite(fold) else np.inf

    def reaches_teacher(self) -> bool:
        """Whether R came within 1e-9 of 1 before floats ended, which ends the curve."""
        return len(self.x) > 0 and self.short_of_teacher < 1e-9

    def rising(self, log_load: float) -> list[tuple[float, float, bool]]:
        """(x, ln ρ, whether before the first fold) where the load rises through ``log_load``."""
        above = self.log_load - log_load
        found = []
        for i in np.flatnonzero((above[:-1] <= 0) & (above[1:] > 0)):
            share = above[i] / (above[i] - above[i + 1])
            x = self.x[i] + share * (self.x[i + 1] - self.x[i])
            log_rho = self.log_rho[i] + share * (self.log_rho[i + 1] - self.log_rho[i])
            found.append((float(x), float(log_rho), bool(i < self.fold())))
        return found


def sheet(kind: type[Weights], point: Array, constraint: Constraint, order: int = ORDER) -> Sheet:
    """Mismatch and ln α with their slopes, at ``point`` of rows x and ln ρ, shape (2, points)."""
    d, n = DIFFERENCE, point.shape[1]
    x, log_rho = (point[:, None, :] + d * SHIFT).reshape(2, -1)
    there = constraint[np.tile(np.arange(n), 3)]
    saddle = FieldSaddle(kind, x, np.exp(log_rho), there, order)
    both = [values.reshape(3, n) for values in (saddle.mismatch(), np.log(saddle.load()))]
    both[0][0, saddle.weights.gap[:n] < SMALLEST] = np.nan
    slopes = [np.array([v[0], (v[1] - v[0]) / d, (v[2] - v[0]) / d]) for v in both]
    return slopes[0], slopes[1]


def trace(kind: type[Weights], constraint: Constraint, stop: Array) -> list[Trace]:
    """The curves of every margin and temperature, until they pass the load ``stop`` or 1 − q ends.

    A curve that folds back goes on until it comes by ``stop`` again.
    """
    n = len(constraint.kappa)
    x, log_rho = beginning(kind, np.full(n, START), constraint)
    point, tangent = np.array([x, log_rho]), np.full((2, n), np.sqrt([[0.8], [0.2]]))
    length, awake = np.zeros(n), np.arange(n)
    rows: list[list[Array]] = [[] for _ in range(n)]
    for _ in range(STEPS):
        guess = point[:, awake] + length[awake] * tangent[:, awake]
        there, values = _across(kind, guess, tangent[:, awake], constraint[awake])
        aside = np.hypot(*(there - guess))
        crossing = aside < STRAIGHT * length[awake]
        ahead, log_load, rise = _tangent(values, tangent[:, awake], crossing)
        good = np.isfinite(log_load) & ((ahead * tangent[:, awake]).sum(axis=0) > 0.9)
        good &= aside < np.where(length[awake] > 0, 0.3 * length[awake], 1.0)
        for j in np.flatnonzero(good):
            i = awake[j]
            point[:, i], tangent[:, i] = there[:, j], ahead[:, j]
            rows[i].append(np.array([*there[:, j], *ahead[:, j], log_load[j], rise[j]]))
        first = length[awake] == 0
        longer = np.where(first, STEP, np.minimum(1.4 * length[awake], LONGEST))
        length[awake] = np.where(good, longer, length[awake] / 3)
        keep = (length[awake] > SHORTEST) & ~(good & (log_load > np.log(stop[awake])))
        awake = awake[keep & (point[0, awake] < kind.highest)]
        if not len(awake):
            break
    end = kind(point[0], np.exp(point[1]))
    traces = []
    for i, row in enumerate(rows):
        last = row[-1][4] if row else -np.inf
        passed = bool(last > np.log(stop[i]) or point[0, i] >= kind.highest)
        table = np.array(row).reshape(-1, 6)
        traces.append(_smooth(table, float(1 - end.R[i]), float(end.gap[i]), passed))
    return traces


def beginning(kind: type[Weights], alpha: Array, constraint: Constraint) -> tuple[Array, Array]:
    """(x, ln ρ) at small loads, where every pattern acts alone: q̂ = αG² and ρ² = 2α/π."""
    nothing = np.full_like(alpha, -60.0)
    alone = FieldSaddle(kind, nothing, np.zeros_like(alpha), constraint)
    return np.log(alpha * alone.pattern.force()), 0.5 * np.log(2 / np.pi * alpha)


def _across(
    kind: type[Weights], guess: Array, tangent: Array, constraint: Constraint
) -> tuple[Array, Sheet]:
    """The point of the curve straight across from a guess; NaN where Newton does not arrive."""
    point = guess.copy()
    values = sheet(kind, point, constraint, COARSE)
    for _ in range(5):
        F, Fx, Fr = values[0]
        # across: along (−t₁, t₀)
        slope = -Fx * tangent[1] + Fr * tangent[0]
        move = np.clip(-F / slope, -0.5, 0.5)
        point = point + move * np.array([-tangent[1], tangent[0]])
        values = sheet(kind, point, constraint, COARSE)
        if not (np.abs(values[0][0]) > 1e-9).any():
            break
    lost = ~(np.abs(values[0][0]) < 1e-7)
    values[1][0, lost] = np.nan
    return point, values


def _tangent(
    values: Sheet, before: Array, crossing: NDArray[np.bool_]
) -> tuple[Array, Array, Array]:
    """Unit tangent, ln α, and the slope of ln α along it.

    The mismatch is positive on one side of the curve, always the same: a tangent that points back
    belongs to a neighbour of the curve, onto which a step has strayed.  Only where another curve is
    crossed the sides change, and the tangent goes on as ``before``.
    """
    (_, Fx, Fr), (log_load, ax, ar) = values
    ahead = np.array([Fr, -Fx]) / np.hypot(Fx, Fr)
    ahead = ahead * np.where(crossing & ((ahead * before).sum(axis=0) < 0), -1.0, 1.0)
    return ahead, log_load, ax * ahead[0] + ar * ahead[1]


def _smooth(rows: NDArray[np.float64], short_of_teacher: float, gap: float, passed: bool) -> Trace:
    """The curve with FINE points of its cubic between every two."""
    if len(rows) < 2:
        nothing = np.full(0, np.nan)
        return Trace(nothing, nothing, nothing, short_of_teacher, gap, passed)
    start, end = rows[:-1], rows[1:]
    length = np.hypot(*(end - start)[:, :2].T)[:, None]
    t = np.arange(FINE) / FINE
    up = t * t * (3 - 2 * t)
    columns = []
    for value, slope in ((0, 2), (1, 3), (4, 5)):
        a, b = start[:, [value]], end[:, [value]]
        bend = start[:, [slope]] * t * (1 - t) ** 2 - end[:, [slope]] * t * t * (1 - t)
        columns.append(np.append((a + (b - a) * up + length * bend).ravel(), rows[-1, value]))
    x, log_rho, log_load = columns
    return Trace(x, log_rho, log_load, short_of_teacher, gap, passed)


def polish(
    kind: type[Weights], guess: Array, log_load: Array, constraint: Constraint, steps: int = 12
) -> Array:
    """Newton's method in both unknowns, (2, points), to the load asked for."""
    point = guess.copy()
    awake = np.arange(point.shape[1])
    for _ in range(steps):
        if not len(awake):
            break
        (F, Fx, Fr), (L, Lx, Lr) = sheet(kind, point[:, awake], constraint[awake])
        L = L - log_load[awake]
        determinant = Fx * Lr - Fr * Lx
        move = -np.array([F * Lr - Fr * L, Fx * L - F * Lx]) / determinant
        move *= np.minimum(1, 0.5 / np.abs(move).max(axis=0))
        point[:, awake] += move
        awake = awake[np.abs(move).max(axis=0) > 1e-15 * np.abs(point[:, awake]).max(axis=0)]
    return point

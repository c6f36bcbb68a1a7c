r"""What the whole distribution does: first passage and mean position in time, stationary density.

The Fokker–Planck operator L on cells, with Scharfetter–Gummel rates: they are positive, conserve
probability and hold the stationary density exactly where drift/diffusion is constant in a cell.

Carried to a time t, at once and from any clock, by the contour integral

.. math:: e^{tL} f = \frac{1}{2πi} \int e^{zt} (z - L)^{-1} f\, dz, \qquad z = μ(1 + iu)^2,

around the negative axis, where the spectrum lies, one contour for all times in [τ, Λτ].  The
midpoint rule with N points a distance h apart errs as e^{−2π/h} for the spectrum and, for the
growth of e^{zt} to the right, as e^{2π/h − π²/(μΛτh²)}; the cut at u = Nh/2 costs
e^{μτ(1 − N²h²/4)}.  All three are equal for Nh/2 = √(1 + 8Λ) and μΛτ = π/4h.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline, make_interp_spline
from scipy.linalg import solve_banded

from .errors import DomainError
from .estimate import Array, Estimate, freeze
from .relaxation import Ends, check_ends
from .slow import SlowDynamics

STEEPEST = 1e200  # drift over diffusion: beyond, products of rates leave the range of floats
SOONEST = 1e-20  # of the time of the fastest cell: before, nothing has happened
SPAN, CONTOUR = 4.0, 60  # Λ and N: an error of e^{−πN/√(1 + 8Λ)} = 6e-15


def _bernoulli(x: Array) -> Array:
    """x/(eˣ − 1)."""
    small = np.abs(x) < 1e-6
    safe = np.where(small, 1.0, x)
    return np.where(small, 1 - 0.5 * x, safe / np.expm1(np.clip(safe, -700, 700)))


def cell_rates(slow: SlowDynamics, absorb: Ends | None, cells: int) -> tuple[Array, Array, Array]:
    """Cell centres, and the rates of jumping left and right from each cell (cells,).

    absorb: the ends through which probability leaves; the other reflects (None: both do).
    Raises DomainError for others, or less than two cells.
    """
    if absorb is not None:
        check_ends(absorb)
    if not (cells >= 2 and cells == int(cells)):
        msg = f"the cells must be a whole number of at least 2; they are {cells:g}"
        raise DomainError(msg)
    edges = np.linspace(slow.y[0], slow.y[-1], int(cells) + 1)
    centre, h = 0.5 * (edges[1:] + edges[:-1]), edges[1] - edges[0]
    with np.errstate(over="ignore"):
        steepness = slow.drift / slow.diffusion
    if not np.all(np.abs(steepness) < STEEPEST):
        msg = f"drift over diffusion must stay below {STEEPEST:g}; it reaches "
        raise DomainError(msg + f"{np.abs(steepness).max():.3g}")
    pull = CubicSpline(slow.y, steepness)(edges)
    diffusion = CubicSpline(slow.y, slow.diffusion)(centre)
    right = diffusion * _bernoulli(-pull[1:] * h) / h**2
    left = diffusion * _bernoulli(pull[:-1] * h) / h**2
    # an absorbing wall stands half a cell away
    right[-1] = left[0] = 0.0
    if absorb in ("right", "both"):
        right[-1] = diffusion[-1] * _bernoulli(-pull[-1] * h / 2) * 2 / h**2
    if absorb in ("left", "both"):
        left[0] = diffusion[0] * _bernoulli(pull[0] * h / 2) * 2 / h**2
    return centre, left, right


def generator(slow: SlowDynamics, absorb: Ends | None, cells: int = 300) -> tuple[Array, Array]:
    """Backward operator L on ``cells`` cells: ∂f/∂t = L f for f(y, t) = E[f(y_t) | y_0 = y].

    absorb: the ends through which probability leaves; the other reflects (None: both do).
    Returns the cell centres (cells,) and L (cells, cells), whose rows sum to minus the escape rate.
    """
    centre, left, right = cell_rates(slow, absorb, cells)
    rates = np.diag(-(right + left)) + np.diag(right[:-1], 1) + np.diag(left[1:], -1)
    return centre, rates


@dataclass(frozen=True)
class FirstPassage:
    """When the absorbing ends are passed.

    start (n,), clock (m,): starts and times.  survival (n, m): probability to be inside still;
    density (n, m): of the time of passage, per time.  The errors are those of the cells.
    """

    start: Array
    clock: Array
    survival: Estimate
    density: Estimate

    def __post_init__(self) -> None:
        freeze(self)


def first_passage(
    slow: SlowDynamics,
    start: ArrayLike,
    clock: ArrayLike,
    absorb: Ends = "both",
    cells: int = 1000,
) -> FirstPassage:
    """Survival and first-passage density from each start at each time of the clock, in any order.

    From ``cells`` and half as many cells, extrapolated (both err as cells⁻²); the error is the
    change that this makes, and how far a parabola between cells is from a line: large where a start
    is within a cell of an end at a time too early for it.  Raises DomainError for a start outside,
    a time below 0, unknown ends or less than four cells.

    >>> free = SlowDynamics(np.linspace(-1, 1, 101), np.zeros(101), np.full(101, 0.5))
    >>> found = first_passage(free, 0.0, [0.1, 1.0])
    >>> found.survival.value.round(6).tolist()           # 4/π Σ (−1)ⁿ e^{−(2n+1)²π²t/8}/(2n+1)
    [[0.996869, 0.370777]]
    """
    start, clock = _asked(slow, start, clock)
    check_ends(absorb)
    if not (cells >= 4 and cells == int(cells)):
        msg = f"the cells must be a whole number of at least 4; they are {cells:g}"
        raise DomainError(msg)
    fine, coarse = (_passage(slow, start, clock, absorb, n) for n in (cells, cells // 2))
    alive, density = (_extrapolated(f, c) for f, c in zip(fine, coarse, strict=True))
    return FirstPassage(start, clock, alive, density)


def _extrapolated(fine: Array, coarse: Array) -> Estimate:
    """To cells of no size, from what :func:`_passage` found."""
    (cubic, line), (moved, _) = (np.split(v, 2) for v in ((4 * fine - coarse) / 3, fine - coarse))
    return Estimate(cubic, np.abs(moved) / 3 + np.abs(cubic - line), "theory")


def _passage(
    slow: SlowDynamics, start: Array, clock: Array, absorb: Ends, cells: int
) -> tuple[Array, Array]:
    """Survival and density (2n, m), interpolated by cubics and, below, by lines."""
    centre, left, right = cell_rates(slow, absorb, cells)
    walls = [(slow.y[0], "left"), (slow.y[-1], "right")]
    known = [wall for wall, side in walls if absorb in (side, "both")]  # survival is 0 there
    place = np.concatenate([centre, known])
    order = np.argsort(place)

    def read(rows: Array) -> Array:
        there = np.concatenate([rows, np.zeros((len(rows), len(known)))], axis=1)
        known_at = place[order], there[:, order]
        ways = CubicSpline(*known_at, axis=1), make_interp_spline(*known_at, k=1, axis=1)
        return np.concatenate([way(start) for way in ways], axis=1)

    alive, change = _carried(left, right, np.ones(cells), clock, read)
    alive[:, clock == 0] = np.tile(~np.isin(start, known), 2)[:, None]
    return alive, -change


def survival(
    slow: SlowDynamics,
    start: ArrayLike,
    clock: ArrayLike,
    absorb: Ends = "both",
    cells: int = 1000,
) -> Array:
    """Probability (n, m) to be inside still at the times ``clock``: of :func:`first_passage`."""
    return first_passage(slow, start, clock, absorb, cells).survival.value


def mean_position(
    slow: SlowDynamics,
    start: ArrayLike,
    clock: ArrayLike,
    cells: int = 1000,
) -> Array:
    """E[y_t | y_0 = start] (n, m) with both ends reflecting, at the times ``clock``."""
    start, clock = _asked(slow, start, clock)
    centre, left, right = cell_rates(slow, None, cells)

    def read(rows: Array) -> Array:
        return np.asarray(CubicSpline(centre, rows, axis=1)(start))

    found, _ = _carried(left, right, centre, clock, read)
    found[:, clock == 0] = start[:, None]
    return found


def stationary_density(slow: SlowDynamics) -> Array:
    """Normalised density (n,) on the grid, both ends reflecting: ∝ exp(∫drift/diffusion)/D."""
    phi = CubicSpline(slow.y, slow.drift / slow.diffusion).antiderivative()(slow.y)
    weight = np.exp(phi - phi.max()) / slow.diffusion
    return np.asarray(weight / CubicSpline(slow.y, weight).integrate(slow.y[0], slow.y[-1]))


def stationary_probabilities(slow: SlowDynamics, edges: Array) -> Array:
    """Probability (n,) of each bin [edge, next edge) under the stationary density.

    edges: (n + 1,) within the grid.  Raises DomainError for others.
    """
    edges = np.asarray(edges, float)
    if edges.ndim != 1 or not np.all((edges >= slow.y[0]) & (edges <= slow.y[-1])):
        msg = f"the edges of the bins must be a list within [{slow.y[0]:g}, {slow.y[-1]:g}]"
        raise DomainError(msg)
    cumulative = CubicSpline(slow.y, stationary_density(slow)).antiderivative()
    return np.diff(cumulative(edges))


def stationary_square(slow: SlowDynamics) -> float:
    """Second moment ⟨y²⟩ under the stationary density."""
    weighted = CubicSpline(slow.y, slow.y**2 * stationary_density(slow))
    return float(weighted.integrate(slow.y[0], slow.y[-1]))


def _asked(slow: SlowDynamics, start: ArrayLike, clock: ArrayLike) -> tuple[Array, Array]:
    start, clock = np.atleast_1d(np.asarray(start, float)), np.asarray(clock, float)
    if clock.ndim != 1 or not np.all(np.isfinite(clock) & (clock >= 0)):
        msg = "the times of the clock must be a list of numbers of at least 0"
        raise DomainError(msg)
    if start.ndim != 1 or not np.all((start >= slow.y[0]) & (start <= slow.y[-1])):
        msg = f"a start must lie within [{slow.y[0]:g}, {slow.y[-1]:g}]"
        raise DomainError(msg)
    return start, clock


def _carried(
    left: Array, right: Array, first: Array, clock: Array, read: Callable[[Array], Array]
) -> tuple[Array, Array]:
    """e^{tL} f and its rate of change (n, m) for f = ``first`` at the times t > 0 of the clock.

    read: from functions on the cells (rows, cells) to their values at the starts (rows, n).
    """
    points = read(first[None, :]).shape[1]
    found, change = np.zeros((points, len(clock))), np.zeros((points, len(clock)))
    early = SOONEST / float((left + right).max())
    clock = np.where(clock > 0, np.maximum(clock, early), clock)
    h = 2 * np.sqrt(1 + 8 * SPAN) / CONTOUR
    along = 1 + 1j * h * (np.arange(CONTOUR // 2) + 0.5)  # the rest is the complex conjugate
    bands = np.zeros((3, len(first)), complex)
    bands[0, 1:], bands[2, :-1] = -right[:-1], -left[1:]
    waiting = clock > 0
    while waiting.any():
        soonest = clock[waiting].min()
        group = np.flatnonzero(waiting & (clock <= SPAN * soonest))
        waiting[group] = False
        scale = np.pi / (4 * h * SPAN * soonest)
        z, rows = scale * along**2, np.empty((len(along), len(first)), complex)
        for k, point in enumerate(z):
            bands[1] = point + left + right
            rows[k] = solve_banded((1, 1), bands, first)
        seen = read(rows.real) + 1j * read(rows.imag)
        weights = 2 * h * scale / np.pi * along * np.exp(np.outer(clock[group], z))
        found[:, group] = (weights @ seen).real.T
        change[:, group] = ((weights * z) @ seen).real.T
    return found, change

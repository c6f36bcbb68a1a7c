"""What the whole distribution does: survival and mean position in time, stationary density.

The Fokker–Planck operator on cells, with Scharfetter–Gummel rates: they are positive, conserve
probability and hold the stationary density exactly where drift/diffusion is constant in a cell.
"""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import expm

from .errors import DomainError
from .estimate import Array
from .relaxation import Ends
from .slow import SlowDynamics


def _bernoulli(x: Array) -> Array:
    """x/(eˣ − 1)."""
    small = np.abs(x) < 1e-6
    safe = np.where(small, 1.0, x)
    return np.where(small, 1 - 0.5 * x, safe / np.expm1(np.clip(safe, -700, 700)))


def generator(slow: SlowDynamics, absorb: Ends | None, cells: int = 300) -> tuple[Array, Array]:
    """Backward operator L on ``cells`` cells: ∂f/∂t = L f for f(y, t) = E[f(y_t) | y_0 = y].

    absorb: the ends through which probability leaves; the other reflects (None: both do).
    Returns the cell centres (cells,) and L (cells, cells), whose rows sum to minus the escape rate.
    """
    edges = np.linspace(slow.y[0], slow.y[-1], cells + 1)
    centre, h = 0.5 * (edges[1:] + edges[:-1]), edges[1] - edges[0]
    pull = CubicSpline(slow.y, slow.drift / slow.diffusion)(edges)
    diffusion = CubicSpline(slow.y, slow.diffusion)(centre)
    right = diffusion * _bernoulli(-pull[1:] * h) / h**2
    left = diffusion * _bernoulli(pull[:-1] * h) / h**2
    # an absorbing wall stands half a cell away
    right[-1] = left[0] = 0.0
    if absorb in ("right", "both"):
        right[-1] = diffusion[-1] * _bernoulli(-pull[-1] * h / 2) * 2 / h**2
    if absorb in ("left", "both"):
        left[0] = diffusion[0] * _bernoulli(pull[0] * h / 2) * 2 / h**2
    rates = np.diag(-(right + left)) + np.diag(right[:-1], 1) + np.diag(left[1:], -1)
    return centre, rates


def survival(
    slow: SlowDynamics, start: Array | float, clock: Array, absorb: Ends = "both", cells: int = 300
) -> Array:
    """Probability (n, m) to be inside still at the times ``clock`` (uniform, from 0)."""
    centre, rates = generator(slow, absorb, cells)
    return _carried(centre, rates, np.ones(cells), start, clock, slow)


def mean_position(
    slow: SlowDynamics,
    start: Array | float,
    clock: Array,
    cells: int = 300,
) -> Array:
    """E[y_t | y_0 = start] (n, m) with both ends reflecting, at the uniform times ``clock``."""
    centre, rates = generator(slow, None, cells)
    return _carried(centre, rates, centre, start, clock, slow)


def stationary_density(slow: SlowDynamics) -> Array:
    """Normalised density (n,) on the grid, both ends reflecting: ∝ exp(∫drift/diffusion)/D."""
    phi = CubicSpline(slow.y, slow.drift / slow.diffusion).antiderivative()(slow.y)
    weight = np.exp(phi - phi.max()) / slow.diffusion
    return np.asarray(weight / CubicSpline(slow.y, weight).integrate(slow.y[0], slow.y[-1]))


def stationary_probabilities(slow: SlowDynamics, edges: Array) -> Array:
    """Probability (n,) of each bin [edge, next edge) under the stationary density.

    edges: (n + 1,) within the grid.
    """
    cumulative = CubicSpline(slow.y, stationary_density(slow)).antiderivative()
    return np.diff(cumulative(np.asarray(edges, float)))


def stationary_square(slow: SlowDynamics) -> float:
    """Second moment ⟨y²⟩ under the stationary density."""
    weighted = CubicSpline(slow.y, slow.y**2 * stationary_density(slow))
    return float(weighted.integrate(slow.y[0], slow.y[-1]))


def _carried(
    centre: Array,
    rates: Array,
    first: Array,
    start: Array | float,
    clock: Array,
    slow: SlowDynamics,
) -> Array:
    """Carry the function ``first`` backwards in time and read it at the starts."""
    start, clock = np.atleast_1d(np.asarray(start, float)), np.asarray(clock, float)
    steps = np.diff(clock)
    uniform = len(clock) > 1 and clock[0] == 0 and np.allclose(steps, steps[0], rtol=1e-9)
    if not (uniform and steps[0] > 0):
        msg = "the clock must run from 0 in equal steps"
        raise DomainError(msg)
    if np.any((start < slow.y[0]) | (start > slow.y[-1])):
        msg = f"a start must lie within [{slow.y[0]:g}, {slow.y[-1]:g}]"
        raise DomainError(msg)
    propagator = expm(rates * steps[0])
    rows = [first]
    for _ in steps:
        rows.append(propagator @ rows[-1])
    return np.asarray(CubicSpline(centre, np.array(rows), axis=1)(start).T)

r"""A few fast directions integrated out of any V(x, y), on a lattice around the floor.

    V_eff(y) = −T ln ∫ dᵏx exp[−V(x, y)/T] + ½ k T ln 2πT         (U + ½ T ln det H for a valley)

in white noise and continuous time.  From the lowest place of V the lattice is laid along the axes
of its curvature there, in parts of the spread along each, grown until V has risen by a float's
memory on every face and made finer until the sum stands still: for an analytic V that is faster
than any power of the step.  The number of points is that of one direction to the power k,
which ends at three or four; for one direction :mod:`.marginal` knows more.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from .errors import DomainError, NotConverged
from .estimate import Array, Estimate
from .gibbs import RISE
from .slow import checked_heat
from .valley import places

Energy = Callable[[Array, float], Array]  # x (k, m) at one y → V (m,)

Lift = Callable[[Array], Array]  # x (k, m) → V/T (m,)

DOUBLINGS = 200  # or halvings, of the length of an axis
MOST = 4_000_000  # points of a lattice
TOLERANCE = 1e-10  # of the sums, in temperatures


def lattice_potential(
    energy: Energy, temperature: float, y: ArrayLike, start: ArrayLike
) -> Estimate:
    """V_eff at each y, (n,); its error is the change under the last halving of the lattice.

    energy: of x (k, m) and one y, (m,).  start: (k,) a place in the well at the first y; each
    further y starts from the floor before.  Other wells are counted as far as no face of the
    lattice comes between.  Raises DomainError where V does not confine x within the lattice or is
    not finite on it; NotConverged, with the estimate, where the sums do not settle.

    >>> def bowl(x, y):
    ...     return 0.5 * (x[0] ** 2 + np.exp(y) * (x[1] - x[0]) ** 2)
    >>> lattice_potential(bowl, 0.5, [1.0, 2.0], [0.0, 0.0]).value.round(9).tolist()
    [0.25, 0.5]
    """
    heat, at = checked_heat(temperature), places(y)
    place = np.array(start, float)
    if place.ndim != 1 or not len(place):
        msg = f"the start must be one place in x, (k,); its shape is {place.shape}"
        raise DomainError(msg)
    found = np.empty((2, len(at)))
    for i, here in enumerate(at.tolist()):

        def lift(x: Array, here: float = here) -> Array:
            with np.errstate(all="ignore"):
                return np.asarray(energy(x, here) / heat, float)

        place, axes = _floor(lift, place, here)
        mass, error = _mass(lift, place, axes, here)
        found[:, i] = 0.5 * heat * len(place) * np.log(2 * np.pi * heat) - heat * mass, heat * error
    result = Estimate(found[0], found[1], "theory")
    if not np.all(found[1] <= 1e4 * TOLERANCE * heat):
        worst = int(np.argmax(found[1]))
        msg = f"{MOST} points give the potential at y = {at[worst]:.6g} to no better than "
        raise NotConverged(msg + f"{found[1, worst]:.2g}", result)
    return result


def _floor(lift: Lift, start: Array, y: float) -> tuple[Array, Array]:
    """The lowest place near the start; in columns the axes there, each a rise of half a T long."""
    value = float(lift(start[:, None])[0])
    if not np.isfinite(value):
        msg = f"the potential must be finite at the start; at y = {y:.6g} it is {value:g}"
        raise DomainError(msg)

    def height(x: Array, *_: object) -> float:
        return float(lift(x[:, None])[0])

    found = minimize(height, start, method="BFGS")
    place = np.asarray(found.x, float)
    axes = _conjugate(lift, place, np.asarray(found.hess_inv, float))
    lowest = height(place)
    for n in range(len(start)):
        for _ in range(DOUBLINGS):
            ends = np.stack([place - axes[:, n], place + axes[:, n]], axis=1)
            rise = float(np.mean(lift(ends))) - lowest
            if 0.25 <= rise <= 1.0:
                break
            axes[:, n] *= 0.7 if not rise < 0.25 else 1.4
    return place, axes


def _conjugate(lift: Lift, place: Array, spread: Array) -> Array:
    """Axes along which V is a sum of squares, or nearly: any others would do, with more points."""
    size, turn = np.linalg.eigh(spread)
    rough = turn * np.sqrt(np.maximum(size, 1e-6 * np.abs(size).max()))
    k, one = len(place), np.eye(len(place))

    def at(s: int, t: int) -> Array:
        moves = [0.1 * rough @ (s * one[a] + t * one[b]) for a in range(k) for b in range(k)]
        return lift(place[:, None] + np.transpose(moves))

    curved = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)).reshape(k, k)
    if not np.all(np.isfinite(curved)):
        return np.asarray(rough)
    return np.asarray(rough @ np.linalg.eigh(0.5 * (curved + curved.T))[1])


def _mass(lift: Lift, place: Array, axes: Array, y: float) -> tuple[float, float]:
    """The logarithm of ∫ exp(−V/T) dx, and how much the last halving changed it."""
    k, reach = len(place), 9.0
    volume, lowest = float(np.log(abs(np.linalg.det(axes)))), float(lift(place[:, None])[0])
    step, masses = 1.0, [np.inf]
    while True:
        side = np.arange(-np.ceil(reach / step), np.ceil(reach / step) + 1) * step
        if float(len(side)) ** k > MOST:
            break
        u = np.stack(np.meshgrid(*[side] * k, indexing="ij")).reshape(k, -1)
        risen = lift(place[:, None] + axes @ u) - lowest
        if np.isnan(risen).any():
            msg = f"the potential must be defined around its floor; at y = {y:.6g} it is not"
            raise DomainError(msg)
        edge = (np.abs(u) == side[-1]).any(axis=0)
        if risen[edge].min() < RISE:
            reach *= 1.5
            continue
        deepest = risen.min()
        mass = np.log(np.exp(deepest - risen).sum()) - deepest + k * np.log(step) + volume - lowest
        masses.append(float(mass))
        if abs(masses[-1] - masses[-2]) <= TOLERANCE:
            break
        step *= 0.5
    if len(masses) == 1:
        msg = f"the potential must rise by {RISE:g} temperatures on all sides of its floor; at y = "
        raise DomainError(msg + f"{y:.6g} {MOST} points do not get there")
    return masses[-1], abs(masses[-1] - masses[-2])

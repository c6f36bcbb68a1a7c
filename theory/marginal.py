r"""One fast direction integrated out of a V(x, y) that need not be quadratic in it.

    V_eff(y) = −T ln ∫ dx exp[−V(x, y)/T] + ½ T ln 2πT          (U + ½ T ln g for a valley)

    −V_eff'(y) = −⟨∂V/∂y⟩            d⟨x⟩/dy = −cov(x, ∂V/∂y)/T       averages over x at frozen y

in white noise and continuous time; a step or another noise leaves no Gibbs measure to integrate.

Equilibrium at frozen y needs a single well.  Where a barrier parts x from a second one, the
potential still is that of equilibrium, but x takes exp(barrier/T) to get there.  And where the
floor ⟨x⟩(y) is not straight along y, a walker on it climbs √(1 + ⟨x⟩'²) of length per unit of y:
the mobility of y is 1/(1 + ⟨x⟩'²), however stiff the walls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .errors import DomainError, NotConverged
from .estimate import Array, Estimate, freeze
from .expression import Surface, evaluated
from .gibbs import LAST, Rows, Unconfined, gibbs_averages
from .slow import SlowDynamics, checked_heat, grid
from .valley import places

ROUGHEST = 1e-6  # temperatures: error of a potential that is handed over
TWO_WELLS = 1.0  # temperatures: beyond such a barrier x waits for a jump while y moves on


@dataclass(frozen=True)
class Marginal:
    """What is left of V(x, y) when x is integrated out at each y, (n,) all.

    potential, force: V_eff and −V_eff', errors those of the sums.  position, variance: of x.
    slope: d⟨x⟩/dy.  barrier: in temperatures, 0 where x has one well, else the largest between two
    as seen from the shallower.
    """

    y: Array
    potential: Estimate
    force: Estimate
    position: Array
    variance: Array
    slope: Array
    barrier: Array

    def __post_init__(self) -> None:
        freeze(self)


def marginal_potential(surface: Surface, temperature: float, y: ArrayLike) -> Marginal:
    """Integrate x out of ``surface`` at each y, numerically exact.

    Raises DomainError for an inadmissible temperature, or where V does not confine x or is not
    defined in the midst; NotConverged, with the Marginal, where the sums do not settle.

    >>> from .expression import surface
    >>> found = marginal_potential(surface("y**2 + exp(y)*x**2/2"), 0.5, [0.0, 1.0])
    >>> [[round(v, 9) for v in e.value.tolist()] for e in (found.potential, found.force)]
    [[0.0, 1.25], [-0.25, -2.25]]
    """
    heat, at = checked_heat(temperature), places(y)

    def height(x: Array, rows: Rows) -> Array:
        return np.asarray(surface(x, at[rows, None]), float)

    def observe(x: Array, weight: Array, rows: Rows) -> Array:
        slope = evaluated(surface.slope_y, (x, at[rows, None]), surface.params, surface.text)
        mean, force = np.sum(weight * x, axis=1), -np.sum(weight * slope, axis=1)
        away = x - mean[:, None]
        spread = np.sum(weight * away**2, axis=1)
        return np.array([force, mean, spread, -np.sum(weight * away * slope, axis=1) / heat])

    found = confined(lambda: gibbs_averages(height, observe, heat, len(at)), surface, at)
    potential = Estimate(
        heat * (0.5 * np.log(2 * np.pi * heat) - found.mass), heat * found.mass_error, "theory"
    )
    force, *others = found.seen
    result = Marginal(
        *(at, potential, Estimate(force, found.seen_error[0], "theory")),
        *(*others, found.barrier),
    )
    if not np.all(found.mass_error <= ROUGHEST):
        worst = int(np.argmax(np.nan_to_num(found.mass_error, nan=np.inf)))
        msg = f"{LAST} points in x give the potential at y = {at[worst]:.6g} to no better than "
        raise NotConverged(msg + f"{potential.error[worst]:.2g}", result)
    return result


Answer = TypeVar("Answer")


def confined(ask: Callable[[], Answer], surface: Surface, y: Array) -> Answer:
    """What is asked of the measures of x, or a DomainError that names the surface and the y."""
    try:
        return ask()
    except Unconfined as error:
        msg = f"at every y the potential {surface.text!r} must {error.must} in x; at y = "
        raise DomainError(msg + f"{y[error.which]:.6g} it does not") from None


def marginal_dynamics(
    surface: Surface, temperature: float, interval: tuple[float, float], points: int = 1001
) -> SlowDynamics:
    r"""The adiabatic drift–diffusion of y on ``interval``, x and y in one bath of ``temperature``.

    Unit mobility in the plane, μ = 1/(1 + ⟨x⟩'²) along y: drift −μ V_eff' + T μ' (parts "effective
    potential" and "mobility") and diffusion μ T.  adiabaticity: the rate at which the spread of x
    changes, over that at which x follows, T/⟨δx²⟩.  (An end that is not square to the floor is met
    early all the same, by the trembling of x.)  Raises DomainError as :func:`marginal_potential`
    does, and where x has two wells with more than one temperature between them.
    """
    y = grid(interval, points)
    found = marginal_potential(surface, temperature, y)
    if np.any(found.barrier > TWO_WELLS):
        first = int(np.argmax(found.barrier > TWO_WELLS))
        msg = f"x must have one well at every y; at y = {y[first]:.6g} {found.barrier[first]:.3g} "
        raise DomainError(msg + "temperatures part two of them, and x does not follow y")
    mobility = 1 / (1 + found.slope**2)
    pull = mobility * found.force.value
    bend = temperature * np.gradient(mobility, y, edge_order=2)
    drift, diffusion = pull + bend, temperature * mobility
    change = np.abs(np.gradient(np.log(found.variance), y, edge_order=2))
    rate = temperature / (found.variance * mobility)
    adiabaticity = (change * np.abs(drift) + change**2 * diffusion) / rate
    parts = {"effective potential": pull, "mobility": bend}
    return SlowDynamics(y, drift, diffusion, parts, adiabaticity)

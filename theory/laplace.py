r"""One fast direction integrated out around the floor of its well, in powers of the temperature.

With x*(y) the lowest place of V in x, V_n its n-th derivative in x there and λ_n = V_n/V₂^{n/2},

    V_eff = V(x*, y) + ½ T ln V₂ + T² [λ₄/8 − 5λ₃²/24]
            + T³ [λ₆/48 − λ₄²/12 − 7λ₃λ₅/48 + 25λ₃²λ₄/48 − 5λ₃⁴/16] + …

the connected averages of the exponential of what is not quadratic, over the Gaussian that is.  An
asymptotic series is as good as its first term left out: the error of :func:`laplace_expansion`,
which sums to T², is the T³ term, or the square of the T² term over T where that is larger (the T³
term may vanish, as it does for Stirling's eˣ − ax).
"""

import ast
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import ArrayLike

from .errors import DomainError, NotConverged
from .estimate import Array, Estimate, freeze
from .expression import Surface, derivative
from .gibbs import PARTED, Rows, window
from .marginal import confined
from .slow import checked_heat
from .taylor import taylor
from .valley import places

LEFT_OUT = 6  # derivatives in x that the term left out needs
NEWTON = 60  # steps to the floor, from within a hundredth of the well
_TINY = 1e-30  # of a complex step, exact at any size


@dataclass(frozen=True)
class LaplaceExpansion:
    """V_eff of V(x, y) to the second power of T, (n,) all.

    potential, force: V_eff and −V_eff', their errors the size of what T³ brings.  place: x*.
    stiffness: V₂ there.  orders: (4, n), the terms of T⁰ to T³, the first three of which are
    summed.
    """

    y: Array
    potential: Estimate
    force: Estimate
    place: Array
    stiffness: Array
    orders: Array

    def __post_init__(self) -> None:
        freeze(self)


def laplace_expansion(surface: Surface, temperature: float, y: ArrayLike) -> LaplaceExpansion:
    """Expand around the floor of ``surface`` at each y, with exact derivatives.

    Raises DomainError for an inadmissible temperature, a surface without a formula, where V does
    not confine x, where x has a second well within reach, and where the floor is not quadratic.

    >>> from .expression import surface
    >>> found = laplace_expansion(surface("x**2/2 + x**4"), 0.01, [0.0])
    >>> found.potential.value.round(9).item(), found.potential.error.round(9).item()
    (0.0003, 4.8e-05)
    """
    heat, at = checked_heat(temperature), places(y)
    if surface.tree is None:
        msg = f"{surface.text!r} was not read from a formula, which an expansion needs"
        raise DomainError(msg)
    place = _floor(surface, surface.tree, heat, at)
    along = _derivatives(surface.tree, surface, place, at, LEFT_OUT + 1)
    _refuse_flat(surface, along[2], at)
    moving = _derivatives(derivative(surface.tree, "y"), surface, place, at, LEFT_OUT)
    climb = -moving[1] / along[2]
    orders = _orders(along[:-1].astype(complex) + 1j * _TINY * (moving + along[1:] * climb), heat)
    terms, slopes = orders.real, orders.imag / _TINY
    error = np.maximum(np.abs(terms[3]), terms[2] ** 2 / heat)
    wrong = np.maximum(np.abs(slopes[3]), 2 * np.abs(terms[2] * slopes[2]) / heat)
    potential = Estimate(terms[:3].sum(axis=0), error, "theory")
    force = Estimate(-slopes[:3].sum(axis=0), wrong, "theory")
    return LaplaceExpansion(at, potential, force, place, along[2], terms)


def _orders(v: Array, heat: float) -> Array:
    """The terms of T⁰ to T³ from V and its derivatives, (7, n), real or complex."""
    cube, quart, fifth, sixth = (v[n] / v[2] ** (n / 2) for n in (3, 4, 5, 6))
    second = quart / 8 - 5 * cube**2 / 24
    third = sixth / 48 - quart**2 / 12 - 7 * cube * fifth / 48
    third = third + 25 * cube**2 * quart / 48 - 5 * cube**4 / 16
    return np.array([v[0], 0.5 * heat * np.log(v[2]), heat**2 * second, heat**3 * third])


def _derivatives(tree: ast.expr, surface: Surface, x: Array, y: Array, order: int) -> Array:
    """(order + 1, n): derivatives in x of a tree in the variables and parameters of the surface."""
    series = taylor(tree, order, "x", {"x": x, "y": y}, surface.params)
    return np.asarray(series * np.array([[float(factorial(n))] for n in range(order + 1)]))


def _floor(surface: Surface, tree: ast.expr, heat: float, y: Array) -> Array:
    """x*(y), by Newton's steps from the lowest of a fine grid."""

    def height(x: Array, rows: Rows) -> Array:
        return np.asarray(surface(x, y[rows, None]), float)

    where = confined(lambda: window(height, heat, np.arange(len(y))), surface, y)
    if where.barrier.max() > PARTED:
        worst = int(np.argmax(where.barrier))
        msg = f"x must have one well at every y; at y = {y[worst]:.6g} {where.barrier[worst]:.3g} "
        raise DomainError(msg + "temperatures part two of them: integrate it numerically")
    place = where.place
    for _ in range(NEWTON):
        _, slope, stiffness = _derivatives(tree, surface, place, y, 2)
        _refuse_flat(surface, stiffness, y)
        step = slope / stiffness
        place = place - step
        if np.all(np.abs(step) <= 1e-14 * where.width + 1e-15 * np.abs(place)):
            break
    if not np.all(np.abs(step) <= 1e-6 * where.width):
        worst = int(np.argmax(np.abs(step) / where.width))
        msg = f"the floor of {surface.text!r} at y = {y[worst]:.6g} was not found in {NEWTON} steps"
        raise NotConverged(msg, place)
    return place


def _refuse_flat(surface: Surface, stiffness: Array, y: Array) -> None:
    bad = ~((stiffness > 0) & np.isfinite(stiffness))
    if bad.any():
        msg = f"the floor of {surface.text!r} must have a positive second derivative in x; at y = "
        raise DomainError(msg + f"{y[bad][0]:.6g} it is {stiffness[bad][0]:.6g}")

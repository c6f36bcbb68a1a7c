r"""How rarely a high barrier is crossed: Kramers in one dimension, Langer in many.

For ẏ = −μ V'(y) + √(2μT) ξ from a minimum a over a maximum b, far beyond which the walker is lost,

    rate = μ/(2π) √(V''(a) |V''(b)|) e^{−ΔV/T} [1 − T (w_a + w_b) + O(T²)]

and each w is the next term of Laplace's method at its end, for the minimum of V at a, of −V at b:

    w = 5 V'''²/(24 |V''|³) ∓ V''''/(8 V''²)        − at the minimum, + at the maximum.

Langer's in N dimensions with Hessians H_a and H_b, λ₋ < 0 the only negative eigenvalue of H_b:

    rate = |λ₋|/(2π) √(det H_a/|det H_b|) e^{−ΔV/T}
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad

from .errors import DomainError
from .estimate import Array, Estimate
from .symmetric import check_symmetric

WIDTH = 0.02  # of the distance between minimum and maximum: the spacing of finite differences
STENCIL = (
    4  # points on either side: the slope and its next three derivatives to order WIDTH⁶ at least
)


def kramers_rate(
    slope: Callable[[Array], Array],
    temperature: float,
    minimum: float,
    maximum: float,
    mobility: float = 1.0,
) -> Estimate:
    """Rate of crossing the maximum from the minimum, for good; 1/rate is the mean time.

    slope: V'(y), smooth.  minimum, maximum: the places of the two, where V' = 0.  mobility: that
    at the maximum.  The error is the square of the correction: the scale of what asymptotics
    leaves out, not a bound.  Raises DomainError where V does not curve as it must, or T is not
    positive.

    >>> rate = kramers_rate(lambda y: y**3 - y, 0.01, -1.0, 0.0)
    >>> leading = 2**0.5 / (2 * np.pi) * np.exp(-25)
    >>> round(float(rate.value / leading), 6)          # 1 − 3T/2
    0.985
    """
    _positive("temperature", temperature)
    _positive("mobility", mobility)
    if not (np.isfinite(minimum) and np.isfinite(maximum) and minimum != maximum):
        msg = f"minimum and maximum must be two places; they are {minimum:g} and {maximum:g}"
        raise DomainError(msg)
    well, top = (_curved(slope, at, maximum - minimum) for at in (minimum, maximum))
    if not (well[0] > 0 > top[0]):
        msg = (
            "V'' must be positive at the minimum and negative at the maximum; "
            f"they are {well[0]:.4g} at {minimum:g} and {top[0]:.4g} at {maximum:g}"
        )
        raise DomainError(msg)
    rise = quad(lambda y: float(slope(np.asarray(y))), minimum, maximum, limit=200)[0]
    next_order = np.float64(temperature) * (_laplace(*well) + _laplace(*(-v for v in top)))
    leading = mobility / (2 * np.pi) * np.sqrt(-well[0] * top[0]) * np.exp(-rise / temperature)
    with np.errstate(over="ignore"):
        error = leading * next_order**2
    return Estimate(leading * (1 - next_order), error, "theory")


def langer_rate(
    minimum: ArrayLike, saddle: ArrayLike, rise: float, temperature: float, mobility: float = 1.0
) -> float:
    """Rate over a saddle, to leading order in T; minimum, saddle: Hessians (N, N); rise: ΔV.

    Raises DomainError if they are not symmetric, the first is not positive, or the second has not
    one negative eigenvalue.

    >>> langer_rate(np.diag([2.0, 1.0]), np.diag([-1.0, 4.0]), 0.0, 1.0) * 2 * np.pi
    0.7071067811865476
    """
    _positive("temperature", temperature)
    _positive("mobility", mobility)
    if not np.isfinite(rise):
        msg = f"the rise must be a finite number; it is {rise:g}"
        raise DomainError(msg)
    hessians = [np.atleast_2d(np.asarray(h, float)) for h in (minimum, saddle)]
    for hessian in hessians:
        check_symmetric(hessian, 1e-8)
    well, top = (np.linalg.eigvalsh(h) for h in hessians)
    if len(well) != len(top) or not well[0] > 0:
        msg = f"the Hessian at the minimum must be positive, {len(top)} by {len(top)}; its lowest "
        raise DomainError(msg + f"eigenvalue of {len(well)} is {well[0]:.4g}")
    if not (top[0] < 0 and np.all(top[1:] > 0)):
        msg = "the Hessian at the saddle must have one negative eigenvalue; it has "
        raise DomainError(msg + f"{np.sum(top < 0)}, and {np.sum(top == 0)} that vanish")
    ratio = np.exp(0.5 * (np.log(well).sum() - np.log(np.abs(top)).sum()) - rise / temperature)
    return float(mobility * -top[0] / (2 * np.pi) * ratio)


def _laplace(second: float, third: float, fourth: float) -> float:
    """W of ∫ e^{−V/T} = √(2πT/V'') e^{−V/T} (1 + T w)."""
    return 5 * third**2 / (24 * second**3) - fourth / (8 * second**2)


def _curved(slope: Callable[[Array], Array], at: float, way: float) -> tuple[float, ...]:
    """V'', V''', V'''' by central differences of the slope, as a polynomial through 9 points."""
    points = np.arange(-STENCIL, STENCIL + 1.0)
    width = WIDTH * abs(way)
    values = np.asarray(slope(at + width * points), float)
    coefficients = np.linalg.solve(np.vander(points, increasing=True), values)
    first, second, third = coefficients[1:4]
    return float(first / width), float(2 * second / width**2), float(6 * third / width**3)


def _positive(what: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        msg = f"the {what} must be a positive number; it is {value:g}"
        raise DomainError(msg)

"""Slow and obvious versions of what the house computes cleverly."""

import math
from collections.abc import Callable

from scipy.integrate import quad


def iterated_variance(stiffness: float, strength: float, step: float) -> float:
    """The variance of x ← (1 − ηg)x + √(2Dη) ξ after so many steps that it stands still."""
    variance = 0.0
    for _ in range(100_000):
        following = (1 - step * stiffness) ** 2 * variance + 2 * strength * step
        if following == variance:
            break
        variance = following
    return variance


def nested_exit_time(
    height: Callable[[float], float],
    heat: float,
    interval: tuple[float, float],
    start: float,
    absorb: str,
) -> float:
    """The textbook double integral for dy = −V' dt + √(2T) dW, one adaptive quadrature in another.

    One absorbing end: ∫ from start to it of e^{V/T} ∫ from the mirror of e^{−V/T}, over T.
    Two: the time to the right end with the left one as if a mirror, less what leaves on the left.
    """
    low, high = interval
    options = {"epsabs": 1e-12, "epsrel": 1e-10, "limit": 200}

    def outer(a: float, b: float, mirror: float) -> float:
        def inner(z: float) -> float:
            mass = quad(lambda x: math.exp(-height(x) / heat), mirror, z, **options)[0]
            return math.exp(height(z) / heat) * mass / heat

        return quad(inner, a, b, **options)[0]

    if absorb == "right":
        return outer(start, high, low)
    if absorb == "left":
        return outer(start, low, high)
    to_high = quad(lambda z: math.exp(height(z) / heat), low, start, **options)[0]
    whole = quad(lambda z: math.exp(height(z) / heat), low, high, **options)[0]
    return to_high / whole * outer(low, high, low) - outer(low, start, low)

r"""The largest margin that binary weights can keep: where their entropy vanishes.

The inverse of :func:`.binary.critical_capacity`, κ_max(α) with α_c(κ_max) = α, found by Newton's
method on ln α_c, which falls almost like a straight line in κ.
"""

import numpy as np

from ..errors import DomainError
from .binary import critical_capacity

LOWEST, HIGHEST = -6.0, 12.0


def largest_margin(alpha: float) -> float:
    """κ_max(α) of binary weights, to 1e-12; at the critical load 0.833 of zero margin it is zero.

    Raises DomainError where it is not between -6 and 12.
    """
    low, high = LOWEST, HIGHEST
    loads = critical_capacity(np.array([high, low]))
    if not loads[0] < alpha < loads[1]:
        msg = f"alpha must lie between {loads[0]:.3g} and {loads[1]:.3g}; it is {alpha:.10g}"
        raise DomainError(msg)
    kappa, step = 0.0, 1e-4
    for _ in range(100):
        below, here, above = np.log(critical_capacity(kappa + step * np.array([-1, 0, 1])) / alpha)
        low, high = (kappa, high) if here > 0 else (low, kappa)
        move = -here * 2 * step / (above - below)
        if abs(move) < 1e-13:
            break
        kappa = kappa + move if low < kappa + move < high else 0.5 * (low + high)
    return float(kappa + move)

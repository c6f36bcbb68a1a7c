r"""The mean of a slow coordinate that moves in Gaussian kicks, without ends that absorb.

.. math:: m_{j+1}(y) = E[m_j(y + drift(y) + \sqrt{2\,diffusion(y)}\, z)], \quad m_0(y) = y,

with z normal: by Gauss–Hermite quadrature on a smooth m_j, which is as good for kicks that are far
smaller than the way as for large ones (a dense kernel must resolve every kick).
"""

import numpy as np
from scipy.interpolate import CubicSpline

from .errors import DomainError
from .estimate import Array
from .slow import SlowDynamics

NODES = 9  # exact for what a polynomial of degree 17 says over a few kicks
POINTS = 401


def mean_motion(slow: SlowDynamics, start: float, kicks: int, low: float, high: float) -> Array:
    """E[y] (kicks + 1,) after 0, 1, … ``kicks`` kicks; who leaves [low, high] is put at that end.

    slow: per kick.  Raises DomainError for a start outside, or an interval beyond the grid.

    >>> pulled = SlowDynamics(np.linspace(-1, 1, 9), -0.1 * np.linspace(-1, 1, 9), np.full(9, 1e-4))
    >>> mean_motion(pulled, 0.5, 2, -1.0, 1.0).round(6).tolist()
    [0.5, 0.45, 0.405]
    """
    if not slow.y[0] <= low <= start <= high <= slow.y[-1] or low == high:
        grid = f"[{slow.y[0]:g}, {slow.y[-1]:g}]"
        msg = f"the interval must hold the start {start:g} and lie within {grid}; "
        raise DomainError(msg + f"it is [{low:g}, {high:g}]")
    y = np.linspace(low, high, POINTS)
    z, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    drift = CubicSpline(slow.y, slow.drift)
    spread = CubicSpline(slow.y, np.sqrt(2 * slow.diffusion))

    def after(places: Array) -> Array:
        kicked = (places + drift(places))[:, None] + spread(places)[:, None] * z
        return np.asarray(np.clip(kicked, low, high))

    everywhere, first = after(y), after(np.array([start]))
    found, mean = [start], CubicSpline(y, y)
    for _ in range(kicks):
        found.append(float(mean(first)[0] @ weights))
        mean = CubicSpline(y, mean(everywhere) @ weights)
    return np.array(found)

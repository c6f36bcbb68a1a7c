r"""A slow coordinate that moves in kicks: what is watched once a cycle, at any size of the kick.

Between two looks y moves by a Gaussian kick of mean drift(y) and variance 2 diffusion(y) (time is
counted in kicks).  Mean exit time and survival follow from the integral equation

.. math:: T(y) = 1 + \int_a^b K(y, y')\, T(y')\, dy',

with no assumption that kicks are small against the interval; for small kicks it agrees with the
drift–diffusion of :mod:`.relaxation` with its ends moved out by the monitoring shift.
"""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from .errors import DomainError
from .estimate import Array
from .slow import SlowDynamics

_LARGEST = 6000  # nodes of the dense kernel
_LONGEST = 1e10  # kicks; the kernel's probabilities have no digits left for longer stays


class Chain:
    """The Gaussian kick chain on (low, high), left for good when a kick lands outside.

    slow: drift and diffusion per kick, on a grid that reaches over [low, high].  Raises DomainError
    for an interval outside the grid, or kicks too small for a dense kernel.
    """

    def __init__(self, slow: SlowDynamics, low: float, high: float) -> None:
        if not (slow.y[0] <= low < high <= slow.y[-1]):
            grid = f"[{slow.y[0]:g}, {slow.y[-1]:g}]"
            msg = f"the interval must lie within {grid}; it is [{low:g}, {high:g}]"
            raise DomainError(msg)
        self._low, self._high = low, high
        self._drift = CubicSpline(slow.y, slow.drift)
        self._spread = CubicSpline(slow.y, np.sqrt(2 * slow.diffusion))
        # where one kick tears neighbours apart, T changes faster than over a kick
        torn = np.abs(1 + self._drift(slow.y, 1))[(slow.y >= low) & (slow.y <= high)]
        kick = float(np.sqrt(2 * slow.diffusion.min()) / max(1.0, torn.max(initial=0.0)))
        self.nodes, self._weights = _rule(low, high, kick)
        self._kernel = self._kicks(self.nodes)

    def _kicks(self, start: Array) -> Array:
        """K(start, node) · weight (n, nodes)."""
        spread = self._spread(start)[:, None]
        gap = (self.nodes - (start + self._drift(start))[:, None]) / spread
        return np.asarray(np.exp(-0.5 * gap**2) / (np.sqrt(2 * np.pi) * spread) * self._weights)

    def mean_exit(self, start: Array | list[float]) -> Array:
        """Mean number of kicks (n,) until the chain is first found outside.

        Raises DomainError for a start outside, or a stay too long for the digits of a float.
        """
        start = self._inside(start)
        inside = np.linalg.solve(np.eye(len(self.nodes)) - self._kernel, np.ones(len(self.nodes)))
        if not np.all((inside > 0) & (inside < _LONGEST)):
            msg = (
                f"the chain stays for more than {_LONGEST:g} kicks, too long for a dense kernel; "
                "mean_exit_time is the limit of small kicks"
            )
            raise DomainError(msg)
        return np.asarray(1 + self._kicks(start) @ inside)

    def survival(self, start: Array | list[float], kicks: int) -> Array:
        """Probability (n, kicks + 1) to have stayed inside for 0, 1, … ``kicks`` kicks."""
        start = self._inside(start)
        rows, first, ahead = [np.ones(len(start))], self._kicks(start), np.ones(len(self.nodes))
        for _ in range(kicks):
            rows.append(first @ ahead)
            ahead = self._kernel @ ahead
        return np.array(rows).T

    def mean_position(self, start: Array | list[float], kicks: int) -> Array:
        """E[y] (n, kicks + 1) after 0, 1, … ``kicks`` kicks; who has left is held at that end.

        m_{j+1}(y) = low P(y' < low) + high P(y' > high) + ∫ K(y, y') m_j(y') dy',  m_0(y) = y.
        """
        start = self._inside(start)
        rows, first, ahead = [start], self._kicks(start), self.nodes
        held, held_ahead = self._held(start), self._held(self.nodes)
        for _ in range(kicks):
            rows.append(held + first @ ahead)
            ahead = held_ahead + self._kernel @ ahead
        return np.array(rows).T

    def _held(self, start: Array) -> Array:
        """The position if held, low P(y' < low) + high P(y' > high) after one kick (n,)."""
        centre, spread = start + self._drift(start), self._spread(start)
        below = ndtr((self._low - centre) / spread)
        above = ndtr((centre - self._high) / spread)
        return np.asarray(self._low * below + self._high * above)

    def _inside(self, start: Array | list[float]) -> Array:
        start = np.atleast_1d(np.asarray(start, float))
        if not np.all((start >= self._low) & (start <= self._high)):
            msg = f"a start must lie within [{self._low:g}, {self._high:g}]"
            raise DomainError(msg)
        return start


def _rule(low: float, high: float, kick: float) -> tuple[Array, Array]:
    """Gauss–Legendre nodes and weights on panels no wider than a kick."""
    panels = max(4, int(np.ceil((high - low) / kick)))
    x, w = np.polynomial.legendre.leggauss(4)
    if len(x) * panels > _LARGEST:
        msg = (
            f"kicks of {kick:.3g} are too small for an interval of {high - low:.3g}; "
            "mean_exit_time is the limit of small kicks"
        )
        raise DomainError(msg)
    edges = np.linspace(low, high, panels + 1)
    half, centre = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    return (centre + half * x).ravel(), (half * w).ravel()

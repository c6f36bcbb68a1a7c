r"""Hit and run: along a great circle chosen at random, the angle is drawn afresh from its law.

On w cos θ + v sin θ, with v uniform among the directions, pattern μ has the stability
c cos θ + d sin θ = A cos(θ − φ), A = √(c² + d²), and misses the margin on one arc,

.. math:: \phi + a < \theta < \phi + 2\pi - a, \qquad \cos a = \kappa/A

(nowhere if κ ≤ −A, everywhere if κ ≥ A).  The ends of the arcs cut the circle into pieces on each
of which the number n of missed patterns is constant; a piece is drawn with weight
length × exp(−βn), and the angle uniform on it.  At β = ∞ these are the pieces that keep
every margin, one for κ ≥ 0 (solutions are a cone) and any number for κ < 0: this walk steps over
gaps.

Slower than :mod:`.billiard`, with which it shares nothing: each is a check of the other.
"""

from typing import Any

import numpy as np

from ...theory.estimate import Array
from .compiled import compiled
from .patterns import Instance
from .tangent import Weights, on_the_sphere, velocities


class HitAndRun:
    """Replicas of one sample; a sweep is N moves of each.

    weights: (replicas, N).  stabilities: (replicas, P).  At β = inf all weights must keep the
    margin to begin with; at a finite one the energy must be "count".
    """

    def __init__(
        self,
        instance: Instance,
        weights: Weights,
        kappa: float,
        beta: float,
        energy: str,
        rng: np.random.Generator,
    ) -> None:
        self.rng, self.kappa, self.beta = rng, float(kappa), float(beta)
        self.rows = np.asarray(instance.patterns, np.float64) / np.sqrt(instance.size)
        self.weights: Array = on_the_sphere(np.array(weights, np.float64))
        self.stabilities: Array = self.weights @ self.rows.T

    def sweep(self, learn: bool = False) -> float:
        """N moves of every replica; returns 1, all moves are made."""
        for _ in range(self.weights.shape[1]):
            directions = on_the_sphere(velocities(self.rng, self.weights))
            slopes, where = directions @ self.rows.T, self.rng.random(len(self.weights))
            angles = np.array(
                [
                    _angle(c, d, self.kappa, self.beta, u)
                    for c, d, u in zip(self.stabilities, slopes, where, strict=True)
                ]
            )[:, None]
            self.weights = np.cos(angles) * self.weights + np.sin(angles) * directions
            self.stabilities = np.cos(angles) * self.stabilities + np.sin(angles) * slopes
        self.weights = on_the_sphere(self.weights)
        self.stabilities = self.weights @ self.rows.T
        return 1.0


@compiled(error_model="numpy")
def _angle(c, d, kappa, beta, where) -> Any:  # type: ignore[no-untyped-def]
    """The angle whose cumulative weight on the circle is the fraction ``where``."""
    circle = 2 * np.pi
    angles, steps = np.empty(2 * c.size + 2), np.zeros(2 * c.size + 2)
    angles[0], angles[1] = 0.0, circle
    count = 2
    for m in range(c.size):
        reach = np.sqrt(c[m] * c[m] + d[m] * d[m])
        if abs(kappa) < reach:
            middle, half = np.arctan2(d[m], c[m]), np.arccos(kappa / reach)
            angles[count], steps[count] = (middle + half) % circle, 1.0
            angles[count + 1], steps[count + 1] = (middle - half) % circle, -1.0
            count += 2
    order = np.argsort(angles[:count])
    lengths = np.empty(count - 1)
    missed = np.cumsum(steps[order])  # as against θ = 0
    least = missed[: count - 1].min()
    total = 0.0
    for i in range(count - 1):
        excess = missed[i] - least
        weight = np.exp(-beta * excess) if excess > 0 else 1.0
        lengths[i] = weight * (angles[order[i + 1]] - angles[order[i]])
        total += lengths[i]
    left = where * total
    for i in range(count - 1):
        if left < lengths[i]:
            return angles[order[i]] + left / lengths[i] * (angles[order[i + 1]] - angles[order[i]])
        left -= lengths[i]
    return 0.0

r"""A billiard on the sphere samples the weights that keep every pattern above its floor.

Weights move along a great circle until a pattern's stability falls to its floor, Δ_μ = κ_μ, and are
reflected there: with the wall's normal along the sphere, n = ξ/√N − Δ_μ w/N,

    v ← v − 2 (v·n)/|n|² n,        |n|² = |ξ|²/N − κ_μ²/N.

Speed and volume in phase space are kept and no move is ever rejected: with normal velocities drawn
afresh for each trajectory, the uniform measure between the floors is stationary, exactly.  At β = ∞
every floor is κ; at a finite β, floors drawn from :mod:`.cost` before each trajectory make
exp(−β Σ v(Δ)) stationary.

Caught in a corner too narrow to leave in 10⁴ bounces a wall, a trajectory is not made at all, and
neither would be its reverse: that is reversible too.

Bounces are told by stabilities alone.  Those of w and of its direction turn with the angle, and a
bounce adds a row of the Gram matrix: it takes a few times P operations, not N·P.  A trajectory that
turns free weights by 90° meets about P walls, and a few trajectories forget where they began.

The walls tell a pressure.  A wall is hit at the rate p_μ |n|/√2π, with p_μ the density of Δ_μ at
its floor, since v·n/|n| is normal.  At β = ∞ the volume V(κ) therefore has the slope

.. math:: \frac{d\ln V}{d\kappa} = -\sum_\mu p_\mu(\kappa)
          = -\frac{\sqrt{2\pi}}{\text{time}} \sum_{\text{hits}} \frac{1}{|n|} .

Billiards have been used to sample the version space of perceptrons, and reflected dynamics normals
between walls: P. Ruján, Neural Comput. 9, 99 (1997), A. Pakman and L. Paninski, J. Comput. Graph.
Stat. 23, 518 (2014) (abstracts).  Circles, floors and pressure are derived here.
"""

from typing import Any

import numpy as np

from ...theory.errors import DomainError
from ...theory.estimate import Array
from .compiled import compiled
from .cost import floors
from .patterns import Instance
from .tangent import Weights, on_the_sphere, velocities

TURN = 0.5 * float(np.pi)  # time of a trajectory
BOUNCES = 10_000  # a wall and a trajectory, beyond which it is caught in a corner
MOST = 20_000  # patterns, whose Gram matrix takes 3 GB


class Billiard:
    """Replicas of one sample; a sweep is a trajectory of time π/2.

    weights: (replicas, N).  stabilities: (replicas, P).  At β = inf all weights must keep the
    margin to begin with.  energy: "count", "hinge" or "quadratic".
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
        if len(instance.patterns) > MOST:
            msg = (
                f"the billiard holds at most {MOST} patterns; there are {len(instance.patterns)}:"
                " take another sampler or fewer weights"
            )
            raise DomainError(msg)
        self.rng, self.kappa, self.beta, self.energy = rng, float(kappa), float(beta), energy
        self.rows = np.asarray(instance.patterns, np.float64) / np.sqrt(instance.size)
        self.gram = self.rows @ self.rows.T
        self.weights: Array = on_the_sphere(np.array(weights, np.float64))
        self.stabilities: Array = self.weights @ self.rows.T
        self.pressure = 0.0
        """Σ p_μ, the mean over replicas, in the last sweep; NaN if a trajectory was not made."""

    def sweep(self, learn: bool = False) -> float:
        """One trajectory of every replica; returns the fraction that was made."""
        lowest = floors(self.rng, self.stabilities, self.kappa, self.beta, self.energy)
        directions = velocities(self.rng, self.weights)
        slopes = directions @ self.rows.T
        limit, start = BOUNCES * (len(self.rows) + 1), self.weights.copy()
        hits = np.zeros(len(start))
        each = zip(self.weights, directions, self.stabilities, slopes, lowest, strict=True)
        for i, (w, v, c, d, low) in enumerate(each):
            hits[i] = _trajectory(w, v, c, d, low, self.rows, self.gram, TURN, limit)
        made = ~np.isnan(hits)
        self.pressure = hits.mean() * np.sqrt(2 * np.pi) / TURN
        self.weights = on_the_sphere(np.where(made[:, None], self.weights, start))
        self.stabilities = self.weights @ self.rows.T
        return float(made.mean())


@compiled(error_model="numpy")
def _trajectory(w, v, c, d, low, rows, gram, time, limit) -> Any:  # type: ignore[no-untyped-def]
    """Move w along v for ``time``; w, v and their stabilities c, d (P,) change in place.

    low: (P,) floors.  Returns Σ 1/|n| over the walls met, or NaN beyond ``limit`` of them.
    """
    hits = 0.0
    speed = np.sqrt((v * v).sum() / w.size)
    v /= speed
    d /= speed
    left = time * speed
    when = np.empty(c.size)
    for _ in range(limit):
        wall = _next_wall(c, d, low, when)
        angle = np.pi if wall < 0 else 2 * np.arctan(when[wall])
        last = angle >= left
        if last:
            angle = left
        _turn(w, v, angle)
        _turn(c, d, angle)
        if last:
            return hits
        left -= angle
        if wall >= 0:
            share = c[wall] / w.size
            square = gram[wall, wall] - c[wall] * share
            hits += 1 / np.sqrt(square)
            _reflect(v, d, w, c, rows[wall], gram[wall], 2 * d[wall] / square, share)
    return np.nan


@compiled(error_model="numpy")
def _next_wall(c, d, low, when) -> Any:  # type: ignore[no-untyped-def]
    """Which pattern first has c cos θ + d sin θ = κ with 0 ≤ θ < π, or −1.

    ``when`` becomes tan θ/2 of each: of (c + κ) t² − 2 d t − (c − κ) = 0 the first root t ≥ 0,
    written so that nothing cancels.  From a wall just met, where c = κ, it leads away.
    """
    for m in range(c.size):
        cm, dm, k = c[m], d[m], low[m]
        square = dm * dm + cm * cm - k * k
        root = np.sqrt(max(square, 0.0))
        down = dm < 0
        over = cm - k if down else dm + root
        under = root - dm if down else cm + k
        meets = square >= 0 if down else under > 0
        when[m] = max(over / under, 0.0) if meets else np.inf
    first, best = -1, np.inf
    for m in range(c.size):
        if when[m] < best:
            first, best = m, when[m]
    return first


@compiled(error_model="numpy")
def _turn(x, y, angle) -> None:  # type: ignore[no-untyped-def]
    """Go round by an angle in the plane of x and y, in place."""
    cosine, sine = np.cos(angle), np.sin(angle)
    for i in range(x.size):
        a, b = x[i], y[i]
        x[i] = cosine * a + sine * b
        y[i] = cosine * b - sine * a


@compiled(error_model="numpy")
def _reflect(v, d, w, c, row, gram, kick, share) -> None:  # type: ignore[no-untyped-def]
    """Take kick n from v, with n = row − share w; d follows."""
    for i in range(v.size):
        v[i] -= kick * (row[i] - share * w[i])
    for m in range(d.size):
        d[m] -= kick * (gram[m] - share * c[m])

r"""Hamiltonian sampling about a point: the quadratic part of the landscape is done exactly.

.. math:: H(z, v) = \underbrace{\tfrac12 \kappa z^2 + \tfrac12 \kappa v^2}_{\text{rotation}}
          + \underbrace{w\,[L - L^* - \tfrac12 \lambda_+ z^2]}_{\text{kick}}, \qquad
          \kappa = \gamma + w \lambda_+

in the eigenvectors of the Hessian (λ₊ = max(λ, 0); 0 where it is not known, so that only the
springs γ are exact).  With the mass κ every direction turns by the same angle in the same time:

    half kick     v ← v − ½ε w(∇L − λ₊ z)/κ
    rotation      z ← z cos ε + v sin ε,   v ← v cos ε − z sin ε
    half kick

m such steps turn by mε ≤ π/2, where a Gaussian has forgotten where it began (ε is shortened by a
random share); a Metropolis test removes the error of ε.  A quadratic loss is sampled in a few
trajectories; the more it is anharmonic, the smaller ε.  Every chain has its own w, every
w its own ε, tuned while burning in and fixed from then on.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError, NotConverged
from ..theory.estimate import Array, freeze
from .basin import Basin
from .problem import array

QUARTER = 0.5 * math.pi  # the largest angle of a trajectory
ACCEPTED = 0.85  # share wanted: near the cheapest for a handful of steps
SHORTEST = 0.6  # of ε, drawn anew for every trajectory: no chain hangs on a wall, none resonates
TRIAL = 3  # steps of a trajectory while the length of one is being found
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Draws:
    """Chains at the ``weights`` (m,), several each.

    excess (m, chains, draws): L − L* after every trajectory.  acceptance (m,): the mean of it.
    step (m,): the angle ε; steps: how many make a trajectory.  reach (m,): root mean square
    distance from the centre.
    """

    weights: Array
    excess: Array
    acceptance: Array
    step: Array
    steps: int
    reach: Array

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def chain_means(self) -> Array:
        """Mean excess (m, chains) of every chain: independent of each other."""
        return np.asarray(self.excess.mean(axis=2))


def hamiltonian_draws(
    basin: Basin,
    weights: Array,
    localisation: float,
    *,
    chains: int = 8,
    draws: int = 100,
    burn_in: int | None = None,
    longest: int = 32,
    seed: int = 0,
    progress: Progress | None = None,
) -> Draws:
    """``draws`` trajectories of ``chains`` chains at each of ``weights`` (m,), after ``burn_in``.

    burn_in: by default half of ``draws``, at least 20.  longest: the most steps of a trajectory.
    Raises DomainError for numbers out of range and NotConverged where no step was accepted.
    """
    burn_in = max(20, draws // 2) if burn_in is None else burn_in
    _check(weights, localisation, chains, draws, burn_in, longest)
    sampler = _Sampler(basin, np.asarray(weights, float), localisation, chains, seed)
    whole = burn_in + draws
    for i in range(burn_in):
        if i == burn_in // 2:
            sampler.set_length(longest)
        sampler.trajectory()
        sampler.tune(i)
        if progress is not None:
            progress((i + 1) / whole)
    sampler.set_length(longest)
    excess, accepted, reach = [], [], []
    for i in range(draws):
        accepted.append(array(sampler.trajectory()))
        excess.append(array(sampler.excess))
        reach.append(array(sampler.z.square().sum(dim=1)))
        if progress is not None:
            progress((burn_in + i + 1) / whole)
    shape = (len(sampler.angles), chains, draws)
    rate = np.stack(accepted, axis=1).reshape(shape).mean(axis=(1, 2))
    if not rate.min() > 0:
        msg = (
            f"no trajectory was accepted at weight {sampler.weights[int(rate.argmin())]:g}; "
            "raise the localisation or the burn-in"
        )
        raise NotConverged(msg)
    found = np.stack(excess, axis=1).reshape(shape)
    squares = np.stack(reach, axis=1).reshape(shape).mean(axis=(1, 2))
    angles = array(sampler.angles)
    return Draws(sampler.weights, found, rate, angles, sampler.steps, np.sqrt(squares))


class _Sampler:
    """All chains at once: row r of (m · chains, k) has weight r // chains."""

    def __init__(
        self, basin: Basin, weights: Array, localisation: float, chains: int, seed: int
    ) -> None:
        self.basin, self.weights, self.gamma, self.chains = basin, weights, localisation, chains
        self.generator = torch.Generator().manual_seed(seed)
        problem = basin.problem
        self.w = problem.tensor(np.repeat(weights, chains))
        self.curved = problem.tensor(basin.positive)
        self.kappa = localisation + self.w[:, None] * self.curved
        self.angles = problem.tensor(np.full(len(weights), QUARTER / TRIAL))
        self.steps = TRIAL
        self.z = self.w.new_zeros(len(self.w), basin.dim)  # high on a wall the step would be tiny
        self.excess, self.slope = basin.excess(self.z)

    def _normal(self) -> Tensor:
        shape = (len(self.w), self.basin.dim)
        drawn = torch.randn(shape, generator=self.generator, dtype=self.w.dtype)
        return drawn.to(self.w.device)

    def _kick(self, z: Tensor, slope: Tensor) -> Tensor:
        return self.w[:, None] * (slope - self.curved * z) / self.kappa

    def _energy(self, z: Tensor, v: Tensor, excess: Tensor) -> Tensor:
        springs = 0.5 * self.gamma * z.square().sum(dim=1)
        return springs + self.w * excess + 0.5 * (self.kappa * v.square()).sum(dim=1)

    def trajectory(self) -> Tensor:
        """One for every chain; whether each (R,) was accepted, as 0 or 1."""
        drawn = torch.rand(len(self.w), generator=self.generator, dtype=self.w.dtype)
        shares = SHORTEST + (1 - SHORTEST) * drawn.to(self.w.device)
        angle = (self.angles.repeat_interleave(self.chains) * shares)[:, None]
        cos, sin = angle.cos(), angle.sin()
        z, slope, excess = self.z, self.slope, self.excess
        v = self._normal() / self.kappa.sqrt()
        before = self._energy(z, v, excess)
        for _ in range(self.steps):
            v = v - 0.5 * angle * self._kick(z, slope)
            z, v = z * cos + v * sin, v * cos - z * sin
            excess, slope = self.basin.excess(z)
            v = v - 0.5 * angle * self._kick(z, slope)
        rise = self._energy(z, v, excess) - before
        threshold = torch.rand(len(rise), generator=self.generator, dtype=rise.dtype)
        taken = torch.isfinite(rise) & (-rise > threshold.to(rise.device).log())
        self.z = torch.where(taken[:, None], z, self.z)
        self.slope = torch.where(taken[:, None], slope, self.slope)
        self.excess = torch.where(taken, excess, self.excess)
        self.taken = taken.to(rise.dtype)
        return self.taken

    def tune(self, i: int) -> None:
        """Angles up where too many were accepted, down where too few; ever less."""
        rate = self.taken.view(-1, self.chains).mean(dim=1)
        gain = max(1.0 / (1 + i / 5), 0.1)
        self.angles = self.angles * (gain * (rate - ACCEPTED)).exp()
        self.angles = self.angles.clamp(max=QUARTER / self.steps)

    def set_length(self, longest: int) -> None:
        """As many steps as turn the slowest weight by a quarter, within reason."""
        smallest = float(self.angles.min())
        self.steps = min(max(math.ceil(QUARTER / smallest - 1e-9), 1), longest)
        self.angles = self.angles.clamp(max=QUARTER / self.steps)


def _check(
    weights: Array, localisation: float, chains: int, draws: int, burn_in: int, longest: int
) -> None:
    values = np.asarray(weights, float)
    if values.ndim != 1 or not len(values) or not np.all((values >= 0) & (values < np.inf)):
        msg = f"the weights must be numbers from 0; they are {weights}"
        raise DomainError(msg)
    if not 0 < localisation < np.inf:
        msg = f"the localisation must be positive; it is {localisation:g}"
        raise DomainError(msg)
    if chains < 2 or draws < 4 or burn_in < 2 or longest < 1:
        msg = (
            "there must be at least 2 chains, 4 draws, 2 trajectories of burn-in and 1 step; "
            f"there are {chains}, {draws}, {burn_in} and {longest}"
        )
        raise DomainError(msg)

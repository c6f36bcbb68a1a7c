r"""Weights on the sphere |w|² = N pulled by a smooth enough energy: Hamiltonian and Langevin moves.

With E = Σ v(Δ) and the force −β∂E = β Σ v′ ξ/√N, its part along the sphere, velocities v of unit
variance and steps ε of time,

    v ← v − ½ε β(∂E)_tangent      (w, v) turn along the great circle by ε|v|/√N      v ← again

keeps phase volume and is reversible; a trajectory of such steps is accepted with probability
min(1, exp(−change of βE + ½|v|²)), so that exp(−βE) on the uniform measure is stationary whatever
the step.  A trajectory of one step is Langevin's equation

    dw = −β(∂E)_tangent dτ + √2 dW_tangent,        τ = ½ε² a step,

Metropolis-adjusted.  (T = 1/β; in units where the mobility is 1, time is t = βτ.)  Trajectories of
time about π/2, which turn free weights by 90°, forget more for the same work.  Without the test of
acceptance the step is the plain dynamics: see :mod:`.dynamics`.

All replicas of a sample move together: two products with the patterns a step, of matrices.
S. Lan, B. Zhou and B. Shahbaba, Proc. 31st ICML (2014), abstract: Hamiltonian moves on a sphere.
"""

import numpy as np
from numpy.typing import NDArray

from .cost import cost, pull
from .patterns import Instance
from .tangent import Weights, on_the_sphere, tangent, velocities

TURN = 0.5 * float(np.pi)  # mean time of a trajectory
MOST_STEPS = 200  # of a trajectory
AIM = {False: 0.8, True: 0.6}  # acceptance; one step is best off near 0.574, many above 0.65


class Sphere:
    """Replicas of one sample in the energy "hinge" or "quadratic"; a sweep is a trajectory.

    weights: (replicas, N), stabilities: (replicas, P), both of the type of the patterns.
    single_step: a trajectory is one step: adjusted Langevin.  The step is learnt in sweeps that are
    told to, and then stays.
    """

    def __init__(
        self,
        instance: Instance,
        weights: Weights,
        kappa: float,
        beta: float,
        energy: str,
        rng: np.random.Generator,
        single_step: bool = False,
    ) -> None:
        dtype = instance.patterns.dtype
        self.rng, self.kappa, self.beta = rng, float(kappa), float(beta)
        self.energy, self.single_step = energy, single_step
        self.rows = instance.patterns / np.sqrt(instance.size).astype(dtype)
        self.weights: Weights = on_the_sphere(np.array(weights, dtype))
        self.stabilities: Weights = self.weights @ self.rows.T
        self._force = self._force_at(self.weights)
        stiff = self.beta * (1 + np.sqrt(instance.load)) ** 2  # ‖Hessian‖ of the quadratic energy
        self.step = 1 / np.sqrt(1 + stiff)
        self._learnt, self._mean_log = 0, 0.0

    def sweep(self, learn: bool = False) -> float:
        """One trajectory of every replica; returns the fraction accepted."""
        steps, step = 1, self.step
        if not self.single_step:
            length = TURN * self.rng.uniform(0.5, 1.5)
            steps = min(max(1, round(length / step)), MOST_STEPS)
        start = self.weights, self.stabilities, self._force
        w, v = self.weights, velocities(self.rng, self.weights)
        level = self._level(v)
        v = self._kicked(v, 0.5 * step)
        for n in range(steps):
            w, v = turned(w, v, step)
            self.stabilities = w @ self.rows.T
            self._force = self._force_at(w)
            v = self._kicked(v, step if n + 1 < steps else 0.5 * step)
        with np.errstate(over="ignore"):
            chance = np.exp(np.minimum(level - self._level(v), 0.0))
        made = self.rng.random(len(w)) < chance
        found = on_the_sphere(w), self.stabilities, self._force
        self.weights, self.stabilities, self._force = (
            np.where(made[:, None], new, old) for new, old in zip(found, start, strict=True)
        )
        if learn:
            self._learn(float(chance.mean()))
        return float(made.mean())

    def _level(self, v: Weights) -> NDArray[np.float64]:
        """The sum βE + ½|v|² of every replica, in float64."""
        costs = cost(self.stabilities, self.kappa, self.energy).sum(axis=1, dtype=np.float64)
        kinetic = 0.5 * np.einsum("ri,ri->r", v, v, dtype=np.float64)
        return np.asarray(self.beta * costs + kinetic)

    def _force_at(self, w: Weights) -> Weights:
        """The tangent part of Σ −v′ ξ/√N at weights w, whose stabilities are known."""
        return tangent(w, pull(self.stabilities, self.kappa, self.energy) @ self.rows)

    def _kicked(self, v: Weights, time: float) -> Weights:
        kicked: Weights = v + self._force * v.dtype.type(self.beta * time)
        return kicked

    def _learn(self, chance: float) -> None:
        """Robbins and Monro's search for the step of the acceptance aimed at; ends on its mean."""
        self._learnt += 1
        gain = 2.0 / (self._learnt + 3) ** 0.6
        here = np.log(self.step) + gain * (chance - AIM[self.single_step])
        share = min(1.0, 5.0 / (self._learnt + 4))  # the mean forgets the first steps
        self._mean_log += share * (here - self._mean_log)
        self.step = float(np.exp(here))

    def settle(self) -> None:
        """End the learning: from here on the step is the mean of those learnt."""
        if self._learnt:
            self.step = float(np.exp(self._mean_log))


def turned(w: Weights, v: Weights, time: float) -> tuple[Weights, Weights]:
    """Along the great circles for a time, each at its own speed |v|/√N."""
    speed = np.sqrt(np.einsum("ri,ri->r", v, v) / w.shape[1])[:, None]
    angle = speed * w.dtype.type(time)
    cosine, sine = np.cos(angle), np.sin(angle)
    along = np.sinc(angle / np.pi) * w.dtype.type(time)  # sin/speed, for those that stand as well
    return cosine * w + along * v, cosine * v - (sine * speed) * w

r"""Four ways to move spherical weights, by name; all of them sample one law.

    billiard       every energy and temperature; nothing is rejected      :mod:`.billiard`
    hit-and-run    the count of misses and the constraint                 :mod:`.hit_and_run`
    hamiltonian    hinge and quadratic energies, β finite                 :mod:`.sphere`
    langevin       the same, by Metropolis-adjusted Langevin steps        :mod:`.sphere`

The billiard forgets its start within a few sweeps wherever the energy is convex.  Where solutions
are islands, at margins well below 0, hit and run alone steps over the straits at β = ∞.
"""

import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...theory.errors import DomainError
from ...theory.estimate import Array
from ...theory.perceptron.question import ENERGIES, one_of
from ..streams import stream
from .billiard import Billiard
from .hit_and_run import HitAndRun
from .patterns import Instance
from .sphere import Sphere
from .tangent import Weights
from .watch import Sampler, Watched, watch

SAMPLERS = ("billiard", "hit-and-run", "hamiltonian", "langevin")
PRECISIONS = {"double": np.float64, "single": np.float32}


@dataclass(frozen=True)
class Plan:
    """How replicas move at each temperature, and for how long."""

    kappa: float
    energy: str
    sweeps: int
    burn_in: int
    sampler: str

    def begin(
        self, rng: np.random.Generator, instance: Instance, weights: Weights, beta: float
    ) -> Sampler:
        """Replicas at their start."""
        kinds: dict[str, Any] = {
            "billiard": Billiard,
            "hit-and-run": HitAndRun,
            "hamiltonian": Sphere,
            "langevin": partial(Sphere, single_step=True),
        }
        sampler: Sampler = kinds[self.sampler](
            instance, weights, self.kappa, beta, self.energy, rng
        )
        return sampler

    def run(
        self,
        rng: np.random.Generator,
        instance: Instance,
        weights: Weights,
        beta: float,
        stop: threading.Event,
    ) -> tuple[Watched, Weights]:
        """What is seen after the burn-in, and where it ends."""
        sampler = self.begin(rng, instance, weights, beta)
        for _ in range(self.burn_in):
            if not stop.is_set():
                sampler.sweep(learn=True)
        if isinstance(sampler, Sphere):
            sampler.settle()
        seen = watch(sampler, instance, self.kappa, beta, self.energy, self.sweeps, stop)
        return seen, sampler.weights

    def wake(self, instance: Instance) -> None:
        """Compile in the calling thread, where Ctrl-C is heard."""
        rng, weights = stream(0), np.ones((1, instance.size))
        weights[0, 0] = -1
        self.begin(rng, instance, weights, 1.0).sweep()


def refuse(asked: Array, energy: str, sampler: str, precision: str) -> None:
    """Raise DomainError where a sampler cannot do what is asked of it."""
    one_of("energy", energy, ENERGIES)
    one_of("sampler", sampler, SAMPLERS)
    one_of("precision", precision, tuple(PRECISIONS))
    smooth = sampler in ("hamiltonian", "langevin")
    if smooth and (energy == "count" or np.isinf(asked).any()):
        msg = (
            f"the sampler {sampler!r} needs a force: the energy 'hinge' or 'quadratic' and"
            f" finite betas; they are {energy!r} and {asked.tolist()}: take 'billiard'"
        )
        raise DomainError(msg)
    if sampler == "hit-and-run" and energy != "count" and np.isfinite(asked).any():
        msg = (
            f"the sampler 'hit-and-run' knows the energy 'count' alone at a finite beta; it is"
            f" {energy!r}: take 'billiard'"
        )
        raise DomainError(msg)
    if precision == "single" and not smooth:
        msg = f"single precision is for 'hamiltonian' and 'langevin'; the sampler is {sampler!r}"
        raise DomainError(msg)

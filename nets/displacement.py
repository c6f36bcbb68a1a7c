r"""How far one cycle of projected SGD moves along the path: the prediction with nothing fitted.

From g_0 = θ(s) on the path, k steps of SGD with step η, to first order in the noise factor c:

.. math::
    g_{j+1} = g_j − η ∇L(g_j), \qquad δ_{j+1} = A_j δ_j − η ξ_j, \qquad
    e_{j+1} = A_j e_j − η\, ½∇^3L : \mathrm{Cov}(δ_j)

with A_j = 1 − ηH(g_j) and Cov ξ_j = c C(g_j).  With t the unit tangent and κ = dt/ds the bending,

    drift per cycle = [project(g_k) − s]             energetic: the noiseless displacement
                    + t·e_k                          entropic: noise times growing curvature
                    + Cov(t·δ_k, κ·δ_k)              bending: a curved path is met off-centre
    variance per cycle = Var(t·δ_k)

Everything is linear in c = (1 − B/n)/B, so that one pass serves all batch sizes.  The variance
follows the noiseless trajectory; the entropic sum freezes H, C and ∇³L at its middle, g_{k/2},
whose error is of second order in the noiseless displacement.
"""

from dataclasses import dataclass

import numpy as np
import torch

from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, frozen
from ..theory.path import Path
from .fluctuation import (
    entropic_shift,
    kicks,
    noise_root,
    noiseless_way,
    powers,
    sampled_orders,
)
from .operators import point
from .problem import Problem, array
from .sgd import ProjectedSGD
from .stability import CurvatureSpread, curvature_spread

# Within these limits the expansion is taken at its word; docs/compare.md says what each one is.
LIMITS = {"kurtosis": 1.0, "cubic_ratio": 0.2, "curvature_noise": 0.15, "growth": 1.0}


@dataclass(frozen=True)
class Displacement:
    """Predicted motion along the path in one cycle, from one point; lengths are arc lengths.

    energetic, entropic, bending: the addends of the drift per cycle.  variance: of the
    displacement.  All are of first order in the noise factor c; the errors of entropic and variance
    hold the probes' standard error and the size of the order left out, for which
    ``curvature_noise`` is the gauge.

    Validity figures, each with a limit in ``LIMITS``.  kurtosis: excess of the displacement.
    cubic_ratio: rms third over mean second order of the loss across the fluctuation at the cycle's
    end.  curvature_noise: variance that the fluctuation of minibatch curvature alone would add,
    over the variance; one of several terms of order c², some of which cancel it.  growth: lower
    bound on the mean-square amplification of a fluctuation per step (:mod:`.stability`).
    """

    s: float
    energetic: float
    entropic: Estimate
    bending: float
    variance: Estimate
    kurtosis: float
    cubic_ratio: float
    curvature_noise: float
    growth: float

    @property
    def drift(self) -> Estimate:
        """Mean displacement per cycle."""
        total = self.energetic + self.bending + self.entropic.value
        return Estimate(total, self.entropic.error, "theory")

    @property
    def validity(self) -> dict[str, float]:
        """The validity figures by name."""
        return {name: float(getattr(self, name)) for name in LIMITS}

    @property
    def objection(self) -> str:
        """Why the expansion cannot be trusted here; empty where it can."""
        over = [
            f"{name} {value:.2g} > {LIMITS[name]:g}"
            for name, value in self.validity.items()
            if not value <= LIMITS[name]
        ]
        return "outside validity: " + ", ".join(over) if over else ""


@dataclass(frozen=True)
class CycleResponse:
    """What one point of the path answers to noise of any strength, at fixed η and cycle.

    entropic, bending, variance: per unit of the noise factor c; added: by minibatch curvature, per
    c².  kicks (k, n): a_j·(gradient of sample i − mean), what drawing sample i in step j does to
    the displacement, up to −η/B.
    cubic, quadratic: orders of the loss over fluctuations at c = 1.  spread: of the minibatch
    curvature.
    """

    s: float
    samples: int
    step: float
    cycle: int
    energetic: float
    entropic: Estimate
    bending: float
    variance: float
    added: Estimate
    kicks: Array
    cubic: float
    quadratic: float
    spread: CurvatureSpread

    def with_batch(self, batch: int) -> Displacement:
        """The displacement for minibatches of ``batch`` samples."""
        sgd = ProjectedSGD(self.step, batch, self.cycle)
        sgd.check(self.samples)
        c = sgd.noise_factor(self.samples)
        variance = c * self.variance
        neglected = c * float(self.added.value) / self.variance
        entropic = c * self.entropic.value
        error = np.hypot(c * self.entropic.error, neglected * entropic)
        # the fourth cumulant of a mean over B independent samples is that of one, over B³
        kurtosis = self.step**4 * self._fourth / batch**3 / variance**2 if variance > 0 else 0.0
        return Displacement(
            s=self.s,
            energetic=self.energetic,
            entropic=Estimate(entropic, error, "theory"),
            bending=c * self.bending,
            variance=Estimate(variance, neglected * variance, "theory"),
            kurtosis=float(kurtosis),
            cubic_ratio=c**0.5 * self.cubic / self.quadratic,
            curvature_noise=neglected,
            growth=self.spread.growth(self.step, c),
        )

    @property
    def _fourth(self) -> float:
        """Σ_j of the fourth cumulant of a_j·(per-sample gradient)."""
        return float(np.sum((self.kicks**4).mean(1) - 3 * (self.kicks**2).mean(1) ** 2))


def cycle_response(
    problem: Problem,
    path: Path,
    s: float,
    step: float,
    cycle: int = 15,
    leading: int = 24,
    probes: int = 8,
    seed: int = 0,
) -> CycleResponse:
    """Response of the point at arc length ``s``: one pass over ``leading + probes`` vectors.

    leading: eigenvectors of the gradient covariance taken exactly; probes: random vectors for
    what is left of it (at least 2).  Raises DomainError for a path that does not fit the model.
    """
    if probes < 2 or leading < 0:
        msg = f"at least 2 probes are needed for a standard error; there are {probes}"
        raise DomainError(msg)
    sgd = ProjectedSGD(step, 1, cycle)
    sgd.check(problem.samples)
    way = noiseless_way(problem, point(problem, path.at(s)), step, cycle)
    middle = way[cycle // 2]
    tangent, bending = problem.tensor(path.tangent(s)), problem.tensor(path.bending(s))
    along, across = kicks(problem, way, torch.stack([tangent, bending]), step).unbind(1)  # (k, n)
    root, adjoint = noise_root(problem, middle), powers(problem, middle, tangent, step, cycle)
    entropic = entropic_shift(problem, middle, root, adjoint, step, (leading, probes, seed))
    added, cubic, quadratic = sampled_orders(
        problem, middle, root, adjoint, step, (probes, seed + 1)
    )
    return CycleResponse(
        s=float(s),
        samples=problem.samples,
        step=step,
        cycle=cycle,
        energetic=float(path.project(array(way[-1:]))[0] - s),
        entropic=entropic,
        bending=float(step**2 * (along * across).sum()),
        variance=float(step**2 * (along**2).sum()),
        added=added,
        kicks=frozen(array(along) * (problem.samples - 1) ** 0.5),
        cubic=cubic,
        quadratic=quadratic,
        spread=curvature_spread(problem, middle, seed=seed),
    )

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

Momentum and Adam are the same recursions with the buffer beside δ (:mod:`.optimizer_map`).  Where
it is kept from cycle to cycle, g_j starts with the buffer of a replica held in place, Cov(δ) holds
what the buffer remembers of older kicks (:mod:`.held_buffer`), and drift and variance count what a
kick or a force does in its own and in all later cycles: they are those of many cycles.

Everything is linear in c = (1 − B/n)/B, so that one pass serves all batch sizes (but for Adam,
whose preconditioner depends on c).  The variance
follows the noiseless trajectory; the entropic sum freezes H, C and ∇³L at its middle, g_{k/2},
whose error is of second order in the noiseless displacement.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, frozen
from ..theory.path import Path
from .fluctuation import (
    Place,
    Sampling,
    entropic_shift,
    lasting_responses,
    remembered,
    sampled_orders,
)
from .hessian import Hessian
from .kick_noise import kick_noise
from .levelling import path_slopes
from .noiseless import held_way
from .operators import point
from .optimizer_map import LinearMap, linear_map
from .preconditioner import REMEMBERED, preconditioners, steepness
from .problem import Problem, array
from .sgd import ProjectedSGD
from .stability import CurvatureSpread, curvature_spread

# Within these limits the expansion is taken at its word; docs/compare.md says what each one is.
# Cycles count as independent of each other: most of a buffer must be gone after one (memory).
# Adam's second moment must be that of the place: lag is the relative error of D, so of the drift.
LIMITS = {
    "kurtosis": 1.0,
    "cubic_ratio": 0.2,
    "curvature_noise": 0.15,
    "growth": 1.0,
    "memory": 0.5,
    "lag": 0.2,
}


@dataclass(frozen=True)
class Displacement:
    """Predicted motion along the path in one cycle, from one point; lengths are arc lengths.

    energetic, entropic, bending: the addends of the drift per cycle.  variance: of the
    displacement, per cycle over many cycles; single_variance: of one cycle.  They differ where a
    buffer is kept, which carries what a kick has done into later cycles.  All are of first order
    in the noise factor c; the errors of entropic and variance hold the probes' standard error and
    the size of the order left out, for which ``curvature_noise`` is the gauge.

    Validity figures, each with a limit in ``LIMITS``.  kurtosis: excess of the displacement.
    cubic_ratio: rms third over mean second order of the loss across the fluctuation at the cycle's
    end.  curvature_noise: variance that the fluctuation of minibatch curvature alone would add,
    over the variance; one of several terms of order c², some of which cancel it.  growth: lower
    bound on the mean-square amplification of a fluctuation per step (:mod:`.stability`).  memory:
    share β^k of a kept buffer that a cycle leaves.  lag: relative change of Adam's preconditioner
    over the way made in the 1000 steps that it remembers; infinite where it begins cold.
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
    memory: float = 0.0
    lag: float = 0.0
    single_variance: Estimate = field(default_factory=lambda: Estimate(np.nan, np.nan, "theory"))

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

    sgd: the algorithm; its batch counts for nothing but Adam's second moment.  entropic, bending,
    variance, single_variance: per unit of the noise factor c; added: by minibatch curvature, per
    c².  kicks (k, n): what drawing sample i in step j does to the displacement of the same cycle,
    up to −η/B; empty without minibatches.  fourth: Σ_j of the fourth cumulant of what a batch of
    one in step j does to the displacement, sooner or later.
    cubic, quadratic: orders of the loss over fluctuations at c = 1.  spread: of the minibatch
    curvature.  steepness: |dD/ds|/|D| of Adam's preconditioner.
    """

    s: float
    samples: int
    sgd: ProjectedSGD
    how: LinearMap
    energetic: float
    entropic: Estimate
    bending: float
    variance: float
    single_variance: float
    added: Estimate
    kicks: Array
    fourth: float
    cubic: float
    quadratic: float
    spread: CurvatureSpread
    steepness: float

    def with_batch(self, batch: int) -> Displacement:
        """The displacement for minibatches of ``batch`` samples, or noise as strong as theirs."""
        sgd = replace(self.sgd, batch=batch)
        sgd.check(self.samples)
        c = 0.0 if sgd.noise == "none" else sgd.noise_factor(self.samples)
        variance = c * self.variance
        neglected = c * float(self.added.value) / self.variance
        entropic = c * self.entropic.value
        error = np.hypot(c * self.entropic.error, neglected * entropic)
        # the fourth cumulant of a mean over B independent samples is that of one, over B³
        kurtosis = self.fourth / batch**3 / variance**2 if variance > 0 else 0.0
        kept = self.how.momentum**sgd.cycle if self.how.keeps else 0.0
        curved = c if sgd.noise == "minibatch" else 0.0
        return Displacement(
            s=self.s,
            energetic=self.energetic,
            entropic=Estimate(entropic, error, "theory"),
            bending=c * self.bending,
            variance=Estimate(variance, neglected * variance, "theory"),
            single_variance=Estimate(
                c * self.single_variance, neglected * c * self.single_variance, "theory"
            ),
            kurtosis=float(kurtosis),
            cubic_ratio=c**0.5 * self.cubic / self.quadratic,
            curvature_noise=neglected,
            growth=self.spread.growth(self.how, curved),
            memory=kept,
            lag=self._lag(float(self.energetic + entropic + c * self.bending), variance),
        )

    def _lag(self, drift: float, variance: float) -> float:
        if self.sgd.optimizer != "adam":
            return 0.0
        cycles = REMEMBERED / self.sgd.cycle
        way = abs(drift) * cycles + (variance * cycles) ** 0.5
        return np.inf if self.sgd.buffers == "cold" else self.steepness * way


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
    """The response of plain SGD at arc length ``s``; see :func:`algorithm_response`."""
    sgd = ProjectedSGD(step, 1, cycle)
    return algorithm_response(problem, path, s, sgd, Sampling(leading, probes, seed))


def algorithm_response(
    problem: Problem,
    path: Path,
    s: float,
    sgd: ProjectedSGD,
    sampling: Sampling | None = None,
    slopes: Array | None = None,
) -> CycleResponse:
    """Response of the point at arc length ``s``: one pass over ``leading + probes`` vectors.

    The batch of ``sgd`` matters to Adam alone.  slopes: of :func:`.levelling.path_slopes`, where
    the path is levelled and they are known.  Raises DomainError for a path that does not fit the
    model, batch statistics, fewer than 2 probes, or Adam that forgets.
    """
    sampling = sampling or Sampling()
    if sampling.probes < 2 or sampling.leading < 0:
        msg = f"at least 2 probes are needed for a standard error; there are {sampling.probes}"
        raise DomainError(msg)
    sgd.check(problem.samples)
    check_linear(problem, sgd)
    point(problem, path.at(s))  # refuses a path of another model
    if sgd.level and slopes is None:
        slopes = path_slopes(problem, path)
    adam = sgd.optimizer == "adam"
    where = (problem, path, s, sgd, slopes)
    how = linear_map(
        sgd, preconditioners(problem, path, np.array([s]), sgd, slopes)[0] if adam else None
    )
    way = held_way(problem, path, np.array([s]), how, sgd.cycle, slopes)[:, 0]
    vectors = problem.tensor(np.stack([path.tangent(s), path.bending(s)]))
    along, across = _kicks(problem, way[:-1], how, vectors, sgd)
    place = _place(problem, way[sgd.cycle // 2], how, vectors[:1], sgd, sampling)
    entropic = entropic_shift(place, sampling)
    shaken = replace(sampling, seed=sampling.seed + 1)
    per_sample = sgd.noise in ("minibatch", "none")
    added, cubic, quadratic = sampled_orders(place, shaken, per_sample)
    kicks = along[0] * -((problem.samples - 1) ** 0.5) / sgd.step
    return CycleResponse(
        s=float(s),
        samples=problem.samples,
        sgd=sgd,
        how=how,
        energetic=float(path.project(array(way[-1:]))[0] - s),
        entropic=entropic,
        bending=float((along * across).sum()),
        variance=float((along.sum(axis=0) ** 2).sum()),
        single_variance=float((along**2).sum()),
        added=added,
        kicks=frozen(kicks if per_sample else np.empty((sgd.cycle, 0))),
        fourth=_fourth(along.sum(axis=0), problem.samples) if per_sample else 0.0,
        cubic=cubic,
        quadratic=quadratic,
        spread=curvature_spread(problem, place.hessian.theta, how.scale, seed=sampling.seed),
        steepness=steepness(*where) if adam else 0.0,
    )


def _kicks(
    problem: Problem, way: Tensor, how: LinearMap, vectors: Tensor, sgd: ProjectedSGD
) -> tuple[Array, Array]:
    """What the noise of step j adds to the displacement, in its own and every later cycle.

    Along t and κ, the rows of ``vectors``: each (cycles, k, r); dot products over the rows r of the
    noise are covariances per unit of c.
    """
    products = [Hessian(problem, place).products for place in way]
    lasting = lasting_responses(how, products, vectors)
    found = [
        array(kick_noise(problem, place, sgd.noise).along(lasting[:, j]))
        for j, place in enumerate(way)
    ]
    along, across = np.moveaxis(np.stack(found, axis=1), 2, 0)
    return along, across


def _place(
    problem: Problem,
    middle: Tensor,
    how: LinearMap,
    tangent: Tensor,
    sgd: ProjectedSGD,
    sampling: Sampling,
) -> Place:
    """The point at which third derivatives are taken, with the responses frozen there."""
    hessian, noise = Hessian(problem, middle), kick_noise(problem, middle, sgd.noise)
    lasting = lasting_responses(how, [hessian.products] * sgd.cycle, tangent)[:, :, 0]
    memory = remembered(lasting, sampling.tolerance)
    return Place(problem, hessian, noise, how, lasting.sum(dim=0), memory)


def _fourth(kicks: Array, samples: int) -> float:
    """Σ_j of the fourth cumulant over samples, each row (k, n) being over √(n − 1)."""
    squares = (kicks * (samples - 1) ** 0.5) ** 2
    return float(np.sum((squares**2).mean(1) - 3 * squares.mean(1) ** 2))


def check_linear(problem: Problem, sgd: ProjectedSGD) -> None:
    """DomainError where there is nothing to linearise."""
    if problem.normalisation == "batch":
        msg = (
            "with batch statistics a sample has no gradient of its own, and there is no "
            "prediction; take running statistics"
        )
        raise DomainError(msg)
    if sgd.optimizer == "adam" and sgd.buffers == "reset":
        msg = (
            "Adam that forgets at every cycle divides its first steps by their own gradients: "
            "that is no linear map, and there is no prediction; keep its buffers"
        )
        raise DomainError(msg)


def cycle_displacement(
    problem: Problem,
    path: Path,
    s: float,
    sgd: ProjectedSGD,
    *,
    leading: int = 24,
    probes: int = 8,
    seed: int = 0,
) -> Displacement:
    """What one cycle of ``sgd`` from arc length ``s`` does; see :func:`algorithm_response`."""
    response = algorithm_response(problem, path, s, sgd, Sampling(leading, probes, seed))
    return response.with_batch(sgd.batch)

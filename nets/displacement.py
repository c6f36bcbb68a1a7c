r"""How far one cycle of projected SGD moves along the path: the prediction with nothing fitted.

From θ(s) on the path, k steps of SGD with step η; to second order in the displacement,

.. math::
    δ_{j+1} = A δ_j − η ξ_j, \qquad A = 1 − ηH, \qquad \mathrm{Cov}\,ξ = c\,C
    \\ g_{j+1} = g_j − η ∇L(g_j), \qquad e_{j+1} = A e_j − η\, ½∇^3L : \mathrm{Cov}(δ_j)

with t the unit tangent and κ = dt/ds the bending of the path,

    drift per cycle = [project(g_k) − s]             energetic: the noiseless displacement
                    + t·e_k                          entropic: noise times growing curvature
                    + Cov(t·δ_k, κ·δ_k)              bending: a curved path is met off-centre
    variance per cycle = Var(t·δ_k)

Everything is linear in the noise factor c = (1 − B/n)/B, so that one pass serves all batch sizes.
With u_m = A^m t and M_i = A^i C A^i the entropic sum needs k − 1 third-derivative forms,
t·e_k = −η³c Σ_i ½∇³L[U_i, M_i], U_i = Σ_{m ≤ k−2−i} u_m.  C enters through its leading eigenvectors
exactly and through random probes for the rest, which give the standard error.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Estimate, mean_estimate
from ..theory.path import Path
from .operators import (
    cubic_to_quadratic,
    hessian_products,
    point,
    sample_curvatures,
    scores,
    third_forms,
)
from .problem import Problem, array
from .sgd import ProjectedSGD, full_batch_cycle
from .stability import CurvatureSpread, curvature_spread

# Within these limits the expansion is taken at its word; docs/validity.md shows it fail beyond.
LIMITS = {"kurtosis": 1.0, "cubic_ratio": 0.2, "added_ratio": 0.15, "growth": 1.0}


@dataclass(frozen=True)
class Displacement:
    """Predicted motion along the path in one cycle, from one point; lengths are arc lengths.

    energetic, entropic (Estimate), bending: the addends of the drift per cycle.  linear: variance
    of the displacement at first order in the noise factor; added: what minibatch curvature adds
    at second order.

    Validity figures, each with a limit in ``LIMITS``.  kurtosis: excess of the displacement.
    cubic_ratio: rms third over mean second order of the loss across the fluctuation at the cycle's
    end.  added_ratio: second over first order of the variance.  growth: mean-square amplification
    of a fluctuation per step (:mod:`.stability`).
    """

    s: float
    energetic: float
    entropic: Estimate
    bending: float
    linear: float
    added: Estimate
    kurtosis: float
    cubic_ratio: float
    growth: float

    @property
    def drift(self) -> Estimate:
        """Mean displacement per cycle."""
        total = self.energetic + self.bending + self.entropic.value
        return Estimate(total, self.entropic.error, "theory")

    @property
    def variance(self) -> Estimate:
        """Variance of the displacement per cycle."""
        return Estimate(self.linear + self.added.value, self.added.error, "theory")

    @property
    def added_ratio(self) -> float:
        """Second over first order of the variance in the noise factor."""
        return float(self.added.value / self.linear) if self.linear > 0 else 0.0

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

    entropic, bending, variance: per unit of the noise factor c; added: per c².  fourth: Σ_m of the
    fourth cumulant of u_m·(per-sample gradient), from which the kurtosis of any batch follows.
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
    fourth: float
    cubic: float
    quadratic: float
    spread: CurvatureSpread

    def with_batch(self, batch: int) -> Displacement:
        """The displacement for minibatches of ``batch`` samples."""
        sgd = ProjectedSGD(self.step, batch, self.cycle)
        sgd.check(self.samples)
        c = sgd.noise_factor(self.samples)
        entropic = Estimate(c * self.entropic.value, c * self.entropic.error, "theory")
        variance = c * self.variance
        added = Estimate(c**2 * self.added.value, c**2 * self.added.error, "theory")
        # the fourth cumulant of a mean over B independent samples is that of one, over B³
        kurtosis = self.step**4 * self.fourth / batch**3 / variance**2 if variance > 0 else 0.0
        return Displacement(
            self.s,
            self.energetic,
            entropic,
            c * self.bending,
            variance,
            added,
            kurtosis,
            c**0.5 * self.cubic / self.quadratic,
            self.spread.growth(self.step, c),
        )


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
    theta = point(problem, path.at(s))
    each = scores(problem, theta) / (problem.samples - 1) ** 0.5  # eachᵀ each = C
    directions = torch.stack([problem.tensor(path.tangent(s)), problem.tensor(path.bending(s))])
    carried = _powers(problem, theta, directions, step, cycle)  # (k, 2, P): A^m t, A^m κ
    tangent_kicks, bending_kicks = (carried @ each.T).unbind(1)  # (k, n)
    entropic = _entropic(problem, theta, each, carried[:, 0], step, (leading, probes, seed))
    added, cubic, quadratic = _sampled(
        problem, theta, each, carried[:, 0], step, (probes, seed + 1)
    )
    moments = array(tangent_kicks) * np.sqrt(problem.samples - 1)
    return CycleResponse(
        s=float(s),
        samples=problem.samples,
        step=step,
        cycle=cycle,
        energetic=float(path.project(array(full_batch_cycle(problem, theta[None], sgd)))[0] - s),
        entropic=entropic,
        bending=float(step**2 * (tangent_kicks * bending_kicks).sum()),
        variance=float(step**2 * (tangent_kicks**2).sum()),
        added=added,
        fourth=float(np.sum((moments**4).mean(1) - 3 * (moments**2).mean(1) ** 2)),
        cubic=cubic,
        quadratic=quadratic,
        spread=curvature_spread(problem, theta, seed=seed),
    )


def _powers(problem: Problem, theta: Tensor, vectors: Tensor, step: float, count: int) -> Tensor:
    """A^m v for m < count and every row v: (count, m, P)."""
    rows = [vectors]
    for _ in range(count - 1):
        rows.append(rows[-1] - step * hessian_products(problem, theta, rows[-1]))
    return torch.stack(rows)


def _factors(each: Tensor, leading: int, probes: int, generator: torch.Generator) -> Tensor:
    """Rows f_c with Σ_c f_c f_cᵀ = leading part of C, then probes z with E[z zᵀ] = the rest."""
    gram = each @ each.T
    vectors = torch.linalg.eigh(gram).eigenvectors[:, len(gram) - leading :]
    signs = torch.randint(2, (probes, len(each)), generator=generator).to(each.dtype) * 2 - 1
    rest = signs - (signs @ vectors) @ vectors.T
    return torch.cat([vectors.T, rest]) @ each


def _entropic(
    problem: Problem,
    theta: Tensor,
    each: Tensor,
    adjoint: Tensor,
    step: float,
    sampling: tuple[int, int, int],
) -> Estimate:
    """t·e_k per unit of c: −η³ Σ_i ½∇³L[U_i, A^i C A^i], with the error of the probes."""
    leading, probes, seed = sampling
    leading = min(leading, len(each))
    rows = _factors(each, leading, probes, torch.Generator().manual_seed(seed))
    reach = torch.cumsum(adjoint, dim=0)  # U_i = reach[k − 2 − i]
    total = torch.zeros(len(rows), dtype=rows.dtype)
    for i in range(len(adjoint) - 1):
        if i > 0:
            rows = rows - step * hessian_products(problem, theta, rows)
        total += 0.5 * third_forms(problem, theta, reach[len(adjoint) - 2 - i], rows)
    total *= -(step**3)
    exact, sampled = array(total[:leading]).sum(), array(total[leading:])
    return Estimate(exact + sampled.mean(), sampled.std(ddof=1) / probes**0.5, "theory")


def _sampled(
    problem: Problem,
    theta: Tensor,
    each: Tensor,
    adjoint: Tensor,
    step: float,
    sampling: tuple[int, int],
) -> tuple[Estimate, float, float]:
    """What needs samples of δ_j, drawn at c = 1.

    The variance that minibatch curvature adds, η² Σ_j Var_i(u_{k−1−j}·H_i δ_j) per c², and over
    δ_k the rms third and the mean second order of the loss.
    """
    draws, seed = sampling
    generator = torch.Generator().manual_seed(seed)
    delta = torch.zeros(draws, each.shape[1], dtype=each.dtype)
    added = torch.zeros(draws, dtype=each.dtype)
    for j in range(len(adjoint)):
        if j > 0:
            forms = sample_curvatures(problem, theta, adjoint[len(adjoint) - 1 - j], delta)
            added += step**2 * forms.var(dim=1)
        kick = torch.randn(draws, len(each), generator=generator, dtype=each.dtype) @ each
        delta = delta - step * (hessian_products(problem, theta, delta) + kick)
    cubic, quadratic = cubic_to_quadratic(problem, theta, delta)
    return (
        mean_estimate(array(added), "theory"),
        float((cubic**2).mean() ** 0.5),
        float(quadratic.mean()),
    )

r"""Fluctuations of an optimizer about its noiseless trajectory, seen along one direction.

The linear map and the noise follow the trajectory g_j where that is cheap (first-order sums over
kicks, :func:`lasting_responses`), and are frozen at one point of it where it is not (third
derivatives, :func:`entropic_shift`; samples, :func:`sampled_orders`).  Noise enters with covariance
c·C; all results are per power of c.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Estimate, mean_estimate
from .held_buffer import FORGETLESS, LONGEST, held_rows
from .hessian import Hessian
from .kick_noise import KickNoise
from .operators import cubic_to_quadratic, sample_curvatures, third_forms
from .optimizer_map import LinearMap, Slope, adjoint_cycle
from .problem import Problem, array

FORGOTTEN = 1e-8  # share of a response at which what later cycles make of a kick is left off


@dataclass(frozen=True)
class Sampling:
    """How random parts are sampled.

    leading: eigenvectors of a covariance taken exactly; probes: random vectors for what is left of
    it, which also give the standard error; tolerance: share of the standard deviation at which
    noise of older cycles, remembered by a buffer, is left off.
    """

    leading: int = 24
    probes: int = 8
    seed: int = 0
    tolerance: float = 1e-2


@dataclass(frozen=True)
class Place:
    """One point with its curvature and noise, and the map that moves a displacement there.

    pushes (k, P): what a force in each step of a cycle does to the displacement, sooner or later.
    remembered: cycles for which the buffer remembers it, to the tolerance of a :class:`Sampling`.
    """

    problem: Problem
    hessian: Hessian
    noise: KickNoise
    how: LinearMap
    pushes: Tensor
    remembered: int

    @property
    def cycle(self) -> int:
        """Number k of steps."""
        return len(self.pushes)


def lasting_responses(how: LinearMap, products: Sequence[Slope], vectors: Tensor) -> Tensor:
    """U (cycles, k, m, P): what a force in step j does to vectors·δ, cycle after cycle.

    First at the end of its own cycle, then of the next one, and so on, each entered from the same
    place with the buffer that is left.  vectors (m, P); products: v ↦ H v at g_0 … g_{k−1}.
    """
    pushes, buffer = adjoint_cycle(how, products, vectors, torch.zeros_like(vectors))
    found, first = [pushes], pushes.norm()
    while how.keeps and float(found[-1].norm()) > FORGOTTEN * float(first):
        pushes, buffer = adjoint_cycle(how, products, torch.zeros_like(vectors), buffer)
        found.append(pushes)
        if len(found) > LONGEST or not bool(torch.isfinite(buffer).all()):
            raise DomainError(FORGETLESS)
    return torch.stack(found)


def remembered(lasting: Tensor, tolerance: float) -> int:
    """Cycles after its own in which a kick's response (cycles, k, m, P) exceeds a share of it."""
    sizes = lasting.flatten(1).norm(dim=1)
    return int((sizes[1:] > tolerance * sizes[0]).sum())


def entropic_shift(place: Place, sampling: Sampling) -> Estimate:
    """Σ_j u_j·½∇³L:Cov(δ_j) per unit of c.

    The kicks of the cycle itself add up by their age i, ½∇³L[Σ_{j > i} u_j, K_i C K_i]; those of
    the cycles before enter through the buffer alone.
    """
    generator = Generator().manual_seed(sampling.seed)
    exact, probes = place.noise.factors(sampling.leading, sampling.probes, generator)
    rows, how, product = torch.cat([exact, probes]), place.how, place.hessian.products
    reach = torch.cumsum(place.pushes.flip(0), dim=0).flip(0)  # Σ_{j ≥ i} u_j
    total = torch.zeros(len(rows), dtype=rows.dtype, device=rows.device)
    nothing = torch.zeros_like(rows)
    delta, buffer = how.forward(nothing, nothing, rows)
    left = [buffer]
    for age in range(1, place.cycle):
        total += 0.5 * third_forms(place.problem, place.hessian.theta, reach[age], delta)
        if age < place.cycle - 1 or how.keeps:
            delta, buffer = how.forward(delta, buffer, product(delta))
            left.append(buffer)
    if how.keeps:
        held = (sampling.leading if len(exact) else 0, len(probes), sampling.tolerance)
        rows = held_rows(how, product, left, place.cycle, held, generator)
        total = _joined(total, _held_shift(place, rows), len(probes))
    certain, sampled = array(total[: -len(probes)]).sum(), array(total[-len(probes) :])
    return Estimate(certain + sampled.mean(), sampled.std(ddof=1) / len(sampled) ** 0.5, "theory")


def _held_shift(place: Place, buffer: Tensor) -> Tensor:
    """Σ_j u_j·½∇³L:(δ_j δ_jᵀ) (m,) for each row of ``buffer`` (m, P) at the cycle's start."""
    total, delta = buffer.new_zeros(len(buffer)), torch.zeros_like(buffer)
    for j in range(1, place.cycle):
        product = place.hessian.products(delta) if j > 1 else delta
        delta, buffer = place.how.forward(delta, buffer, product)
        total += 0.5 * third_forms(place.problem, place.hessian.theta, place.pushes[j], delta)
    return total


def _joined(one: Tensor, other: Tensor, probes: int) -> Tensor:
    """Exact addends of both, then the sums probe by probe."""
    both = one[-probes:] + other[-probes:]
    return torch.cat([one[:-probes], other[:-probes], both])


def sampled_orders(
    place: Place, sampling: Sampling, per_sample: bool
) -> tuple[Estimate, float, float]:
    """What needs samples of δ_j, drawn at c = 1.

    The variance that minibatch curvature adds, Σ_j Var_i(u_j·H_i δ_j) per c² (zero unless
    ``per_sample``), and over δ_k the rms third and the mean second order of the loss.
    """
    draws, generator = sampling.probes, Generator().manual_seed(sampling.seed)
    theta = place.hessian.theta
    buffer = _drawn_buffer(place, draws, generator)
    delta, added = torch.zeros_like(buffer), buffer.new_zeros(draws)
    for j in range(place.cycle):
        if j > 0 and per_sample:
            forms = sample_curvatures(place.problem, theta, place.pushes[j], delta)
            added += forms.var(dim=1)
        delta, buffer = _shaken(place, delta, buffer, generator)
    cubic, quadratic = cubic_to_quadratic(place.problem, theta, delta)
    return (
        mean_estimate(array(added), "theory"),
        float((cubic**2).mean() ** 0.5),
        float(quadratic.mean()),
    )


def _shaken(
    place: Place, delta: Tensor, buffer: Tensor, generator: Generator
) -> tuple[Tensor, Tensor]:
    """``delta`` and ``buffer`` (m, P) after a step with noise of c = 1."""
    kick = place.noise.draw(len(delta), generator)
    return place.how.forward(delta, buffer, place.hessian.products(delta) + kick)


def _drawn_buffer(place: Place, draws: int, generator: Generator) -> Tensor:
    """Samples (draws, P) of the buffer at a cycle's start, after as long as it remembers."""
    nothing = place.pushes.new_zeros(draws, place.pushes.shape[1])
    buffer = nothing
    for _ in range(place.remembered):
        delta = nothing
        for _ in range(place.cycle):
            delta, buffer = _shaken(place, delta, buffer, generator)
    return buffer

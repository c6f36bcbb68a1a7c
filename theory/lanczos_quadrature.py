r"""The log-determinant above a cut, of an operator too large for its eigenvalues.

    tr f(H) = E[zᵀ f(H) z],   zᵀ f(H) z = ∫ f dμ_z ≈ Σ_k w_k f(θ_k),   f = Θ(λ−c) ln λ  or  Θ(λ−c)

z has random signs; m steps of Lanczos from z give Gauss's quadrature of its spectral measure μ_z:
nodes θ_k are the eigenvalues of the tridiagonal matrix, weights w_k = |z|² (first components)²,
known as stochastic Lanczos quadrature. One more node is set at the cut itself (Gauss-Radau) and its
weight shared between both sides. The k largest eigenvalues are found first and counted exactly; z
is made orthogonal to their vectors, which takes their share out of the noise.

Two errors of different kinds. Noise of the probes: the standard error. Bias near the cut, where f
jumps and no quadrature resolves on which side weight lies. Two measures with the moments 0 … 2m in
common differ in μ(λ < t) by at most the Christoffel function (Chebyshev, Markov, Stieltjes)

    δ(t) = |z|² / Σ_{k=0}^m p_k(t)²,       p_k the orthonormal polynomials of the Lanczos recurrence

and by half of it where the weight at t is shared. With Θ ln λ = Θ ln c + ∫_c^λ dt/t therefore

    |bias of the number| ≤ ½ δ(c),         |bias of ln det| ≤ ½ |ln c| δ(c) + ∫_c^∞ δ(t) dt/t

for each probe. Where the spectrum is dense at the cut these shrink like 1/m and no faster; across a
gap exponentially. They bound, and are no error bars: the bias is mostly several times smaller.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal, solve_banded
from scipy.sparse.linalg import LinearOperator

from .errors import DomainError
from .estimate import Array, Estimate, frozen, mean_estimate
from .lanczos import recurrence
from .spectrum import largest_pairs

PARTS = 8  # of each stretch between two nodes in the integral of δ
FEWEST = 8  # probes: with 8 the standard error is itself known to 1/√14, about a quarter


@dataclass(frozen=True)
class LogDetAboveCut:
    """Estimates for the eigenvalues λ ≥ ``floor`` of an operator with ``dim`` directions.

    log_det: Σ ln λ; kept: their number; both with the standard error over the probes.
    log_det_bias, kept_bias: bounds on what the quadrature may be off by, on top of that.
    deflated: the largest eigenvalues (k,), falling, that were counted exactly.
    """

    log_det: Estimate
    kept: Estimate
    log_det_bias: float
    kept_bias: float
    dim: int
    floor: float
    deflated: Array
    probes: int
    steps: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "deflated", frozen(self.deflated))


def lanczos_log_det(
    operator: LinearOperator,
    floor: float,
    *,
    probes: int = 32,
    steps: int = 64,
    deflate: int = 8,
    seed: int = 0,
) -> LogDetAboveCut:
    """Log-det and number of the eigenvalues λ ≥ ``floor`` > 0 by stochastic Lanczos quadrature.

    ``probes`` sign vectors, each carried through ``steps`` products (fewer where its Krylov space
    ends) with full reorthogonalisation, N · steps numbers in memory; ``deflate`` largest
    eigenvalues are taken out first. ``floor`` is in the units of the Hessian; for the rule of the
    most negative eigenvalue take minus the value of ``most_negative_eigenvalue(operator)``.
    Raises DomainError for fewer than 8 probes (no standard error worth the name), fewer than 2
    steps, a floor not positive, and as many deflated as there are directions.
    """
    dim = operator.shape[0]
    whole = all(n < np.inf and n == int(n) for n in (probes, steps, deflate))
    if not (whole and probes >= FEWEST and steps >= 2):
        msg = (
            f"a standard error needs at least {FEWEST} probes and a quadrature 2 steps, all whole "
            f"numbers; they are {probes}, {steps}, with {deflate} deflated"
        )
        raise DomainError(msg)
    if not 0 < floor < np.inf:
        msg = f"the floor must be a positive number; it is {floor:g}"
        raise DomainError(msg)
    if not 0 <= deflate <= dim - 2:
        msg = f"deflate must be from 0 to N - 2 = {dim - 2}; it is {deflate}"
        raise DomainError(msg)
    values, vectors = largest_pairs(operator, max(1, deflate))
    end, found, vectors = float(values[-1]), values[:deflate], vectors[:, :deflate]
    rng = np.random.default_rng(seed)
    sums = np.array(
        [
            sums_above_cut(
                *recurrence(operator, probe, vectors, steps), float(probe @ probe), floor, end
            )
            for probe in (_probe(rng, vectors) for _ in range(probes))
        ]
    )
    kept = found[found >= floor]
    exact = np.array([np.log(kept).sum(), len(kept)])
    mean = mean_estimate(sums[:, :2] + exact, "lanczos")
    bias = sums[:, 2:].mean(axis=0)
    log_det, number = (Estimate(mean.value[i], mean.error[i], "lanczos") for i in (0, 1))
    return LogDetAboveCut(
        log_det, number, float(bias[0]), float(bias[1]), dim, floor, found, probes, steps
    )


def _probe(rng: np.random.Generator, vectors: Array) -> Array:
    signs = rng.integers(2, size=len(vectors)) * 2.0 - 1
    return np.asarray(signs - vectors @ (vectors.T @ signs))


def _christoffel(at: Array, diagonal: Array, beside: Array) -> Array:
    """1/Σ_{k=0}^m p_k² at the places ``at``; 0 where it falls below 1e-200."""
    last, now = np.zeros_like(at), np.ones_like(at)
    total = now.copy()
    before = np.concatenate([[0.0], beside[:-1]])
    for a, b, c in zip(diagonal, beside, before, strict=True):
        alive = total < 1e200  # p grows without bound where there is no spectrum
        then = ((at - a) * now - c * last) / b
        last, now = np.where(alive, now, last), np.where(alive, then, now)
        total = np.where(alive, total + then**2, total)
    return np.where(total < 1e200, 1 / total, 0.0)


def sums_above_cut(
    diagonal: Array, beside: Array, mass: float, floor: float, end: float
) -> tuple[float, float, float, float]:
    """Σ ln λ, number and the bounds on the bias of each, for one probe of |z|² = ``mass``.

    No eigenvalue lies above ``end``.
    """
    exact = beside[-1] == 0
    if not exact:
        rest = np.zeros(len(diagonal))
        rest[-1] = beside[-1] ** 2
        band = np.zeros((3, len(diagonal)))
        band[0, 1:] = band[2, :-1] = beside[:-1]
        band[1] = diagonal - floor
        diagonal = np.append(diagonal, floor + solve_banded((1, 1), band, rest)[-1])
    nodes, states = eigh_tridiagonal(diagonal, beside[: len(diagonal) - 1])
    weights = mass * states[0] ** 2
    if not exact:  # the node that was set stands on both sides
        weights[np.abs(nodes - floor).argmin()] *= 0.5
        nodes[np.abs(nodes - floor).argmin()] = floor
    above = nodes >= floor
    log_det, number = float(weights[above] @ np.log(nodes[above])), float(weights[above].sum())
    if exact or end <= floor:
        return log_det, number, 0.0, 0.0
    inner = nodes[(nodes > floor) & (nodes < end)]
    edges = np.log(np.concatenate([[floor], inner, [end]]))
    parts = np.linspace(0, 1, PARTS, endpoint=False)
    logs = np.append((edges[:-1, None] + np.diff(edges)[:, None] * parts).ravel(), edges[-1])
    doubt = mass * _christoffel(np.exp(logs), diagonal[:-1], beside)
    smeared = float(np.trapezoid(doubt, logs))
    jump = 0.5 * float(doubt[0])
    return log_det, number, abs(np.log(floor)) * jump + smeared, jump

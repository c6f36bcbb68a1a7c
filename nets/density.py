r"""The density of a Hessian's eigenvalues, by stochastic Lanczos quadrature.

.. math:: φ(λ) = \frac1N Σ_i δ(λ - λ_i) = E\, Σ_k w_k δ(λ - θ_k)

Every probe z of random signs spans a Krylov space, in which H is tridiagonal; its eigenvalues θ_k
are nodes and the squares of its eigenvectors' first components weights w_k, which integrate
polynomials up to degree 2m − 1 as z sees them (Golub and Welsch 1969; Ubaru, Chen and Saad 2017).
Eigenpairs that are known are taken out of the probes and stand as they are.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, frozen, mean_estimate
from .eigenpairs import EigenPairs
from .operator import Operator
from .problem import array
from .traces import drawn_signs


@dataclass(frozen=True)
class SpectralDensity:
    """What ``probes`` saw of the spectrum of an operator with ``dim`` directions.

    nodes, weights (probes, steps): the weights of each probe add up to 1, with those of ``known``
    (k,), eigenvalues that stand for one direction each.
    """

    nodes: Array
    weights: Array
    known: Array
    dim: int
    products: float

    def __post_init__(self) -> None:
        for name in ("nodes", "weights", "known"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def density(self, grid: Array, width: float) -> Estimate:
        """φ on ``grid`` (n,), each eigenvalue a Gaussian of standard deviation ``width``."""
        if not width > 0:
            msg = f"the width of a peak must be positive; it is {width:g}"
            raise DomainError(msg)

        def peaks(values: Array) -> Array:
            distance = (np.asarray(grid)[:, None] - values) / width
            return np.asarray(np.exp(-0.5 * distance**2) / (width * (2 * np.pi) ** 0.5))

        rows = [peaks(t) @ w for t, w in zip(self.nodes, self.weights, strict=True)]
        seen = mean_estimate(rows, "lanczos")
        exact = peaks(self.known).sum(axis=1) / self.dim
        return Estimate(seen.value + exact, seen.error, "lanczos")

    def moment(self, order: int) -> Estimate:
        """Σ_i λ_i^order / N; exact quadrature below twice the number of steps."""
        return self._mean(self.nodes**order, self.known**order)

    def share_below(self, value: float = 0.0) -> Estimate:
        """The share of eigenvalues below ``value``; blurred where they are dense around it."""
        return self._mean(1.0 * (self.nodes < value), 1.0 * (self.known < value))

    def _mean(self, of_nodes: ArrayLike, of_known: ArrayLike) -> Estimate:
        seen = mean_estimate((self.weights * np.asarray(of_nodes)).sum(axis=1), "lanczos")
        return Estimate(seen.value + np.sum(of_known) / self.dim, seen.error, "lanczos")


def spectral_density(
    operator: Operator,
    probes: int = 8,
    steps: int = 64,
    seed: int = 0,
    deflate: EigenPairs | None = None,
) -> SpectralDensity:
    """The spectrum as ``probes`` sign vectors see it in ``steps`` products each.

    All advance together; probes · steps · dim numbers in memory.  deflate: eigenpairs known well.
    Raises DomainError for fewer than 2 probes or steps.
    """
    check_quadrature(probes, steps)
    vectors = None if deflate is None else deflate.vectors
    known = np.empty(0) if deflate is None else deflate.values
    began = operator.used
    starts = drawn_signs(operator, probes, seed)
    diagonals, besides, _ = recurrences(operator, starts, vectors, steps)
    nodes, weights = quadrature(diagonals, besides)
    # of the directions that are left, not of |z|², which deflation makes stray from them
    weights *= (operator.dim - len(known)) / operator.dim
    return SpectralDensity(nodes, weights, known, operator.dim, operator.used - began)


def quadrature(diagonals: Array, besides: Array) -> tuple[Array, Array]:
    """Gauss nodes and weights (m, k) of every recurrence; the weights of each add up to 1."""
    nodes = np.empty(diagonals.shape)
    weights = np.empty_like(nodes)
    for i, (a, b) in enumerate(zip(diagonals, besides, strict=True)):
        nodes[i], states = eigh_tridiagonal(a, b[:-1])
        weights[i] = states[0] ** 2
    return nodes, weights


def check_quadrature(probes: int, steps: int) -> None:
    """Refuse what makes no standard error or no quadrature."""
    whole = all(n < np.inf and n == int(n) for n in (probes, steps))
    if not (whole and probes >= 2 and steps >= 2):
        msg = f"there must be at least 2 probes and 2 steps; there are {probes} and {steps}"
        raise DomainError(msg)


def recurrences(
    operator: Operator, starts: Tensor, deflated: Tensor | None, steps: int
) -> tuple[Array, Array, Array]:
    """Lanczos from all ``starts`` (m, dim) at once, orthogonal to the rows of ``deflated``.

    Diagonals (m, k), what stands beside them (m, k), and |start|² (m,) after deflation.  Where a
    Krylov space is used up, zeros follow, which decouple.
    """
    out = starts.new_empty(0, operator.dim) if deflated is None else deflated
    starts = starts - (starts @ out.T) @ out
    masses = array(starts.double().square().sum(dim=1))
    steps = min(steps, operator.dim - len(out))
    basis = starts.new_zeros(steps, *starts.shape)
    basis[0] = starts / starts.norm(dim=1, keepdim=True)
    diagonal, beside = np.zeros((2, len(starts), steps))
    for k in range(steps):
        image = operator.products(basis[k])
        diagonal[:, k] = array((basis[k] * image).sum(dim=1))
        for _ in range(2):  # once leaves rounding behind, twice does not
            image = image - (image @ out.T) @ out
            along = torch.einsum("kmp,mp->km", basis[: k + 1], image)
            image = image - torch.einsum("km,kmp->mp", along, basis[: k + 1])
        length = image.norm(dim=1)
        scale = np.abs(diagonal).max(axis=1) + beside.max(axis=1)
        over = array(length) <= 1e4 * torch.finfo(operator.dtype).eps * scale
        beside[:, k] = np.where(over, 0.0, array(length))
        if k + 1 < steps and not over.all():
            alive = torch.as_tensor(~over, device=operator.device)
            basis[k + 1] = image / length[:, None].clamp_min(
                1e-300 if image.dtype == torch.float64 else 1e-30
            )
            basis[k + 1] *= alive[:, None]
        elif over.all():
            return diagonal[:, : k + 1], beside[:, : k + 1], masses
    return diagonal, beside, masses

r"""Whether the gradient noise shakes the directions in which the loss is curved.

    cosine     tr(HC)/(|H|_F |C|_F)         1 where C ∝ H
    gain       P tr(HC)/(tr H tr C)         against isotropic noise of the same trace: the ratio of
                                            Zhu et al., arXiv 1803.00195, whose indicator is tr(HC)
    stiffness  tr(HC)/tr C                  the mean curvature that the noise meets
    exponent   γ of C_ii ∝ H_ii^γ           in the eigenbasis of H (1 ≤ γ ≤ 2: arXiv 2602.05600)

½ η² c tr(HC) is what the noise of a step adds to the loss.  With the r leading unit eigenvectors v
of C taken exactly, and random sign vectors w projected beside them for the rest,

.. math:: \mathrm{tr}(HC) = \sum_v \lambda_v v^\top H v + \langle (Hw)\cdot(Cw) \rangle,\quad
    \mathrm{tr} H = \sum_v v^\top H v + \langle w^\top H w\rangle,\quad
    |H|_F^2 = \sum_v |Hv|^2 + \langle |Hw|^2 \rangle

(and tr C² like |H|_F², where C has no rows), so that r + probes Hessian products give all of them;
the leading noise is also what is stiff.  The decay is known and added exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError, TooShort
from ..theory.estimate import Array, Estimate
from .gradient_noise import GradientNoise, random_signs
from .hessian import Hessian
from .problem import array

LEADING = 16  # eigenvectors of C: a few more than the classes, which make most of the noise


@dataclass(frozen=True)
class NoiseAlignment:
    """The measures of the module, and tr(HC) and tr H in the units of the loss."""

    cosine: Estimate
    gain: Estimate
    stiffness: Estimate
    product: Estimate
    trace: Estimate


def hessian_alignment(
    noise: GradientNoise, probes: int = 32, seed: int = 0, leading: int = LEADING
) -> NoiseAlignment:
    """How the noise is aligned with the Hessian of the whole loss, decay included.

    Errors hold the chance of the probes (jackknife, correlations included) and, where rows are
    sampled, that of tr C and tr(HC) in quadrature.
    """
    if probes < 4:
        msg = f"the error of the alignment needs at least 4 probes; there are {probes}"
        raise TooShort(msg)
    exact, sampled, chance = _sums(noise, probes, seed, leading)
    size, decay = len(noise.theta), noise.problem.decay
    strength = float(noise.trace().value)

    def product(sums: Array) -> Array:
        return np.asarray(sums[0] + decay * strength)

    def curvature(sums: Array) -> Array:
        return np.asarray(sums[1] + decay * size)

    def square(sums: Array) -> Array:
        return np.asarray(sums[2] + 2 * decay * sums[1] + decay**2 * size)

    measures: dict[str, Callable[[Array], Array]] = {
        "cosine": lambda sums: product(sums) / np.sqrt(square(sums) * sums[3]),
        "gain": lambda sums: size * product(sums) / (curvature(sums) * strength),
        "stiffness": lambda sums: product(sums) / strength,
        "product": product,
        "trace": curvature,
    }
    found = {}
    for name, measure in measures.items():
        mean = measure(exact + sampled.mean(axis=1))
        others = (sampled.sum(axis=1, keepdims=True) - sampled) / (probes - 1)
        error = (probes - 1) ** 0.5 * measure(exact[:, None] + others).std()
        error = np.hypot(error, abs(mean) * chance.get(name, 0.0))
        found[name] = Estimate(mean, error, noise.source)
    return NoiseAlignment(**found)


def _sums(
    noise: GradientNoise, probes: int, seed: int, leading: int
) -> tuple[Array, Array, dict[str, float]]:
    """Tr(HC), tr H, |H|² and tr C²: what is exact (4,) and from each probe (4, probes).

    Of H without decay.  Last, the relative errors from the sampling of rows.
    """
    theta, decay = noise.theta, noise.problem.decay
    count = max(1, min(leading, noise.count - 1, len(theta) - 1))
    values, vectors = noise.leading(count)
    signs = random_signs(probes, theta, seed)
    rest = signs - (signs @ vectors.T) @ vectors
    both = torch.cat([vectors, rest])
    curved = Hessian(noise.problem, theta).products(both) - decay * both
    steep, flat = curved[:count], curved[count:]
    forms, shaken = array(vectors @ steep.T), noise.products(rest)
    bent = values @ np.diag(forms), np.trace(forms), array((steep**2).sum())
    if noise.rows is None:
        known, left = (values**2).sum(), array((shaken**2).sum(dim=1))
    else:
        known, left = noise.squares[0], np.zeros(probes)
    sides = (flat * shaken, flat * rest, flat**2)
    sampled = np.stack([*(array(side.sum(dim=1)) for side in sides), left])
    chance = {} if noise.is_exact else _sampling(noise, vectors, forms)
    return np.array([*bent, known]), sampled, chance


def _sampling(noise: GradientNoise, vectors: Tensor, forms: Array) -> dict[str, float]:
    """Relative errors from the sampling of rows: tr(HC) in the leading directions, and tr C."""
    parts = array(noise.projections(vectors))
    rows = np.einsum("ar,ab,br->r", parts, forms, parts)
    share = (1 - noise.count / noise.population) ** 0.5 / noise.count**0.5

    def relative(values: Array) -> float:
        return float(values.std(ddof=1) * share)

    product, spread = rows / rows.mean(), noise.norms / noise.norms.mean()
    square = np.zeros(noise.count)
    if noise.rows is not None:
        whole, pairs = noise.squares
        square = pairs / whole  # half of what a row does to tr C²: the root of it counts
    both = relative(product - spread)
    return {
        "product": relative(product),
        "stiffness": both,
        "gain": both,
        "cosine": relative(product - square),
    }


@dataclass(frozen=True)
class NoiseExponent:
    """The exponent γ; the curvatures H_ii without decay and the variances C_ii it is from, (k,)."""

    exponent: Estimate
    curvatures: Array
    variances: Array


def noise_exponent(noise: GradientNoise, values: Array, vectors: Tensor) -> NoiseExponent:
    """The exponent γ of C_ii ∝ H_ii^γ by least squares of the logarithms over eigenpairs of H.

    values (k,), vectors (k, P): of H, decay included; it makes no noise and is taken off.  Only
    eigenvalues above the most negative in size, of those given, count as curvature.  The error is
    that of a regression line with independent residuals.  Raises TooShort below 4 of them.
    """
    bare = np.asarray(values, dtype=np.float64) - noise.problem.decay
    if bare.shape != (len(vectors),):
        msg = f"{len(vectors)} vectors need as many eigenvalues; there are {bare.shape}"
        raise DomainError(msg)
    variances = (array(noise.projections(vectors)) ** 2).mean(axis=1)
    kept = (bare > max(-bare.min(), 0.0)) & (variances > 0)
    if kept.sum() < 4:
        msg = f"an exponent needs at least 4 positive curvatures; there are {kept.sum()}"
        raise TooShort(msg)
    x, y = np.log(bare[kept]), np.log(variances[kept])
    offset = x - x.mean()
    slope = offset @ y / (offset @ offset)
    residual = y - y.mean() - slope * offset
    error = (residual @ residual / (len(x) - 2) / (offset @ offset)) ** 0.5
    return NoiseExponent(Estimate(slope, error, "regression"), bare[kept], variances[kept])

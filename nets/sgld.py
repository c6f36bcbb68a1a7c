r"""Langevin steps with minibatch gradients (SGLD), and what their step and their noise falsify.

.. math:: \Delta z = -\tfrac{\epsilon}{2M} \big[ w \nabla L_B + \gamma z \big]
          + \sqrt{\epsilon/M}\; \xi

the update of Lau et al. (arXiv 2308.12108) as the package ``devinterp`` states it, with w = nβ;
M = 1, or, preconditioned, M = γ + wλ₊ along each eigenvector of the Hessian, where ε is a number.
Nothing is rejected, so the law sampled is not the one meant.  Where the loss is quadratic the
variance of each direction is known, with κ = γ + wλ, C_i the variance of per-sample gradients along
it and c = (1/B)(1 − B/n):

.. math:: \langle z_i^2 \rangle = \frac{1}{\kappa_i}\;
          \frac{1 + \epsilon w^2 c\, C_i/(4 M_i)}{1 - \epsilon \kappa_i/(4 M_i)}

(the stationary state of a linear recursion, with cross-covariances that no average of the loss
sees).  From it the two biases of w⟨L − L*⟩ follow, that of the step and that of the minibatch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ..theory.errors import DomainError, NotConverged
from ..theory.estimate import Array, frozen
from ..theory.localised import held_stiffness
from .basin import Basin
from .gradient_noise import minibatch_factor
from .noise_sampling import measure_noise
from .problem import array

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Langevin:
    """excess (chains, draws): L − L* of the minibatch of every step; step ε; preconditioned."""

    excess: Array
    step: float
    preconditioned: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "excess", frozen(self.excess))


def langevin_draws(
    basin: Basin,
    weight: float,
    localisation: float,
    step: float,
    *,
    batch: int = 32,
    chains: int = 8,
    draws: int = 2000,
    burn_in: int | None = None,
    preconditioned: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Langevin:
    """``draws`` steps of ``chains`` chains from the centre, after ``burn_in`` (default: a half).

    The excess of a step is that of its own minibatch, drawn apart from where the chain is, over the
    same minibatch at the centre: unbiased, and quieter than the loss.
    Raises DomainError for numbers out of range and NotConverged where a chain leaves all bounds.
    """
    burn_in = draws // 2 if burn_in is None else burn_in
    problem = basin.problem
    minibatch_factor(batch, problem.samples)  # refuses a batch that is no part of the samples
    problem.check_batch(batch)
    if not step > 0 or chains < 2 or draws < 4 or burn_in < 0:
        msg = (
            "the step must be positive, with at least 2 chains and 4 draws and no negative "
            f"burn-in; they are {step:g}, {chains}, {draws} and {burn_in}"
        )
        raise DomainError(msg)
    generator = torch.Generator().manual_seed(seed)
    held = held_stiffness(basin.positive, weight, localisation)
    mass = problem.tensor(held if preconditioned else np.ones(basin.dim))
    z = problem.tensor(np.zeros((chains, basin.dim)))
    centre, kept = torch.zeros_like(z), []
    for i in range(burn_in + draws):
        drawn = torch.rand((chains, problem.samples), generator=generator)
        picks = drawn.argsort(dim=1)[:, :batch].to(z.device)
        losses, slopes = basin.minibatch(z, picks)
        if i >= burn_in:
            kept.append(array(losses - basin.minibatch(centre, picks)[0]))
        kick = torch.randn(z.shape, generator=generator, dtype=z.dtype).to(z.device)
        force = weight * slopes + localisation * z
        z = z - 0.5 * step * force / mass + (step / mass).sqrt() * kick
        if progress is not None:
            progress((i + 1) / (burn_in + draws))
    if not bool(torch.isfinite(z).all()) or not np.all(np.isfinite(kept)):
        msg = f"the chains left all bounds; lower the step from {step:g}"
        raise NotConverged(msg)
    return Langevin(np.stack(kept, axis=1), step, preconditioned)


def gradient_variances(basin: Basin) -> Array:
    """C_i (k,): the variance of per-sample gradients along each coordinate of ``basin``."""
    problem = basin.problem
    if problem.normalisation == "batch":
        msg = "with batch statistics a sample has no gradient of its own"
        raise DomainError(msg)
    identity = torch.eye(basin.dim, dtype=basin.centre.dtype, device=basin.centre.device)
    directions = basin.parameters(identity) - basin.centre
    noise = measure_noise(problem, basin.centre)
    return np.asarray(array((directions * noise.products(directions)).sum(dim=1)))


def langevin_bias(
    basin: Basin,
    weight: float,
    localisation: float,
    step: float,
    batch: int,
    preconditioned: bool = False,
    variances: Array | None = None,
) -> tuple[float, float]:
    """What the step, and what the minibatch, adds to w⟨L − L*⟩, where the loss is quadratic.

    variances: those of :func:`gradient_variances`.  Infinite where the step is unstable.
    """
    curved = basin.positive
    held = held_stiffness(curved, weight, localisation)
    turned = step * held / (held if preconditioned else 1.0)
    if not turned.max() < 4:
        return np.inf, np.inf
    if variances is None:
        variances = gradient_variances(basin)
    noise = minibatch_factor(batch, basin.problem.samples) * variances * weight**2
    share = 0.5 * weight * curved / held
    by_step = (share * (1 / (1 - turned / 4) - 1)).sum()
    by_batch = (share * (turned / held) * noise / 4 / (1 - turned / 4)).sum()
    return float(by_step), float(by_batch)

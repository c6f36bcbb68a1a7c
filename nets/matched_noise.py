r"""Langevin steps whose noise is as strong as that of minibatches, and uncorrelated.

.. math::

    \theta \leftarrow \theta - \eta\,\nabla L + \eta\,\sigma \circ \xi, \qquad
    \sigma_i^2 = \frac1m \sum_{k=1}^m (G_k^{(i)} - \bar G^{(i)})^2, \quad \xi \sim N(0, 1)

with G_k the gradients on the m minibatches into which the samples are split anew at every step, and
Ḡ, their mean, the gradient on all samples.  Zhang, Saxe, Advani & Lee, Mol. Phys. (2018), eqs.
(19)-(21), with σ in units of a gradient, so that noise of the "same magnitude as SGD" enters times
η (their eq. (20) writes the η into σ).  With 1/m rather than 1/(m - 1) σ² is, on average over
splits, the variance (1 - B/n) S²/B of a minibatch drawn without replacement, their eq. (4).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

from ..theory.errors import DomainError


def splits(samples: int, batch: int) -> int:
    """m, the number of minibatches; DomainError unless they are at least two, equal and whole."""
    if batch >= samples or samples % batch:
        msg = (
            "the noise is measured on a split of the samples into equal minibatches: the batch "
            f"must divide their number and be smaller; they are {batch} and {samples}"
        )
        raise DomainError(msg)
    return samples // batch


def matched_noise_step(
    thetas: Tensor,
    minibatches: Sequence[Callable[[Tensor], tuple[Tensor, Tensor]]],
    rate: float,
    generators: Sequence[Generator],
) -> Tensor:
    """Move ``thetas`` (R, P) by one step, in place; the loss (R,) before it.

    minibatches: each gives losses and gradients of all replicas on one part of the split.
    generators: one for each replica, on the CPU.
    """
    total = mean = spread = torch.zeros_like(thetas)
    for k, minibatch in enumerate(minibatches, start=1):
        losses, slopes = minibatch(thetas)
        total = losses if k == 1 else total + losses
        above = slopes - mean  # Welford: no difference of large squares
        mean = mean + above / k
        spread = spread + above * (slopes - mean)
    size, kind = thetas.shape[1], thetas.dtype
    kicks = torch.stack([torch.randn(size, generator=g, dtype=kind) for g in generators])
    noise = (spread / len(minibatches)).sqrt() * kicks.to(thetas.device)
    thetas.sub_(mean - noise, alpha=rate)
    return total / len(minibatches)

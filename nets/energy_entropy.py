r"""The network of 1320 parameters on which entropy was seen to compete with energy.

Zhang, Saxe, Advani and Lee, "Energy-entropy competition and the effectiveness of stochastic
gradient descent in machine learning", the section on CIFAR-10, eqs (17) and (18):

.. math:: y = \sigma_1(W_5 \sigma(W_4 \sigma(W_3 \sigma(W_2 \sigma_1(W_1 x)))))

σ(x) = max(0, x), σ₁ the sigmoid; W₁ is 10 × 100, W₂ to W₄ are 10 × 10, W₅ leads from 10 to 2 units;
no biases; 1320 parameters.  The source writes its cross-entropy for one probability y and one label
t; with the two outputs that make up the 1320 parameters we read it as the sum of
−t ln y − (1 − t) ln(1 − y) over both, t = 1 for the image's own class and 0 for the other.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from ..theory.errors import DomainError

WIDTHS = (100, 10, 10, 10, 10, 2)


def energy_entropy_network(
    seed: int, variance: float = 0.1, dtype: torch.dtype = torch.float64
) -> nn.Sequential:
    """The network before its last sigmoid, which is part of :func:`sigmoid_cross_entropy`.

    Weights are N(0, ``variance``), from ``seed``; we read the source's N(0, 0.1) as a variance.
    Raises DomainError unless it is positive.

    >>> sum(p.numel() for p in energy_entropy_network(0).parameters())
    1320
    """
    if not 0 < variance < float("inf"):
        msg = f"the variance of the weights must be positive; it is {variance:g}"
        raise DomainError(msg)
    generator = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(WIDTHS):
        with torch.random.fork_rng(devices=[]):  # a layer draws weights of its own when it is made
            layer = nn.Linear(fan_in, fan_out, bias=False, dtype=dtype)
        with torch.no_grad():
            layer.weight.normal_(0.0, variance**0.5, generator=generator)
        layers += [layer, nn.ReLU() if len(layers) else nn.Sigmoid()]
    return nn.Sequential(*layers[:-1])


def sigmoid_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Σ over outputs of −t ln y − (1 − t) ln(1 − y), y = σ₁(output); outputs (n, c), targets (n,).

    t is 1 for the target class and 0 for the others.

    >>> sigmoid_cross_entropy(torch.zeros(1, 2), torch.tensor([1])).exp().item()
    4.0
    """
    own = nn.functional.one_hot(targets, outputs.shape[1]).to(outputs.dtype)
    each = nn.functional.binary_cross_entropy_with_logits(outputs, own, reduction="none")
    return each.sum(dim=1)

"""Ready-made architectures."""

from itertools import pairwise

import torch
from torch import nn

from ..theory.errors import DomainError


def mlp(widths: tuple[int, ...], seed: int, dtype: torch.dtype = torch.float64) -> nn.Sequential:
    """A multilayer perceptron with tanh between its layers, smooth in all its parameters.

    widths: (inputs, hidden …, outputs).  Weights are N(0, 1/fan-in), biases zero, from ``seed``.

    >>> sum(p.numel() for p in mlp((64, 16, 16, 10), seed=0).parameters())
    1482
    """
    if len(widths) < 2 or min(widths) < 1:
        msg = f"an MLP needs at least two widths, all positive; they are {widths}"
        raise DomainError(msg)
    generator = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layer = nn.Linear(fan_in, fan_out, dtype=dtype)
        with torch.no_grad():
            layer.weight.normal_(0.0, fan_in**-0.5, generator=generator)
            layer.bias.zero_()
        layers += [layer, nn.Tanh()]
    return nn.Sequential(*layers[:-1])

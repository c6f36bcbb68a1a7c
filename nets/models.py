"""Fully connected architectures."""

from itertools import pairwise

import torch
from torch import nn

from ..theory.errors import DomainError
from .activations import activation as named_activation


def mlp(
    widths: tuple[int, ...],
    seed: int,
    dtype: torch.dtype = torch.float64,
    activation: str = "tanh",
    bias: bool = True,
) -> nn.Sequential:
    """A multilayer perceptron with ``activation`` between its layers.

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
        with torch.random.fork_rng(devices=[]):  # a layer draws weights of its own when it is made
            layer = nn.Linear(fan_in, fan_out, bias, dtype=dtype)
        with torch.no_grad():
            layer.weight.normal_(0.0, fan_in**-0.5, generator=generator)
            if bias:
                layer.bias.zero_()
        layers += [layer, named_activation(activation)]
    return nn.Sequential(*layers[:-1])


def deep_linear(
    widths: tuple[int, ...], seed: int, dtype: torch.dtype = torch.float64
) -> nn.Sequential:
    """A product of weight matrices f(x) = W_L … W₁x, without biases.

    >>> deep_linear((2, 3, 1), seed=0)(torch.zeros(1, 2, dtype=torch.float64)).tolist()
    [[0.0]]
    """
    matrices = [layer for layer in mlp(widths, seed, dtype, bias=False) if hasattr(layer, "weight")]
    return nn.Sequential(*matrices)

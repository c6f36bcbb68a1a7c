r"""A small convolutional network without normalisation: every derivative of every sample exists.

Each convolution's windows lie side by side (stride = window), as in the stem of a vision
transformer, so that it is one matrix product over patches: copies with weights of their own are
batched matrix products, which on a CPU are several times faster than batched convolutions.

    patches 4×4, w channels  →  σ  →  patches 2×2, 2w channels  →  σ  →  linear to the classes

Weights are N(0, 1/fan-in), biases zero.
"""

import torch
from torch import Tensor, nn

from ..theory.errors import DomainError
from .activations import activation as named

WINDOWS = (4, 2)


class Patches(nn.Module):
    """Images (n, h, w, c) as windows side by side: (n, h/p, w/p, p·p·c)."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = window

    def forward(self, images: Tensor) -> Tensor:
        """What a convolution of that window and stride sees at each place."""
        n, height, width, channels = images.shape
        p = self.window
        cut = images.reshape(n, height // p, p, width // p, p, channels).permute(0, 1, 3, 2, 4, 5)
        return cut.reshape(n, height // p, width // p, p * p * channels)


class ChannelsLast(nn.Module):
    """Images (n, c, h, w) as (n, h, w, c)."""

    def forward(self, images: Tensor) -> Tensor:
        """The same numbers, the channels of a pixel side by side."""
        return images.permute(0, 2, 3, 1)


def patch_network(
    size: int = 16,
    width: int = 16,
    classes: int = 10,
    *,
    seed: int,
    activation: str = "tanh",
    dtype: torch.dtype = torch.float64,
) -> nn.Sequential:
    """The network for images (n, 3, size, size); ``size`` is a multiple of 8.

    >>> sum(p.numel() for p in patch_network(seed=0).parameters())
    4154
    """
    if size < 8 or size % 8 or width < 1 or classes < 2:
        msg = (
            "the size must be a multiple of 8, the width at least 1 and the classes at least 2; "
            f"they are {size}, {width} and {classes}"
        )
        raise DomainError(msg)
    generator = torch.Generator().manual_seed(seed)

    def linear(fan_in: int, fan_out: int) -> nn.Linear:
        with torch.random.fork_rng(devices=[]):  # a layer draws weights of its own when it is made
            layer = nn.Linear(fan_in, fan_out, dtype=dtype)
        with torch.no_grad():
            layer.weight.normal_(0.0, fan_in**-0.5, generator=generator)
            layer.bias.zero_()
        return layer

    layers: list[nn.Module] = [ChannelsLast()]
    channels = 3
    for window, wide in zip(WINDOWS, (width, 2 * width), strict=True):
        layers += [Patches(window), linear(window**2 * channels, wide), named(activation)]
        channels = wide
    places = (size // 8) ** 2
    return nn.Sequential(*layers, nn.Flatten(), linear(places * channels, classes))

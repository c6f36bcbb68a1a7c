"""Residual networks for small images, as published.

    resnet         He, Zhang, Ren and Sun, CVPR 2016: stages of n blocks of two 3×3 convolutions,
                   depth 6n + 2, widths w, 2w, 4w with w = 16; y = σ(x + F(x)); where the size
                   halves the shortcut takes every other pixel and adds channels of zeros
                   (their option A), which costs no parameters
    wide_resnet    Zagoruyko and Komodakis, BMVC 2016: depth 6n + 4, widths 16k, 32k, 64k behind a
                   stem of 16; normalisation and σ come before each convolution, y = x + F(x);
                   where the width changes the shortcut is a 1×1 convolution of σ(norm(x))

Convolutions have no bias; weights are N(0, 2/fan-in) for them and N(0, 1/fan-in) for the last
layer, whose bias is zero; scales of batch normalisation start at 1 and shifts at 0.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..theory.errors import DomainError
from .activations import activation as named


def resnet(
    depth: int = 20,
    width: int = 16,
    classes: int = 10,
    *,
    seed: int,
    activation: str = "relu",
    dtype: torch.dtype = torch.float32,
) -> nn.Sequential:
    """The residual network of that depth, 6n + 2, for images (batch, 3, h, w) of any size.

    >>> [sum(p.numel() for p in resnet(d, seed=0).parameters()) for d in (20, 110)]
    [269722, 1727962]
    """
    blocks = _blocks_per_stage(depth, 2, width, classes)

    def build() -> nn.Sequential:
        layers: list[nn.Module] = [
            _convolution(3, width, 1),
            nn.BatchNorm2d(width),
            named(activation),
        ]
        channels = width
        for stage in range(3):
            for block in range(blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                layers.append(Block(channels, width * 2**stage, stride, activation))
                channels = width * 2**stage
        return nn.Sequential(*layers, *_head(channels, classes))

    return _seeded(build, seed, dtype)


def wide_resnet(
    depth: int = 16,
    widening: int = 4,
    classes: int = 10,
    *,
    seed: int,
    activation: str = "relu",
    dtype: torch.dtype = torch.float32,
) -> nn.Sequential:
    """The wide residual network WRN-depth-widening, of depth 6n + 4.

    >>> sum(p.numel() for p in wide_resnet(16, 4, seed=0).parameters())
    2748890
    """
    blocks = _blocks_per_stage(depth, 4, widening, classes)

    def build() -> nn.Sequential:
        layers: list[nn.Module] = [_convolution(3, 16, 1)]
        channels = 16
        for stage in range(3):
            width = 16 * widening * 2**stage
            for block in range(blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                layers.append(WideBlock(channels, width, stride, activation))
                channels = width
        layers += [nn.BatchNorm2d(channels), named(activation)]
        return nn.Sequential(*layers, *_head(channels, classes))

    return _seeded(build, seed, dtype)


class Block(nn.Module):
    """σ(x + norm(conv(σ(norm(conv(x)))))), with the shortcut of option A."""

    def __init__(self, channels: int, width: int, stride: int, activation: str) -> None:
        super().__init__()
        self.first = _convolution(channels, width, stride)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = _convolution(width, width, 1)
        self.second_norm = nn.BatchNorm2d(width)
        self.activation = named(activation)
        self.stride = stride
        self.empty = width - channels  # channels that the shortcut has none for

    def forward(self, inputs: Tensor) -> Tensor:
        """Images (batch, width, h/stride, w/stride) of ``inputs`` (batch, channels, h, w)."""
        inner = self.activation(self.first_norm(self.first(inputs)))
        inner = self.second_norm(self.second(inner))
        shortcut = inputs
        if self.stride > 1:
            shortcut = inputs[:, :, :: self.stride, :: self.stride]
        if self.empty:
            shortcut = nn.functional.pad(shortcut, (0, 0, 0, 0, 0, self.empty))
        outputs: Tensor = self.activation(shortcut + inner)
        return outputs


class WideBlock(nn.Module):
    """x + conv(σ(norm(conv(σ(norm(x)))))); the shortcut is a convolution if the width changes."""

    def __init__(self, channels: int, width: int, stride: int, activation: str) -> None:
        super().__init__()
        self.first_norm = nn.BatchNorm2d(channels)
        self.first = _convolution(channels, width, stride)
        self.second_norm = nn.BatchNorm2d(width)
        self.second = _convolution(width, width, 1)
        self.activation = named(activation)
        self.shortcut = None
        if channels != width:
            self.shortcut = nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Images (batch, width, h/stride, w/stride) of ``inputs`` (batch, channels, h, w)."""
        active = self.activation(self.first_norm(inputs))
        inner = self.activation(self.second_norm(self.first(active)))
        outputs: Tensor = self.second(inner)
        return outputs + (inputs if self.shortcut is None else self.shortcut(active))


def _convolution(channels: int, width: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)


def _head(channels: int, classes: int) -> tuple[nn.Module, ...]:
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)


def _blocks_per_stage(depth: int, rest: int, width: int, classes: int) -> int:
    if depth < 6 + rest or (depth - rest) % 6:
        msg = f"the depth must be 6n + {rest}, n at least 1; it is {depth}"
        raise DomainError(msg)
    if width < 1 or classes < 2:
        msg = f"width must be at least 1 and classes at least 2; they are {width} and {classes}"
        raise DomainError(msg)
    return (depth - rest) // 6


def _seeded(build: Callable[[], nn.Sequential], seed: int, dtype: torch.dtype) -> nn.Sequential:
    """The model with weights from ``seed`` alone, drawn in float32 whatever the type."""
    with torch.random.fork_rng(devices=[]):  # layers draw weights of their own when they are made
        model = build()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                gain = 2 if isinstance(layer, nn.Conv2d) else 1
                spread = (gain / layer.weight[0].numel()) ** 0.5
                layer.weight.normal_(0.0, spread, generator=generator)
            if isinstance(layer, nn.Linear):
                layer.bias.zero_()
    return model.to(dtype)

"""Small networks with every way in which units can be tied."""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """Two convolutions and a shortcut that strides and pads channels with zeros where needed."""

    def __init__(self, width: int, wider: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, wider, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(wider)
        self.second = nn.Conv2d(wider, wider, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(wider)
        self.stride, self.more = stride, wider - width

    def forward(self, x):
        y = self.second_norm(self.second(torch.relu(self.first_norm(self.first(x)))))
        if self.more:
            before = self.more // 2
            x = F.pad(
                x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.more - before)
            )
        return F.relu(y + x)


class Residual(nn.Module):
    """Stem, three blocks of widths 4, 8, 8, and a linear read-out."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.blocks = nn.Sequential(Block(4, 4, 1), Block(4, 8, 2), Block(8, 8, 1))
        self.out = nn.Linear(8, 5)

    def forward(self, x):
        x = self.blocks(torch.relu(self.norm(self.stem(x))))
        return self.out(F.avg_pool2d(x, 4).view(x.size(0), -1))


class PreActivation(nn.Module):
    """As in wide residual networks: normalise first, and a 1×1 convolution where widths change."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.norm, self.relu = nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        self.first, self.first_norm = nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.second, self.shortcut = nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(4, 6, 1)
        self.last_norm, self.out = nn.BatchNorm2d(6), nn.Linear(6, 5)

    def forward(self, x):
        x = self.relu(self.norm(self.stem(x)))
        y = F.dropout(self.relu(self.first_norm(self.first(x))), 0.3, self.training)
        x = torch.add(self.second(y), self.shortcut(x))
        return self.out(torch.relu(self.last_norm(x)).mean((2, 3)))


def plain_convolutions() -> nn.Sequential:
    """Convolutions with batch normalisation, pooling, and a flattened read-out."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 7, 3, padding=1), nn.BatchNorm2d(7), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(28, 9), nn.Sigmoid(), nn.Linear(9, 5),
    )  # fmt: skip


def perceptron() -> nn.Sequential:
    """Odd, even and neither: tanh, then ReLU, then softplus."""
    return nn.Sequential(
        nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 7), nn.ReLU(), nn.Linear(7, 3, bias=False),
        nn.Softplus(), nn.Linear(3, 2),
    )  # fmt: skip


def shaken(model: nn.Module, seed: int = 0) -> nn.Module:
    """Every parameter and running statistic moved away from where initialisation puts it."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
        for name, buffer in model.named_buffers():
            if "running" in name:
                buffer += torch.rand(buffer.shape, generator=generator)
    return model.double()

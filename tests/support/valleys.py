"""Potentials of two coordinates as networks of two parameters, whose valleys are known."""

from collections.abc import Callable

import torch
from torch import Tensor

from entropic.nets import Problem

Potential = Callable[[Tensor, Tensor], Tensor]


class Potted(torch.nn.Module):
    """Puts out V at its own two parameters, for every sample, plus what comes in."""

    def __init__(self, potential: Potential) -> None:
        super().__init__()
        self.place = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
        self.potential = potential

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs[:, 0] + self.potential(self.place[0], self.place[1])


def potential_problem(potential: Potential, samples: int = 2) -> Problem:
    """A landscape that is V itself: L(x, y) = V(x, y)."""
    inputs = torch.zeros(samples, 1, dtype=torch.float64)
    return Problem(Potted(potential), lambda outputs, _: outputs, inputs, inputs)


def ring(x: Tensor, y: Tensor) -> Tensor:
    """A valley of depth 0 all along the unit circle."""
    return (x * x + y * y - 1) ** 2


def saddled_ring(x: Tensor, y: Tensor) -> Tensor:
    """Minima of 0 at (±1, 0), saddles of 0.2 at (0, ±1): the valley is the unit circle itself."""
    return ring(x, y) + 0.2 * y * y / (x * x + y * y)


def mueller_brown(x: Tensor, y: Tensor) -> Tensor:
    """Müller and Brown, Theor. Chim. Acta 53, 75 (1979)."""
    rows = (
        (-200.0, -1.0, 0.0, -10.0, 1.0, 0.0),
        (-100.0, -1.0, 0.0, -10.0, 0.0, 0.5),
        (-170.0, -6.5, 11.0, -6.5, -0.5, 1.5),
        (15.0, 0.7, 0.6, 0.7, -1.0, 1.0),
    )
    total = torch.zeros_like(x)
    for height, a, b, c, x0, y0 in rows:
        u, v = x - x0, y - y0
        total = total + height * torch.exp(a * u * u + b * u * v + c * v * v)
    return total


def stationary_point(potential: Potential, start: tuple[float, float]) -> Tensor:
    """Newton's zero of ∇V near ``start``."""
    place = torch.tensor(start, dtype=torch.float64)

    def field(at: Tensor) -> Tensor:
        return potential(at[0], at[1])

    for _ in range(20):
        slope = torch.func.grad(field)(place)
        place = place - torch.linalg.solve(torch.func.hessian(field)(place), slope)
    return place

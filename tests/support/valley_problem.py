"""A network that is a valley: V = U(y) + ½ xᵀH(y)x, with gradient noise of a known covariance."""

import numpy as np
import torch
from torch import Tensor, nn

from entropic.nets import Problem


class ValleyModel(nn.Module):
    """The loss of every sample at (y, x): with z_i its inputs, a weight (1, √g, …) on each."""

    def __init__(self, dims: int, aligned: bool) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1 + dims, dtype=torch.float64))
        self.aligned = aligned

    def hessian(self, y: Tensor) -> Tensor:
        """H(y) (d, d): stiffnesses e^y, 2e^{−y/2}, …, turned with y where they are not alike."""
        dims = len(self.place) - 1
        if self.aligned:
            return torch.exp(y) * torch.eye(dims, dtype=y.dtype)
        turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=y.dtype) * 0.4 * y
        axes = torch.linalg.matrix_exp(turn)
        return axes @ torch.diag(torch.stack([torch.exp(y), 2 * torch.exp(-0.5 * y)])) @ axes.T

    def forward(self, inputs: Tensor) -> Tensor:
        y, x = self.place[0], self.place[1:]
        matrix = self.hessian(y)
        valley = 0.3 * torch.sin(y) + 0.5 * x @ matrix @ x
        push = torch.exp(0.5 * y) if self.aligned else torch.ones_like(y)
        return valley + inputs[:, :1] * y + push * (inputs[:, 1:] @ x)[:, None]


def given(outputs: Tensor, targets: Tensor) -> Tensor:
    """What the model puts out is the loss."""
    return outputs[:, 0]


def valley_problem(dims: int, aligned: bool, samples: int = 9, seed: int = 0) -> Problem:
    """Kicks of mean zero; where ``aligned``, alike in all directions and times √g."""
    rng = np.random.default_rng(seed)
    kicks = rng.normal(size=(samples, 1 + dims))
    kicks -= kicks.mean(axis=0)
    if aligned:
        kicks = np.linalg.qr(kicks)[0] * np.sqrt(samples - 1)  # unit covariance
    inputs = torch.tensor(kicks)
    return Problem(ValleyModel(dims, aligned), given, inputs, torch.zeros(samples, 1))


def kick_covariance(problem: Problem) -> np.ndarray:
    """Of the inputs, (1 + d, 1 + d)."""
    return np.cov(problem.inputs.numpy().T)

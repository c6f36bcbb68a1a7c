"""Losses of single samples: (outputs (n, …), targets (n, …)) → (n,)."""

import torch
from torch import Tensor


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """−ln of the softmax probability of the target class; outputs (n, classes), targets (n,).

    >>> cross_entropy(torch.zeros(1, 4), torch.tensor([2])).exp().item()
    4.0
    """
    return torch.nn.functional.cross_entropy(outputs, targets, reduction="none")


def half_square(outputs: Tensor, targets: Tensor) -> Tensor:
    """½|output − target|², summed over what one sample puts out.

    >>> half_square(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2)).item()
    12.5
    """
    return 0.5 * (outputs - targets).reshape(len(outputs), -1).square().sum(dim=1)


def correct(outputs: Tensor, targets: Tensor) -> Tensor:
    """1 where the largest output (n, classes) is that of the target class, else 0.

    >>> correct(torch.eye(2), torch.tensor([0, 0])).tolist()
    [1.0, 0.0]
    """
    return (outputs.argmax(dim=1) == targets).to(outputs.dtype)

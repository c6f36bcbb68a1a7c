r"""A problem is a model, a loss per sample and data; the landscape is what they make together.

.. math:: L(\theta) = \frac1n \sum_i \ell_i(\theta) + \frac{\lambda}{2} |\theta|^2

The loss is the **mean** over samples: Hessian, gradient noise and temperature follow this
convention.  ``theta`` is always the flat vector of all trainable parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..theory.errors import DomainError
from ..theory.estimate import Array
from .parameters import Layout, layout

SampleLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Problem:
    """model: any module without buffers that change in the forward pass.

    loss(outputs (n, …), targets (n, …)) → (n,): the loss of every sample.  inputs (n, …), targets
    (n, …): the training set.  decay: λ ≥ 0.  Everything computes in the dtype of the parameters.
    Raises DomainError for a model without parameters, a loss that is not one number per sample,
    or data of different lengths.
    """

    model: nn.Module
    loss: SampleLoss
    inputs: Tensor
    targets: Tensor
    decay: float = 0.0

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets) or len(self.inputs) < 2:
            msg = (
                f"inputs and targets must be equally many and at least 2; "
                f"there are {len(self.inputs)} and {len(self.targets)}"
            )
            raise DomainError(msg)
        if not (self.decay >= 0):
            msg = f"the weight decay must be zero or positive; it is {self.decay:g}"
            raise DomainError(msg)
        layout(self.model)  # refuses a model without parameters
        with torch.no_grad():
            losses = self.loss(self.model(self.inputs[:2]), self.targets[:2])
        if losses.shape != (2,):
            msg = f"the loss must give one number per sample; for 2 it gave {tuple(losses.shape)}"
            raise DomainError(msg)

    @cached_property
    def layout(self) -> Layout:
        """Names and shapes behind the flat vector."""
        return layout(self.model)

    @property
    def samples(self) -> int:
        """Number n of training samples."""
        return len(self.inputs)

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the parameters."""
        return next(self.model.parameters()).dtype

    def sample_losses(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """ℓ_i (n,) without the decay term."""
        outputs = functional_call(self.model, self.layout.unflatten(theta), (inputs,))
        return self.loss(outputs, targets)

    def objective(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss over the given samples plus the decay term."""
        return self.sample_losses(theta, inputs, targets).mean() + 0.5 * self.decay * (
            theta @ theta
        )

    def full(self, theta: Tensor) -> Tensor:
        """L(θ) over the whole training set."""
        return self.objective(theta, self.inputs, self.targets)

    def tensor(self, values: Array) -> Tensor:
        """NumPy values as a tensor of the problem's type."""
        return torch.tensor(values, dtype=self.dtype)


def array(tensor: Tensor) -> Array:
    """A tensor as float64 NumPy: the only form in which numbers leave this room."""
    return cast("Array", tensor.detach().to(torch.float64).numpy())

r"""A problem is a model, a loss per sample and data; the landscape is what they make together.

.. math:: L(\theta) = \frac1n \sum_i \ell_i(\theta) + \frac{\lambda}{2} |\theta|^2

The loss is the **mean** over samples: Hessian, gradient noise and temperature follow this
convention.  ``theta`` is always the flat vector of all trainable parameters.  Where batch
normalisation ties the samples of a block together, the sum runs over blocks of fixed content, each
normalised by its own statistics (:mod:`.normalisation`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, cast

import torch
from torch import Generator, Tensor, nn
from torch.func import functional_call

from ..theory.errors import DomainError
from ..theory.estimate import Array
from .normalisation import (
    Statistics,
    has_batch_norm,
    landscape_form,
    with_reestimated_statistics,
)
from .parameters import Layout, layout
from .trial import SampleLoss, check_trial, check_types

Augment = Callable[[Tensor, Generator], Tensor]


@dataclass(frozen=True)
class Problem:
    """A model, a loss and data, and what else a landscape depends on.

    model: any module; it is copied, and the copy never changes.  loss(outputs (n, …), targets
    (n, …)) → (n,): the loss of every sample.  inputs (n, …), targets (n, …): the training set.
    decay: λ ≥ 0.  metric: a figure of merit per sample, such as 0 or 1 for a wrong or right class,
    called ``metric_name``.  test: inputs and targets kept aside.  statistics: those of batch
    normalisation, "batch" or "running".  block: how many samples share batch statistics.
    augment(inputs, generator): what training does to a minibatch.  fresh(seed): a newly initialised
    model.  Everything computes in the dtype, and on the device, of the parameters.
    Batch statistics are those of consecutive samples: shuffle what is sorted by class.
    Raises DomainError for a model without parameters or with parameters of several types, one that
    answers otherwise at every call, a loss that is not one number per sample or has no gradient,
    data of different lengths, on another device, without values, or not finite.
    """

    model: nn.Module
    loss: SampleLoss
    inputs: Tensor
    targets: Tensor
    decay: float = 0.0
    metric: SampleLoss | None = None
    metric_name: str = "accuracy"
    test: tuple[Tensor, Tensor] | None = None
    statistics: Statistics = "batch"
    block: int = 128
    augment: Augment | None = None
    fresh: Callable[[int], nn.Module] | None = None
    name: str = "custom"

    def __post_init__(self) -> None:
        _check_pairs("", self.inputs, self.targets)
        if self.test is not None:
            _check_pairs("test ", *self.test)
        if not (self.decay >= 0):
            msg = f"the weight decay must be zero or positive; it is {self.decay:g}"
            raise DomainError(msg)
        if self.block < 2:
            msg = f"a block must have at least 2 samples; it has {self.block}"
            raise DomainError(msg)
        layout(self.model)  # refuses a model without parameters
        check_types(self.model)
        object.__setattr__(self, "model", landscape_form(self.model, self.statistics))
        if self.inputs.device != self.device or self.targets.device != self.device:
            msg = f"data and model must share a device; the model is on {self.device}"
            raise DomainError(msg)
        few = (self.inputs[:2], self.targets[:2])
        check_trial(self.model, self.loss, self.metric, *few)
        if self.normalisation == "batch" and self.blocks[0].stop == 1:
            msg = (
                f"{self.samples} samples in blocks of {self.block} leave one alone, and batch "
                "statistics need at least 2; take another block"
            )
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

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.model.parameters()).device

    @property
    def normalisation(self) -> Literal["none", "batch", "running"]:
        """Whose statistics normalise; to be recorded with every result."""
        return self.statistics if has_batch_norm(self.model) else "none"

    @cached_property
    def blocks(self) -> tuple[slice, ...]:
        """The training set in parts of at most ``block`` samples, as equal as can be.

        With batch statistics they are part of the landscape; without, they only save memory.
        """
        return parts(self.samples, self.block)

    def check_batch(self, *sizes: int) -> None:
        """DomainError where a minibatch of one of these sizes has no batch statistics."""
        if self.normalisation == "batch" and 1 in sizes:
            msg = (
                f"of {self.samples} samples this batch leaves one alone, and batch statistics "
                "need at least 2; take another batch"
            )
            raise DomainError(msg)

    def sample_losses(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """ℓ_i (n,) without the decay term; batch statistics are those of these samples."""
        outputs = functional_call(self.model, self.layout.unflatten(theta), (inputs,))
        return self.loss(outputs, targets)

    def objective(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss over the given samples plus the decay term."""
        return self.sample_losses(theta, inputs, targets).mean() + 0.5 * self.decay * (
            theta @ theta
        )

    def full(self, theta: Tensor) -> Tensor:
        """L(θ) over the whole training set."""
        if self.normalisation != "batch":
            return self.objective(theta, self.inputs, self.targets)
        losses = [
            self.sample_losses(theta, self.inputs[block], self.targets[block]).sum()
            for block in self.blocks
        ]
        return torch.stack(losses).sum() / self.samples + 0.5 * self.decay * (theta @ theta)

    def reestimated(self, theta: Tensor) -> nn.Module:
        """The model at ``theta``, in evaluation mode, normalised by statistics of the training set.

        They are averaged over ``blocks``; running statistics stay as they are.
        """
        inputs = [self.inputs[block] for block in self.blocks]
        if self.normalisation == "running":
            inputs = []
        return with_reestimated_statistics(self.model, self.layout, theta, inputs)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> "Problem":
        """The same problem elsewhere, or in another floating type."""

        def moved(values: Tensor) -> Tensor:
            return values.to(device, dtype if values.is_floating_point() else None)

        model = landscape_form(self.model, self.statistics).to(device, dtype)
        test = None if self.test is None else (moved(self.test[0]), moved(self.test[1]))
        return replace(
            self, model=model, inputs=moved(self.inputs), targets=moved(self.targets), test=test
        )

    def tensor(self, values: Array) -> Tensor:
        """NumPy values as a tensor of the problem's type, on its device."""
        return torch.tensor(values, dtype=self.dtype, device=self.device)


def parts(samples: int, block: int) -> tuple[slice, ...]:
    """``samples`` in the fewest parts of at most ``block``, as equal as can be.

    >>> parts(5, 2)
    (slice(0, 1, None), slice(1, 3, None), slice(3, 5, None))
    """
    count = -(-samples // block)
    edges = [i * samples // count for i in range(count + 1)]
    return tuple(slice(*pair) for pair in zip(edges[:-1], edges[1:], strict=True))


def array(tensor: Tensor) -> Array:
    """A tensor as float64 NumPy: the only form in which numbers leave this room."""
    return cast("Array", tensor.detach().cpu().to(torch.float64).numpy())


def _check_pairs(kind: str, inputs: Tensor, targets: Tensor) -> None:
    if len(inputs) != len(targets) or len(inputs) < 2:
        msg = (
            f"{kind}inputs and targets must be equally many and at least 2; "
            f"there are {len(inputs)} and {len(targets)}"
        )
        raise DomainError(msg)
    if inputs.is_meta or targets.is_meta:
        msg = f"{kind}inputs and targets must have values; tensors on 'meta' have none"
        raise DomainError(msg)
    if not bool(torch.isfinite(inputs).all() & torch.isfinite(targets).all()):
        msg = f"{kind}inputs and targets must be finite numbers; some are not"
        raise DomainError(msg)

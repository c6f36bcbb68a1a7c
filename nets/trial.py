"""A model and its loss are tried on a few samples: whether they make a landscape at all.

There must be one number per sample, of the parameters alone: the same at every call, whatever was
computed before, and with a gradient.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..theory.errors import DomainError

SampleLoss = Callable[[Tensor, Tensor], Tensor]
TYPES = (torch.float16, torch.float32, torch.float64)  # those that NumPy has as well
ALIKE = 1e-3  # relative: rounding in another order stays below, dropout is far above


def check_types(model: nn.Module) -> None:
    """Raise DomainError unless all trainable parameters share one floating type."""
    found = {p.dtype for p in model.parameters() if p.requires_grad}
    if len(found) > 1 or not found <= set(TYPES):
        names = ", ".join(sorted(str(kind).removeprefix("torch.") for kind in found))
        msg = f"all parameters must be float64, or float32, or float16; they are {names}"
        raise DomainError(msg)


def check_trial(
    model: nn.Module, loss: SampleLoss, metric: SampleLoss | None, inputs: Tensor, targets: Tensor
) -> None:
    """Raise DomainError unless ``loss``, and ``metric``, work on ``inputs`` and ``targets``."""
    with torch.enable_grad():
        outputs = model(inputs)  # a first call may still fill what a module caches
        if not isinstance(outputs, Tensor):
            msg = (
                f"the model must give one tensor of all samples; it gives {type(outputs).__name__}"
            )
            raise DomainError(msg)
        losses = loss(outputs, targets)
    _check_shape("loss", losses, len(inputs))
    if not losses.requires_grad:
        msg = "the loss must depend differentiably on the parameters; it has no gradient"
        raise DomainError(msg)
    before = {name: values.clone() for name, values in model.named_buffers()}
    with torch.no_grad():
        outputs = model(inputs)
        again = loss(outputs, targets)
        _check_shape("metric", again if metric is None else metric(outputs, targets), len(inputs))
    for name, values in model.named_buffers():
        if name in before and not torch.equal(before[name].nan_to_num(), values.nan_to_num()):
            msg = f"a model must not change when it is called; this one changes its {name!r}"
            raise DomainError(msg)
    if not torch.allclose(losses, again, ALIKE, ALIKE * 1e-3, equal_nan=True):
        msg = (
            "the same samples must have the same loss at every call; a part of the model is random"
        )
        raise DomainError(msg)


def _check_shape(what: str, found: Tensor, samples: int) -> None:
    if not isinstance(found, Tensor) or found.shape != (samples,):
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        msg = f"the {what} must give one number per sample; for {samples} it gave {shape}"
        raise DomainError(msg)

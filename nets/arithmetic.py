"""How gradients are computed while training: the type of the products, the layout of images.

    precision       "full" computes in the problem's own type; "bf16" casts products to bfloat16
                    (autocast) and keeps parameters, losses and updates in the problem's type
    channels_last   images are handed over with their channels innermost
    compiled        the batched gradient goes through ``torch.compile``: minutes for a large model

None is on by itself; each is recorded, for each moves the last digits.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from ..theory.errors import DomainError


@dataclass(frozen=True)
class Arithmetic:
    """Plain arithmetic in the problem's type, unless asked otherwise."""

    precision: Literal["full", "bf16"] = "full"
    channels_last: bool = False
    compiled: bool = False

    def __post_init__(self) -> None:
        if self.precision not in ("full", "bf16"):
            msg = f"the precision must be 'full' or 'bf16'; it is {self.precision!r}"
            raise DomainError(msg)

    def context(self, device: torch.device) -> AbstractContextManager[Any]:
        """What the forward pass is computed under."""
        if self.precision == "full":
            return nullcontext()
        return torch.autocast(device.type, dtype=torch.bfloat16)

    def laid_out(self, inputs: Tensor) -> Tensor:
        """One minibatch (B, …), images (B, channels, height, width) as they were asked for."""
        if self.channels_last and inputs.dim() == 4:
            return inputs.contiguous(memory_format=torch.channels_last)
        return inputs

"""All parameters of a module as one flat vector, and back, without touching the module."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..theory.errors import DomainError


@dataclass(frozen=True)
class Layout:
    """Names and shapes of a module's trainable parameters, in the order of the flat vector."""

    names: tuple[str, ...]
    shapes: tuple[torch.Size, ...]

    @property
    def size(self) -> int:
        """Number P of parameters."""
        return sum(shape.numel() for shape in self.shapes)

    def unflatten(self, theta: Tensor) -> dict[str, Tensor]:
        """The (P,) vector as named tensors, for ``torch.func.functional_call``.

        Raises DomainError for a vector of another length.
        """
        if theta.shape != (self.size,):
            msg = f"a point of this model has {self.size} numbers; it has {tuple(theta.shape)}"
            raise DomainError(msg)
        pieces = torch.split(theta, [shape.numel() for shape in self.shapes])
        views = zip(self.names, pieces, self.shapes, strict=True)
        return {name: piece.reshape(shape) for name, piece, shape in views}


def layout(module: nn.Module) -> Layout:
    """The layout of ``module``; DomainError if it has no trainable parameters."""
    named = [(name, p.shape) for name, p in module.named_parameters() if p.requires_grad]
    if not named:
        msg = f"the model {type(module).__name__} has no trainable parameters"
        raise DomainError(msg)
    names, shapes = zip(*named, strict=True)
    return Layout(names, shapes)


def flat_parameters(module: nn.Module) -> Tensor:
    """A detached copy (P,) of the module's trainable parameters."""
    return torch.cat([p.detach().reshape(-1) for p in module.parameters() if p.requires_grad])

"""A dense symmetric matrix as an operator on vectors: for tests, and where it is small enough."""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Matrix:
    """``values`` (dim, dim), symmetric, or several (m, dim, dim) whose sum is meant."""

    values: Tensor
    used: float = field(default=0.0, init=False)

    @property
    def dim(self) -> int:
        """Number of directions."""
        return self.values.shape[-1]

    @property
    def dtype(self) -> torch.dtype:
        """Its floating type."""
        return self.values.dtype

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.values.device

    @property
    def addends(self) -> int:
        """Of how many matrices it is the sum."""
        return 1 if self.values.ndim == 2 else len(self.values)

    def products(self, vectors: Tensor) -> Tensor:
        """H v for every row v of ``vectors`` (m, dim)."""
        self.used += len(vectors)
        return vectors @ self.values.reshape(-1, self.dim, self.dim).sum(dim=0)

    def products_of(self, addends: range, vectors: Tensor) -> Tensor:
        """The same for the sum of some addends, neighbours."""
        self.used += len(vectors) * len(addends) / self.addends
        chosen = self.values.reshape(-1, self.dim, self.dim)[addends.start : addends.stop]
        return vectors @ chosen.sum(dim=0)

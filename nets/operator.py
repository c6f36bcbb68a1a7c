"""What every estimator of curvature asks for: a symmetric matrix known by its products."""

from typing import Protocol

import torch
from torch import Tensor


class Operator(Protocol):
    """A symmetric H of ``dim`` directions, the sum of ``addends`` symmetric matrices.

    Vectors have its ``dtype`` and are on its ``device``.  ``used``: products so far, one with some
    of the addends counting as that part.
    """

    @property
    def dim(self) -> int:
        """Number of directions."""

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of its vectors."""

    @property
    def device(self) -> torch.device:
        """Where they are."""

    @property
    def used(self) -> float:
        """Products so far."""

    @property
    def addends(self) -> int:
        """Of how many matrices it is the sum."""

    def products(self, vectors: Tensor) -> Tensor:
        """H v for every row v of ``vectors`` (m, dim)."""

    def products_of(self, addends: range, vectors: Tensor) -> Tensor:
        """The same for the sum of some addends, neighbours."""

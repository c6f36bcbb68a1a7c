"""Hidden units by number, and which of them are one.

0            fixed: an input, an output, or tied to one
−1           no unit: a zero that was padded, which ties nothing that it is added to
1, 2, …      units
"""

import torch
from torch import Tensor

FIXED, ZERO = 0, -1


class Units:
    """Which units are tied together, and which may change sign."""

    def __init__(self) -> None:
        self._parent, self._odd = [FIXED], [False]

    def new(self, count: int) -> Tensor:
        """Labels of so many fresh units."""
        first = len(self._parent)
        self._parent += range(first, first + count)
        self._odd += [True] * count
        return torch.arange(first, first + count)

    def root(self, label: int) -> int:
        """The unit that stands for all that are tied to this one."""
        while label > FIXED and self._parent[label] != label:
            self._parent[label] = self._parent[self._parent[label]]
            label = self._parent[label]
        return label

    def roots(self, labels: Tensor) -> Tensor:
        """``root`` of every label."""
        found = [self.root(label) for label in labels.flatten().tolist()]
        return torch.tensor(found, dtype=torch.long).reshape(labels.shape)

    def tie(self, one: Tensor, other: Tensor) -> None:
        """From now on units at the same place are one."""
        first, second = torch.broadcast_tensors(one, other)  # type: ignore[no-untyped-call]
        pairs = set(zip(first.flatten().tolist(), second.flatten().tolist(), strict=True))
        for a, b in sorted(pairs):
            low, high = sorted((self.root(a), self.root(b)))
            if low > ZERO:
                self._parent[high] = low
                self._odd[low] = self._odd[low] and self._odd[high]

    def odd(self, label: int) -> bool:
        """Whether the sign of this unit may be flipped."""
        return self._odd[self.root(label)]

    def not_odd(self, labels: Tensor) -> None:
        """Their sign matters from now on."""
        for label in set(self.roots(labels).flatten().tolist()):
            if label > FIXED:
                self._odd[label] = False

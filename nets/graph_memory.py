"""How much memory a graph of autograd holds, and whether an error means that there was too little.

Nothing is guessed: while a graph is made, everything that it saves is weighed.
"""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

KEPT = 2 << 30  # bytes of graphs kept on a CPU; on another device half of what is free


class Scales(saved_tensors_hooks):
    """Weighs what autograd saves inside ``with``, without what the caller holds anyway."""

    def __init__(self, held: Iterable[Tensor]) -> None:
        self._found: dict[int, int] = {}
        self._held = {tensor.untyped_storage().data_ptr() for tensor in held}
        super().__init__(self._weigh, lambda tensor: tensor)

    def _weigh(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        place = storage.data_ptr()
        if place not in self._held:
            self._found[place] = storage.nbytes()
        return tensor.detach()  # itself would hold the graph that holds it, for ever

    @property
    def bytes(self) -> int:
        """Of the distinct pieces of memory seen so far."""
        return sum(self._found.values())


def room(device: torch.device, held: float) -> float:
    """Bytes of graphs to keep on ``device``, of which ``held`` are in use already."""
    if device.type == "cuda":
        return (torch.cuda.mem_get_info(device)[0] + held) / 2
    return KEPT


def out_of_memory(error: Exception) -> bool:
    """Whether memory ran out; torch on a CPU says so in a RuntimeError."""
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or "can't allocate memory" in str(error)

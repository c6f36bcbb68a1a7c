r"""Losses and gradients of many copies of one network, by the way that is quickest here.

    matmul   batched matrix products, for plain perceptrons (:mod:`.batched_mlp`)
    vmap     the model itself, vectorised over replicas (``torch.func.vmap``)
    loop     one replica after the other

All give the same numbers to rounding.  Which is quickest depends on model, batch and device: for
small perceptrons the first by more than ten times, for convolutions on a CPU the last.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, vmap

from ..theory.errors import DomainError
from .arithmetic import Arithmetic
from .batched_mlp import batched_mlp, stacked_views
from .problem import Problem

Way = Literal["matmul", "vmap", "loop"]
Said = Callable[[str], None]


@dataclass
class Replicas:
    """The gradient of R replicas of ``problem``, ``chunk`` of them at a time (None: all).

    Where memory runs out the chunk is halved, and ``said`` is told.
    """

    problem: Problem
    way: Way
    arithmetic: Arithmetic = field(default_factory=Arithmetic)
    chunk: int | None = None
    said: Said = lambda message: None

    def __post_init__(self) -> None:
        if self.arithmetic.precision == "bf16" and self.problem.dtype != torch.float32:
            msg = f"bf16 is for a problem in float32; this one is in {self.problem.dtype}"
            raise DomainError(msg)
        self._perceptron = batched_mlp(self.problem) if self.way == "matmul" else None
        self._vmapped: dict[bool, Callable[..., tuple[Tensor, Tensor]]] = {}

    def __call__(
        self, thetas: Tensor, inputs: Tensor, targets: Tensor, shared: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Mean loss with decay (R,) and its gradient (R, P) at ``thetas`` (R, P).

        inputs (R, B, …) and targets (R, B, …): a minibatch for each; or, ``shared``, (B, …) for
        all.  Raises MemoryError where not even one replica fits.
        """
        while True:
            try:
                return self._in_chunks(thetas, inputs, targets, shared)
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
            self._halve(len(thetas))

    def _halve(self, replicas: int) -> None:
        before = min(self.chunk or replicas, replicas)
        if before == 1:
            msg = "one replica with its minibatch does not fit; take a smaller batch"
            raise MemoryError(msg)
        self.chunk = before // 2
        if self.problem.device.type == "cuda":
            torch.cuda.empty_cache()
        self.said(f"out of memory with {before} replicas at once; going on with {self.chunk}")

    def _in_chunks(
        self, thetas: Tensor, inputs: Tensor, targets: Tensor, shared: bool
    ) -> tuple[Tensor, Tensor]:
        compute = {"matmul": self._matmul, "vmap": self._vmap, "loop": self._loop}[self.way]
        if self.chunk is None or self.chunk >= len(thetas):
            losses, slopes = compute(thetas, inputs, targets, shared)
        else:
            found = []
            for at in range(0, len(thetas), self.chunk):
                rows = slice(at, at + self.chunk)
                data = (inputs, targets) if shared else (inputs[rows], targets[rows])
                found.append(compute(thetas[rows], *data, shared))
            losses, slopes = (torch.cat(parts) for parts in zip(*found, strict=True))
        if decay := self.problem.decay:
            losses = losses + 0.5 * decay * thetas.square().sum(dim=1)
            slopes.add_(thetas, alpha=decay)
        return losses, slopes

    def _matmul(
        self, thetas: Tensor, inputs: Tensor, targets: Tensor, shared: bool
    ) -> tuple[Tensor, Tensor]:
        assert self._perceptron is not None
        weights = stacked_views(self.problem.layout, thetas)
        with self.arithmetic.context(thetas.device):
            losses = self._perceptron.sample_losses(weights, inputs, targets, shared).mean(dim=1)
        parts = torch.autograd.grad(losses.sum(), weights, materialize_grads=True)
        return losses.detach(), torch.cat([part.flatten(1) for part in parts], dim=1)

    def _mean_loss(self, weights: dict[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        problem = self.problem
        with self.arithmetic.context(targets.device):
            outputs = functional_call(problem.model, weights, (self.arithmetic.laid_out(inputs),))
        if self.arithmetic.precision == "bf16":
            outputs = outputs.to(problem.dtype)
        return problem.loss(outputs, targets).mean()

    def _vmap(
        self, thetas: Tensor, inputs: Tensor, targets: Tensor, shared: bool
    ) -> tuple[Tensor, Tensor]:
        if shared not in self._vmapped:

            def loss(theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
                return self._mean_loss(self.problem.layout.unflatten(theta), inputs, targets)

            data = None if shared else 0
            batched = vmap(grad_and_value(loss), in_dims=(0, data, data))
            self._vmapped[shared] = torch.compile(batched) if self.arithmetic.compiled else batched
        slopes, losses = self._vmapped[shared](thetas, inputs, targets)
        return losses.detach(), slopes.detach()

    def _loop(
        self, thetas: Tensor, inputs: Tensor, targets: Tensor, shared: bool
    ) -> tuple[Tensor, Tensor]:
        losses, slopes = thetas.new_empty(len(thetas)), torch.empty_like(thetas)
        for i, theta in enumerate(thetas.detach()):
            weights = self.problem.layout.unflatten(theta)
            leaves = [leaf.requires_grad_() for leaf in weights.values()]
            data = (inputs, targets) if shared else (inputs[i], targets[i])
            loss = self._mean_loss(weights, *data)
            parts = torch.autograd.grad(loss, leaves, materialize_grads=True)  # 0 if unused
            torch.cat([part.reshape(-1) for part in parts], out=slopes[i])
            losses[i] = loss.detach()
        return losses, slopes


def gathered(values: Tensor, picks: Tensor) -> Tensor:
    """The samples of (n, …) that ``picks`` (R, B) names, as (R, B, …)."""
    return values.index_select(0, picks.reshape(-1)).view(*picks.shape, *values.shape[1:])


def _is_out_of_memory(error: Exception) -> bool:
    """CUDA has a class for it; the CPU's allocator raises a RuntimeError like any other."""
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)

"""Losses and gradients at many points, on the whole training set or on one minibatch.

Points are batched (vmap) where that pays; convolutions on a CPU take them one by one, for there a
batch of kernels costs more than its members (measured: 374 against 328 ms for 8 ResNet-20).
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import grad_and_value, vmap

from .problem import Problem, parts

AT_ONCE = 64  # points


def points_at_once(problem: Problem) -> int:
    """How many points are batched, before memory has been tried."""
    convolves = any(isinstance(m, nn.modules.conv._ConvNd) for m in problem.model.modules())
    return 1 if convolves and problem.device.type == "cpu" else AT_ONCE


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, on whatever device."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )


class ManyPoints:
    """The landscape of ``problem`` at ``at_once`` points at a time; halved when memory runs out.

    A minibatch is computed in parts of at most ``problem.block`` samples, as the landscape is: with
    batch statistics its mean then is that of a landscape whose blocks are drawn anew.
    """

    def __init__(self, problem: Problem, at_once: int | None = None) -> None:
        self.problem = problem
        self.at_once = points_at_once(problem) if at_once is None else at_once

    def losses(self, points: Tensor, pick: Tensor | None = None) -> Tensor:
        """L (m,) with decay at ``points`` (m, P), over all samples or those of ``pick``."""

        def some(chunk: Tensor) -> tuple[Tensor, ...]:
            return (sum((_values(f, chunk) for f in self._shares(pick)), self._decay(chunk)),)

        with torch.no_grad():
            return self._in_chunks(some, points)[0]

    def losses_and_gradients(
        self, points: Tensor, pick: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """L (m,) and ∇L (m, P), likewise."""

        def some(chunk: Tensor) -> tuple[Tensor, ...]:
            losses, gradients = self._decay(chunk), self.problem.decay * chunk
            for share in self._shares(pick):
                more, slopes = _slopes(share, chunk)
                losses, gradients = losses + more, gradients.add_(slopes)
            return losses, gradients

        losses, gradients = self._in_chunks(some, points)
        return losses, gradients

    def _decay(self, points: Tensor) -> Tensor:
        return 0.5 * self.problem.decay * (points * points).sum(dim=1)

    def _shares(self, pick: Tensor | None) -> list[Callable[[Tensor], Tensor]]:
        """For every part of the samples: a point → its share of the mean loss."""
        problem = self.problem
        chosen = slice(None) if pick is None else pick.to(problem.device)
        inputs, targets = problem.inputs[chosen], problem.targets[chosen]
        count = len(inputs)

        def share(x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
            def of_point(theta: Tensor) -> Tensor:
                return problem.sample_losses(theta, x, y).sum() / count

            return of_point

        return [share(inputs[b], targets[b]) for b in parts(count, problem.block)]

    def _in_chunks(
        self, function: Callable[[Tensor], tuple[Tensor, ...]], points: Tensor
    ) -> list[Tensor]:
        done: list[tuple[Tensor, ...]] = []
        first = 0
        while first < len(points):
            chunk = points[first : first + self.at_once]
            try:
                done.append(function(chunk))
            except (RuntimeError, MemoryError) as error:
                self._retreat(error)
            else:
                first += len(chunk)
        return [torch.cat(column) for column in zip(*done, strict=True)]

    def _retreat(self, error: BaseException) -> None:
        """Fewer points at once from here on, or the error where that cannot help."""
        short = ran_out_of_memory(error)
        if self.at_once == 1:
            if not short:
                raise error
            msg = f"one point on {self.problem.block} samples; a smaller block needs less"
            raise MemoryError(msg) from error
        self.at_once = self.at_once // 2 if short else 1
        why = "memory ran out" if short else f"the model cannot be batched ({error})"
        warnings.warn(f"{why}: {self.at_once} points at once from here on", stacklevel=2)


def _values(of_point: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    if len(points) == 1:
        return of_point(points[0])[None]
    values: Tensor = vmap(of_point)(points)
    return values


def _slopes(of_point: Callable[[Tensor], Tensor], points: Tensor) -> tuple[Tensor, Tensor]:
    """Values (m,) and gradients (m, P); a single point needs nothing of its model but autograd."""
    if len(points) == 1:
        theta = points[0].detach().requires_grad_()
        value = of_point(theta)
        (slope,) = torch.autograd.grad(value, theta)
        return value.detach()[None], slope[None]
    slopes, values = vmap(grad_and_value(of_point))(points)
    return values, slopes

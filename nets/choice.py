"""Together or one by one: the quickest way to many gradients, found by trying each.

A few gradients by every way that applies, on the problem itself, timed by the clock.  A way whose
gradients are not those of the plain one (to rounding) or that the model cannot go is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor

from ..theory.errors import DomainError
from .arithmetic import Arithmetic
from .batched_mlp import batched_mlp
from .problem import Problem
from .replicas import Replicas, Way, gathered

ROUNDS = 3
LONG = 2.0  # seconds: a way that takes longer for one gradient is timed once


@dataclass(frozen=True)
class Choice:
    """The way chosen; seconds per gradient of all replicas, by way, where it was measured."""

    way: Way
    seconds: Mapping[str, float]


def choose(
    problem: Problem,
    thetas: Tensor,
    batch: int,
    together: bool | None = None,
    arithmetic: Arithmetic | None = None,
) -> Choice:
    """The way for minibatches of ``batch`` at ``thetas`` (R, P).

    together: True takes a batched way and False the loop, unmeasured; None measures.
    Raises DomainError if the model cannot be batched and must be.
    """
    arithmetic = arithmetic or Arithmetic()
    if together is False:
        return Choice("loop", {})
    size = min(batch, problem.samples)
    picks = torch.arange(len(thetas) * size, device=problem.device) % problem.samples
    picks = picks.view(len(thetas), size)
    data = (gathered(problem.inputs, picks), gathered(problem.targets, picks))
    batched = _batched_way(problem, thetas, data, together, arithmetic)
    if together:
        if batched is None:
            msg = "this model cannot be computed for many replicas at once; train one by one"
            raise DomainError(msg)
        return Choice(batched, {})
    if batched is None:
        return Choice("loop", {})
    ways: tuple[Way, ...] = (batched, "loop")
    taken = _seconds({way: Replicas(problem, way, arithmetic) for way in ways}, thetas, data)
    return Choice(min(ways, key=taken.__getitem__), taken)


def _batched_way(
    problem: Problem,
    thetas: Tensor,
    data: tuple[Tensor, Tensor],
    together: bool | None,
    arithmetic: Arithmetic,
) -> Way | None:
    """The first batched way whose gradient of two replicas is that of the loop."""
    few = min(2, len(thetas))
    sample = (thetas[:few], data[0][:few], data[1][:few])
    plain = Replicas(problem, "loop", arithmetic)(*sample)[1]
    if batched_mlp(problem) is not None:
        found = Replicas(problem, "matmul", arithmetic)(*sample)[1]
        if _alike(found, plain, arithmetic):
            return "matmul"
    if len(thetas) == 1 and not together:
        return None  # nothing to batch over
    try:
        found = Replicas(problem, "vmap", arithmetic)(*sample)[1]
    except MemoryError:
        raise
    except Exception:
        return None  # torch.func has no class of its own for what it cannot batch
    return "vmap" if _alike(found, plain, arithmetic) else None


def _alike(found: Tensor, plain: Tensor, arithmetic: Arithmetic) -> bool:
    """Equal but for rounding: a loss that couples the samples, however weakly, must not pass."""
    rounding = 0.1 if arithmetic.precision == "bf16" else 1e-3
    return bool((found - plain).norm() <= rounding * plain.norm() + 1e-12)


def _seconds(
    ways: dict[Way, Replicas], thetas: Tensor, data: tuple[Tensor, Tensor]
) -> dict[str, float]:
    """The shortest of a few interleaved tries of each way, after one that warms up."""
    taken: dict[str, float] = {}
    for round_ in range(1 + ROUNDS):
        for way, gradients in ways.items():
            if round_ > 1 and taken[way] > LONG:
                continue
            begun = perf_counter()
            gradients(thetas, *data)
            if thetas.is_cuda:
                torch.cuda.synchronize(thetas.device)
            spent = perf_counter() - begun
            taken[way] = spent if round_ <= 1 else min(taken[way], spent)
    return taken

r"""The Hessian of the landscape at one point, or its Gauss-Newton part, as an operator on vectors.

    hessian         H = Σ_b (n_b/n) ∇²L_b + λ              over the blocks b of the training set
    gauss-newton    G = Σ_b (1/n) J_bᵀ (∇²ℓ_b) J_b + λ     J_b: outputs by parameters; λ: the decay

All is exact automatic differentiation.  The graph of the gradient is kept, as far as memory goes,
and every vector is one backward pass through it: on a CPU the cheapest product where several are
asked for at one point.  The decay is added by hand.

The addends are the problem's blocks where batch statistics define them.  Elsewhere they are small,
since the trace gains by that (:mod:`.traces`), while whole products take as many samples at once as
run best.
"""

import warnings
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from fnmatch import fnmatchcase
from math import isfinite
from typing import Literal, TypeVar

import torch
from torch import Tensor

from ..theory.errors import DomainError
from .curvature_graph import CurvatureGraph, curvature_graph
from .graph_memory import Scales, out_of_memory, room
from .problem import Problem, parts

Kind = Literal["hessian", "gauss-newton"]
Said = Callable[[str], None]
Result = TypeVar("Result")

ADDEND = 32  # samples of an addend where nothing else defines it; convolutions like it, too
# Bytes a graph should hold: larger ones cost a CPU page faults, smaller ones all the overhead.
BEST = 64 << 20
# Samples times parameters below which a backward pass is mostly overhead, and several at once cost
# little more than one.
SMALL = 1 << 21
AT_ONCE = 64


class Hessian:
    """H or G of ``problem`` at ``theta`` (P,), symmetric, over the whole training set.

    only: names of parameters, or patterns such as ``"layer1.*"``, whose square block is meant.
    memory: bytes of graphs to keep.  said: hears that memory ran out and that fewer samples are
    computed at a time; a warning by default.  Batch statistics forbid that: MemoryError.
    Raises DomainError for a point of another size, a pattern that no parameter has, and a loss or
    gradient that is not finite.
    """

    def __init__(
        self,
        problem: Problem,
        theta: Tensor,
        *,
        kind: Kind = "hessian",
        only: Iterable[str] | str | None = None,
        memory: float | None = None,
        said: Said | None = None,
    ) -> None:
        if kind not in ("hessian", "gauss-newton"):
            msg = f"the kind of curvature must be 'hessian' or 'gauss-newton'; it is {kind!r}"
            raise DomainError(msg)
        self.problem, self.theta, self.kind = problem, theta.detach(), kind
        weights = problem.layout.unflatten(self.theta)
        self.names = chosen_names(problem, only)
        self._free = {name: weights.pop(name) for name in self.names}
        self._fixed = weights
        self._memory = memory
        self._said: Said = said or (lambda words: warnings.warn(words, stacklevel=6))
        self._tied = problem.normalisation == "batch"
        self.blocks = (
            problem.blocks if self._tied else parts(problem.samples, min(ADDEND, problem.block))
        )
        self._samples = 0
        self._batches = True
        self._widest = 0  # samples at a time; to be found out
        self._weight = 0.0  # bytes a graph takes per sample
        self._kept: dict[tuple[int, int], CurvatureGraph] = {}
        self._seen: tuple[float, Tensor] | None = None

    @property
    def dim(self) -> int:
        """Number of free parameters."""
        return sum(piece.numel() for piece in self._free.values())

    @property
    def dtype(self) -> torch.dtype:
        """The problem's floating type."""
        return self.theta.dtype

    @property
    def device(self) -> torch.device:
        """The problem's device."""
        return self.theta.device

    @property
    def used(self) -> float:
        """Products so far; one over a part of the samples counts as that part."""
        return self._samples / self.problem.samples

    @property
    def addends(self) -> int:
        """Number of blocks, each with its own addend to H."""
        return len(self.blocks)

    @property
    def loss(self) -> float:
        """L(θ), with the decay of all parameters, free or not."""
        theta = self.theta.double()
        return self._look()[0] + 0.5 * self.problem.decay * float(theta @ theta)

    @property
    def gradient(self) -> Tensor:
        """∇L (dim,) with respect to the free parameters."""
        free = torch.cat([piece.reshape(-1) for piece in self._free.values()])
        return self._look()[1] + self.problem.decay * free

    def products(self, vectors: Tensor) -> Tensor:
        """H v for every row v of ``vectors`` (m, dim)."""
        return self.products_of(range(self.addends), vectors)

    def products_of(self, addends: range, vectors: Tensor) -> Tensor:
        """A v for the sum A of addends (n_b/n)(∇²L_b + λ), which are neighbours."""
        blocks = [self.blocks[index] for index in addends]
        total = self._surviving(lambda: self._summed(blocks, vectors))
        size = sum(block.stop - block.start for block in blocks)
        self._samples += size * len(vectors)
        return total.add_(vectors, alpha=self.problem.decay * size / self.problem.samples)

    def dense(self) -> Tensor:
        """H (dim, dim), symmetrised; for a few thousand directions at most."""
        found = self.products(torch.eye(self.dim, dtype=self.dtype, device=self.device))
        return 0.5 * (found + found.T)

    def _look(self) -> tuple[float, Tensor]:
        """Mean loss and slope without the decay."""
        if self._seen is None:
            nothing = torch.empty(0, self.dim, dtype=self.dtype, device=self.device)
            self._surviving(lambda: self._summed(list(self.blocks), nothing))
        assert self._seen is not None
        return self._seen

    def _summed(self, blocks: list[slice], vectors: Tensor) -> Tensor:
        total = torch.zeros_like(vectors)
        first = self._seen is None and len(blocks) == len(self.blocks)
        loss, slope = 0.0, torch.zeros(self.dim, dtype=self.dtype, device=self.device)
        for chunk in self._chunks(blocks):
            graph = self._graph(chunk)
            if first:
                loss, slope = loss + graph.loss, slope.add_(graph.slope)
            if len(vectors):
                total += self._multiplied(graph, chunk.stop - chunk.start, vectors)
        if first:
            self._seen = loss, slope
        return total

    def _multiplied(self, graph: CurvatureGraph, samples: int, vectors: Tensor) -> Tensor:
        if self._batches and len(vectors) > 1 and samples * self.dim <= SMALL:
            try:
                return graph.products(vectors, AT_ONCE)
            except RuntimeError as error:
                if out_of_memory(error):
                    raise
                self._batches = False  # an operation that torch can only do one by one
        return graph.products(vectors, 1)

    def _chunks(self, blocks: list[slice]) -> list[slice]:
        """What is computed at a time: neighbouring blocks together where nothing forbids it."""
        if self._tied:
            return blocks
        if self._widest == 0:
            self._graph(self.blocks[0])
            self._widest = max(ADDEND, int(BEST / max(self._weight, 1.0)))
        first, samples = blocks[0].start, blocks[-1].stop - blocks[0].start
        return [
            slice(first + part.start, first + part.stop) for part in parts(samples, self._widest)
        ]

    def _graph(self, chunk: slice) -> CurvatureGraph:
        """The graph of a chunk: kept, or made anew and kept if there is room."""
        key, size = (chunk.start, chunk.stop), chunk.stop - chunk.start
        if key in self._kept:
            return self._kept[key]
        held = (self.theta, self.problem.inputs, self.problem.targets)
        scales = Scales(held) if self._weight == 0 else None
        with scales or nullcontext():
            graph = curvature_graph(self.problem, self._free, self._fixed, chunk, self.kind)
        if scales is not None:
            self._weight = max(scales.bytes, 1) / size
        self._check(graph, chunk)
        kept = self._weight * sum(stop - start for start, stop in self._kept)
        most = room(self.device, kept) if self._memory is None else self._memory
        if kept + self._weight * size <= most:
            self._kept[key] = graph
        return graph

    def _check(self, graph: CurvatureGraph, chunk: slice) -> None:
        bad = [] if isfinite(graph.loss) else ["the loss"]
        bad += [] if bool(torch.isfinite(graph.slope).all()) else ["the gradient of the loss"]
        if bad:
            where = f"samples {chunk.start} to {chunk.stop - 1}"
            msg = f"{' and '.join(bad)} must be finite; over {where} it is not"
            raise DomainError(msg)

    def _surviving(self, work: Callable[[], Result]) -> Result:
        """``work()``, on half as many samples at a time as often as memory runs out."""
        while True:
            try:
                return work()
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                self._kept.clear()
                if self._tied:
                    size = max(block.stop - block.start for block in self.blocks)
                    msg = (
                        f"out of memory with blocks of {size} samples, which batch statistics "
                        "define; make the problem's blocks smaller"
                    )
                    raise MemoryError(msg) from None
                if self._widest == 1:
                    msg = "out of memory with a single sample"
                    raise MemoryError(msg) from None
            self._widest = max(1, (self._widest or self.blocks[0].stop) // 2)
            self._said(f"out of memory; the curvature goes on with {self._widest} samples at once")


def chosen_names(problem: Problem, only: Iterable[str] | str | None) -> tuple[str, ...]:
    """The names of ``problem.layout`` that match one of the patterns ``only``, in its order."""
    names = problem.layout.names
    if only is None:
        return names
    patterns = (only,) if isinstance(only, str) else tuple(only)
    if not patterns:
        msg = "at least one pattern of parameters must be given; there is none"
        raise DomainError(msg)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            msg = f"no parameter is called {pattern!r}; there are {', '.join(names)}"
            raise DomainError(msg)
    return tuple(n for n in names if any(fnmatchcase(n, pattern) for pattern in patterns))

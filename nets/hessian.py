r"""The Hessian of the landscape at one point, or its Gauss-Newton part, as an operator on vectors.

    hessian         H = Σ_b (n_b/n) ∇²L_b + λ              over the blocks b of the training set
    gauss-newton    G = Σ_b (1/n) J_bᵀ (∇²ℓ_b) J_b + λ     J_b: outputs by parameters; λ: the decay

All is exact automatic differentiation.  Of every block the graph of its gradient is kept, as far as
memory goes, and every vector is one backward pass through it: on a CPU the cheapest product where
several are asked for at one point.  The decay is added by hand.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from fnmatch import fnmatchcase
from math import isfinite
from typing import Literal, Protocol, TypeVar

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from ..theory.errors import DomainError
from .curvature_graph import CurvatureGraph, curvature_graph
from .problem import Problem

Kind = Literal["hessian", "gauss-newton"]
Said = Callable[[str], None]
Result = TypeVar("Result")

MEMORY = 2 << 30  # bytes of graphs kept on a CPU; on another device half of what is free
# Weights times samples of a block below which a backward pass is all overhead, so that 64 vectors
# at once cost little more than one.
SMALL = 1 << 20
AT_ONCE = 64


class Operator(Protocol):
    """A symmetric matrix known by its products: what all estimators ask for."""

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
        """Of how many symmetric matrices it is the sum."""

    def products(self, vectors: Tensor) -> Tensor:
        """H v for every row v of ``vectors`` (m, dim)."""

    def products_of(self, addend: int, vectors: Tensor) -> Tensor:
        """The same for one addend."""


class Hessian:
    """H or G of ``problem`` at ``theta`` (P,), symmetric, over the whole training set.

    only: names of parameters, or patterns such as ``"layer1.*"``, whose square block is meant.
    memory: bytes of graphs to keep.  said: hears that memory ran out and that the blocks of
    computing were halved; a warning by default.  Batch statistics forbid that: MemoryError.
    Raises DomainError for a point of another size, a pattern that no parameter has, and a loss or
    slope that is not finite.
    """

    def __init__(
        self,
        problem: Problem,
        theta: Tensor,
        *,
        kind: Kind = "hessian",
        only: Iterable[str] | str | None = None,
        memory: int | None = None,
        said: Said | None = None,
    ) -> None:
        if kind not in ("hessian", "gauss-newton"):
            msg = f"the kind of curvature must be 'hessian' or 'gauss-newton'; it is {kind!r}"
            raise DomainError(msg)
        weights = problem.layout.unflatten(theta.detach())
        self.problem, self.theta, self.kind = problem, theta.detach(), kind
        self.names = chosen_names(problem, only)
        self._free = {name: weights.pop(name) for name in self.names}
        self._fixed = weights
        self._memory = memory
        self._said: Said = said or (lambda words: warnings.warn(words, stacklevel=6))
        self._samples = 0
        self._begin(tuple((block,) for block in problem.blocks))

    def _begin(self, chunks: tuple[tuple[slice, ...], ...]) -> None:
        self._chunks = chunks  # of every block, computed one by one
        self._bytes: int | None = None
        self._kept: dict[int, CurvatureGraph] = {}
        self._losses: dict[int, float] = {}
        self._slope = torch.zeros(self.dim, dtype=self.dtype, device=self.device)

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
        return len(self._chunks)

    @property
    def loss(self) -> float:
        """L(θ), with the decay of all parameters, free or not."""
        self._look()
        theta = self.theta.double()
        return sum(self._losses.values()) + 0.5 * self.problem.decay * float(theta @ theta)

    @property
    def gradient(self) -> Tensor:
        """∇L (dim,) with respect to the free parameters."""
        self._look()
        free = torch.cat([piece.reshape(-1) for piece in self._free.values()])
        return self._slope + self.problem.decay * free

    def products(self, vectors: Tensor) -> Tensor:
        """H v for every row v of ``vectors`` (m, dim)."""
        total = self._surviving(lambda: self._summed(range(self.addends), vectors))
        self._samples += self.problem.samples * len(vectors)
        return total.add_(vectors, alpha=self.problem.decay)

    def products_of(self, addend: int, vectors: Tensor) -> Tensor:
        """A v for the addend A = (n_b/n)(∇²L_b + λ) of one block; all add up to H."""
        total = self._surviving(lambda: self._summed((addend,), vectors))
        size = sum(chunk.stop - chunk.start for chunk in self._chunks[addend])
        self._samples += size * len(vectors)
        return total.add_(vectors, alpha=self.problem.decay * size / self.problem.samples)

    def dense(self) -> Tensor:
        """H (dim, dim), symmetrised; for a few thousand directions at most."""
        found = self.products(torch.eye(self.dim, dtype=self.dtype, device=self.device))
        return 0.5 * (found + found.T)

    def _summed(self, addends: Iterable[int], vectors: Tensor) -> Tensor:
        total = torch.zeros_like(vectors)
        for chunk in (chunk for index in addends for chunk in self._chunks[index]):
            small = (chunk.stop - chunk.start) * self.dim <= SMALL
            total += self._graph(chunk).products(vectors, AT_ONCE if small else 1)
        return total

    def _look(self) -> None:
        """Make sure that loss and slope of every block have been seen."""

        def look() -> None:
            for chunk in (chunk for chunks in self._chunks for chunk in chunks):
                if chunk.start not in self._losses:
                    self._graph(chunk)

        self._surviving(look)

    def _graph(self, chunk: slice) -> CurvatureGraph:
        """The graph of a chunk: kept, or made anew and kept if there is room."""
        if chunk.start in self._kept:
            return self._kept[chunk.start]
        several = self._bytes is None and len(self.problem.blocks) > 1
        weigh = _Scales() if several else None
        with weigh or nullcontext():
            graph = curvature_graph(self.problem, self._free, self._fixed, chunk, self.kind)
        if weigh is not None:
            self._bytes = weigh.bytes
        if chunk.start not in self._losses:
            self._check(graph, chunk)
            self._losses[chunk.start] = graph.loss
            self._slope += graph.slope
        if (len(self._kept) + 1) * (self._bytes or 0) <= self._room():
            self._kept[chunk.start] = graph
        return graph

    def _room(self) -> int:
        if self._memory is not None:
            return self._memory
        if self.device.type == "cuda":
            return (torch.cuda.mem_get_info(self.device)[0] + self._held()) // 2
        return MEMORY

    def _held(self) -> int:
        return len(self._kept) * (self._bytes or 0)

    def _check(self, graph: CurvatureGraph, chunk: slice) -> None:
        bad = [] if isfinite(graph.loss) else ["the loss"]
        bad += [] if bool(torch.isfinite(graph.slope).all()) else ["the gradient of the loss"]
        if bad:
            where = f"samples {chunk.start} to {chunk.stop - 1}"
            msg = f"{' and '.join(bad)} must be finite numbers; over {where} they are not"
            raise DomainError(msg)

    def _surviving(self, work: Callable[[], Result]) -> Result:
        """``work()``, with chunks halved as often as memory runs out."""
        while True:
            try:
                return work()
            except (MemoryError, RuntimeError) as error:
                if not _out_of_memory(error):
                    raise
                largest = max(chunk.stop - chunk.start for c in self._chunks for chunk in c)
                if largest < 2 or self.problem.normalisation == "batch":
                    msg = f"out of memory with blocks of {largest} samples"
                    if self.problem.normalisation == "batch":
                        msg += ", which batch statistics define; make the problem's block smaller"
                    raise MemoryError(msg) from None
            self._said(f"out of memory: the curvature of {-(-largest // 2)} samples at a time now")
            self._begin(tuple(tuple(_halved(chunks, largest)) for chunks in self._chunks))


def chosen_names(problem: Problem, only: Iterable[str] | str | None) -> tuple[str, ...]:
    """The names of ``problem.layout`` that match one of the patterns ``only``, in its order."""
    names = problem.layout.names
    if only is None:
        return names
    patterns = (only,) if isinstance(only, str) else tuple(only)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            msg = f"no parameter is called {pattern!r}; there are {', '.join(names)}"
            raise DomainError(msg)
    chosen = tuple(n for n in names if any(fnmatchcase(n, pattern) for pattern in patterns))
    if not chosen:
        msg = "at least one pattern of parameters must be given; there is none"
        raise DomainError(msg)
    return chosen


def _halved(chunks: tuple[slice, ...], largest: int) -> Iterator[slice]:
    for chunk in chunks:
        middle = (chunk.start + chunk.stop) // 2
        if 2 * (chunk.stop - chunk.start) <= largest or middle == chunk.start:
            yield chunk
        else:
            yield from (slice(chunk.start, middle), slice(middle, chunk.stop))


def _out_of_memory(error: Exception) -> bool:
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or "can't allocate memory" in str(error)


class _Scales(saved_tensors_hooks):
    """Weighs what autograd saves: the bytes of distinct storages."""

    def __init__(self) -> None:
        found: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
            return tensor

        super().__init__(pack, lambda tensor: tensor)
        self._found = found

    @property
    def bytes(self) -> int:
        """Of everything saved so far."""
        return sum(self._found.values())

r"""Second derivatives of a mean loss over one block of samples, from a graph that is kept.

    hessian         u ↦ ∂_θ ⟨∂_θ L, u⟩                 one backward pass through the graph of ∂_θ L
    gauss-newton    u ↦ Jᵀ (∂²ℓ) (J u)                 J u as the derivative of w ↦ Jᵀw, thus also
                                                       a backward pass ("double backward trick")

for any loss, convex or not.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from .problem import Problem

Pieces = Sequence[Tensor]


class CurvatureGraph(Protocol):
    """What is kept of a block: its addend to the loss and to its slope, and products with H."""

    loss: float
    slope: Tensor

    def products(self, vectors: Tensor, at_once: int) -> Tensor:
        """The block's addend to H v for rows v (m, dim), differentiated ``at_once`` at a time."""


def curvature_graph(
    problem: Problem,
    free: dict[str, Tensor],
    fixed: dict[str, Tensor],
    block: slice,
    kind: Literal["hessian", "gauss-newton"],
) -> CurvatureGraph:
    """The graph of the samples in ``block``, whose losses add up over n, without the decay."""
    leaves = {name: piece.detach().requires_grad_() for name, piece in free.items()}
    inputs, targets = problem.inputs[block], problem.targets[block]
    with sdpa_kernel(SDPBackend.MATH):  # attention's fused ways have no second derivative
        outputs = functional_call(problem.model, {**fixed, **leaves}, (inputs,))
    made = _HessianGraph if kind == "hessian" else _GaussNewtonGraph
    return made(problem, list(leaves.values()), outputs, targets)


class _HessianGraph:
    def __init__(self, problem: Problem, leaves: Pieces, outputs: Tensor, targets: Tensor) -> None:
        loss = problem.loss(outputs, targets).sum() / problem.samples
        self._leaves = leaves
        self._slopes = _derivatives([loss], leaves, None, create_graph=True)
        self.loss, self.slope = float(loss.detach()), _flat(self._slopes).detach()

    def products(self, vectors: Tensor, at_once: int) -> Tensor:
        return _pulled(self._slopes, self._leaves, vectors, at_once)


class _GaussNewtonGraph:
    def __init__(self, problem: Problem, leaves: Pieces, outputs: Tensor, targets: Tensor) -> None:
        self._leaves, self._outputs = leaves, outputs
        self._ends = outputs.detach().requires_grad_()
        loss = problem.loss(self._ends, targets).sum() / problem.samples
        self._bends = _derivatives([loss], [self._ends], None, create_graph=True)
        self._dual = torch.zeros_like(outputs).requires_grad_()
        self._pulled = _derivatives([outputs], leaves, [self._dual], create_graph=True)
        slopes = _derivatives([outputs], leaves, [self._bends[0].detach()])
        self.loss, self.slope = float(loss.detach()), _flat(slopes)

    def products(self, vectors: Tensor, at_once: int) -> Tensor:
        pushed = _pulled(self._pulled, [self._dual], vectors, at_once)
        bent = _pulled(self._bends, [self._ends], pushed, at_once)
        return _pulled([self._outputs], self._leaves, bent, at_once)


def _derivatives(
    values: Pieces,
    places: Pieces,
    along: Pieces | None,
    *,
    create_graph: bool = False,
    batched: bool = False,
) -> list[Tensor]:
    """∂⟨values, along⟩/∂places, zero where nothing depends on them; the graph stays."""
    chosen = [i for i, value in enumerate(values) if value.requires_grad]
    rows = (len(along[0]),) if batched and along is not None else ()
    if not chosen:
        return [place.new_zeros((*rows, *place.shape)) for place in places]
    found = torch.autograd.grad(
        [values[i] for i in chosen],
        places,
        None if along is None else [along[i] for i in chosen],
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
        is_grads_batched=batched,
    )
    return [
        place.new_zeros((*rows, *place.shape)) if slope is None else slope
        for place, slope in zip(places, found, strict=True)
    ]


def _pulled(values: Pieces, places: Pieces, vectors: Tensor, at_once: int) -> Tensor:
    """∂⟨values, v⟩/∂places (m, …) for rows v of ``vectors``; both sides flat."""
    sizes, shapes = [value.numel() for value in values], [value.shape for value in values]
    if at_once == 1:
        rows = []
        for vector in vectors:
            along = [
                piece.reshape(shape)
                for piece, shape in zip(torch.split(vector, sizes), shapes, strict=True)
            ]
            rows.append(_flat(_derivatives(values, places, along)))
        return torch.stack(rows)
    chunks = []
    for chunk in torch.split(vectors, at_once):
        along = [
            piece.reshape(len(chunk), *shape)
            for piece, shape in zip(torch.split(chunk, sizes, dim=1), shapes, strict=True)
        ]
        found = _derivatives(values, places, along, batched=True)
        chunks.append(torch.cat([piece.reshape(len(chunk), -1) for piece in found], dim=1))
    return torch.cat(chunks)


def _flat(pieces: Pieces) -> Tensor:
    return torch.cat([piece.reshape(-1) for piece in pieces])

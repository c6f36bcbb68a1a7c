r"""The rows of a score matrix, for any model: which derivative, of which function, by which way.

A row is Σ_o c_o ∂f_o/∂θ with the outputs f of one sample and a slope c on them:

    data       c = ∂ℓ/∂f                        the loss of the label that was given
    model      c_k = √p_k (p − e_k), all k      the softmax's own labels, in expectation
    drawn      c = p − e_k, k drawn from p      the same, from one draw per sample

Batch normalisation ties samples together, so it must be said what a sample's outputs are:

    following     f_i(θ) in the company of its block, statistics and all: rows of the landscape's
                  own derivative.  Their mean over the samples is ∇L, and those of "model" make the
                  Gauss–Newton matrix of the landscape.  One backward pass per row.
    reestimated   f_i(θ) of the network in evaluation mode, its statistics those of the training set
                  at this point, held fixed: a model in which samples are independent.  The mean of
                  its rows is not ∇L: what moving θ does to the statistics is left out.

Without batch statistics the two are one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap
from torch.nn.functional import cross_entropy, one_hot, softmax

from ..theory.errors import DomainError
from .parameters import flat_parameters
from .problem import Problem
from .sample_gradients import Piece, Plain, UnknownLayersError, layer_pieces

Labels = Literal["data", "model", "drawn"]
Company = Literal["following", "reestimated"]
AT_ONCE = 64  # samples differentiated together where each has a derivative of its own
PASSED_AT_ONCE = 512  # samples in one backward pass where the layers are known


@dataclass(frozen=True)
class ScoreRows:
    """Rows of the problem at ``theta`` (P,) for some of its training samples.

    Raises DomainError for names that do not exist, or labels of a model without probabilities.
    """

    problem: Problem
    theta: Tensor
    labels: Labels = "data"
    company: Company = "following"
    seed: int = 0

    def __post_init__(self) -> None:
        for what, found, allowed in (
            ("labels", self.labels, ("data", "model", "drawn")),
            ("company", self.company, ("following", "reestimated")),
        ):
            if found not in allowed:
                msg = f"the {what} must be one of {', '.join(allowed)}; it is {found!r}"
                raise DomainError(msg)
        if self.labels != "data":
            _check_probabilities(self.problem, self.theta)
        if self.company == "reestimated" and self.problem.normalisation == "batch":
            model = self.problem.reestimated(self.theta)
            fixed = replace(self.problem, model=model, statistics="running")
            object.__setattr__(self, "problem", fixed)

    @property
    def per_sample(self) -> int:
        """Rows that one sample makes."""
        if self.labels != "model":
            return 1
        with torch.no_grad():
            return int(self._outputs(self.problem.inputs[:2]).shape[1])

    def _outputs(self, inputs: Tensor, weights: dict[str, Tensor] | None = None) -> Tensor:
        named = self._weights if weights is None else weights
        outputs: Tensor = functional_call(self.problem.model, named, (inputs,))
        return outputs

    @property
    def _weights(self) -> dict[str, Tensor]:
        return self.problem.layout.unflatten(self.theta.detach())

    def pieces(self, picks: Tensor, names: Sequence[str]) -> Iterator[dict[str, Piece]]:
        """Rows of the rising indices ``picks``, by parameter, some samples at a time.

        Rows are ordered by sample, then by label.
        """
        if self.problem.normalisation == "batch":
            for inputs, rows, inside in self._companies(picks):
                yield self._by_row(inputs, rows, inside, names)
            return
        layered, batched = True, True
        for some in torch.split(picks, PASSED_AT_ONCE):
            if layered:
                try:
                    yield self._by_layer(some, names)
                    continue
                except UnknownLayersError:
                    layered = False
            for few in torch.split(some, AT_ONCE):
                if batched:
                    try:
                        yield self._by_sample(few, names)
                        continue
                    except RuntimeError:  # what vmap cannot do, or not in this memory
                        batched = False
                for one in torch.split(few, 1):
                    yield self._by_row(self.problem.inputs[one], torch.zeros_like(one), one, names)

    def _companies(self, picks: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """What goes through the model together: inputs, which of them are asked about, indices."""
        if self.problem.normalisation != "batch":
            for some in torch.split(picks, PASSED_AT_ONCE):
                yield self.problem.inputs[some], torch.arange(len(some), device=picks.device), some
            return
        for block in self.problem.blocks:
            inside = picks[(picks >= block.start) & (picks < block.stop)]
            if len(inside):
                yield self.problem.inputs[block], inside - block.start, inside

    def slopes(self, outputs: Tensor, picks: Tensor) -> Tensor:
        """The c (K, m, outputs…) at the outputs of the samples ``picks`` (m,)."""
        targets, outputs = self.problem.targets[picks], outputs.detach()
        if self.labels == "data":
            with torch.enable_grad():
                free = outputs.requires_grad_()
                slopes = torch.autograd.grad(self.problem.loss(free, targets).sum(), free)[0]
            return slopes[None]
        chances = softmax(outputs, dim=1)
        classes = outputs.shape[1]
        if self.labels == "model":
            each = torch.eye(classes, dtype=outputs.dtype, device=outputs.device)[:, None]
            weights = chances.T[:, :, None].sqrt()
            return weights * (chances - each)
        generator = torch.Generator().manual_seed(self.seed)
        # one number for every sample there is, so that the draw does not depend on the choice
        drawn = torch.rand(self.problem.samples, generator=generator, dtype=torch.float64)
        level = drawn.to(outputs.device)[picks, None]
        chosen = (chances.double().cumsum(1) < level).sum(1).clamp(max=classes - 1)
        found: Tensor = (chances - one_hot(chosen, classes))[None]
        return found

    def _by_layer(self, picks: Tensor, names: Sequence[str]) -> dict[str, Piece]:
        inputs = self.problem.inputs[picks]
        with torch.no_grad():
            outputs = self._outputs(inputs)
        found = layer_pieces(self.problem.model, self._weights, inputs, self.slopes(outputs, picks))
        return {name: found[name] for name in names}

    def _by_sample(self, picks: Tensor, names: Sequence[str]) -> dict[str, Piece]:
        inputs, weights = self.problem.inputs[picks], self._weights
        with torch.no_grad():
            slopes = self.slopes(self._outputs(inputs), picks).transpose(0, 1)
        asked = {name: weights.pop(name) for name in names}

        def value(some: dict[str, Tensor], one: Tensor, slope: Tensor) -> Tensor:
            outputs = self._outputs(one[None], {**weights, **some})
            return (outputs[0] * slope).sum()

        each: Any = vmap(vmap(grad(value), (None, None, 0)), (None, 0, 0))
        found = each(asked, inputs, slopes)
        rows = slopes.shape[0] * slopes.shape[1]
        return {name: Plain(found[name].reshape(rows, -1)) for name in names}

    def _by_row(
        self, inputs: Tensor, rows: Tensor, picks: Tensor, names: Sequence[str]
    ) -> dict[str, Piece]:
        """One backward pass per row, through everything that ``inputs`` have in common."""
        weights = self._weights
        free = [weights[name].requires_grad_() for name in names]
        outputs = self._outputs(inputs, weights)[rows]
        slopes = self.slopes(outputs, picks).transpose(0, 1)
        found: list[tuple[Tensor, ...]] = []
        for i, some in enumerate(slopes):
            for slope in some:
                value = (outputs[i] * slope).sum()
                row = torch.autograd.grad(value, free, retain_graph=True, allow_unused=True)
                pairs = zip(free, row, strict=True)
                found.append(tuple(torch.zeros_like(w) if g is None else g for w, g in pairs))
        return {
            name: Plain(torch.stack([row[at].reshape(-1) for row in found]))
            for at, name in enumerate(names)
        }

    def combination(self, picks: Tensor, factors: Tensor) -> Tensor:
        """Σ_r factors_r g_r (P,) over the rows of ``picks``, in backward passes of many rows."""
        total = torch.zeros_like(self.theta)
        count = self.per_sample
        done = 0
        for inputs, rows, some in self._companies(picks):
            free = self.theta.detach().requires_grad_()
            outputs = self._outputs(inputs, self.problem.layout.unflatten(free))[rows]
            slopes = self.slopes(outputs, some).transpose(0, 1)  # (m, K, …)
            part = factors[done : done + count * len(some)].reshape(len(some), count)
            weighted = torch.einsum("mk,mk...->m...", part.to(slopes.dtype), slopes)
            total += torch.autograd.grad((outputs * weighted).sum(), free)[0]
            done += count * len(some)
        return total


def usual_labels(problem: Problem) -> Labels:
    """The model's own labels where it has probabilities: then F is near the Hessian at a minimum.

    With batch statistics those of the data, for a tenth of the backward passes of ten classes.
    """
    theta = flat_parameters(problem.model)
    tied = problem.normalisation == "batch"
    return "model" if not tied and _has_probabilities(problem, theta) else "data"


def _has_probabilities(problem: Problem, theta: Tensor) -> bool:
    """Whether the loss is the −ln of a softmax, by value, on the first samples."""
    with torch.no_grad():
        inputs, targets = problem.inputs[:8], problem.targets[:8]
        weights = problem.layout.unflatten(theta)
        outputs: Tensor = functional_call(problem.model, weights, (inputs,))
        if outputs.ndim != 2 or targets.ndim != 1 or targets.is_floating_point():
            return False
        expected = cross_entropy(outputs, targets, reduction="none")
        return torch.allclose(problem.loss(outputs, targets), expected)


def _check_probabilities(problem: Problem, theta: Tensor) -> None:
    if not _has_probabilities(problem, theta):
        msg = (
            "the Fisher matrix of the model needs class probabilities, a softmax cross-entropy of "
            f"outputs (n, classes); the loss of {problem.name!r} is another: use the labels of the "
            "data, or the Gauss-Newton matrix"
        )
        raise DomainError(msg)

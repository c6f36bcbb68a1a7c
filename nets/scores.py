r"""The score matrix: gradients g_i of single samples' losses, and the Fisher matrix they make.

.. math:: F = \frac1n S^{\mathsf T} S, \qquad S = (g_1, \dots, g_n)^{\mathsf T}, \qquad
    K = S S^{\mathsf T}

The n × n Gram matrix K has the nonzero eigenvalues n λ(F); its roots are the singular values of S.
It is summed over the parameters, so that S, n × P, is never whole; the decay term has no part in
it.  F is not centred: it is the covariance of the gradients plus ∇L ∇Lᵀ.  With labels drawn from
the model's own softmax F is its Fisher matrix, and equals the Gauss–Newton matrix of the
cross-entropy, both being (1/n) Σ Jᵀ(diag p − ppᵀ)J; with those of the data it is the "empirical"
one, near the Hessian only where the model is right about its labels.  Entropic Confinement and Mode
Connectivity (2025) measures both along a path: its methods b and c.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, frozen
from .hessian import chosen_names
from .problem import Problem, array
from .sample_gradients import Outer, Piece, Plain
from .score_rows import AT_ONCE, Company, Labels, ScoreRows

MEMORY = 2 << 30  # bytes that rows and Gram matrix may take


@dataclass(frozen=True)
class ScoreMatrix:
    """Inner products of score rows at one point.

    gram (r, r): g_i·g_j, ordered by sample, then by label.  squares (m,): the sum of |g|² over a
    sample's labels.  samples (m,): which of the ``population`` n training samples.  labels,
    company: see :mod:`.score_rows`.  names: the parameters that g is a gradient by.
    """

    gram: Array
    squares: Array
    samples: NDArray[np.int64]
    population: int
    labels: Labels
    company: Company
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("gram", "squares"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @cached_property
    def _eigenvalues(self) -> Array:
        # a Gram matrix has no negative eigenvalues but those of rounding
        found: Array = np.maximum(np.linalg.eigvalsh(self.gram)[::-1], 0.0)
        return found

    @property
    def singular_values(self) -> Array:
        """Those of S (r,), descending."""
        return np.sqrt(self._eigenvalues)

    @property
    def fisher_eigenvalues(self) -> Array:
        """The largest eigenvalues (r,) of F over these samples, descending."""
        return self._eigenvalues / len(self.samples)

    @cached_property
    def left_vectors(self) -> Array:
        """Unit vectors over rows (r, r), in columns, in the order of the values."""
        return np.linalg.eigh(self.gram)[1][:, ::-1]

    @property
    def trace(self) -> Estimate:
        """Tr F of the whole training set; the error is that of having looked at some only."""
        return _mean_of_some(self.squares, self.population)


def score_matrix(
    problem: Problem,
    theta: Tensor,
    samples: int | None = None,
    *,
    labels: Labels = "data",
    company: Company = "following",
    seed: int = 0,
    only: Iterable[str] | str | None = None,
    memory: int = MEMORY,
) -> ScoreMatrix:
    """The score matrix at ``theta`` (P,) on ``samples`` training samples, all by default.

    seed: chooses the samples, and the labels that are drawn.  only: parameters by name, or patterns
    such as ``"layer1.*"``.  memory: bytes; what does not fit is
    done in several passes over the parameters.  Raises DomainError where the Gram matrix, or the
    rows of a single parameter, would take more, or where gradients are not finite.
    """
    source = ScoreRows(problem, theta, labels, company, seed)
    chosen = chosen_names(problem, only)
    picks = chosen_samples(problem.samples, samples, seed)
    count, pick = source.per_sample, torch.tensor(picks, device=problem.device)
    rows = count * len(picks)
    gram = torch.zeros((0, 0), dtype=torch.float64, device=problem.device)
    for names in _groups(source, chosen, rows, memory):
        some: dict[str, list[Piece]] = {name: [] for name in names}
        for found in source.pieces(pick, names):
            for name, piece in found.items():
                some[name].append(piece)
        for pieces in some.values():
            part = _joined(pieces).gram()
            gram = gram + part if len(gram) else part
    found_gram = array(gram)
    _check_finite(found_gram)
    squares = found_gram.diagonal().reshape(-1, count).sum(1)
    return ScoreMatrix(found_gram, squares, picks, problem.samples, labels, company, chosen)


def score_directions(
    problem: Problem, theta: Tensor, found: ScoreMatrix, count: int, seed: int = 0
) -> Tensor:
    """The ``count`` right singular vectors (count, P) of the largest values: unit rows.

    v = Sᵀu/σ, a backward pass each.  seed: that of ``score_matrix``.
    """
    rank = int((found.singular_values > 1e-6 * found.singular_values[0]).sum())
    if not 1 <= count <= rank:
        msg = f"the score matrix has {rank} directions; {count} were asked for"
        raise DomainError(msg)
    source = ScoreRows(problem, theta, found.labels, found.company, seed)
    picks = torch.tensor(np.array(found.samples), device=problem.device)
    rows = []
    for k in range(count):
        factors = problem.tensor(found.left_vectors[:, k] / found.singular_values[k])
        named = problem.layout.unflatten(source.combination(picks, factors))
        rows.append(torch.cat([named[name].reshape(-1) for name in found.names]))
    return torch.stack(rows)


def fisher_trace(
    problem: Problem,
    theta: Tensor,
    samples: int | None = None,
    *,
    labels: Labels = "data",
    company: Company = "following",
    seed: int = 0,
    only: Iterable[str] | str | None = None,
) -> Estimate:
    """Tr F, the mean of |g|², from ``samples`` training samples, all by default: then exact.

    The standard error of a choice without replacement counts how many there are; it is too small
    where few samples carry most of the sum, as those misfitted do with the labels of the data.
    Raises DomainError where gradients are not finite.
    """
    source = ScoreRows(problem, theta, labels, company, seed)
    picks = chosen_samples(problem.samples, samples, seed)
    names, count = chosen_names(problem, only), source.per_sample
    squares = []
    for few in torch.split(torch.tensor(picks, device=problem.device), AT_ONCE):
        for found in source.pieces(few, names):
            rows = torch.stack([piece.squares() for piece in found.values()]).sum(0)
            squares.append(rows.reshape(-1, count).sum(1))
    each = array(torch.cat(squares))
    _check_finite(each)
    return _mean_of_some(each, problem.samples)


def chosen_samples(population: int, samples: int | None, seed: int) -> NDArray[np.int64]:
    """Rising indices (m,) of a random choice without replacement; all of them for None."""
    if samples is None or samples == population:
        return np.arange(population)
    if not 2 <= samples <= population:
        msg = f"the scores can be those of 2 to {population} samples; {samples} were asked for"
        raise DomainError(msg)
    return np.sort(np.random.default_rng(seed).permutation(population)[:samples])


def _mean_of_some(each: Array, population: int) -> Estimate:
    """Mean over a choice without replacement of ``population`` values."""
    rest = 1 - len(each) / population
    error = each.std(ddof=1) / len(each) ** 0.5 * rest**0.5 if rest else 0.0
    return Estimate(each.mean(), error, "scores" if rest else "exact")


def _groups(
    source: ScoreRows, names: tuple[str, ...], rows: int, memory: int
) -> Iterator[tuple[str, ...]]:
    """Parameters whose rows fit into what the Gram matrix and its summands leave of the memory."""
    layout, width = source.problem.layout, source.problem.dtype.itemsize
    free = memory - 3 * 8 * rows**2
    sizes = {
        name: shape.numel() * width * rows
        for name, shape in zip(layout.names, layout.shapes, strict=True)
        if name in names
    }
    largest = max(sizes.values())
    if largest > free:
        need = (largest + 3 * 8 * rows**2) / 2**30
        msg = (
            f"a score matrix of {rows} rows needs {need:.3g} GiB at once; there may be "
            f"{memory / 2**30:.3g}: take fewer samples, or allow more memory"
        )
        raise DomainError(msg)
    group: list[str] = []
    taken = 0
    for name, size in sizes.items():
        if group and taken + size > free:
            yield tuple(group)
            group, taken = [], 0
        group.append(name)
        taken += size
    yield tuple(group)


def _joined(pieces: list[Piece]) -> Piece:
    if all(isinstance(piece, Outer) for piece in pieces):
        outer = [piece for piece in pieces if isinstance(piece, Outer)]
        return Outer(torch.cat([p.out for p in outer]), torch.cat([p.into for p in outer]))
    return Plain(torch.cat([piece.rows() for piece in pieces]))


def _check_finite(values: Array) -> None:
    if not np.all(np.isfinite(values)):
        msg = "the gradients of single samples must be finite; some are not at this point"
        raise DomainError(msg)

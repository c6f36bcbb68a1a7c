r"""What a minibatch adds to the gradient: the covariance C of per-sample gradients, as an operator.

.. math:: C = \frac{1}{n-1} \sum_i (g_i - \bar g)(g_i - \bar g)^\top, \qquad
          \mathrm{Cov}(g_B) = \Big(1 - \frac Bn\Big) \frac{C}{B}

g_i = ∇ℓ_i (the decay is common to all and drops out); a minibatch of B is drawn from the n samples
without replacement, for which the second formula is exact (Zhang et al., Energy-entropy competition
and the effectiveness of SGD, eq. 4, in the limit of many samples; with 1/(n − 1) at any n).

Everything is said by rows x_r, the centred gradients, scaled so that C = Σ_r x_r x_rᵀ / m:

    samples      a row for every sample: C itself, no error
    subset       a row for each of m random samples: an estimate of C
    minibatches  a row for each of m minibatch gradients drawn, times √(B/(1 − B/n)): an estimate

With batch statistics a sample has no gradient of its own, and only minibatches can be asked: C is
then defined by what minibatches of B do, and depends on B.  Where the m × P rows do not fit the
memory they are never formed: C v = Rᵀ(R v)/m, with Rᵀ u by one backward pass of the losses weighted
with u, and R v by another through it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from scipy.linalg import eigh, eigvalsh
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, mean_estimate
from .problem import Problem, array, parts
from .score_rows import ScoreRows

Source = Literal["samples", "subset", "minibatches"]
COLUMNS = 4096  # of a product of rows summed at once in double precision
DENSE = 4000  # rows, or directions, up to which a matrix is diagonalised
AT_ONCE = 128  # samples differentiated at once; more only costs memory (measured)


def minibatch_factor(batch: int, samples: int) -> float:
    """C in Cov(minibatch gradient) = c · C for ``batch`` of ``samples`` without replacement.

    >>> minibatch_factor(2, 4)
    0.25
    """
    if not 1 <= batch <= samples:
        msg = f"the batch must have 1 to {samples} samples; it has {batch}"
        raise DomainError(msg)
    return (1 - batch / samples) / batch


@dataclass(frozen=True)
class GradientNoise:
    """C at ``theta`` (P,), made by :func:`.noise_sampling.measure_noise`.

    source: what a row is.  picks (m,): the samples of the rows, where rows are samples.  rows
    (m, P): None where they do not fit.  norms (m,): |x_r|².  population: how many rows there could
    have been, infinite for minibatches: errors vanish when all are there.
    """

    problem: Problem
    theta: Tensor
    source: Source
    picks: Tensor
    rows: Tensor | None
    norms: Array
    population: float

    @property
    def count(self) -> int:
        """Number m of rows."""
        return len(self.norms)

    @property
    def is_exact(self) -> bool:
        """Whether every sample has its row, so that there is no sampling error."""
        return self.count >= self.population

    def projections(self, vectors: Tensor) -> Tensor:
        """The noise of every row along ``vectors`` (k, P): x_r·v, (k, m)."""
        if self.rows is not None:
            return vectors @ self.rows.T
        slopes = slopes_along(self.problem, self.theta, self.picks, vectors)
        centred: Tensor = slopes - slopes.mean(dim=1, keepdim=True)
        return centred * stretch(self.count)

    def combinations(self, weights: Tensor) -> Tensor:
        """Σ_r w_r x_r (k, P) for every row of ``weights`` (k, m)."""
        if self.rows is not None:
            return weights @ self.rows
        centred = weights - weights.mean(dim=1, keepdim=True)
        source = ScoreRows(self.problem, self.theta)
        pulled = [source.combination(self.picks, row) for row in centred]
        return torch.stack(pulled) * stretch(self.count)

    def products(self, vectors: Tensor) -> Tensor:
        """C v for every row of ``vectors`` (k, P)."""
        return self.combinations(self.projections(vectors)) / self.count

    def trace(self) -> Estimate:
        """The trace, in loss²/parameter²: what batches of one add to the mean of |gradient|²."""
        return self._mean(self.norms)

    def along(self, direction: Tensor) -> Estimate:
        """The noise variance tᵀCt for the unit vector t along ``direction`` (P,)."""
        unit = direction / direction.norm()
        return self._mean(array(self.projections(unit[None])[0]) ** 2)

    @cached_property
    def matrix(self) -> Array:
        """The smaller of XᵀX/m (P, P) and X Xᵀ/m (m, m), in float64; both have C's eigenvalues."""
        assert self.rows is not None
        m, size = self.rows.shape
        if size <= m:
            return self._summed(parts(m, COLUMNS), lambda part: self.rows_in(part).T) / m
        return self._summed(parts(size, COLUMNS), lambda part: self.rows_in(slice(m), part)) / m

    def rows_in(self, rows: slice, columns: slice = slice(None)) -> Tensor:
        """A part of the rows in float64."""
        assert self.rows is not None
        return self.rows[rows, columns].double()

    @staticmethod
    def _summed(where: tuple[slice, ...], some: Callable[[slice], Tensor]) -> Array:
        """Σ A Aᵀ over parts A."""
        return sum((array(some(part) @ some(part).T) for part in where), np.zeros(1))

    def leading(self, count: int = 1) -> tuple[Array, Tensor]:
        """The ``count`` largest eigenvalues of C, descending, and their unit vectors (count, P).

        From sampled rows the first are too large, as :meth:`largest` corrects.
        """
        small = min(self.count, len(self.theta))
        if not 1 <= count < small:
            msg = f"there are 1 to {small - 1} leading eigenvalues to ask for, not {count}"
            raise DomainError(msg)
        if self.rows is None or small > DENSE:
            return self._lanczos(count)
        values, vectors = eigh(self.matrix, subset_by_index=(small - count, small - 1))
        found = self.problem.tensor(vectors[:, ::-1].T.copy())
        if small < len(self.theta):
            found = found @ self.rows
            found = found / found.norm(dim=1)[:, None]
        return values[::-1].copy(), found

    def _lanczos(self, count: int) -> tuple[Array, Tensor]:
        def product(vector: Array) -> Array:
            return array(self.products(self.problem.tensor(vector.reshape(1, -1)))[0])

        size = len(self.theta)
        operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
        first = np.random.default_rng(0).standard_normal(size)
        values, vectors = eigsh(operator, k=count, which="LA", tol=1e-4, v0=first)
        order = np.argsort(-values)
        return values[order], self.problem.tensor(vectors[:, order].T.copy())

    @cached_property
    def _top(self) -> tuple[float, Array]:
        """λ_max and the squared noise of every row along its direction (m,)."""
        values, vectors = self.leading(1)
        value = float(values[0])
        few = min(self.count, len(self.theta)) <= DENSE  # with more rows there is little to correct
        if not self.is_exact and self.rows is not None and few:
            others = eigvalsh(self.matrix)[:-1]
            raised = float((others / (value - others)).sum()) / self.count
            value *= 1 - raised * (1 - self.count / self.population)
        return value, array(self.projections(vectors)[0]) ** 2

    def largest(self) -> Estimate:
        """λ_max of C, with the error of sampled rows to first order in 1/√m.

        What they raise it by, E|v·δC·v_j|²/(λ − λ_j) summed over the other eigenvectors, is
        (λ/m) Σ_j λ_j/(λ − λ_j) for Gaussian noise, and is taken off.
        """
        value, squares = self._top
        return Estimate(value, self._mean(squares).error, self.source)

    def anisotropy(self) -> Estimate:
        """λ_max/tr C: the share of the noise that the noisiest direction has; 1/P … 1."""
        value, squares = self._top
        trace = float(self.norms.mean())
        influence = squares / value - self.norms / trace
        share = value / trace
        return Estimate(share, share * float(self._mean(influence).error), self.source)

    def participation(self, probes: int = 32, seed: int = 0) -> Estimate:
        """(tr C)²/tr C²: how many directions share the noise; 1 … P.

        Without rows tr C² is E|Cz|² over ``probes`` random sign vectors z.
        """
        trace = float(self.norms.mean())
        if self.rows is None:
            signs = random_signs(probes, self.theta, seed)
            found = mean_estimate(array((self.products(signs) ** 2).sum(dim=1)), "hutchinson")
            value = trace**2 / float(found.value)
            return Estimate(value, value * float(found.error / found.value), "hutchinson")
        square, pairs = self.squares
        influence = 2 * self.norms / trace - 2 * pairs / square
        error = trace**2 / square * float(self._mean(influence).error)
        return Estimate(trace**2 / square, error, self.source)

    @cached_property
    def squares(self) -> tuple[float, Array]:
        """Tr C², and the mean of (x_r·x_q)² over the other rows q, for every row (m,)."""
        every = self._overlaps
        if self.is_exact:
            return float(every.mean()), every
        # pairs of different rows alone are unbiased, up to what centring leaves in them; a finite
        # population also pairs every row with itself, once in its size
        m, left, own = self.count, 1 - self.count / self.population, self.norms**2
        trace = float(self.norms.mean())
        pairs = (m * every - own) / (m - 1)
        other = (pairs.mean() - left * (trace / (m - 1)) ** 2) / (1 + left / (m - 1) ** 2)
        return float(other + (own.mean() - other) / self.population), pairs

    @property
    def _overlaps(self) -> Array:
        """The mean of (x_r·x_q)² over all rows q, x_r·C·x_r, for every row (m,)."""
        m, size = self.count, len(self.theta)
        if m <= size:
            if m <= DENSE:
                return np.asarray((m * self.matrix**2).sum(axis=1))
            blocks = [self.rows_in(part) @ self.rows_in(slice(m)).T for part in parts(m, AT_ONCE)]
            return np.concatenate([array((block**2).mean(dim=1)) for block in blocks])
        whole = torch.as_tensor(self.matrix)
        blocks = [self.rows_in(part).cpu() for part in parts(m, COLUMNS)]
        return np.concatenate([array(((rows @ whole) * rows).sum(dim=1)) for rows in blocks])

    def _mean(self, values: Array) -> Estimate:
        """The mean over rows, with the error of a draw from the population."""
        if self.is_exact:
            return Estimate(values.mean(), 0.0, self.source)
        found = mean_estimate(values, self.source)
        return Estimate(
            found.value, found.error * (1 - self.count / self.population) ** 0.5, self.source
        )


def random_signs(count: int, like: Tensor, seed: int) -> Tensor:
    """``count`` vectors of ±1 (count, P), the same for the same seed on every device."""
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(2, (count, len(like)), generator=generator)
    return signs.to(like.device, like.dtype) * 2 - 1


def stretch(count: int) -> float:
    """√(m/(m − 1)): makes the mean over m centred rows the unbiased covariance."""
    return float((count / (count - 1)) ** 0.5)


def slopes_along(problem: Problem, theta: Tensor, picks: Tensor, vectors: Tensor) -> Tensor:
    """g_i·v (k, m) for every row v of ``vectors`` (k, P), as the derivative of u ↦ Σ_i u_i g_i·v.

    Backward twice: forward mode does not know every operation, such as attention.
    """
    found = []
    for part in parts(len(picks), AT_ONCE):
        inputs, targets = problem.inputs[picks[part]], problem.targets[picks[part]]
        place = theta.detach().requires_grad_()
        losses = problem.sample_losses(place, inputs, targets)
        dual = torch.zeros_like(losses).requires_grad_()
        pulled = torch.autograd.grad(losses, place, dual, create_graph=True)[0]
        each = [torch.autograd.grad(pulled, dual, v, retain_graph=True)[0] for v in vectors]
        found.append(torch.stack(each))
    return torch.cat(found, dim=1)

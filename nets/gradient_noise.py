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
memory they are never formed: C v = Rᵀ(R v)/m, with R v by forward mode over the losses of all
samples and Rᵀ u by one backward pass of the losses weighted with u.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from scipy.linalg import eigh, eigvalsh
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor
from torch.func import grad, jvp

from ..theory.errors import DomainError, TooShort
from ..theory.estimate import Array, Estimate, mean_estimate
from .problem import Problem, array, parts
from .score_rows import ScoreRows

Source = Literal["samples", "subset", "minibatches"]
MEMORY = 2_000_000_000  # bytes that the rows may take before they are no longer formed
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
    """C at ``theta`` (P,), made by :func:`measure_noise`.

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
        slopes = _slopes(self.problem, self.theta, self.picks, vectors)
        centred: Tensor = slopes - slopes.mean(dim=1, keepdim=True)
        return centred * _stretch(self.count)

    def combinations(self, weights: Tensor) -> Tensor:
        """Σ_r w_r x_r (k, P) for every row of ``weights`` (k, m)."""
        if self.rows is not None:
            return weights @ self.rows
        centred = weights - weights.mean(dim=1, keepdim=True)
        source = ScoreRows(self.problem, self.theta)
        return torch.stack([source.combination(self.picks, row) for row in centred]) * _stretch(
            self.count
        )

    def products(self, vectors: Tensor) -> Tensor:
        """C v for every row of ``vectors`` (k, P)."""
        return self.combinations(self.projections(vectors)) / self.count

    def trace(self) -> Estimate:
        """Tr C, in loss²/parameter²: what batches of one add to the mean square of the gradient."""
        return self._mean(self.norms)

    def along(self, direction: Tensor) -> Estimate:
        """TᵀCt for the unit vector along ``direction`` (P,)."""
        unit = direction / direction.norm()
        return self._mean(array(self.projections(unit[None])[0]) ** 2)

    @cached_property
    def gram(self) -> Array:
        """X Xᵀ (m, m) in float64, of which C has the eigenvalues, times m; needs the rows."""
        assert self.rows is not None
        total = torch.zeros(self.count, self.count, dtype=torch.float64, device=self.rows.device)
        for part in parts(self.rows.shape[1], 65_536):
            columns = self.rows[:, part].double()
            total += columns @ columns.T
        return array(total)

    def leading(self, count: int = 1) -> tuple[Array, Tensor]:
        """The ``count`` largest eigenvalues of C, descending, and their unit vectors (count, P).

        From sampled rows the first are too large, as :meth:`largest` corrects.
        """
        if not 1 <= count < min(self.count, len(self.theta)):
            most = min(self.count, len(self.theta)) - 1
            msg = f"there are 1 to {most} leading eigenvalues to ask for, not {count}"
            raise DomainError(msg)
        if self.rows is None:
            return self._lanczos(count)
        m, size = self.rows.shape
        if size <= m:
            whole = array(self.rows.double().T @ self.rows.double()) / m
            values, weights = eigh(whole, subset_by_index=(size - count, size - 1))
            return values[::-1].copy(), self.problem.tensor(weights[:, ::-1].T.copy())
        values, weights = eigh(self.gram, subset_by_index=(m - count, m - 1))
        vectors = self.problem.tensor(weights[:, ::-1].T.copy()) @ self.rows
        return values[::-1] / m, vectors / vectors.norm(dim=1)[:, None]

    @cached_property
    def _top(self) -> tuple[float, Array]:
        """λ_max and the squared noise of every row along its direction (m,)."""
        values, vectors = self.leading(1)
        value = float(values[0])
        if not self.is_exact and self.rows is not None:
            others = eigvalsh(self.gram)[:-1] / self.count
            raised = float((others / (value - others)).sum()) / self.count
            value *= 1 - raised * (1 - self.count / self.population)
        return value, array(self.projections(vectors)[0]) ** 2

    def _lanczos(self, count: int) -> tuple[Array, Tensor]:
        def product(vector: Array) -> Array:
            return array(self.products(self.problem.tensor(vector.reshape(1, -1)))[0])

        size = len(self.theta)
        operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
        first = np.random.default_rng(0).standard_normal(size)
        values, vectors = eigsh(operator, k=count, which="LA", tol=1e-4, v0=first)
        order = np.argsort(-values)
        return values[order], self.problem.tensor(vectors[:, order].T.copy())

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
        overlaps = self.gram**2
        if self.is_exact:
            return float(overlaps.mean()), overlaps.mean(axis=1)
        # pairs of different rows alone are unbiased, up to what centring leaves in them; a finite
        # population also pairs every row with itself, once in its size
        m, left = self.count, 1 - self.count / self.population
        trace = float(self.norms.mean())
        pairs = (overlaps.sum(axis=1) - np.diag(overlaps)) / (m - 1)
        other = (pairs.mean() - left * (trace / (m - 1)) ** 2) / (1 + left / (m - 1) ** 2)
        own = np.diag(overlaps).mean()
        return float(other + (own - other) / self.population), pairs

    def _mean(self, values: Array) -> Estimate:
        """The mean over rows, with the error of a draw from the population."""
        if self.is_exact:
            return Estimate(values.mean(), 0.0, self.source)
        found = mean_estimate(values, self.source)
        return Estimate(
            found.value, found.error * (1 - self.count / self.population) ** 0.5, self.source
        )


def measure_noise(
    problem: Problem,
    theta: Tensor,
    *,
    samples: int | None = None,
    batch: int | None = None,
    draws: int = 64,
    seed: int = 0,
    memory: float = MEMORY,
) -> GradientNoise:
    """The gradient noise at ``theta`` (P,).

    samples: use so many random samples instead of all.  batch: measure from ``draws`` minibatches
    of that size instead; needed, and 64 if not given, with batch statistics.  memory: bytes beyond
    which rows of samples are not formed.  The same seed picks the same samples everywhere.
    Raises DomainError for numbers that do not fit, and TooShort below 4 rows.
    """
    n, tied = problem.samples, problem.normalisation == "batch"
    check_sampling(problem, samples, batch, draws)
    generator = torch.Generator().manual_seed(seed)
    if batch is not None or tied:
        return _from_minibatches(problem, theta, batch or min(64, n // 2), draws, generator)
    count = n if samples is None else samples
    picks = torch.randperm(n, generator=generator)[:count].sort().values.to(problem.device)
    if count * len(theta) * theta.element_size() <= memory:
        gradients = sample_gradients(problem, theta, picks)
        rows = (gradients - gradients.mean(dim=0)) * _stretch(count)
        norms = array((rows.double() ** 2).sum(dim=1))
    else:
        rows, norms = None, _streamed_norms(problem, theta, picks)
    source: Source = "samples" if count == n else "subset"
    return GradientNoise(problem, theta, source, picks, rows, norms, float(n))


def check_sampling(problem: Problem, samples: int | None, batch: int | None, draws: int) -> None:
    """Refuse what :func:`measure_noise` cannot do, before it is asked anywhere."""
    n, tied = problem.samples, problem.normalisation == "batch"
    msg = ""
    if samples is not None and tied:
        msg = "with batch statistics samples have no gradients of their own; give batch instead"
    elif samples is not None and batch is not None:
        msg = "a subset of samples and minibatches exclude each other; give samples or batch"
    elif samples is not None and not 2 <= samples <= n:
        msg = f"the subset must have 2 to {n} samples; it has {samples}"
    elif batch is not None and minibatch_factor(batch, n) == 0:
        msg = f"a batch of all {batch} samples makes no noise; take a smaller one"
    if msg:
        raise DomainError(msg)
    if (batch is not None or tied) and draws < 4:
        msg = f"the error of the noise needs at least 4 minibatches; there are {draws}"
        raise TooShort(msg)


def _from_minibatches(
    problem: Problem, theta: Tensor, batch: int, draws: int, generator: torch.Generator
) -> GradientNoise:
    factor = minibatch_factor(batch, problem.samples)
    slope, found = grad(problem.objective), []
    for _ in range(draws):
        pick = torch.randperm(problem.samples, generator=generator)[:batch].to(problem.device)
        found.append(slope(theta, problem.inputs[pick], problem.targets[pick]))
    gradients = torch.stack(found)
    rows = (gradients - gradients.mean(dim=0)) * (_stretch(draws) * factor**-0.5)
    norms = array((rows.double() ** 2).sum(dim=1))
    none = torch.zeros(0, dtype=torch.long)
    return GradientNoise(problem, theta, "minibatches", none, rows, norms, float("inf"))


def sample_gradients(problem: Problem, theta: Tensor, picks: Tensor) -> Tensor:
    """∇ℓ_i (m, P) of the samples ``picks`` (m,), which rise; without decay."""
    names = problem.layout.names
    found = [
        torch.cat([some[name].rows() for name in names], dim=1)
        for some in ScoreRows(problem, theta).pieces(picks, names)
    ]
    return torch.cat(found)


def random_signs(count: int, like: Tensor, seed: int) -> Tensor:
    """``count`` vectors of ±1 (count, P), the same for the same seed on every device."""
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(2, (count, len(like)), generator=generator)
    return signs.to(like.device, like.dtype) * 2 - 1


def _stretch(count: int) -> float:
    """√(m/(m − 1)): makes the mean over m centred rows the unbiased covariance."""
    return float((count / (count - 1)) ** 0.5)


def _streamed_norms(problem: Problem, theta: Tensor, picks: Tensor) -> Array:
    """|x_r|² (m,) of centred rows that are never held at once: |g|² − 2 g·ḡ + |ḡ|²."""
    count, source = len(picks), ScoreRows(problem, theta)
    mean = source.combination(picks, torch.full((count,), 1 / count).to(theta))
    squares = [
        torch.stack([piece.squares() for piece in some.values()]).sum(dim=0)
        for few in torch.split(picks, AT_ONCE)
        for some in source.pieces(few, problem.layout.names)
    ]
    slopes = _slopes(problem, theta, picks, mean[None])[0].double()
    centred = torch.cat(squares) - 2 * slopes + mean.double().square().sum()
    return array(centred) * count / (count - 1)


def _slopes(problem: Problem, theta: Tensor, picks: Tensor, vectors: Tensor) -> Tensor:
    """g_i·v (k, m) for every row v of ``vectors`` (k, P): one forward pass gives all samples."""
    found = []
    for part in parts(len(picks), AT_ONCE):
        inputs, targets = problem.inputs[picks[part]], problem.targets[picks[part]]

        def losses(theta: Tensor, x: Tensor = inputs, y: Tensor = targets) -> Tensor:
            return problem.sample_losses(theta, x, y)

        each: list[Any] = [jvp(losses, (theta,), (vector,))[1] for vector in vectors]
        found.append(torch.stack(each))
    return torch.cat(found, dim=1)

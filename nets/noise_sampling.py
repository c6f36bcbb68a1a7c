"""Where rows of the gradient noise come from: all samples, some, or minibatches that are drawn."""

import torch
from torch import Tensor
from torch.func import grad

from ..theory.errors import DomainError, TooShort
from ..theory.estimate import Array
from .gradient_noise import (
    AT_ONCE,
    GradientNoise,
    Source,
    minibatch_factor,
    slopes_along,
    stretch,
)
from .problem import Problem, array
from .score_rows import ScoreRows

MEMORY = 2_000_000_000  # bytes that the rows may take before they are no longer formed


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
        rows = (gradients - gradients.mean(dim=0)) * stretch(count)
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
    rows = (gradients - gradients.mean(dim=0)) * (stretch(draws) * factor**-0.5)
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


def _streamed_norms(problem: Problem, theta: Tensor, picks: Tensor) -> Array:
    """|x_r|² (m,) of centred rows that are never held at once: |g|² − 2 g·ḡ + |ḡ|²."""
    count, source = len(picks), ScoreRows(problem, theta)
    mean = source.combination(picks, torch.full((count,), 1 / count).to(theta))
    squares = [
        torch.stack([piece.squares() for piece in some.values()]).sum(dim=0)
        for few in torch.split(picks, AT_ONCE)
        for some in source.pieces(few, problem.layout.names)
    ]
    slopes = slopes_along(problem, theta, picks, mean[None])[0].double()
    centred = torch.cat(squares) - 2 * slopes + mean.double().square().sum()
    return array(centred) * count / (count - 1)

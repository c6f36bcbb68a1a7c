"""Projected SGD: k steps of SGD from a point on the path, then back onto its nearest segment.

Entropic Confinement and Mode Connectivity in Overparameterized Neural Networks (2025), the section
on projected SGD; k = 15 there.
"""

from collections.abc import Callable

import numpy as np
import torch

from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.path import Path
from .problem import Problem, array
from .relaxing import Relaxing
from .sgd import ProjectedSGD, draw_cycle, follow

_TOGETHER = 512  # replicas in one batched program: more only spills the cache


def projected_sgd(
    problem: Problem,
    path: Path,
    start: Array,
    sgd: ProjectedSGD,
    cycles: int,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """Arc lengths (replicas, cycles + 1) of independent replicas; column 0 is ``start``.

    start: (replicas,) arc lengths.  The nearest segment is sought over the whole path.  The
    minibatches follow from ``seed`` alone.  Raises DomainError for bad numbers or a replica that
    blew up, naming the cycle and how many.
    """
    if cycles < 1:
        msg = f"at least one cycle is needed; cycles = {cycles}"
        raise DomainError(msg)
    run = Relaxing(problem, path, np.atleast_1d(np.asarray(start, float)), sgd, seed)
    _follow(run, cycles, progress)
    return np.array(run.standing.places).T


def exit_cycles(
    problem: Problem,
    path: Path,
    start: Array,
    reach: float,
    sgd: ProjectedSGD,
    cycles: int,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """Cycle (replicas,) in which each replica is first found ``reach`` or more from its start.

    start: (replicas,) arc lengths.  Infinite for a replica that was inside still after ``cycles``.
    Replicas that have left are not followed further.  Raises DomainError as
    :func:`projected_sgd` does.
    """
    start = np.atleast_1d(np.asarray(start, float))
    if not reach > 0 or cycles < 1:
        msg = f"reach and cycles must be positive; they are {reach:g} and {cycles:g}"
        raise DomainError(msg)
    ends = (start - reach, start + reach)
    run = Relaxing(problem, path, start, sgd, seed, ends, every=cycles)
    _follow(run, cycles, progress)
    return run.standing.passage


def _follow(run: Relaxing, cycles: int, progress: Callable[[float], None] | None) -> None:
    """Until all have left, or ``cycles`` are done."""
    run.begin()
    while run.standing.cycle < cycles and len(run.standing.inside):
        run.cycle()
        if progress is not None:
            progress(run.standing.cycle / cycles)


def single_cycles(
    problem: Problem,
    path: Path,
    s: float,
    sgd: ProjectedSGD,
    kicks: Array,
    replicas: int,
    seed: int,
) -> tuple[Array, Array]:
    """Displacements (replicas,) of independent single cycles from ``s``, and their linear part.

    kicks (cycle, n): of :class:`.displacement.CycleResponse` at this ``s`` and step.  The linear
    part, −η Σ_j mean of kicks[j] over the batch, is the response of the very same minibatches to
    first order in their noise.  Its mean is exactly zero, so that taking it off the displacement
    leaves the mean as it is and removes most of its scatter.
    """
    sgd.check(problem.samples)
    if not sgd.plain:
        msg = f"the linear part is that of plain SGD with minibatches; this is {sgd.label}"
        raise DomainError(msg)
    generator = torch.Generator().manual_seed(seed)
    weights, moved, linear = problem.tensor(kicks), [], []
    for first in range(0, replicas, _TOGETHER):
        group = np.full(min(_TOGETHER, replicas - first), float(s))
        draws = draw_cycle(problem.samples, sgd, len(group), generator)
        ends = array(follow(problem, problem.tensor(path.at(group)), sgd, draws))
        _check_finite(ends, 1)
        moved.append(path.project(ends) - s)
        drawn = sum(row[picks].mean(dim=1) for row, picks in zip(weights, draws, strict=True))
        linear.append(-sgd.step * array(torch.as_tensor(drawn)))
    return np.concatenate(moved), np.concatenate(linear)


def _check_finite(thetas: Array, cycle: int) -> None:
    lost = int(np.sum(~np.all(np.isfinite(thetas), axis=1)))
    if lost:
        msg = f"{lost} of {len(thetas)} replicas blew up in cycle {cycle}; lower the step size"
        raise DomainError(msg)

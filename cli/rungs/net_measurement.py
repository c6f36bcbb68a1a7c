"""What projected SGD does: single cycles and free relaxations from every start, as plain arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...nets.displacement import sample_kicks
from ...nets.problem import Problem
from ...nets.projected import single_cycles
from ...nets.relaxing import one_cycle, relax
from ...nets.sgd import ProjectedSGD
from ...theory.estimate import Array
from ...theory.path import Path
from ..stages import Stages

STILL = 2  # replicas where no two differ


@dataclass(frozen=True)
class Measured:
    """One algorithm, from n starts.

    moved, linear (n, R): displacements in one cycle, and the part of them that is linear in the
    noise of the same minibatches, whose mean is zero (NaN where it is not known).
    s (n, R', cycles + 1): arc lengths of the free replicas.
    """

    moved: Array
    linear: Array
    s: Array


def measure(
    problem: Problem,
    path: Path,
    sgd: ProjectedSGD,
    starts: Array,
    sizes: tuple[int, int, int],
    seed: Sequence[int],
    taken: tuple[Stages, str],
    tick: Callable[[float], None],
) -> Measured:
    """Watch replicas of ``sgd`` leave ``starts``.

    sizes: replicas of a single cycle, of a relaxation, and the cycles of it; fewer where every
    step sees all samples.  taken: where the stage is kept, and its name.
    """
    singles, replicas, horizon = sizes
    if sgd.noise == "none":
        singles = replicas = STILL
    elif sgd.noise != "minibatch":
        singles, replicas = singles // 8, replicas // 4
    seeds = [
        int(word) for word in np.random.SeedSequence(list(seed)).generate_state(len(starts) + 1)
    ]

    def make() -> dict[str, Array]:
        moved, linear = [], []
        for i, s in enumerate(starts):
            pair = _single_cycles(problem, path, float(s), sgd, singles, seeds[i + 1])
            moved.append(pair[0])
            linear.append(pair[1])
            tick(0.4 * (i + 1) / len(starts))
        run = relax(
            *(problem, path, np.repeat(starts, replicas), sgd, horizon, seeds[0]),
            progress=lambda done: tick(0.4 + 0.6 * done),
        )
        s = np.asarray(run.s).reshape(len(starts), replicas, horizon + 1)
        return {"moved": np.array(moved), "linear": np.array(linear), "s": s}

    stages, name = taken
    return Measured(**stages.take(name, make))


def _single_cycles(
    problem: Problem, path: Path, s: float, sgd: ProjectedSGD, replicas: int, seed: int
) -> tuple[Array, Array]:
    if not sgd.plain:
        moved = np.asarray(one_cycle(problem, path, s, sgd, replicas, seed))
        return moved, np.full_like(moved, np.nan)
    weights = sample_kicks(problem, path, s, sgd)
    return single_cycles(problem, path, s, sgd, weights, replicas, seed)

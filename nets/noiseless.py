"""The motion without noise: cycles of full-batch steps from points of a path, put back after each.

The buffer that an optimizer keeps is the one of a replica held where it is: cycles are repeated
from the same place until they no longer change.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, vmap

from ..theory.errors import NotConverged
from ..theory.estimate import Array
from ..theory.path import Path
from .batched_mlp import batched_mlp
from .held_buffer import FORGETLESS, LONGEST
from .levelling import slopes_at
from .operators import CHUNK
from .optimizer_map import LinearMap, noiseless_cycle
from .problem import Problem
from .replicas import Replicas

SETTLED = 1e-5  # change of the displacement, as a share of it, at which a held cycle is stationary


def full_gradients(problem: Problem) -> Callable[[Tensor], Tensor]:
    """∇L of the whole training set for every row of (m, P)."""
    if batched_mlp(problem) is None or problem.normalisation != "none":
        every: Callable[[Tensor], Tensor] = vmap(grad(problem.full), chunk_size=CHUNK)
        return every
    replicas = Replicas(problem, "matmul", chunk=CHUNK)
    return lambda thetas: replicas(thetas, problem.inputs, problem.targets, shared=True)[1]


def held_way(
    problem: Problem,
    path: Path,
    s: Array,
    how: LinearMap,
    cycle: int,
    slopes: Array | None = None,
    settled: float = SETTLED,
) -> Tensor:
    """g_0 … g_k (cycle + 1, m, P) from the path at ``s`` (m,), with the buffer of one held there.

    slopes: of :func:`.levelling.path_slopes`, where the path is to be levelled.  Raises
    NotConverged where the cycle does not settle.
    """
    start = problem.tensor(path.at(s))
    gradient = full_gradients(problem)
    off = None if slopes is None else slopes_at(problem, path, slopes, s)

    def slope(thetas: Tensor) -> Tensor:
        found = gradient(thetas)
        return found if off is None else found - off

    way, buffer = noiseless_cycle(how, start, torch.zeros_like(start), slope, cycle)
    for _ in range(LONGEST if how.keeps else 0):
        before = way[-1]
        way, buffer = noiseless_cycle(how, start, buffer, slope, cycle)
        change, moved = (way[-1] - before).norm(dim=1), (way[-1] - start).norm(dim=1)
        if bool((change <= settled * moved).all()):
            break
        if not bool(torch.isfinite(change).all()):
            raise NotConverged(FORGETLESS)
    else:
        if how.keeps:
            raise NotConverged(FORGETLESS)
    return torch.stack(way)

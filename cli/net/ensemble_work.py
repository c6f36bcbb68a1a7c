"""What ``entropic net ensemble`` does from one minimum: a walk, and one network as long trained."""

from typing import TYPE_CHECKING

from ..ladder import part
from ..progress import Progress
from .ensemble_rows import Member

if TYPE_CHECKING:
    from torch import Tensor

    from ...nets.fast_ensemble import Cycle
    from ...nets.problem import Problem


def walked(
    problem: "Problem",
    start: "Tensor",
    count: int,
    cycle: "Cycle",
    *,
    momentum: float,
    batch: int,
    seed: int,
    single: bool,
    progress: Progress,
) -> list[Member]:
    """The start, ``count`` members met on a walk from it, and a single network of that budget."""
    from ...nets.fast_ensemble import fast_geometric_ensemble, single_network

    how = {"momentum": momentum, "batch": batch, "seed": seed}
    share = 0.5 if single else 1.0
    tick = part(progress, "the walk", 0.0, share)
    walk = fast_geometric_ensemble(problem, start, count, cycle, **how, progress=tick)  # type: ignore[arg-type]
    found = [Member("start", 0, start)]
    pairs = zip(walk.points, walk.epochs, strict=True)
    for i, (theta, epochs) in enumerate(pairs, start=1):
        found.append(Member("member", i, problem.tensor(theta), epochs))
    if single:
        budget = walk.epochs[-1]
        tick = part(progress, "one network", share, share)
        one = single_network(problem, start, budget, cycle, **how, progress=tick)  # type: ignore[arg-type]
        found.append(Member("single", count + 1, problem.tensor(one.points[0]), budget))
    return found

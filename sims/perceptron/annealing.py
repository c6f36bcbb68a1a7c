"""The ladder of temperatures that weights climb down and up, and the way into it from the heat.

One ladder serves every temperature that is asked for: its rungs are those, the points at which the
energy is integrated to have the entropy, and infinity where the constraint itself is asked.  At the
rung β = 0 weights are forgotten within one sweep, and what comes down again is new: cold rungs
mix as fast as weights travel the ladder, however deep their own valleys are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...theory.estimate import Array, freeze
from .integration import integration_points

COLD = 6.0  # of the last rung before β = ∞: a few patterns in a thousand are missed there


@dataclass(frozen=True)
class Ladder:
    """Rungs of rising β from 0, (rungs,), and which of them serve what."""

    beta: Array
    points: NDArray[np.intp]
    """The rungs at which the energy is integrated, (n,)."""
    asked: NDArray[np.intp]
    """The rungs that were asked for, in the order asked, (m,)."""

    def __post_init__(self) -> None:
        freeze(self)
        for name in ("points", "asked"):
            object.__setattr__(self, name, getattr(self, name).astype(np.intp))


def ladder(betas: Array, number: int) -> Ladder:
    """A ladder of ``number`` integration points through the inverse temperatures asked for.

    >>> ladder(np.array([np.inf, 1.0]), 4).beta.round(2).tolist()
    [0.0, 0.71, 1.0, 3.09, 6.0, inf]
    """
    finite = betas[np.isfinite(betas)]
    coldest = max(finite.max(initial=0.0), COLD if np.isinf(betas).any() else 0.0)
    points = integration_points(float(coldest), number)
    rungs = np.union1d(points, betas)
    return Ladder(rungs, np.searchsorted(rungs, points), np.searchsorted(rungs, betas))


def annealing(beta: Array, sweeps: int) -> list[tuple[Array, int]]:
    """Stages of a burn-in: at stage k no rung is colder than rung k; the last takes half the time.

    The stages are (inverse temperatures of all rungs, sweeps), and the sweeps add up.

    >>> [(betas.tolist(), n) for betas, n in annealing(np.array([0.0, 1.0, 2.0]), 10)]
    [([0.0, 0.0, 0.0], 2), ([0.0, 1.0, 1.0], 2), ([0.0, 1.0, 2.0], 6)]
    """
    each = sweeps // (2 * (len(beta) - 1))
    stages = [(np.minimum(beta, coldest), each) for coldest in beta[:-1]]
    return [*stages, (beta, sweeps - each * len(stages))]

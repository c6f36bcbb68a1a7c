r"""How strongly two fast directions that share a noise stray together, at rest and within a cycle.

A direction of stiffness g under the update of torch, w = ηξ, u = η · buffer, a = ηg:

    sgd          x ← x − a x − w
    heavy-ball   u ← βu + a x + w,   x ← x − u
    nesterov     u ← βu + a x + w,   x ← x − (a x + w) − βu

is a linear map z ← M z + n ηξ of z = (x, u).  Two of them, g and h, have the covariance

    S ← M_g S M_hᵀ + n nᵀ η²          at rest S = M_g S M_hᵀ + n nᵀ η²          (discrete Lyapunov)

of unit var ξ; in the units of ``theory.update`` ``response`` is S_xx 2/η: ⟨x x'⟩ = D · response for
a noise of variance 2Dη = η² var ξ per step.  They come to rest below a = 2, 2(1 + β) and
2(1 + β)/(1 + 2β), the edges of stability.  The slow coordinate, a = 0, drifts by η/(1 − β) times
the force with either momentum.
"""

import numpy as np

from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.update import Update
from .sgd import ProjectedSGD

ROWS = 64  # of pairs solved at once


def update_of(sgd: ProjectedSGD) -> Update:
    """The step of ``theory`` with the same mobility.

    Raises DomainError for Adam, whose mobility is no number.
    """
    if sgd.optimizer == "adam":
        msg = (
            "an adiabatic prediction needs an optimizer with one mobility for all directions; "
            "that of adam differs between coordinates by orders of magnitude and turns the force "
            "away from the path: take the prediction for a finite number of steps"
        )
        raise DomainError(msg)
    return Update(sgd.step, 0.0 if sgd.optimizer == "sgd" else sgd.momentum)


def stability_edge(sgd: ProjectedSGD) -> float:
    """The η λ from which on fluctuations grow without bound.

    >>> stability_edge(ProjectedSGD(0.1, 8)), stability_edge(ProjectedSGD(0.1, 8, momentum=0.5,
    ...     optimizer="nesterov"))
    (2.0, 1.5)
    """
    beta = update_of(sgd).momentum
    return 2 * (1 + beta) / (1 + 2 * beta) if sgd.optimizer == "nesterov" else 2 * (1 + beta)


def rest_response(sgd: ProjectedSGD, stiffness: Array) -> Array:
    """⟨x x'⟩/D at rest (r, r) for directions of ``stiffness`` (r,), all positive.

    Raises DomainError from the edge of stability on.
    """
    top, edge = sgd.step * float(np.max(stiffness, initial=0.0)), stability_edge(sgd)
    if not top < edge:
        msg = f"step * curvature must stay below {edge:.4g}, the edge of stability; "
        raise DomainError(msg + f"it reaches {top:.4g}")
    if sgd.optimizer != "nesterov":
        return update_of(sgd).response(stiffness[:, None], stiffness)
    maps, kick = _maps(sgd, stiffness)
    forced = np.outer(kick, kick).reshape(4, 1)
    found = np.empty((len(maps), len(maps)))
    for first in range(0, len(maps), ROWS):
        some = maps[first : first + ROWS]
        both = np.einsum("iab,jcd->ijacbd", some, maps).reshape(len(some), len(maps), 4, 4)
        found[first : first + ROWS] = np.linalg.solve(np.eye(4) - both, forced)[..., 0, 0]
    return found * 2 / sgd.step


def cycle_mean_response(sgd: ProjectedSGD, stiffness: Array) -> Array:
    """The same, on the average over the steps of a cycle that begins on the path with x = 0.

    Buffers begin as those of a direction at rest, unless they are reset with every cycle or lack.
    """
    maps, kick = _maps(sgd, stiffness)
    pairs = np.zeros((2, 2, len(maps), len(maps)))
    if sgd.optimizer != "sgd" and sgd.buffers != "reset":
        pairs[1, 1] = sgd.step**2 / (1 - sgd.momentum**2)  # of u held at x = 0: u ← βu + w
    total = np.zeros(pairs.shape[2:])
    forced = np.outer(kick, kick)[:, :, None, None]
    for _ in range(sgd.cycle):
        total += pairs[0, 0]
        pairs = np.einsum("iab,jcd,bdij->acij", maps, maps, pairs, optimize=True) + forced
    return total / sgd.cycle * 2 / sgd.step


def _maps(sgd: ProjectedSGD, stiffness: Array) -> tuple[Array, Array]:
    """M (r, 2, 2) and nη (2,) of every direction."""
    a, beta = sgd.step * np.asarray(stiffness, float), update_of(sgd).momentum
    keep, none = np.full_like(a, beta), np.zeros_like(a)
    match sgd.optimizer:
        case "sgd":
            rows, kick = ((1 - a, none), (a, none)), (-1.0, 1.0)
        case "heavy-ball":
            rows, kick = ((1 - a, -keep), (a, keep)), (-1.0, 1.0)
        case _:
            rows, kick = ((1 - (1 + beta) * a, -beta * keep), (a, keep)), (-1.0 - beta, 1.0)
    return np.moveaxis(np.array(rows), 2, 0), np.array(kick) * sgd.step

"""A nudged elastic band: a chain of beads that slides into the valley between two minima.

Each bead feels the gradient of the potential across the band only; along the band the beads are
held at equal distances, which is the limit of infinitely stiff springs.

Henkelman & Jónsson, J. Chem. Phys. 113, 9978 (2000) for the tangent; Draxler, Veschgini, Salmhofer
& Hamprecht, ICML 2018, for the stiff limit on networks.
"""

from collections.abc import Callable

import numpy as np

from .errors import DomainError, NotConverged
from .estimate import Array
from .path import Path

Field = Callable[[Array], tuple[Array, Array]]


def nudged_elastic_band(
    field: Field,
    start: Path,
    steps: int,
    rate: float,
    momentum: float = 0.9,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Relax ``start`` (its ends fixed) for ``steps`` steps of gradient descent across the band.

    field(points (n, P)) → energies (n,), gradients (n, P).  rate: step per gradient; momentum:
    heavy-ball memory.  Raises DomainError for fewer than 3 beads, NotConverged (with the last
    finite path) if the band blows up, which a smaller rate cures.
    """
    if len(start.points) < 3:
        msg = f"a band needs at least 3 beads; there are {len(start.points)}"
        raise DomainError(msg)
    path, velocity = start, np.zeros_like(start.points[1:-1])
    for step in range(steps):
        energies, gradients = field(path.points)
        moved = np.array(path.points)
        with np.errstate(over="ignore", invalid="ignore"):
            along = tangents(path.points, energies)
            across = gradients[1:-1] - along * np.sum(along * gradients[1:-1], axis=1)[:, None]
            velocity = momentum * velocity - rate * across
            moved[1:-1] += velocity
            size = np.sum((4 * moved) ** 2)  # more than the square of any length
        if not (np.all(np.isfinite(energies)) and np.isfinite(size)):
            msg = f"the band left the finite world after {step} steps of {rate:g}; lower the rate"
            raise NotConverged(msg, path)
        path = Path(moved).respaced(len(moved))
        if progress is not None:
            progress((step + 1) / steps)
    return path


def tangents(points: Array, energies: Array) -> Array:
    """Unit tangents (n − 2, P) at the inner beads, towards the neighbour of higher energy.

    At an extremum of the energy the two neighbours are weighted by their energy differences
    (Henkelman & Jónsson 2000), which keeps the band free of kinks.
    """
    ahead, behind = points[2:] - points[1:-1], points[1:-1] - points[:-2]
    up, down = energies[2:] - energies[1:-1], energies[:-2] - energies[1:-1]
    high, low = np.maximum(abs(up), abs(down)), np.minimum(abs(up), abs(down))
    # a flat stretch has no preference
    less = np.divide(low, high, out=np.ones_like(high), where=high > 0)
    rising, falling = (up > 0) & (down < 0), (up < 0) & (down > 0)
    forward = np.where(rising, 1.0, np.where(falling, 0.0, np.where(up > down, 1.0, less)))
    backward = np.where(falling, 1.0, np.where(rising, 0.0, np.where(up > down, less, 1.0)))
    mixed = forward[:, None] * ahead + backward[:, None] * behind
    hairpin = np.all(mixed == 0, axis=1)
    mixed[hairpin] = ahead[hairpin]
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1)[:, None])

"""A trajectory that blew up is named with its time, and never averaged in."""

import numpy as np

from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.valley import Valley
from .langevin import Langevin


def refuse_lost(found: Array, langevin: Langevin, trajectories: int) -> None:
    """Raise the DomainError of what the kernels found: see :func:`.blocks.note`."""
    steep, gone, step, y = found
    if steep + gone == 0:
        return
    count = int(steep + gone)
    where = (
        f"{count} of {trajectories} trajectories broke this before the run was stopped, the first "
        f"by time {step * langevin.step:.6g}, at y = {y:.6g}"
    )
    if steep and isinstance(langevin.landscape, Valley):
        with np.errstate(all="ignore"):
            reached = langevin.step * langevin.landscape.stiffness(y)
        rule = "step * stiffness must stay within the edge of stability (0, 2)"
        msg = f"{rule}; {where}, step * stiffness = {reached:.4g}; take a smaller step"
    else:
        msg = f"a trajectory must stay finite; {where}; take a smaller step"
    raise DomainError(msg)

"""A trajectory that blew up is named with its time, and never averaged in."""

from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.valley import Valley
from .langevin import Langevin


def refuse_lost(found: Array, langevin: Langevin, trajectories: int) -> None:
    """Raise the DomainError of what the kernels found: see :func:`.blocks.note`."""
    steep, gone, beyond, step, y = found
    count = int(steep + gone + beyond)
    if count == 0:
        return
    where = (
        f"{count} of {trajectories} trajectories broke this before the run was stopped, the first "
        f"by time {step * langevin.step:.6g}, at y = {y:.6g}"
    )
    if steep and isinstance(langevin.landscape, Valley):
        rule = f"step * stiffness must stay within the edge of stability (0, {langevin.edge:g})"
        msg = f"{rule}; {where}; take a smaller step"
    elif beyond:
        msg = f"a step must not lead from mirror to mirror; {where}; take a smaller step"
    else:
        msg = f"a trajectory must stay finite; {where}; take a smaller step"
    raise DomainError(msg)

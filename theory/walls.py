"""Between which walls a slow coordinate lives: ends that absorb, mirrors, or its own potential.

An end absorbs, reflects or is open.  On an open side the effective potential itself must turn the
walker back; the interval then ends where it has risen so high that a float forgets what is beyond.
"""

from typing import NamedTuple

import numpy as np

from .errors import DomainError
from .estimate import Array
from .noise import Noise
from .relaxation import Ends
from .slow import effective_potential
from .valley import Valley

RISE = 37.0  # temperatures: exp(−37) < 1e-16
FARTHEST = 1e4  # how far an open side is followed, in distances from the absorbing end to a start


class Walls(NamedTuple):
    """Where the two ends are and through which of them y leaves."""

    low: float | None  # None: open
    high: float | None
    absorb: Ends


def walls(start: Array, absorb: Array, reflect: Array) -> Walls:
    """Which end is where; refused if ends and starts do not fit."""
    for name, values in (("start", start), ("absorbing end", absorb), ("reflecting end", reflect)):
        if values.ndim != 1 or not np.all(np.isfinite(values)):
            msg = f"every {name} must be a finite number; there is {values.tolist()}"
            raise DomainError(msg)
    if not (1 <= len(absorb) <= 2 and len(absorb) + len(reflect) <= 2 and len(start)):
        msg = (
            "there must be one or two absorbing ends, and a reflecting one only opposite a single "
            f"absorbing one; there are {len(absorb)} absorbing and {len(reflect)} reflecting"
        )
        raise DomainError(msg)
    ends = np.concatenate([absorb, reflect])
    if len(ends) == 2 and ends[0] == ends[1]:
        msg = f"the two ends must differ; both are {ends[0]:g}"
        raise DomainError(msg)
    if len(absorb) == 2 and absorb[0] > absorb[1]:
        msg = f"absorbing ends must rise from low to high; they are {absorb[0]:g}, {absorb[1]:g}"
        raise DomainError(msg)
    side = reflect[0] if len(reflect) else start[0]  # a single absorbing end: where it looks
    end = float(absorb[0])
    low, high = (None, end) if side < end else (end, None)
    exits: Ends = "right" if low is None else "left"
    if len(ends) == 2:
        low, high = float(ends.min()), float(ends.max())
        exits = "both" if len(absorb) == 2 else exits
    inside = (start >= (-np.inf if low is None else low)) & (
        start <= (np.inf if high is None else high)
    )
    if not inside.all():
        between = f"from {'-inf' if low is None else f'{low:g}'} to "
        between += "inf" if high is None else f"{high:g}"
        msg = f"every start must lie inside the ends, {between}; {start[~inside][0]:g} does not"
        raise DomainError(msg)
    return Walls(low, high, exits)


def turning_point(
    valley: Valley,
    noise: Noise,
    ray: tuple[float, float, float],
    step: float,
    heat: float,
    momentum: float = 0.0,
) -> float:
    """Where V_eff has risen by RISE temperatures above all it was on the way from the end.

    ray: the absorbing end, the farthest start, and the signed scale of the walk outwards.  A rise
    counts if the potential does not come down again within twice the way.  heat: T_y, which
    momentum raises to T_y/(1 − β).
    """
    end, farthest, scale = ray

    def height(y: float) -> float:
        found = effective_potential(valley, noise, np.array(y), step, momentum=momentum)
        return float(found) * (1 - momentum) / heat

    lowest, last = np.inf, end
    found: tuple[float, float, float, float] | None = None  # near, far, r, lowest
    way = np.concatenate([np.arange(401) / 200, 2 * 1.01 ** np.arange(1, 860)])
    for r in way.tolist():
        y = end + scale * r
        if abs(r) > FARTHEST or (found is not None and r > 2 * found[2] + 1):
            break
        try:
            here = height(y)
        except DomainError as error:
            if found is not None:
                break
            msg = f"{error}; a reflecting end (reflect) before it would close the {_side(scale)}"
            raise DomainError(msg) from None
        lowest = min(lowest, here)
        beyond = scale * (y - farthest) > 0
        if here - lowest < RISE:
            found = None
        elif found is None and beyond:
            found = (last, y, r, lowest)
        last = y
    if found is None:
        msg = (
            f"the effective potential does not confine on the {_side(scale)} (followed to "
            f"y = {last:.4g}); give --reflect, a reflecting end on that side"
        )
        raise DomainError(msg)
    near, far, _, lowest = found
    if scale * (near - farthest) < 0:
        near = farthest
    for _ in range(60):
        middle = 0.5 * (near + far)
        near, far = (near, middle) if height(middle) - lowest >= RISE else (middle, far)
    return far


def _side(scale: float) -> str:
    return "left" if scale < 0 else "right"

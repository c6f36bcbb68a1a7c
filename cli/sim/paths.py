"""The first few paths of a run, walked once more to be drawn on the potential.

A trajectory is addressed by the seed and its number: these are the very paths that were counted.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...theory.estimate import Array
    from .walk import Walk

POINTS = 2000  # of a path at most: more than a printed line can show
LONGEST = 500_000  # steps of a path that are drawn; more take longer than a picture may
WATCHED = 2000  # steps of a path at rest
GRID = 201  # points of the potential along either axis
BEHIND = 10.0  # kicks behind an absorbing end at which a replayed path is turned back


@dataclass(frozen=True)
class Paths:
    """Paths on a potential.

    trails: each (points, 2) of x and y; left: whether it ends beyond an absorbing end.
    x, y: grids; height: (y, x), V there.  radial: x stands for the radius |x|.
    """

    trails: "list[Array]"
    left: list[bool]
    x: "Array"
    y: "Array"
    height: "Array"
    absorb: list[float]
    reflect: list[float]
    radial: bool


def replayed_paths(walk: "Walk", paths: int) -> Paths:
    """The first ``paths`` of the run from its first start, with the potential around them."""
    import numpy as np

    trails, left = _left(walk, paths) if walk.passage is not None else _watched(walk, paths)
    ends = list(walk.schedule.get("absorb", ()))
    points = np.concatenate(trails)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.15 * np.maximum(high - low, 1e-12)
    low, high = low - margin, high + margin
    radial = walk.langevin.walks_radius
    x = np.linspace(0.0 if radial else low[0], high[0], GRID)
    y = np.linspace(min(low[1], *ends, low[1]), max(high[1], *ends, high[1]), GRID)
    return Paths(
        *(trails, left, x, y, _height(walk, x, y)),
        *(ends, list(walk.schedule["reflect"]), radial),
    )


def _left(walk: "Walk", paths: int) -> "tuple[list[Array], list[bool]]":
    """Each path until it was seen outside."""
    import numpy as np

    found = walk.passage
    assert found is not None
    taken = found.steps[0, :paths]
    last = np.minimum(np.where(taken > 0, taken, found.most), LONGEST)
    every = int(-(-last.max() // POINTS))
    # a look more, so that the longest path is seen to its end
    looks = int(last.max()) // every + 1
    run = _observed(walk, paths, looks * every, every, looks, _behind(walk))
    trails, left = [], []
    for path, until, steps, place in zip(run, last, taken, found.place[0], strict=False):
        trail = path[: max(int(until) // every, 1)]
        gone = bool(0 < steps <= LONGEST)
        if gone and every > 1:  # where it left stands between two looks
            trail = np.concatenate([trail, [[trail[-1, 0], place]]])
        trails.append(trail)
        left.append(gone)
    return trails, left


def _behind(walk: "Walk") -> tuple[float, ...]:
    """The mirror of the run, and one behind each absorbing end: nobody runs away unwatched."""
    import math

    found, step = walk.passage, walk.langevin.step
    assert found is not None
    far = BEHIND * math.sqrt(2 * walk.langevin.heat * step)
    behind = [end for end in (found.low - far, found.high + far) if math.isfinite(end)]
    return tuple(sorted([*behind, *walk.schedule["reflect"]]))


def _watched(walk: "Walk", paths: int) -> "tuple[list[Array], list[bool]]":
    """The first steps of each path."""
    steps = min(WATCHED, walk.schedule["steps"])
    run = _observed(walk, paths, steps, 1, steps, tuple(walk.schedule["reflect"]))
    return list(run), [False] * paths


def _observed(walk: "Walk", paths: int, steps: int, every: int, points: int, mirrors: Any) -> Any:
    from ...sims.observation import observe

    schedule = walk.schedule
    seen = observe(
        walk.langevin,
        **{name: schedule[name] for name in ("seed", "fast_start")},
        start=schedule["start"][0],
        trajectories=max(paths, 2),
        steps=steps,
        every=every,
        trails=paths,
        trail_points=points,
        reflect=mirrors or None,
        threads=1,
    )
    return seen.trails


def _height(walk: "Walk", x: "Array", y: "Array") -> "Array":
    """V(x, y), with all but one fast direction at 0."""
    import numpy as np

    from ...theory.expression import Surface

    landscape = walk.langevin.landscape
    across, along = np.meshgrid(x, y)
    with np.errstate(all="ignore"):
        if isinstance(landscape, Surface):
            return np.asarray(landscape(across, along))
        bowl = 0.5 * landscape.stiffness(along) * across**2
        return np.asarray(landscape.energy(along) + bowl)

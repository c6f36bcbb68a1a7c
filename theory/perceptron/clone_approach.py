"""Clones nearer to their reference: a saddle point is followed to smaller distances.

Near to a reference few clones see but one solution, and there is nothing to climb from; from
farther away one may come on one of several branches.  Clones choose their overlaps: the branch of
largest Φ is the one that counts.
"""

from dataclasses import replace

import numpy as np

from .clone_climb import climb, from_few
from .clone_saddle import Solved, replace_overlap, tried
from .replicated_reference import Pulls, Setting, Weights

STARTS = (2.0, 4.0, 8.0)  # times the distance
AGREED = 1e-6  # Φ of one branch, reached from two starts
BEYOND = 1.1  # times y


def solve(setting: Setting, model: str, guess: tuple[Pulls, Weights] | None) -> Solved | None:
    """A root from the neighbour's; or along y from at most 1, where a plain guess will do.

    The guess is that clones know of other groups through their reference alone.
    """
    if guess is not None:
        near = tried(setting, model, (guess[0], replace_overlap(guess[1], setting.p)))
        if near is not None:
            return near
    found = from_few(setting, model)
    if found is not None or setting.y <= 1:
        return found
    ends: list[Solved] = []
    for farther in STARTS:
        d = farther * 0.5 * (1 - setting.p)
        start = from_few(replace(setting, p=1 - 2 * d), model) if d < 0.45 else None
        end = None if start is None else approach(start, setting.p, model)
        if end is None:
            continue
        ends.append(end)
        if len(ends) > 1 and abs(ends[-2].free_entropy - end.free_entropy) < AGREED:
            break
    ends.sort(key=lambda end: -end.free_entropy)
    return next((end for end in ends if is_convex(end, model)), None)


def is_convex(found: Solved, model: str) -> bool:
    """Whether Φ of the branch goes on to larger y as it must, convex: `climb` looks at tangents."""
    return climb(found, BEYOND * found.setting.y, model) is not None


def approach(found: Solved, p: float, model: str) -> Solved | None:
    """Follow the branch to the smaller distance, in steps of ln d."""
    goal = float(np.log(0.5 * (1 - p)))
    step, before = 0.1, found
    while found.setting.p != p:
        x = float(np.log(0.5 * (1 - found.setting.p)))
        there_x = max(goal, x - step)
        there_p = p if there_x == goal else 1 - 2 * float(np.exp(there_x))
        pulls = found.pulls
        if before is not found:
            before_x = float(np.log(0.5 * (1 - before.setting.p)))
            pulls = pulls + (there_x - x) / (x - before_x) * (found.pulls - before.pulls)
        here = replace(found.setting, p=there_p)
        start = pulls, replace_overlap(found.weights, there_p)
        there = tried(here, model, start, rounds=20, farthest=1.0)
        if there is not None:
            before, found, step = found, there, min(1.5 * step, 0.3)
        else:
            step *= 0.5
            if step < 0.005:
                return None
    return found

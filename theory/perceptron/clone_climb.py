"""More clones around a reference: a saddle point is followed to larger y, where guesses fail.

At y ≤ 1 a plain guess will do: clones know of other groups through their reference alone.
"""

from dataclasses import replace

import numpy as np

from .clone_saddle import RULES, Solved, tried
from .replicated_reference import Setting, first_guess, patterns, pulls_of
from .saddle import saddle_point


def from_few(setting: Setting, model: str) -> Solved | None:
    """Along y from at most 1."""
    order = RULES[setting.kappa_ref is None][0]
    margin, q_ref = setting.kappa_ref, 0.2
    if margin is not None:
        q_ref = float(saddle_point(setting.alpha, margin, model).q)
    here = replace(setting, y=min(setting.y, 1.0))
    weights = first_guess(here, q_ref)
    found = tried(here, model, (pulls_of(patterns(weights, here, order), here), weights))
    return None if found is None else climb(found, setting.y, model)


def climb(found: Solved, y: float, model: str) -> Solved | None:
    """Follow the branch to the larger ``y``; steps that leave it are shortened.

    Φ is convex in y: it lies above its tangent at the old y and below that at the new.
    """
    factor, before = 1.5, found
    while found.setting.y < y:
        here = replace(found.setting, y=min(factor * found.setting.y, y))
        ahead = np.log(here.y / found.setting.y)
        pulls = found.pulls
        if before is not found:
            turn = (found.pulls - before.pulls) / np.log(found.setting.y / before.setting.y)
            pulls = pulls + ahead * turn
        there = tried(here, model, (pulls, found.weights), rounds=20, farthest=1.0)
        if there is not None:
            rise = there.free_entropy - found.free_entropy
            step, room = here.y - found.setting.y, 1e-5 * (1 + here.y)
            if step * found.local - room <= rise <= step * there.local + room:
                before, found, factor = found, there, min(1.5 * factor, 4.0)
                continue
        factor = float(np.sqrt(factor))
        if factor < 1.02:
            return None
    return found

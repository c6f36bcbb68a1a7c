"""The y at which the references of the large-deviation measure run out.

The external entropy falls with y, dΣ/dy = −y dφ/dy; beyond its zero replica symmetry promises
references that do not exist.
"""

from dataclasses import replace

import numpy as np

from .all_around import all_around
from .clone_approach import solve
from .clone_climb import climb
from .clone_saddle import RULES, Solved, iterate
from .many_clones import best_binary
from .replicated_reference import Setting

MOST_CLONES = 1e4


def last_references(setting: Setting, model: str) -> Solved | str | None:
    """The y at which the external entropy vanishes; None if it never does; else the reason."""
    best = None
    if setting.kappa_ref is not None:
        margins = setting.kappa, setting.kappa_ref
        best = all_around(model, setting.p, setting.alpha, margins, RULES[True][0])
    elif model == "binary":
        best = best_binary(setting.p, setting.alpha, setting.kappa, RULES[True][1])
    if best is not None and best.external >= 0:
        return None
    below: Solved | None = None
    y = 1.0
    while y <= MOST_CLONES:
        climbed = below is not None
        found = climb(below, y, model) if below else solve(replace(setting, y=y), model, None)
        if found is None:
            if climbed:
                return f"the branch of saddle points is lost between y = {y / 2:g} and {y:g}"
            y *= 4  # few clones may be none: see solve
            continue
        if found.external <= 0:
            if below is None and y > 1:
                return (
                    f"the external entropy is negative already at y = {y:g}, where a branch begins"
                )
            return _between(below, found, model)
        below, y = found, 2 * y
    if below is None:
        return "no replica-symmetric saddle point was found at this distance for any y"
    return f"the external entropy is still positive at y = {below.setting.y:g}"


def _between(below: Solved | None, above: Solved, model: str) -> Solved | str:
    """Regula falsi (Illinois) in ln y, then secants with the fine rule."""
    coarse, fine, _ = RULES[above.setting.kappa_ref is None]
    if below is None:
        below = solve(replace(above.setting, y=0.01), model, None)
        if below is None or below.external <= 0:
            return "there are no references: their external entropy is negative at every y"

    def at(x: float, near: Solved, order: int) -> Solved:
        setting = replace(above.setting, y=float(np.exp(x)))
        tolerance = 1e-11 if order == fine else 1e-8
        start = near.pulls, near.weights
        return iterate(setting, model, start, order, tolerance, rounds=40)

    low, high = np.log(below.setting.y), np.log(above.setting.y)
    at_low, at_high = below.external, above.external
    x, here, side, slope = high, above, 0, np.nan
    for _ in range(40):
        slope = (at_high - at_low) / (high - low)
        x = low - at_low / slope
        here = at(x, here, coarse)
        value = here.external
        if not np.isfinite(value):
            return "no saddle point was found on the way to the y of vanishing external entropy"
        if abs(value) < 1e-6:
            break
        if value > 0:
            low, at_low = x, value
            at_high *= 0.5 if side == 1 else 1.0
            side = 1
        else:
            high, at_high = x, value
            at_low *= 0.5 if side == -1 else 1.0
            side = -1
    for _ in range(8):
        here = at(x, here, fine)
        if abs(here.external) < 1e-11:
            break
        x -= here.external / slope
    return here

"""Infinitely many clones: the densest surroundings there are, for any reference or one of a margin.

Of every kind of answer (:mod:`.many_clones`, :mod:`.held_reference`, :mod:`.all_around`) the same
numbers.
"""

import numpy as np

from .all_around import all_around
from .clone_saddle import RULES
from .held_reference import held_reference
from .many_clones import UNFOUND, best_binary, best_spherical
from .replicated_reference import Setting
from .saddle import saddle_limit, saddle_point

NUDGE = 1e-4  # of the overlap, for the slope


def best(setting: Setting, model: str) -> tuple[list[float] | None, str]:
    """Infinitely many clones."""
    if setting.kappa_ref is not None:
        return _of_margin(setting, setting.kappa_ref, model)
    solve = best_binary if model == "binary" else best_spherical
    _, order, finer = RULES[True]
    given = setting.p, setting.alpha, setting.kappa
    best, check = solve(*given, order), solve(*given, finer)
    if best is None or check is None:
        return None, UNFOUND
    if model == "binary":  # φ∞ is stationary in all but p, whose slope is −π
        slope = 0.0 if check.hats is None else 2 * check.hats[2]
    else:
        h = NUDGE * min(setting.p, 1 - setting.p)
        sides = [solve(setting.p + s * h, *given[1:], order) for s in (1, -1)]
        slope = np.nan
        if sides[0] is not None and sides[1] is not None:
            slope = -(sides[0].local - sides[1].local) / h
    error = abs(check.local - best.local) + best.residual
    return [
        *(np.inf, best.local, best.external, slope),
        *(best.q, best.t, best.q_ref, best.q, error, best.residual),
    ], ""


def _of_margin(setting: Setting, kappa_ref: float, model: str) -> tuple[list[float] | None, str]:
    """Infinitely many clones: around all solutions where such references are, else around fewer."""
    given = model, setting.p, setting.alpha, (setting.kappa, kappa_ref)
    order, finer, _ = RULES[True]
    many, check = all_around(*given, order), all_around(*given, finer)
    if many is not None and check is not None:
        error = abs(check.local - many.local) + many.residual
        numbers = [np.inf, check.local, check.external, 0.0, check.q, check.t, check.q_ref, check.q]
        return [*numbers, error, check.residual], ""
    best, rough = held_reference(*given, finer), held_reference(*given, order)
    if best is None or rough is None:
        return None, UNFOUND
    solvable = setting.alpha < float(saddle_limit(setting.kappa, model))
    if solvable and best.local > saddle_point(setting.alpha, setting.kappa, model).entropy:
        return None, UNFOUND
    error = abs(best.local - rough.local) + best.residual
    numbers = [np.inf, best.local, best.external, best.slope, best.q, setting.p, 1.0, best.q]
    return [*numbers, error, best.residual], ""

r"""Local entropy around references that are chosen for it: weight e^{yNφ(w̃, d)} for a reference w̃.

φ(w̃, d) is the entropy of solutions of margin κ at distance d from w̃, itself a solution of margin κ̃
of the same patterns, or any weights (κ̃ = −∞).  With Φ(y) of :mod:`.replicated_reference`,

    local entropy      φ(y) = dΦ/dy            rises with y: references of denser surroundings
    external entropy   Φ − yφ                  of such references; falls, d/dy = −y dφ/dy

y = 0 is the flat measure of Franz and Parisi.  At y → ∞ the densest surroundings of all are found,
around references of any margin (:mod:`.many_clones`) or of a given one (:mod:`.held_reference`,
:mod:`.all_around`), but for binary weights the external entropy is then mostly negative: replica
symmetry promises references that do not exist.  The largest y that means something is y*(d)
where it vanishes; y = "zero" asks for that.
The review by E. M. Malatesta, eq. 49, which takes the measure from C. Baldassi et al., PRL 115,
128101 (2015).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array, frozen
from . import binary, spherical
from .all_around import all_around
from .anderson import fixed_point
from .held_reference import held_reference
from .many_clones import UNFOUND, best_binary, best_spherical
from .reference_group import Responses
from .replicated_reference import (
    Answer,
    Pulls,
    Setting,
    Weights,
    binary_weights,
    first_guess,
    patterns,
    pulls_of,
    spherical_weights,
)
from .saddle import saddle_point

MODELS: dict[str, Answer] = {"binary": binary_weights, "spherical": spherical_weights}
LIMITS = {"binary": binary.saddle_limit, "spherical": spherical.critical_capacity}
MOST_CLONES = 1e4
MARGINS = (-3.0, 5.0)
RULES = {True: (10, 14, 18), False: (6, 9, 11)}  # for any reference, for one of a margin
TOLERANCE = 1e-6  # of the pulls, with the finer rule
NUDGE = 1e-3  # of the overlap, for the slope


@dataclass(frozen=True)
class LargeDeviationEntropy:
    """Local entropies; every field but ``model`` has the shape of the arguments together.

    What does not exist or did not converge is NaN, with ``converged`` False and a ``reason``.
    """

    model: str
    """Which weights: "spherical" or "binary"."""
    distance: Array
    """From the reference, (1 − p)/2."""
    overlap: Array
    """p = 1 − 2 distance."""
    alpha: Array
    """Patterns per weight."""
    kappa: Array
    """Margin of the solutions that are counted."""
    reference_margin: Array
    """Margin of the reference; −inf for any weights."""
    y: Array
    """Strength with which references are chosen; where y* was asked for, what it is."""
    local_entropy: Array
    """Of solutions at the distance from a reference, nats per weight."""
    external_entropy: Array
    """Of references, nats per weight; −inf at y = inf for spherical weights and where patterns hold
    the reference at a margin."""
    upper_bound: Array
    """Local entropy without patterns."""
    slope: Array
    """d local_entropy / d distance at fixed y; where y* was asked for, at that y.  To 1e-4."""
    q: Array
    """q₁: overlap of two solutions around one reference."""
    t: Array
    """Overlap of a reference with solutions around another."""
    q_ref: Array
    """Overlap of two references."""
    q0: Array
    """Overlap of solutions around different references."""
    error: Array
    """Of local_entropy: what the finer rule changes."""
    residual: Array
    """Largest change of the (logarithms of the) pulls in one round, with the finer rule."""
    converged: NDArray[np.bool_]
    """Whether the residual is at most 1e-6."""
    reason: NDArray[np.str_]
    """Why there are no numbers; empty where there are."""

    def __post_init__(self) -> None:
        for name in vars(self).keys() - {"model", "converged", "reason"}:
            object.__setattr__(self, name, frozen(getattr(self, name)))
        for name, kind in (("converged", np.bool_), ("reason", np.str_)):
            values = np.array(getattr(self, name), dtype=kind)
            values.flags.writeable = False
            object.__setattr__(self, name, values)


NUMBERS = (
    *("y", "local_entropy", "external_entropy", "slope", "q", "t", "q_ref", "q0"),
    *("error", "residual"),
)


def large_deviation_entropy(
    distance: ArrayLike,
    alpha: ArrayLike,
    kappa: ArrayLike = 0.0,
    reference_margin: ArrayLike | None = None,
    y: ArrayLike | str = "zero",
    model: str = "binary",
    progress: Callable[[float], None] | None = None,
) -> LargeDeviationEntropy:
    """Entropy of solutions of margin ``kappa`` at ``distance`` from references weighted by e^{yNφ}.

    ``distance`` in (0, ½), ``alpha`` > 0, margins in [−3, 5], ``y`` in [0, 10⁴] or inf broadcast
    together; ``reference_margin`` None or −inf is any reference; ``y`` "zero" is the y* at which
    the external entropy vanishes (inf where it stays positive).  Replica symmetry between groups of
    reference and solutions.
    ``progress`` hears the fraction of points that is done.

    Raises DomainError outside these ranges or for a load at which no reference exists.

    At y = 1 a reference of any margin is blind: solutions count as often as they are near to
    something, the free entropy is that of all solutions plus that of the distance.

    >>> found = large_deviation_entropy(0.1, 0.4, y=1.0)
    >>> free = found.external_entropy + found.local_entropy - found.upper_bound
    >>> round(float(free), 8) == round(float(saddle_point(0.4, model="binary").entropy), 8)
    True
    """
    if model not in MODELS:
        msg = f"model must be 'binary' or 'spherical'; it is {model!r}"
        raise DomainError(msg)
    asked = isinstance(y, str)
    if asked and y != "zero":
        msg = f"y must be a number, inf or 'zero'; it is {y!r}"
        raise DomainError(msg)
    margin = -np.inf if reference_margin is None else reference_margin
    given = _checked((distance, alpha, kappa, margin, np.nan if asked else y), model, asked)
    table = np.full((len(NUMBERS), given[0].size), np.nan)
    reasons = [""] * given[0].size
    guess: tuple[Pulls, Weights] | None = None
    last: tuple[float, ...] = ()
    for i, (d, a, k, m, strength) in enumerate(np.stack([x.ravel() for x in given], axis=1)):
        setting = Setting(1 - 2 * d, a, k, m if m > -np.inf else None, strength)
        if last != (a, k, m, strength):
            guess, last = None, (a, k, m, strength)
        with np.errstate(all="ignore"):
            numbers, reasons[i], guess = _point(setting, model, asked, guess)
        if numbers is not None:
            table[:, i] = numbers
        if progress is not None:
            progress((i + 1) / table.shape[1])
    columns = dict(zip(NUMBERS, table.reshape(len(NUMBERS), *given[0].shape), strict=True))
    p = 1 - 2 * given[0]
    columns["y"] = columns["y"] if asked else given[4]
    return LargeDeviationEntropy(
        model=model,
        distance=given[0],
        overlap=p,
        alpha=given[1],
        kappa=given[2],
        reference_margin=given[3],
        upper_bound=_upper_bound(given[0], model),
        converged=columns["residual"] <= TOLERANCE,
        reason=np.array(reasons, dtype=np.str_).reshape(given[0].shape),
        **columns,
    )


def _upper_bound(d: Array, model: str) -> Array:
    if model == "binary":
        return np.asarray(-d * np.log(d) - (1 - d) * np.log1p(-d))
    return np.asarray(0.5 * np.log(4 * d * (1 - d)))


def _checked(given: tuple[ArrayLike, ...], model: str, asked: bool) -> list[Array]:
    arrays = [np.asarray(x, dtype=np.float64) for x in given]
    distance, alpha, kappa, margin, y = arrays
    low, high = MARGINS
    checks = [
        ("distance", distance, (distance > 0) & (distance < 0.5), "above 0 and below 0.5"),
        ("alpha", alpha, (alpha > 0) & np.isfinite(alpha), "finite and above 0"),
        ("kappa", kappa, (kappa >= low) & (kappa <= high), f"from {low:g} to {high:g}"),
        (
            "reference margin",
            margin,
            ((margin >= low) & (margin <= high)) | (margin == -np.inf),
            f"from {low:g} to {high:g}, or -inf",
        ),
    ]
    if not asked:
        fine = ((y >= 0) & (y <= MOST_CLONES)) | (y == np.inf)
        checks.append(("y", y, fine, f"from 0 to {MOST_CLONES:g}, or inf"))
    for name, values, fine, where in checks:
        for wrong in values[~fine]:
            msg = f"{name} must be {where}; it is {wrong:.10g}"
            raise DomainError(msg)
    try:
        arrays = [np.asarray(x) for x in np.broadcast_arrays(*arrays)]
    except ValueError:
        shapes = ", ".join(str(x.shape) for x in arrays)
        msg = f"distance, alpha, kappa, margin and y must fit together; their shapes are {shapes}"
        raise DomainError(msg) from None
    limit = LIMITS[model](np.where(np.isfinite(arrays[3]), arrays[3], 0.0))
    beyond = np.isfinite(arrays[3]) & (arrays[1] >= limit)
    for a, m, end in np.stack((arrays[1], arrays[3], limit), axis=-1)[beyond]:
        msg = (
            f"alpha must stay below {end:.10g}, where references of margin {m:.10g} cease;"
            f" it is {a:.10g}"
        )
        raise DomainError(msg)
    return arrays


@dataclass(frozen=True)
class _Solved:
    setting: Setting
    pulls: Pulls
    weights: Weights
    pattern: Responses
    move: float

    @property
    def local(self) -> float:
        return self.weights.local + self.setting.alpha * self.pattern.single

    @property
    def free_entropy(self) -> float:
        return self.weights.free_entropy + self.setting.alpha * self.pattern.log

    @property
    def external(self) -> float:
        return self.free_entropy - self.setting.y * self.local


def _point(
    setting: Setting, model: str, asked: bool, guess: tuple[Pulls, Weights] | None
) -> tuple[list[float] | None, str, tuple[Pulls, Weights] | None]:
    """The NUMBERS of a point, why there are none, and where to start for the next."""
    if setting.y == np.inf:
        return (*_best(setting, model), None)
    if asked:
        found = _where_none_is_left(setting, model)
        if isinstance(found, str):
            return None, found, None
        if found is None:
            return (*_best(setting, model), None)
    else:
        found = _solve(setting, model, guess)
        if found is None:
            return None, "no replica-symmetric saddle point was found at this distance", None
    # from a neighbour in distance one may come to another branch where clones are many
    return *_finished(found, model), (found.pulls, found.weights) if setting.y <= 1 else None


def _finished(found: _Solved, model: str) -> tuple[list[float] | None, str]:
    """Solve with the fine rule, judge with the finest."""
    setting = found.setting
    _, fine, finest = RULES[setting.kappa_ref is None]
    start = found.pulls, found.weights
    solved = _iterate(setting, model, start, fine, 1e-11, rounds=40)
    check = _iterate(setting, model, (solved.pulls, solved.weights), finest, np.inf, rounds=1)
    residual = float(np.abs(check.pulls - solved.pulls).max())
    if not (residual <= TOLERANCE and np.isfinite(check.local)):
        return None, f"the pulls still change by {residual:.1e}"
    overlaps = solved.weights.overlaps
    return [
        *(setting.y, solved.local, solved.external, _slope(solved, model)),
        *(1 - overlaps.gap, overlaps.t, overlaps.ref, overlaps.q0),
        *(abs(check.local - solved.local) + residual, residual),
    ], ""


def _slope(found: _Solved, model: str) -> float:
    setting = found.setting
    order = RULES[setting.kappa_ref is None][0]
    h = NUDGE * (1 - setting.p) if setting.p > 0.5 else NUDGE * setting.p
    locals_ = []
    for sign in (1, -1):
        beside = replace(setting, p=setting.p + sign * h)
        start = found.pulls, replace_overlap(found.weights, beside.p)
        locals_.append(_iterate(beside, model, start, order, 1e-10, rounds=25).local)
    return -(locals_[0] - locals_[1]) / h  # d/dd = −2 d/dp, over 2h


def replace_overlap(weights: Weights, p: float) -> Weights:
    """The same with another overlap of reference and clones, as a guess."""
    return replace(weights, overlaps=replace(weights.overlaps, p=p))


def _iterate(
    setting: Setting,
    model: str,
    start: tuple[Pulls, Weights],
    order: int,
    tolerance: float,
    rounds: int,
    farthest: float = np.inf,
) -> _Solved:
    """Weights answer to pulls and patterns to overlaps, until neither moves."""
    answer = MODELS[model]
    state = [start[1]]
    seen: list[Responses] = []

    def step(pulls: Pulls) -> Pulls:
        weights = answer(pulls, setting, order, state[0])
        if not np.isfinite(weights.local):
            return np.full_like(pulls, np.nan)
        state[0] = weights
        seen[:] = [patterns(weights, setting, order)]
        return pulls_of(seen[0], setting)

    pulls, move = fixed_point(step, start[0], tolerance, rounds, farthest)
    if not seen:
        silent = Responses(*[np.nan] * 10)
        return _Solved(setting, np.full_like(pulls, np.nan), state[0], silent, np.inf)
    return _Solved(setting, pulls, state[0], seen[0], move)


def _solve(setting: Setting, model: str, guess: tuple[Pulls, Weights] | None) -> _Solved | None:
    """A root from the neighbour's; or along y from at most 1, where a plain guess will do.

    The guess is that clones know of other groups through their reference alone.
    """
    if guess is not None:
        near = _tried(setting, model, (guess[0], replace_overlap(guess[1], setting.p)))
        if near is not None:
            return near
    found = _from_flat(setting, model)
    if found is None and setting.y > 1:
        # near to a reference few clones see but one solution; farther away they see more;
        # clones choose their overlap, so that of branches the one of larger Φ counts
        ends = []
        for farther in (2.0, 4.0, 8.0):
            d = farther * 0.5 * (1 - setting.p)
            start = _from_flat(replace(setting, p=1 - 2 * d), model) if d < 0.45 else None
            end = None if start is None else _approach(start, setting.p, model)
            ends += [] if end is None else [end]
        found = max(ends, key=lambda end: end.free_entropy, default=None)
    return found


def _from_flat(setting: Setting, model: str) -> _Solved | None:
    """Along y from at most 1."""
    order = RULES[setting.kappa_ref is None][0]
    margin, q_ref = setting.kappa_ref, 0.2
    if margin is not None:
        q_ref = float(saddle_point(setting.alpha, margin, model).q)
    here = replace(setting, y=min(setting.y, 1.0))
    weights = first_guess(here, q_ref)
    found = _tried(here, model, (pulls_of(patterns(weights, here, order), here), weights))
    return None if found is None else _climb(found, setting.y, model)


def _approach(found: _Solved, p: float, model: str) -> _Solved | None:
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
        there = _tried(here, model, start, rounds=20, farthest=1.0)
        if there is not None:
            before, found, step = found, there, min(1.5 * step, 0.3)
        else:
            step *= 0.5
            if step < 0.005:
                return None
    return found


def _climb(found: _Solved, y: float, model: str) -> _Solved | None:
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
        there = _tried(here, model, (pulls, found.weights), rounds=20, farthest=1.0)
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


def _tried(
    setting: Setting,
    model: str,
    start: tuple[Pulls, Weights],
    rounds: int = 40,
    farthest: float = 10.0,
) -> _Solved | None:
    order = RULES[setting.kappa_ref is None][0]
    found = _iterate(setting, model, start, order, 1e-6, rounds, farthest)
    overlaps = found.weights.overlaps
    sound = overlaps.spread > 0 and overlaps.gap > 1e-9 and overlaps.own > 0
    return found if found.move <= 1e-6 and sound else None


def _where_none_is_left(setting: Setting, model: str) -> _Solved | str | None:
    """The y at which the external entropy vanishes; None if it never does; else the reason."""
    best = None
    if setting.kappa_ref is not None:
        margins = setting.kappa, setting.kappa_ref
        best = all_around(model, setting.p, setting.alpha, margins, RULES[True][0])
    elif model == "binary":
        best = best_binary(setting.p, setting.alpha, setting.kappa, RULES[True][1])
    if best is not None and best.external >= 0:
        return None
    below: _Solved | None = None
    y = 1.0
    while y <= MOST_CLONES:
        climbed = below is not None
        found = _climb(below, y, model) if below else _solve(replace(setting, y=y), model, None)
        if found is None:
            if climbed:
                return f"the branch of saddle points is lost between y = {y / 2:g} and {y:g}"
            y *= 4  # few clones may be none: see _solve
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


def _between(below: _Solved | None, above: _Solved, model: str) -> _Solved | str:
    """Regula falsi (Illinois) in ln y, then secants with the fine rule."""
    coarse, fine, _ = RULES[above.setting.kappa_ref is None]
    if below is None:
        below = _solve(replace(above.setting, y=0.01), model, None)
        if below is None or below.external <= 0:
            return "there are no references: their external entropy is negative at every y"

    def at(x: float, near: _Solved, order: int) -> _Solved:
        setting = replace(above.setting, y=float(np.exp(x)))
        tolerance = 1e-11 if order == fine else 1e-8
        start = near.pulls, near.weights
        return _iterate(setting, model, start, order, tolerance, rounds=40)

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


def _best(setting: Setting, model: str) -> tuple[list[float] | None, str]:
    """Infinitely many clones."""
    if setting.kappa_ref is not None:
        return _best_of_margin(setting, setting.kappa_ref, model)
    solve = best_binary if model == "binary" else best_spherical
    _, order, finer = RULES[True]
    given = setting.p, setting.alpha, setting.kappa
    best, check = solve(*given, order), solve(*given, finer)
    if best is None or check is None:
        return None, UNFOUND
    h = 0.1 * NUDGE * min(setting.p, 1 - setting.p)
    sides = [solve(setting.p + s * h, *given[1:], order) for s in (1, -1)]
    slope = np.nan
    if sides[0] is not None and sides[1] is not None:
        slope = -(sides[0].local - sides[1].local) / h
    error = abs(check.local - best.local) + best.residual
    return [
        *(np.inf, best.local, best.external, slope),
        *(best.q, best.t, best.q_ref, best.q, error, best.residual),
    ], ""


def _best_of_margin(
    setting: Setting, kappa_ref: float, model: str
) -> tuple[list[float] | None, str]:
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
    solvable = setting.alpha < LIMITS[model](setting.kappa)
    if solvable and best.local > saddle_point(setting.alpha, setting.kappa, model).entropy:
        return None, UNFOUND
    error = abs(best.local - rough.local) + best.residual
    numbers = [np.inf, best.local, -np.inf, best.slope, best.q, setting.p, 1.0, best.q]
    return [*numbers, error, best.residual], ""

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
from ..estimate import Array, freeze
from .best_reference import best
from .clone_approach import solve
from .clone_saddle import MODELS, RULES, Solved, iterate, replace_overlap
from .entropy_curve import upper_bound
from .last_references import MOST_CLONES, last_references
from .question import one_of, together
from .replicated_reference import Pulls, Setting, Weights
from .saddle import saddle_limit

MARGINS = (-3.0, 5.0)
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
        freeze(self)


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

    >>> from entropic.theory import saddle_point
    >>> found = large_deviation_entropy(0.1, 0.4, y=1.0)
    >>> free = found.external_entropy + found.local_entropy - found.upper_bound
    >>> round(float(free), 8) == round(float(saddle_point(0.4, model="binary").entropy), 8)
    True
    """
    one_of("model", model, tuple(MODELS))
    asked = isinstance(y, str)
    if asked and y != "zero":
        msg = f"y must be a number, inf or 'zero'; it is {y!r}"
        raise DomainError(msg)
    margin = -np.inf if reference_margin is None else reference_margin
    given = _checked((distance, alpha, kappa, margin, np.nan if asked else y), model, asked)
    table, reasons = _table(given, model, asked, progress)
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
        upper_bound=upper_bound(given[0], model),
        converged=columns["residual"] <= TOLERANCE,
        reason=np.array(reasons, dtype=np.str_).reshape(given[0].shape),
        **columns,
    )


def _table(
    given: list[Array], model: str, asked: bool, progress: Callable[[float], None] | None
) -> tuple[Array, list[str]]:
    """Rows NUMBERS, flat, and why some are NaN; along the distance each point guesses the next."""
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
    return table, reasons


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
    names = ("distance", "alpha", "kappa", "margin", "y")
    arrays = together(**dict(zip(names, arrays, strict=True)))
    limit = saddle_limit(np.where(np.isfinite(arrays[3]), arrays[3], 0.0), model)
    beyond = np.isfinite(arrays[3]) & (arrays[1] >= limit)
    for a, m, end in np.stack((arrays[1], arrays[3], limit), axis=-1)[beyond]:
        msg = (
            f"alpha must stay below {end:.10g}, where references of margin {m:.10g} cease;"
            f" it is {a:.10g}"
        )
        raise DomainError(msg)
    return arrays


def _point(
    setting: Setting, model: str, asked: bool, guess: tuple[Pulls, Weights] | None
) -> tuple[list[float] | None, str, tuple[Pulls, Weights] | None]:
    """The NUMBERS of a point, why there are none, and where to start for the next."""
    if setting.y == np.inf:
        return (*best(setting, model), None)
    if asked:
        found = last_references(setting, model)
        if isinstance(found, str):
            return None, found, None
        if found is None:
            return (*best(setting, model), None)
    else:
        found = solve(setting, model, guess)
        if found is None:
            return None, "no replica-symmetric saddle point was found at this distance", None
    # from a neighbour in distance one may come to another branch where clones are many
    return *_finished(found, model), (found.pulls, found.weights) if setting.y <= 1 else None


def _finished(found: Solved, model: str) -> tuple[list[float] | None, str]:
    """Solve with the fine rule, judge with the finest."""
    setting = found.setting
    _, fine, finest = RULES[setting.kappa_ref is None]
    start = found.pulls, found.weights
    solved = iterate(setting, model, start, fine, 1e-11, rounds=40)
    check = iterate(setting, model, (solved.pulls, solved.weights), finest, np.inf, rounds=1)
    residual = float(np.abs(check.pulls - solved.pulls).max())
    if not (residual <= TOLERANCE and np.isfinite(check.local)):
        return None, f"the pulls still change by {residual:.1e}"
    overlaps = solved.weights.overlaps
    return [
        *(setting.y, solved.local, solved.external, _slope(solved, model)),
        *(1 - overlaps.gap, overlaps.t, overlaps.ref, overlaps.q0),
        *(abs(check.local - solved.local) + residual, residual),
    ], ""


def _slope(found: Solved, model: str) -> float:
    setting = found.setting
    order = RULES[setting.kappa_ref is None][0]
    h = NUDGE * (1 - setting.p) if setting.p > 0.5 else NUDGE * setting.p
    locals_ = []
    for sign in (1, -1):
        beside = replace(setting, p=setting.p + sign * h)
        start = found.pulls, replace_overlap(found.weights, beside.p)
        locals_.append(iterate(beside, model, start, order, 1e-10, rounds=25).local)
    return -(locals_[0] - locals_[1]) / h  # d/dd = −2 d/dp, over 2h

"""Replica-symmetric saddle points of the perceptron: what a load and a margin leave of the weights.

N weights meet P = αN random patterns, each with stability Δ = w·ξ/√N, under Boltzmann's weight
exp(−β Σ v(Δ)); β = ∞ is the hard constraint Δ ≥ κ.  Here a question is sent to whoever solves it:

    hard constraint, random labels   `spherical`, `binary`   α against an overlap, over its folds
    finite β, random labels          `temperature`           the same curve, of any energy
    labels of a teacher              `teacher`               a curve in two overlaps, its branches
    |Δ| ≤ κ                          `symmetric`             in closed form
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array
from . import binary, spherical, symmetric, teacher, temperature
from .binary import Binary
from .energy import COSTS
from .load_curve import Saddles, solve
from .question import MODELS, SETTINGS, Question, one_of, question
from .saddle_result import FROZEN, LOST, NUMBERS, TOLERANCE, Points, SaddlePoint, joined
from .spherical import Spherical
from .taught_pattern import Constraint
from .teacher_limit import teacher_limit

KINDS: dict[str, type[Saddles]] = {"spherical": Spherical, "binary": Binary}
BLOCK = 256  # points at a time: a few hundred nodes each, which fit into the cache


def saddle_point(
    alpha: ArrayLike,
    kappa: ArrayLike = 0.0,
    model: str = "spherical",
    *,
    setting: str = "storage",
    energy: str = "count",
    beta: ArrayLike = np.inf,
) -> SaddlePoint:
    """Typical solutions at load ``alpha`` with margin ``kappa``, in replica symmetry.

    ``alpha``, ``kappa`` and ``beta`` broadcast together.  ``model``: "spherical" (|w|² = N),
    "binary" (w = ±1) or "symmetric" (w = ±1 that keep |Δ| ≤ κ).  ``setting``: random labels to
    store ("storage") or those of a "teacher" with the weights' own prior.  ``energy`` of a pattern
    at the inverse temperature ``beta``: "count", Θ(κ − Δ); "hinge", (κ − Δ)₊; "quadratic",
    ½(κ − Δ)₊²; beta = inf is the constraint Δ ≥ κ whichever it is.  At α = 0 nothing orders the
    weights: q = 0 at every margin.

    Of several saddle points it is the one of lowest entropy without a teacher (margins below about
    −2.7), and with one the branch of highest free entropy: `saddle_branches` has them all.

    Raises DomainError if α is negative or not finite, κ is not finite or below −25 (−2.2 with a
    teacher or a finite β; not above 0 for the symmetric model), β is neither inf nor in
    [1e-6, 1e12], a name is unknown, or α is not below `saddle_limit`.  Where a point does not
    converge its results are NaN, and ``reason`` says why.

    E. Gardner, J. Phys. A 21, 257 (1988); E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988).

    One pattern in a thousand weights halves the sphere: its entropy is −ln 2 a pattern.

    >>> saddle_point(1e-3).entropy.round(5).item()
    -0.00069

    At β = ln 3 the half that misses it stays with a third: ln ½(1 + ⅓) = −0.405 a pattern.

    >>> saddle_point(1e-3, beta=np.log(3)).free_entropy.round(6).item()
    -0.000405
    """
    asked = question(alpha, kappa, beta, model, setting, energy)
    _refuse_loads_without_saddle(asked)
    found = _solve_all(asked)
    best = teacher.dominant(found)
    numbers = np.take_along_axis(np.array([p.numbers for p in found]), best[None, None], axis=0)[0]
    names = np.array([p.branch for p in found])[best]
    reasons = {i: why for p in reversed(found) for i, why in p.reasons.items()}
    for why in (LOST, FROZEN):
        reasons |= {i: why for p in found for i, each in p.reasons.items() if each == why}
    reasons = {i: why for i, why in reasons.items() if np.isnan(numbers[0, i])}
    return _dressed(asked, Points(numbers, reasons=reasons), names, np.ones(best.shape, np.bool_))


def saddle_branches(
    alpha: ArrayLike,
    kappa: ArrayLike = 0.0,
    model: str = "spherical",
    *,
    setting: str = "teacher",
    energy: str = "count",
    beta: ArrayLike = np.inf,
) -> tuple[SaddlePoint, ...]:
    """Every branch of saddle points, each of the whole shape, NaN at loads where it is not.

    The arguments are those of `saddle_point`.  "typical" goes on from α = 0; past a fold comes
    "aligned", near the teacher; "perfect" is R = 1: exactly, or where 1 − R is below 1e-9 and
    floats end (its numbers are that good).  ``dominant`` marks the branch of highest free entropy.

    >>> typical, perfect = saddle_branches([1.24, 1.25], model="binary")
    >>> typical.dominant.tolist(), perfect.dominant.tolist()
    ([True, False], [False, True])
    """
    asked = question(alpha, kappa, beta, model, setting, energy)
    _refuse_loads_without_saddle(asked)
    found = _solve_all(asked)
    best = teacher.dominant(found)
    return tuple(
        _dressed(asked, points, np.full(best.shape, points.branch), best == i)
        for i, points in enumerate(found)
    )


def saddle_limit(
    kappa: ArrayLike = 0.0, model: str = "spherical", setting: str = "storage"
) -> Array:
    """The load below which `saddle_point` has an answer at β = ∞: q reaches 1 there.

    Random labels: the critical capacity of spherical weights, 2/π of it for binary ones.  Those of
    a teacher: see `teacher_limit`.  The symmetric model has an answer at every load.

    >>> float(saddle_limit(0.0, "spherical"))
    2.0
    """
    one_of("model", model, MODELS)
    one_of("setting", setting, SETTINGS)
    if model == "symmetric":
        return np.full(np.shape(kappa), np.inf)
    limit = teacher_limit(kappa, model) if setting == "teacher" else KINDS[model].limit(kappa)
    return np.asarray(limit)


def critical_capacity(kappa: ArrayLike = 0.0, model: str = "spherical") -> Array:
    """The load beyond which typical patterns have no solution, in replica symmetry.

    Spherical weights: where q reaches 1.  Binary weights: where the entropy vanishes, earlier.
    Symmetric: where the entropy vanishes, with ``kappa`` > 0.

    >>> float(critical_capacity(0.0)), round(float(critical_capacity(0.0, "binary")), 3)
    (2.0, 0.833)
    """
    one_of("model", model, MODELS)
    home = {"spherical": spherical, "binary": binary, "symmetric": symmetric}[model]
    return np.asarray(home.critical_capacity(kappa))


def _refuse_loads_without_saddle(asked: Question) -> None:
    limit = np.where(
        np.isinf(asked.beta), saddle_limit(asked.kappa, asked.model, asked.setting), np.inf
    )
    for a, k, end in np.stack((asked.alpha, asked.kappa, limit), axis=-1)[asked.alpha >= limit]:
        if asked.setting == "teacher":
            place = f"{end:.10g}, the most that keeps a teacher's patterns at kappa = {k:.10g}"
        else:
            place = KINDS[asked.model].end.format(limit=end, kappa=k)
        msg = f"alpha must stay below {place}; it is {a:.10g}: no solutions exist"
        raise DomainError(msg)


def _solve_all(asked: Question) -> list[Points]:
    """Every branch at every point, flat."""
    alpha, kappa, beta = asked.alpha.ravel(), asked.kappa.ravel(), asked.beta.ravel()
    if asked.model == "symmetric":
        return [symmetric.annealed(alpha, kappa, beta)]
    parts: list[tuple[NDArray[np.intp], list[Points]]] = []
    empty = np.flatnonzero(alpha == 0)
    parts.append((empty, [_unordered(asked, kappa[empty], beta[empty])]))
    for cost, here in (("hard", np.isinf(beta)), (asked.energy, np.isfinite(beta))):
        which = np.flatnonzero(here & (alpha > 0))
        for start in range(0, len(which), BLOCK):
            block = which[start : start + BLOCK]
            constraint = Constraint(kappa[block], beta[block], cost)
            if asked.setting == "teacher":
                parts.append((block, teacher.branches(asked.model, alpha[block], constraint)))
            elif cost == "hard":
                parts.append((block, [_solve(alpha[block], kappa[block], KINDS[asked.model])]))
            else:
                found = temperature.storage(asked.model, alpha[block], constraint)
                parts.append((block, [found]))
    return joined(len(alpha), parts, teacher.BRANCHES)


def _unordered(asked: Question, kappa: Array, beta: Array) -> Points:
    """What α = 0 leaves, with the error rate of the first pattern."""
    finite = np.where(np.isfinite(beta), beta, 1.0)
    violated = COSTS[asked.energy].answer(kappa, finite).violated
    start = KINDS[asked.model].free_entropy
    taught = asked.setting == "teacher"
    rows = dict.fromkeys(NUMBERS, 0 * kappa) | {
        "entropy": start + 0 * kappa,
        "free_entropy": start + 0 * kappa,
        "distance": 0.5 + 0 * kappa,
        "error_rate": np.where(np.isfinite(beta), violated, 0.0),
        "teacher_overlap": np.full_like(kappa, 0.0 if taught else np.nan),
    }
    for name in ("generalization_error", "generalization_error_bayes"):
        rows[name] = np.full_like(kappa, 0.5 if taught else np.nan)
    return Points(np.array([rows[name] for name in NUMBERS]))


def _solve(alpha: Array, kappa: Array, kind: type[Saddles]) -> Points:
    """The hard constraint on random labels; NaN where not converged."""
    with np.errstate(all="ignore"):
        saddle = kind(solve(alpha, kappa, kind), kappa)
        entropy, at = saddle.entropy(alpha), saddle.at_eigenvalue(alpha)
        residual = saddle.residual(alpha)
    none = np.zeros_like(alpha)
    rows = (
        *(saddle.q, saddle.q_hat, entropy, 0.5 * saddle.gap, at, residual),
        *(entropy, none, none, np.nan * none, np.nan * none, np.nan * none),
    )
    numbers = np.where(residual <= TOLERANCE, np.array(rows), np.nan)
    return Points(numbers, reasons={int(i): LOST for i in np.flatnonzero(np.isnan(numbers[0]))})


def _dressed(
    asked: Question, points: Points, branch: NDArray[np.str_], dominant: NDArray[np.bool_]
) -> SaddlePoint:
    shape = asked.alpha.shape
    reasons = [points.reasons.get(i, "") for i in range(asked.alpha.size)]
    numbers = dict(zip(NUMBERS, points.numbers.reshape(len(NUMBERS), *shape), strict=True))
    return SaddlePoint(
        model=asked.model,
        setting=asked.setting,
        cost=asked.energy,
        alpha=asked.alpha,
        kappa=asked.kappa,
        beta=asked.beta,
        at_stable=numbers["at_eigenvalue"] < 1,
        converged=numbers["residual"] <= TOLERANCE,
        branch=branch.reshape(shape),
        dominant=(dominant & np.isfinite(points["q"])).reshape(shape),
        reason=np.array(reasons, dtype=np.str_).reshape(shape),
        **numbers,
    )

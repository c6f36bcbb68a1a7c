r"""Learning from a teacher: the weights that agree with patterns which a teacher has labelled.

The teacher is drawn from the prior of the weights, labels are the signs of its fields, and a
pattern's stability is Δ = label × field of the weights.  Two overlaps are left, q between solutions
and R with the teacher; their equations are those of :mod:`.field_saddle`.

Without margin or temperature the posterior of the teacher is what is sampled, and q = R
(Nishimori).  There, weights ±1 learn at a first-order transition: the branch that goes on from
α = 0 ends at a spinodal, and beside it stands R = 1, the teacher alone, of entropy 0.  Other
energies keep a transition with two branches of R < 1 while they are steep.  The branch of the
highest free entropy dominates.
G. Györgyi, Phys. Rev. A 41, 7097 (1990), abstract: the transition of weights ±1, at 1.245.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ..estimate import Array
from .curve_tracing import SMALLEST, START, beginning, polish, trace
from .field_saddle import FieldSaddle
from .saddle_result import FROZEN, LOST, NUMBERS, TOLERANCE, Points
from .taught_pattern import Constraint
from .teacher_limit import teacher_limit
from .weights_in_field import Sphere, Spins, Weights

BRANCHES = ("typical", "aligned", "perfect")
KINDS: dict[str, type[Weights]] = {"spherical": Sphere, "binary": Spins}
STRAY = 0.5  # from its start, beyond which Newton's method has found something else
NEAREST = 1e-7  # to the largest load, relatively, that the curve is followed


def branches(model: str, alpha: Array, constraint: Constraint) -> list[Points]:
    """Every branch that exists at some of the loads ``alpha`` > 0, typical first."""
    kind = KINDS[model]
    limit = np.full_like(alpha, np.inf)
    if constraint.cost == "hard":
        limit = teacher_limit(constraint.kappa, model)
    with np.errstate(all="ignore"):
        start, perfect, past_end = _starts(kind, alpha, constraint, limit)
    all_points = []
    for name in ("typical", "aligned"):
        past = past_end & (name == "typical")
        points = _points(kind, alpha, constraint, start[name], past, name)
        lost = {LOST, FROZEN} & set(points.reasons.values())
        if name == "typical" or lost or np.isfinite(points["q"]).any():
            all_points.append(points)
    if perfect.any():
        all_points.append(_perfect(alpha, constraint, perfect))
    return all_points


def _starts(
    kind: type[Weights], alpha: Array, constraint: Constraint, limit: Array
) -> tuple[dict[str, Array], NDArray[np.bool_], NDArray[np.bool_]]:
    """Where to start Newton's method, (2, points) by branch; where R is 1; where a fold is near."""
    n = len(alpha)
    start = {name: np.full((2, n), np.nan) for name in ("typical", "aligned")}
    alone = kind is Spins and constraint.cost in ("hard", "count")
    at_teacher = (constraint.kappa == 0) & alone
    past_end = np.zeros(n, dtype=np.bool_)
    small = alpha < 3 * START
    start["typical"][:, small] = np.array(beginning(kind, alpha, constraint))[:, small]
    pairs = np.array([constraint.kappa, constraint.beta])
    groups, which = np.unique(pairs, axis=1, return_inverse=True)
    which = which.ravel()
    stop = np.full(groups.shape[1], 100.0 if kind is Spins else 3 * START)
    np.maximum.at(stop, which, (1 + 3 * NEAREST) * alpha)
    np.minimum.at(stop, which, (1 - NEAREST) * limit)
    traces = trace(kind, Constraint(groups[0], groups[1], constraint.cost), stop)
    for number in np.unique(which[~small]):
        if not traces[number].is_complete():
            kappa, beta = groups[:, number]
            msg = (
                f"saddle points at kappa = {kappa:g}, beta = {beta:g} could not be followed to the"
                " largest load: branches may be missing"
            )
            warnings.warn(msg, RuntimeWarning, stacklevel=2)
    for i in np.flatnonzero(~small):
        curve = traces[which[i]]
        past_end[i] = np.log(alpha[i]) > curve.summit()
        for x, log_rho, first in curve.rising(float(np.log(alpha[i]))):
            start["typical" if first else "aligned"][:, i] = x, log_rho
        at_teacher[i] |= curve.reaches_teacher() and np.log(alpha[i]) > curve.log_load[-1]
        nowhere = np.isnan(start["typical"][0, i]) and np.isnan(start["aligned"][0, i])
        if nowhere and not at_teacher[i]:  # lost on its way, unless the teacher stands beside it
            name = "typical" if np.isinf(curve.fold()) else "aligned"
            start[name][:, i] = -np.inf if curve.gap < 10 * SMALLEST else np.inf
    return start, at_teacher, past_end


def _points(
    kind: type[Weights],
    alpha: Array,
    constraint: Constraint,
    start: Array,
    past_end: NDArray[np.bool_],
    name: str,
) -> Points:
    """The saddle points to which Newton's method goes from the starts, if it does.

    At loads ``past_end`` the cubic reaches above the last point before a fold, and may be wrong.
    """
    numbers = np.full((len(NUMBERS), len(alpha)), np.nan)
    known = np.flatnonzero(np.isfinite(start[0]))
    if len(known):
        with np.errstate(all="ignore"):
            a, at = alpha[known], constraint[known]
            point = polish(kind, start[:, known], np.log(a), at)
            point[:, np.hypot(*(point - start[:, known])) > STRAY] = np.nan
            saddle = FieldSaddle(kind, point[0], np.exp(point[1]), at)
            numbers[:, known] = numbers_of(saddle, a)
    absent = f"the {name} branch does not exist at this load"
    reasons = {}
    for i in np.flatnonzero(np.isnan(numbers[0])):
        gone = np.isnan(start[0, i]) or (past_end[i] and np.isfinite(start[0, i]))
        reasons[int(i)] = absent if gone else FROZEN if start[0, i] == -np.inf else LOST
    return Points(numbers, name, reasons)


def numbers_of(saddle: FieldSaddle, alpha: Array) -> Array:
    """Rows NUMBERS of saddle points; NaN where the equations are not solved."""
    w, beta = saddle.weights, saddle.constraint.beta
    residual = saddle.residual(alpha)
    entropy, cost = saddle.entropy(alpha), alpha * saddle.pattern.cost()
    R = np.where(saddle.rho > 0, w.R, np.nan)
    one = np.arctan2(np.sqrt(w.gap + w.spread), R) / np.pi
    vote = np.arctan2(np.sqrt(w.spread), R) / np.pi
    rows = (
        *(w.q, w.q_hat, entropy, 0.5 * w.gap, saddle.at_eigenvalue(alpha), residual),
        *(entropy - cost, cost / beta, saddle.pattern.violated(), R, one, vote),
    )
    return np.where(residual <= TOLERANCE, np.array(rows), np.nan)


def _perfect(alpha: Array, constraint: Constraint, where: NDArray[np.bool_]) -> Points:
    """The teacher alone, q = R = 1 and entropy 0; it costs what it misses of a margin itself."""
    k = np.maximum(constraint.kappa, 0.0)
    missed, density = 2 * ndtr(k) - 1, np.sqrt(2 / np.pi) * np.exp(-0.5 * k**2)
    cost = {
        "hard": 0 * k,
        "count": missed,
        "hinge": k * missed + density - np.sqrt(2 / np.pi),
        "quadratic": 0.5 * ((1 + k**2) * missed + k * density) - np.sqrt(2 / np.pi) * k,
    }[constraint.cost]
    rows = dict.fromkeys(NUMBERS, 0 * k) | {"q": 1 + 0 * k, "teacher_overlap": 1 + 0 * k}
    rows["q_hat"] = np.full_like(k, np.inf)
    rows["energy"], rows["error_rate"] = alpha * cost, missed
    if constraint.cost != "hard":
        rows["free_entropy"] = -constraint.beta * rows["energy"]
    numbers = np.where(where, np.array([rows[name] for name in NUMBERS]), np.nan)
    missing = "the perfect branch does not exist at this load"
    return Points(numbers, "perfect", {int(i): missing for i in np.flatnonzero(~where)})


def dominant(found: list[Points]) -> NDArray[np.intp]:
    """Which of the branches has the highest free entropy, by number, shape (points,)."""
    height = np.array([np.nan_to_num(points["free_entropy"], nan=-np.inf) for points in found])
    return np.asarray(np.argmax(height, axis=0))

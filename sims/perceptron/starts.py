r"""Where replicas begin: at random, or as good as weights can be; and, if need be, at a solution.

Two kinds of start are what tells that a run has forgotten its start.  A random one lies at the hot
side of every temperature; the teacher, or weights driven to a minimum of the quadratic energy at a
margin well above the one asked for, lie at the cold side.

The constraint Δ ≥ κ can only be sampled from within.  Weights are driven to it by L-BFGS on
½Σ(κ + δ − Δ)₊² with a little more than the margin.  Where that fails at κ ≥ 0, the problem is
convex and decided exactly: the widest margin is √N/|x| of the shortest x with x·ξ/√N ≥ 1, which
Lawson and Hanson's least-distance programming finds by nonnegative least squares.
"""

import numpy as np
from scipy.optimize import minimize, nnls

from ...theory.errors import DomainError, NotConverged
from ...theory.estimate import Array
from .patterns import Instance
from .tangent import Weights, on_the_sphere, uniform

EXCESS = (0.1, 0.01, 0.001, 1e-4)  # over the margin, tried in turn
DEEP = 1.0  # over the margin, for a cold start


def starts(
    rng: np.random.Generator, instance: Instance, replicas: int, kappa: float, beta: float
) -> Weights:
    """Weights (replicas, N): the first half, rounded up, hot and the others cold.

    Raises DomainError or NotConverged as `keeping` does, at β = ∞.
    """
    cold = replicas // 2
    weights = uniform(rng, replicas, instance.size)
    if cold and instance.teacher is not None:
        weights[-cold:] = instance.teacher
    elif cold:
        weights[-cold:] = _descended(instance, weights[-cold:], kappa + DEEP)
    return keeping(instance, weights, kappa) if beta == np.inf else weights


def keeping(instance: Instance, weights: Weights, kappa: float) -> Weights:
    """Weights (replicas, N), each moved to where all its stabilities are at least κ.

    Raises DomainError where no weights keep that margin; NotConverged, at κ < 0, where none were
    found.
    """
    weights = on_the_sphere(np.array(weights, np.float64))
    for excess in EXCESS:
        lost = instance.stabilities(weights).min(axis=1, initial=np.inf) < kappa
        if not lost.any():
            return weights
        weights[lost] = _descended(instance, weights[lost], kappa + excess)
    lost = instance.stabilities(weights).min(axis=1, initial=np.inf) < kappa
    if lost.any():
        weights[lost] = _best(instance, kappa)
    return weights


def _best(instance: Instance, kappa: float) -> Array:
    many = len(instance.patterns)
    if kappa < 0:
        msg = (
            f"no weights were found that keep kappa = {kappa:g} on {many} patterns of"
            f" {instance.size} weights; lower alpha or kappa"
        )
        raise NotConverged(msg)
    best, margin = widest(instance)
    if margin < kappa:
        known = f"the widest margin is {margin:.4g}" if margin > 0 else "no margin is positive"
        msg = (
            f"every sample must have weights that keep kappa = {kappa:g}; in one, of {many}"
            f" patterns, {known}: lower alpha or kappa, or raise the size"
        )
        raise DomainError(msg)
    return best


def widest(instance: Instance) -> tuple[Array, float]:
    """The weights (N,) of the widest margin and that margin; −inf if none keep a positive one.

    >>> pattern = np.array([[3.0, 4.0]])
    >>> best, margin = widest(Instance(pattern))
    >>> best.round(6).tolist(), round(margin, 6)
    ([0.848528, 1.131371], 5.0)
    """
    rows = np.asarray(instance.patterns, np.float64) / np.sqrt(instance.size)
    system = np.vstack((rows.T, np.ones(len(rows))))
    target = np.zeros(len(system))
    target[-1] = 1.0
    share, distance = nnls(system, target, maxiter=100 * len(rows))
    left = system @ share - target
    if not (distance > 1e-10 and left[-1] < 0):
        return np.full(instance.size, np.nan), -np.inf
    best = on_the_sphere((-left[:-1] / left[-1])[None])[0]
    return best, float((rows @ best).min())


def _descended(instance: Instance, weights: Weights, kappa: float) -> Weights:
    """Each of the weights (replicas, N) at a minimum of the quadratic energy at a margin κ."""
    rows = np.asarray(instance.patterns, np.float64) / np.sqrt(instance.size)
    return on_the_sphere(np.array([_minimum(w, rows, kappa) for w in weights]))


def _minimum(start: Array, rows: Array, kappa: float) -> Array:
    root = np.sqrt(len(start))

    def energy(x: Array) -> tuple[float, Array]:
        length = np.linalg.norm(x)
        direction = x / length
        short = np.maximum(kappa - root * (rows @ direction), 0.0)
        slope = -root * (short @ rows)
        slope -= (slope @ direction) * direction
        return 0.5 * float(short @ short), slope / length

    found: Array = minimize(energy, start / root, jac=True, method="L-BFGS-B").x
    return found

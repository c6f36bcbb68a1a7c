r"""Where replica symmetry becomes unstable: the de Almeida--Thouless line.

Along the curve of saddle points the eigenvalue is an explicit function of x (a logarithm of the
overlap or its conjugate); it rises from 0 and the line is where it first passes 1.

    spherical   κ < 0: before capacity.  κ ≥ 0: nowhere, solutions form a convex set
    binary      only beyond the load where the entropy vanishes: typical solutions stay stable

J. R. L. de Almeida and D. J. Thouless, J. Phys. A 11, 983 (1978); E. Gardner, J. Phys. A 21, 257
(1988).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array, freeze
from .bracketed_newton import bracketed_newton
from .load_curve import UNFOLDED, Saddles
from .saddle import KINDS, critical_capacity
from .saddle_result import TOLERANCE

HIGHEST = 25.0
SCAN = np.linspace(-25.0, 45.0, 141)  # of x


@dataclass(frozen=True)
class StabilityLine:
    """Loads at which replica symmetry becomes unstable, every array of the shape of kappa."""

    model: str
    """Which weights: "spherical" or "binary"."""
    kappa: Array
    """Margin that every pattern keeps."""
    alpha_at: Array
    """Patterns per weight at which the eigenvalue is 1; NaN where it never is."""
    q: Array
    """Overlap of two solutions there."""
    distance: Array
    """(1 − q)/2, which has the digits where q is nearly 1."""
    uncertainty: Array
    """Of alpha_at, from a finer quadrature."""
    alpha_c: Array
    """The replica-symmetric capacity, to compare."""
    exists: NDArray[np.bool_]
    """Whether the eigenvalue reaches 1 at any load."""
    converged: NDArray[np.bool_]
    """Whether the line exists there and its load was found to 1e-12."""
    reason: NDArray[np.str_]
    """Why there is none, or that it lies beyond the capacity; empty otherwise."""

    def __post_init__(self) -> None:
        freeze(self)


def stability_line(kappa: ArrayLike, model: str = "spherical") -> StabilityLine:
    """The load at which replica symmetry becomes unstable at margins ``kappa`` of any shape.

    Raises DomainError if the model is unknown or κ lies outside −2.5 … 25 (below, the curve of
    saddle points folds).

    >>> line = stability_line([-1.0, 0.0])
    >>> line.alpha_at.round(6).tolist(), line.exists.tolist()
    ([7.87356, nan], [True, False])
    """
    if model not in KINDS:
        msg = f"model must be {' or '.join(map(repr, KINDS))}; it is {model!r}"
        raise DomainError(msg)
    margins = np.asarray(kappa, dtype=np.float64)
    for wrong in margins[~((margins >= UNFOLDED) & (margins <= HIGHEST))]:
        msg = f"kappa must lie from {UNFOLDED:g} to {HIGHEST:g}; it is {wrong:.10g}"
        raise DomainError(msg)
    kind, flat = KINDS[model], margins.ravel()
    limit = critical_capacity(flat, model)
    with np.errstate(all="ignore"):
        x = _crossing(flat, kind)
        if model == "spherical":
            x = np.where(flat < 0, x, np.nan)
        load, gap, error = _at(x, flat, kind)
    exists = np.isfinite(x)
    good = exists & (error <= TOLERANCE * load)
    load, gap, error = (np.where(good, part, np.nan) for part in (load, gap, error))
    fields = {
        "alpha_at": load,
        "q": 1 - gap,
        "distance": 0.5 * gap,
        "uncertainty": error,
        "alpha_c": limit,
        "exists": exists,
        "converged": good,
        "reason": np.select(
            [~exists, ~good, load > limit],
            [
                "stable at every load with solutions: they form a convex set"
                if model == "spherical"
                else "stable at every load with a saddle point",
                "did not converge",
                "beyond the capacity: typical solutions are stable as long as there are any",
            ],
            "",
        ),
    }
    shaped = {name: values.reshape(margins.shape) for name, values in fields.items()}
    return StabilityLine(model=model, kappa=margins, **shaped)


def _log_eigenvalue(x: Array, kappa: Array, kind: type[Saddles]) -> Array:
    saddle = kind(x, kappa)
    return np.log(saddle.at_eigenvalue(saddle.load()))


def _crossing(kappa: Array, kind: type[Saddles]) -> Array:
    """The lowest x at which the eigenvalue passes 1; NaN where it stays below."""
    scan = np.array([_log_eigenvalue(np.full_like(kappa, x), kappa, kind) for x in SCAN])
    passed = scan >= 0
    first = np.where(passed.any(axis=0), np.argmax(passed, axis=0), 0)
    found = first > 0
    low, high = SCAN[np.maximum(first - 1, 0)], SCAN[first]

    def excess(x: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        at = kappa[which]
        here = _log_eigenvalue(x, at, kind)
        return here, (_log_eigenvalue(x + 1e-6, at, kind) - here) / 1e-6

    return bracketed_newton(excess, np.where(found, 0.5 * (low + high), np.nan), low, high)


def _at(x: Array, kappa: Array, kind: type[Saddles]) -> tuple[Array, Array, Array]:
    """Load, 1 − q and the load's uncertainty at the crossings."""
    saddle = kind(x, kappa)
    load = saddle.load()
    short = -_log_eigenvalue(x, kappa, kind)
    slope = (_log_eigenvalue(x + 1e-6, kappa, kind) + short) / 1e-6
    error = load * np.abs(saddle.load_growth() * short / slope)
    return load, saddle.gap, error + load * saddle.residual(load) + 4e-16 * load

r"""The largest margin that weights can keep on all patterns: the capacity read the other way.

:math:`\kappa_{\max}(\alpha)` solves :math:`\alpha_c(\kappa_{\max}) = \alpha`, with Gardner's closed
form for spherical weights and the zero-entropy point for binary ones.  Spherical weights above
α = 2 keep a negative margin only; replica symmetry is broken there and the number an upper bound.
E. Gardner, J. Phys. A 21, 257 (1988); W. Krauth and M. Mézard, J. Physique 50, 3057 (1989).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from ..errors import DomainError
from ..estimate import Array, freeze
from .binary import zero_entropy
from .bracketed_newton import bracketed_newton
from .saddle import KINDS
from .spherical import critical_capacity

MARGINS = {"spherical": (-20.0, 1000.0), "binary": (-6.0, 25.0)}
BOUND = "an upper bound: below margin 0 replica symmetry is unstable at capacity"


@dataclass(frozen=True)
class MaxMargin:
    """Largest margins, every array of the shape of alpha."""

    model: str
    """Which weights: "spherical" or "binary"."""
    alpha: Array
    """Patterns per weight."""
    kappa_max: Array
    """The largest margin; NaN where not converged."""
    uncertainty: Array
    """Of kappa_max: numerical only, from what is left of α_c(κ) − α and the error of α_c."""
    stable: NDArray[np.bool_]
    """Whether replica symmetry is stable there; if not, kappa_max is an upper bound."""
    converged: NDArray[np.bool_]
    """Whether α_c(κ) meets α to 1e-12."""
    reason: NDArray[np.str_]
    """Why it is a bound only, or no number; empty otherwise."""

    def __post_init__(self) -> None:
        freeze(self)


def max_margin(alpha: ArrayLike, model: str = "spherical") -> MaxMargin:
    """The largest margin that weights can keep at loads ``alpha`` of any shape.

    Raises DomainError if the model is unknown (a symmetric window has no largest margin), or α lies
    outside the capacities of margins −20 … 1000 (spherical) or −6 … 25 (binary).

    >>> max_margin(critical_capacity(1.0)).kappa_max.round(12).item()
    1.0
    """
    if model not in KINDS:
        msg = f"model must be {' or '.join(map(repr, KINDS))}; it is {model!r}"
        raise DomainError(msg)
    loads = np.asarray(alpha, dtype=np.float64)
    low, high = MARGINS[model]
    least, most = (float(_capacity(np.array([k]), model)[0][0]) for k in (high, low))
    for wrong in loads[~((loads >= least) & (loads <= most))]:
        msg = (
            f"alpha must lie from {least:.6g} to {most:.6g} for {model} weights; it is {wrong:.10g}"
        )
        raise DomainError(msg)
    flat = loads.ravel()

    def excess(kappa: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        found, _, slope = _capacity(kappa, model)
        return np.log(flat[which] / found), slope

    guess = np.clip(1 / np.sqrt(flat) - np.sqrt(0.5), low, high)
    kappa = bracketed_newton(excess, guess, low, high)
    found, error, slope = _capacity(kappa, model)
    left = np.abs(found / flat - 1)
    converged = left <= 1e-12 + 2 * error / flat
    stable = (flat <= 2) | (model == "binary")
    fields = {
        "kappa_max": np.where(converged, kappa, np.nan),
        "uncertainty": np.where(converged, (left + error / flat) / slope, np.nan),
        "stable": stable,
        "converged": converged,
        "reason": np.select([~converged, ~stable], ["did not converge", BOUND], ""),
    }
    shaped = {name: values.reshape(loads.shape) for name, values in fields.items()}
    return MaxMargin(model=model, alpha=loads, **shaped)


def _capacity(kappa: Array, model: str) -> tuple[Array, Array, Array]:
    """α_c, its uncertainty and −d ln α_c/dκ."""
    if model == "binary":
        alpha, error, _ = zero_entropy(kappa)
        ahead = zero_entropy(kappa + 1e-5)[0]
        return alpha, error, np.log(alpha / ahead) / 1e-5
    alpha = critical_capacity(kappa)
    slope = 2 * alpha * (kappa * ndtr(kappa) + np.exp(-0.5 * kappa**2) / np.sqrt(2 * np.pi))
    return alpha, 1e-14 * alpha, slope

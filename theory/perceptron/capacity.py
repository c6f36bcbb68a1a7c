r"""The load beyond which no weights keep a margin, in every ansatz that answers for them.

    spherical   rs                 Gardner's closed form; exact for κ ≥ 0 (convex solutions)
                1rsb, 2rsb, ...    the least staircase of that many steps (κ < 0)
                frsb               its limit (κ < 0)
    binary      rs, 1rsb           where the entropy vanishes; broken once the replicas freeze there
    symmetric   rs                 where the mean number of ±1 weights with |Δ| ≤ κ falls below 1,
                                   :math:`-\ln 2/\ln P(|z| \le \kappa)`

E. Gardner, J. Phys. A 21, 257 (1988); W. Krauth and M. Mézard, J. Physique 50, 3057 (1989).
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from ..errors import DomainError
from ..estimate import Array, freeze
from . import symmetric
from .binary import zero_entropy
from .replica_breaking import FULL, full_breaking, least_staircase
from .spherical import critical_capacity

MODELS = ("spherical", "binary", "symmetric")
MOST_STEPS = 10
MARGINS = {"spherical": (-25.0, 1e3), "binary": (-7.0, 25.0), "symmetric": (1e-6, 35.0)}
BROKEN = -3.0  # the lowest margin for which broken symmetry is solved
CONVEX = "exact: solutions of this margin form a convex set, where no symmetry breaks"
FROZEN = "the zero-entropy point, where one step of breaking has its capacity too"
ANNEALED = "exact: the mean number of solutions decides"
UNSTABLE = "replica symmetry is unstable: an upper bound"


@dataclass(frozen=True)
class Capacity:
    """Capacities, every array of the shape of kappa; NaN where not converged."""

    model: str
    """Which weights: "spherical", "binary" or "symmetric"."""
    ansatz: str
    """How the symmetry of replicas may break: "rs", "1rsb", "2rsb", ... or "frsb"."""
    kappa: Array
    """Margin that every pattern keeps; of symmetric ones, how far from 0 it may be."""
    alpha: Array
    """Patterns per weight beyond which there is no solution."""
    uncertainty: Array
    """Of alpha: numerical only, whether or not the ansatz is right."""
    at_eigenvalue: Array
    """De Almeida--Thouless at the replica-symmetric capacity."""
    stable: NDArray[np.bool_]
    """Whether the ansatz is stable: if not, a finer one lies lower and alpha is an upper bound."""
    converged: NDArray[np.bool_]
    """Whether the minimisation came to rest."""
    reason: NDArray[np.str_]
    """Why it is exact, or unstable, or an extrapolation, in words."""
    gap: Array
    """1 − q where each step of c begins, shape (..., steps); none without breaking."""
    height: Array
    """c = x/(1 − q_M) on each step, of the same shape."""

    def __post_init__(self) -> None:
        freeze(self)


def capacity(kappa: ArrayLike = 0.0, model: str = "spherical", ansatz: str = "rs") -> Capacity:
    """Patterns per weight beyond which typical patterns have no solution of margin ``kappa``.

    ``kappa`` may have any shape; ``ansatz`` is "rs", "1rsb" to "10rsb" or "frsb".  For spherical
    weights of margin κ ≥ 0 all of them are the same number; for κ < 0 each step lowers the bound
    and "frsb" (full breaking, the limit of many steps) is the capacity itself.

    Raises DomainError if the model or the ansatz is unknown or they do not go together, or κ lies
    outside −25 … 1000 (spherical; −3 … if broken), −7 … 25 (binary), 1e-6 … 35 (symmetric).

    >>> float(capacity(0.0).alpha)  # Cover's 2
    2.0
    >>> for ansatz in ("rs", "1rsb", "frsb"):
    ...     found = capacity(-0.5, ansatz=ansatz)
    ...     print(ansatz, round(float(found.alpha), 6), bool(found.stable))
    rs 4.770099 False
    1rsb 4.700139 False
    frsb 4.696597 True
    """
    steps = _steps(model, ansatz)
    margins = _margins(kappa, model, broken=steps > 0)
    found = _FIRST[model](margins.ravel())
    gap, height = np.full((2, margins.size, steps), np.nan)
    if steps:
        for i in np.flatnonzero(margins.ravel() < 0).tolist():
            _break(found, i, float(margins.ravel()[i]), ansatz, gap[i], height[i])
    return Capacity(
        model=model,
        ansatz=ansatz,
        kappa=margins,
        gap=gap.reshape(*margins.shape, steps),
        height=height.reshape(*margins.shape, steps),
        **{name: np.reshape(values, margins.shape) for name, values in found.items()},
    )


def _steps(model: str, ansatz: str) -> int:
    """Steps of the staircase that is solved; refuses what does not go together."""
    if model not in MODELS:
        msg = (
            f"model must be {', '.join(map(repr, MODELS[:-1]))} or {MODELS[-1]!r}; it is {model!r}"
        )
        raise DomainError(msg)
    form = re.fullmatch(r"rs|frsb|([1-9]|10)rsb", ansatz)
    if not form:
        msg = f"ansatz must be rs, 1rsb, 2rsb, ... {MOST_STEPS}rsb or frsb; it is {ansatz!r}"
        raise DomainError(msg)
    if model == "symmetric" and ansatz != "rs":
        msg = f"ansatz must be rs for symmetric weights, where it is exact; it is {ansatz!r}"
        raise DomainError(msg)
    if model == "binary" and ansatz not in ("rs", "1rsb"):
        msg = (
            "ansatz must be rs or 1rsb for binary weights, whose replicas freeze in one step; "
            f"it is {ansatz!r}"
        )
        raise DomainError(msg)
    if model != "spherical" or ansatz == "rs":
        return 0
    return FULL if ansatz == "frsb" else int(form[1])


def _margins(kappa: ArrayLike, model: str, broken: bool) -> Array:
    """The margins as an array, each where the question has an answer."""
    margins = np.asarray(kappa, dtype=np.float64)
    low, high = MARGINS[model]
    low = BROKEN if broken else low
    for wrong in margins[~((margins >= low) & (margins <= high))]:
        what = f"{model} weights" + (" with broken replica symmetry" if broken else "")
        msg = f"kappa must lie from {low:g} to {high:g} for {what}; it is {wrong:.10g}"
        raise DomainError(msg)
    return margins


def _spherical(kappa: Array) -> dict[str, NDArray[Any]]:
    alpha = critical_capacity(kappa)
    at = alpha * ndtr(kappa)  # α⟨G'²⟩ as q → 1
    convex = kappa >= 0
    broken = np.char.add(
        "unstable, an upper bound: the de Almeida-Thouless eigenvalue is ", _short(at)
    )
    return {
        "alpha": alpha,
        "uncertainty": 1e-14 * alpha,
        "at_eigenvalue": at,
        "stable": convex,
        "converged": np.ones_like(convex),
        "reason": np.where(convex, CONVEX, broken).astype(object),
    }


def _binary(kappa: Array) -> dict[str, NDArray[Any]]:
    alpha, uncertainty, at = zero_entropy(kappa)
    stable = at < 1
    return {
        "alpha": alpha,
        "uncertainty": uncertainty,
        "at_eigenvalue": at,
        "stable": stable,
        "converged": np.isfinite(alpha),
        "reason": np.where(stable, FROZEN, UNSTABLE).astype(object),
    }


def _symmetric(kappa: Array) -> dict[str, NDArray[Any]]:
    alpha, log_chance = symmetric.critical_capacity(kappa), symmetric.log_share(kappa)
    # the overlap q of two solutions changes the mean of their pairs by ½αq²(⟨z²⟩ − 1)²
    pull = 2 * kappa * np.exp(-0.5 * kappa**2) / np.sqrt(2 * np.pi) / np.exp(log_chance)
    at = alpha * pull**2
    stable = at < 1
    return {
        "alpha": alpha,
        "uncertainty": 4e-16 * alpha * np.where(kappa < 1, 1 + 1 / np.abs(log_chance), kappa**2),
        "at_eigenvalue": at,
        "stable": stable,
        "converged": np.isfinite(alpha),
        "reason": np.where(stable, ANNEALED, UNSTABLE).astype(object),
    }


_FIRST = {"spherical": _spherical, "binary": _binary, "symmetric": _symmetric}


def _break(
    found: dict[str, NDArray[Any]], i: int, kappa: float, ansatz: str, gap: Array, height: Array
) -> None:
    """Put the answer of broken symmetry for one margin in place of the symmetric one."""
    if ansatz == "frsb":
        alpha, uncertainty, stairs = full_breaking(kappa)
        reason = f"the limit of many steps, extrapolated from {FULL}"
    else:
        stairs = least_staircase(kappa, len(gap))
        alpha, uncertainty = stairs.alpha, stairs.uncertainty
        reason = "unstable, an upper bound: every further step lies lower"
    if not stairs.converged:
        alpha, uncertainty, reason = np.nan, np.nan, "the minimisation over steps did not converge"
    else:
        gap[:], height[:] = stairs.gap, stairs.height
    found["alpha"][i], found["uncertainty"][i] = alpha, uncertainty
    found["stable"][i], found["converged"][i] = ansatz == "frsb", stairs.converged
    found["reason"][i] = reason


def _short(values: Array) -> NDArray[np.str_]:
    return np.array([f"{value:.6g}" for value in values], dtype=np.str_)

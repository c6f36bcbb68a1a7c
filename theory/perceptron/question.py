"""What may be asked about a perceptron, and the one line that answers what may not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array

MODELS = ("spherical", "binary", "symmetric")
SETTINGS = ("storage", "teacher")
ENERGIES = ("count", "hinge", "quadratic")
LOWEST_MARGIN = -25.0  # G(κ)² is then 1e-272: soon after, floats end
UNFOLDED_SOFT = -2.2  # at finite β the load rises along the curve above −2.3 (quadratic energy)
HOTTEST, COLDEST = 1e-6, 1e12  # the finite β: G² is then 1e-12; 1 − q, above capacity, is


@dataclass(frozen=True)
class Question:
    """Loads, margins and inverse temperatures of one shape, and the names of what they are for."""

    alpha: Array
    kappa: Array
    beta: Array
    model: str
    setting: str
    energy: str


def question(
    alpha: ArrayLike, kappa: ArrayLike, beta: ArrayLike, model: str, setting: str, energy: str
) -> Question:
    """The arguments as float arrays of their common shape; DomainError names what is wrong."""
    one_of("model", model, MODELS)
    one_of("setting", setting, SETTINGS)
    one_of("energy", energy, ENERGIES)
    loads, margins, betas = (np.asarray(each, dtype=np.float64) for each in (alpha, kappa, beta))
    _refuse(loads, (loads >= 0) & np.isfinite(loads), "alpha must be finite and at least 0")
    if model == "symmetric":
        if setting != "storage" or energy != "count":
            msg = "the symmetric model has random labels and counts errors: setting 'storage',"
            msg = f"{msg} energy 'count'; they are {setting!r}, {energy!r}"
            raise DomainError(msg)
        _refuse(
            margins,
            (margins > 0) & np.isfinite(margins),
            "kappa must be finite and above 0 in the symmetric model, where it bounds |stability|",
        )
    lowest, where = LOWEST_MARGIN, ""
    if setting == "teacher" or (np.isfinite(betas).any() and model != "symmetric"):
        lowest, where = UNFOLDED_SOFT, " with a teacher or at a finite beta"
    valid = (margins >= lowest) & np.isfinite(margins)
    _refuse(margins, valid, f"kappa must be finite and at least {lowest:g}{where}")
    _refuse(
        betas,
        ((betas >= HOTTEST) & (betas <= COLDEST)) | (betas == np.inf),
        f"beta must be from {HOTTEST:g} to {COLDEST:g}, or inf for the hard constraint",
    )
    together(alpha=loads, kappa=margins)  # the usual mistake, named without beta
    loads, margins, betas = together(alpha=loads, kappa=margins, beta=betas)
    return Question(loads, margins, betas, model, setting, energy)


def one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise DomainError unless ``value`` is a choice."""
    if value not in choices:
        msg = f"{name} must be {', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}"
        msg = f"{msg}; it is {value!r}"
        raise DomainError(msg)


def _refuse(values: Array, valid: NDArray[np.bool_], rule: str) -> None:
    for wrong in values[~valid]:
        msg = f"{rule}; it is {wrong:.10g}"
        raise DomainError(msg)


def together(**named: ArrayLike) -> list[Array]:
    """The arguments as float arrays of their common shape; DomainError names those without one.

    >>> [part.tolist() for part in together(alpha=[1, 2], kappa=0)]
    [[1.0, 2.0], [0.0, 0.0]]
    """
    arrays = [np.asarray(value, dtype=np.float64) for value in named.values()]
    try:
        return list(np.broadcast_arrays(*arrays))
    except ValueError:
        names, shapes = list(named), [str(array.shape) for array in arrays]
        msg = (
            f"{', '.join(names[:-1])} and {names[-1]} must fit together; their shapes are"
            f" {', '.join(shapes[:-1])} and {shapes[-1]}"
        )
        raise DomainError(msg) from None

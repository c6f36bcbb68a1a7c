"""A valley with a floor to walk along and walls whose stiffness changes on the way.

V(x, y) = U(y) + ½ g(y) |x|²,   y one slow coordinate, x ∈ R^k fast.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DomainError
from .estimate import Array
from .expression import Shape


@dataclass(frozen=True)
class Valley:
    """V(x, y) = U(y) + ½ g(y)|x|².

    energy U, stiffness g > 0: functions of the slow coordinate.  fast_dims: the number k of fast
    directions; the paper's "T ln g(y)" is k = 2 in the convention of this package (½kT ln g).
    Raises DomainError if fast_dims is no positive whole number.
    """

    energy: Shape
    stiffness: Shape
    fast_dims: int = 1

    def __post_init__(self) -> None:
        if not (1 <= self.fast_dims < np.inf and self.fast_dims == int(self.fast_dims)):
            msg = f"fast_dims must be a whole number of at least 1; it is {self.fast_dims}"
            raise DomainError(msg)

    def stiffness_at(self, y: Array) -> Array:
        """g(y), refused where it is not a positive finite number."""
        with np.errstate(all="ignore"):
            g = np.asarray(self.stiffness(np.asarray(y, float)), float)
        return checked(y, g, g > 0, f"stiffness {self.stiffness.text!r}", "be positive")

    def energy_at(self, y: Array) -> Array:
        """U(y), refused where it is not finite."""
        with np.errstate(all="ignore"):
            energy = np.asarray(self.energy(np.asarray(y, float)), float)
        return checked(y, energy, True, f"energy {self.energy.text!r}", "be finite")


def places(y: ArrayLike) -> Array:
    """The slow coordinates (n,) asked for, refused unless they are a list of numbers."""
    at = np.atleast_1d(np.asarray(y, float))
    if at.ndim != 1 or not len(at) or not np.all(np.isfinite(at)):
        msg = "y must be a number or a list of finite numbers"
        raise DomainError(msg)
    return at


def checked(
    y: Array, values: Array, holds: NDArray[np.bool_] | bool, what: str, must: str
) -> Array:
    """``values``, or a DomainError naming the first y at which they are not as they must be."""
    y = np.broadcast_to(np.asarray(y, float), np.shape(values))
    bad = ~(np.isfinite(values) & holds)
    if bad.any():
        where, found = y[bad].flat[0], values[bad].flat[0]
        msg = f"the {what} must {must} on the whole interval; at y = {where:.6g} it is {found:.6g}"
        raise DomainError(msg)
    return values

"""Where a walk may go: the ends that absorb it and the mirrors that turn it back."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..theory.errors import DomainError
from ..theory.estimate import Array


class Ends(NamedTuple):
    """Absorbing ends and mirrors; infinite where there is none."""

    low: float
    high: float
    floor: float
    ceiling: float


def absorbing(start: Array, absorb: ArrayLike, reflect: float | None) -> Ends:
    """The one or two ends at ``absorb``, seen from the starts (n,), and the mirror opposite one.

    Raises DomainError if the starts are not strictly between the ends.
    """
    ends = increasing("absorbing ends", np.atleast_1d(np.asarray(absorb, float)))
    if start.ndim != 1 or start.size == 0 or not np.all(np.isfinite(start)):
        msg = "the starts must be one finite number or a list of them"
        raise DomainError(msg)
    if not 1 <= len(ends) <= (2 if reflect is None else 1):
        msg = "a valley has two ends: absorb one or two of them, reflect at most the other"
        raise DomainError(msg)
    low, high, floor, ceiling = -np.inf, np.inf, -np.inf, np.inf
    if len(ends) == 2:
        low, high = ends
    elif ends[0] < start[0]:
        low, ceiling = ends[0], np.inf if reflect is None else reflect
    else:
        high, floor = ends[0], -np.inf if reflect is None else reflect
    inside = (start > low) & (start < high) & (start >= floor) & (start <= ceiling)
    if not inside.all():
        between = f"between {max(low, floor):g} and {min(high, ceiling):g}"
        msg = f"a start must lie {between}; {start[~inside][0]:g} does not"
        raise DomainError(msg)
    return Ends(float(low), float(high), float(floor), float(ceiling))


def mirrored(start: float, reflect: float | tuple[float, float] | None) -> Ends:
    """One mirror on the far side of it, or one on either side; a walk beyond both is out.

    Raises DomainError if the start is not between them.
    """
    mirrors = increasing("mirrors", [] if reflect is None else np.atleast_1d(reflect))
    floor, ceiling = -np.inf, np.inf
    if len(mirrors) == 1:
        floor, ceiling = (mirrors[0], np.inf) if start >= mirrors[0] else (-np.inf, mirrors[0])
    elif len(mirrors) == 2:
        floor, ceiling = mirrors
    if len(mirrors) > 2 or not (np.isfinite(start) and floor <= start <= ceiling):
        msg = f"the start must lie between at most two mirrors; it is {start:g}"
        raise DomainError(msg)
    low, high = np.nextafter(floor, -np.inf), np.nextafter(ceiling, np.inf)
    return Ends(float(low), float(high), float(floor), float(ceiling))


def increasing(what: str, values: ArrayLike) -> Array:
    """A copy of ``values`` (n,), refused unless they are finite and increase."""
    array: Array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or not np.all(np.isfinite(array)) or not np.all(np.diff(array) > 0):
        found = np.array2string(array, threshold=6, separator=", ")
        msg = f"the {what} must be finite and increase; they are {found}"
        raise DomainError(msg)
    return array

"""How a path is looked for: method, lengths and rates; no state."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from ..theory.errors import DomainError

Method = Literal["autoneb", "neb", "bezier", "polygon", "line"]
METHODS: tuple[Method, ...] = ("autoneb", "neb", "bezier", "polygon", "line")


@dataclass(frozen=True)
class PathSettings:
    """Numbers of a search.

    pivots: beads, ends included; AutoNEB begins with them and adds more, curves are sampled at so
    many.  cycles, steps: AutoNEB and NEB make ``steps`` steps in each of ``cycles``; curves
    cycles x steps in one go.  rate, last_rate: η in the first and in the last cycle, geometric
    between.  momentum: β of v ← β v + g, θ ← θ − η v, as torch's (effective rate η/(1 − β)).
    batch: samples of a step; all of them, without randomness, where there are no more.
    bends: trained control points of a Bézier curve or polygon.  dense: points per gap at which
    profiles look and AutoNEB judges a gap.  excess: the part of the profile's range by which a gap
    may exceed the line between its pivots before AutoNEB puts a pivot in.
    """

    pivots: int = 9
    cycles: int = 4
    steps: int = 1000
    rate: float = 0.1
    last_rate: float = 1e-3
    momentum: float = 0.9
    batch: int = 256
    bends: int = 1
    dense: int = 9
    excess: float = 0.1

    def __post_init__(self) -> None:
        if self.pivots < 3:
            msg = f"a path needs at least 3 pivots, its ends included; there are {self.pivots}"
            raise DomainError(msg)
        for name in ("cycles", "steps", "batch", "bends"):
            if getattr(self, name) < 1:
                msg = f"{name} must be at least 1; it is {getattr(self, name)}"
                raise DomainError(msg)
        if self.dense < 0:
            msg = f"there cannot be {self.dense} points between two pivots"
            raise DomainError(msg)
        if not 0 < self.last_rate <= self.rate < float("inf"):
            msg = (
                "rates must be positive and not rise; they go from "
                f"{self.rate:g} to {self.last_rate:g}"
            )
            raise DomainError(msg)
        if not 0 <= self.momentum < 1:
            msg = f"the momentum must be from 0 to below 1; it is {self.momentum:g}"
            raise DomainError(msg)
        if not self.excess >= 0:
            msg = f"the excess must be zero or positive; it is {self.excess:g}"
            raise DomainError(msg)

    def rate_of_cycle(self, cycle: int) -> float:
        """η in that cycle, counted from 0.

        >>> [round(PathSettings(cycles=3).rate_of_cycle(c), 9) for c in range(3)]
        [0.1, 0.01, 0.001]
        """
        part = cycle / max(self.cycles - 1, 1)
        return float(self.rate * (self.last_rate / self.rate) ** part)


# A plain band gets no pivots later, so it begins with more.  The curves' beads only sample what a
# formula gives.
_DEFAULTS: dict[Method, dict[str, Any]] = {
    "autoneb": {},
    "neb": {"pivots": 15},
    "bezier": {"pivots": 21, "dense": 4},
    "polygon": {"pivots": 21, "dense": 4},
    "line": {"pivots": 21, "dense": 4},
}


def path_settings(method: Method, **chosen: Any) -> PathSettings:
    """The settings of ``method``, with what is ``chosen`` instead of its defaults.

    >>> path_settings("neb").pivots, path_settings("neb", pivots=30).pivots
    (15, 30)
    """
    if method not in METHODS:
        msg = f"the method must be one of {', '.join(METHODS)}; it is {method!r}"
        raise DomainError(msg)
    return replace(PathSettings(), **(_DEFAULTS[method] | chosen))

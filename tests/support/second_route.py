"""A number beside the same number found another way: what docs/perceptron_table.py tabulates."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One value of the house and the value of a second route that shares no formula with it."""

    quantity: str
    """What it is, such as "local entropy"."""
    at: Mapping[str, float | str]
    """The parameters, by name."""
    value: float
    error: float
    """The house's own error estimate."""
    second: float
    second_error: float
    """Standard error or accuracy of the second route; 0 where it is exact to rounding."""
    route: str
    """The second route in a few words, such as "enumeration, N = 21"."""

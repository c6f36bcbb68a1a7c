"""Figure 3 of the review: how many binary weights solve, and up to which load any do."""

from typing import TYPE_CHECKING

from ..record import Record
from .entropy_and_capacity import draw, tabulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def record() -> Record:
    """Entropy against the load, and the load at which it vanishes against the margin."""
    return tabulate("figure-3", "binary")


def figure(record: Record) -> "Figure":
    """Left the entropy, dotted where it counts less than one solution; right the capacity."""
    return draw(record)

"""Figure 4 of the review: how much of the sphere solves, and up to which load any of it does."""

from typing import TYPE_CHECKING

from ..record import Record
from .entropy_and_capacity import draw, tabulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def record() -> Record:
    """Entropy against the load, and the load at which it diverges against the margin."""
    return tabulate("figure-4", "spherical")


def figure(record: Record) -> "Figure":
    """Left the entropy; right the capacity, dotted where replica symmetry only bounds it."""
    return draw(record)

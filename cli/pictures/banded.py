"""A curve in the band of its error, as all pictures of measured curves draw it."""

from typing import TYPE_CHECKING, Any

from ..figures import curve, house_style
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = 2.0  # standard errors


def banded(axes: "Axes", x: list[float], y: list[float], stderr: list[float], **look: Any) -> None:
    """The curve, and a band of two standard errors about it."""
    curve(axes, x, y, marker="", **look)
    low = [value - WIDE * error for value, error in zip(y, stderr, strict=True)]
    high = [value + WIDE * error for value, error in zip(y, stderr, strict=True)]
    with house_style():
        axes.fill_between(x, low, high, color=look["color"], alpha=0.25, linewidth=0)


def time_unit(record: Record, name: str) -> str:
    """The unit of a column of times, as it is printed."""
    return record.units[name].replace("^2", "²").replace("energy^(1/2)", "energy$^{1/2}$")

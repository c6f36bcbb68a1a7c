"""The effective potential and its parts."""

from typing import TYPE_CHECKING

from ..figures import BLACK, BLUE, VERMILION, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """The effective potential with its energetic and entropic parts."""
    picture, axes = blank()
    y = record.column("y")
    parts = (
        ("potential", "effective potential", BLACK, "-"),
        ("energetic_potential", "energetic part U", BLUE, "--"),
        ("entropic_potential", "entropic part", VERMILION, "-."),
    )
    for name, label, colour, dashes in parts:
        curve(axes, y, record.column(name), color=colour, linestyle=dashes, label=label)
    axes.set(xlabel="slow coordinate y (length)", ylabel="potential (energy)")
    legend(axes)
    return picture

"""The largest margin against the load."""

from math import nan
from typing import TYPE_CHECKING

from ..figures import BLACK, BLUE, VERMILION, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """κ_max against α, dashed where it is an upper bound only."""
    picture, axes = blank()
    rows = sorted(record.rows, key=lambda row: row["alpha"])
    alpha = [row["alpha"] for row in rows]
    last = max((i for i, row in enumerate(rows) if row["stable"]), default=-1)
    parts = {
        "largest margin": (range(last + 1), BLUE, "-"),
        "upper bound on it": (range(max(last, 0), len(rows)), VERMILION, "--"),
    }
    for label, (part, colour, dashes) in parts.items():
        if len(part) > (part.start > 0 or last == 0):
            shown = [row["kappa_max"] if i in part else nan for i, row in enumerate(rows)]
            curve(axes, alpha, shown, color=colour, linestyle=dashes, label=label)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.set(xlabel="load α (patterns per weight)", ylabel="largest margin κ_max")
    legend(axes)
    axes.set_title(f"Largest margin, {record.parameters['model']} weights", fontsize=11)
    return picture

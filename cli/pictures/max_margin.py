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
    sure = sum(row["stable"] for row in rows)  # the first rows
    known = [row["kappa_max"] if i < sure else nan for i, row in enumerate(rows)]
    bound = [row["kappa_max"] if i >= sure - 1 else nan for i, row in enumerate(rows)]
    if sure:
        curve(axes, alpha, known, color=BLUE, linestyle="-", label="largest margin")
    if sure < len(rows):
        curve(axes, alpha, bound, color=VERMILION, linestyle="--", label="upper bound on it")
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.set(xlabel="load α (patterns per weight)", ylabel="largest margin κ_max")
    legend(axes)
    axes.set_title(f"Largest margin, {record.parameters['model']} weights", fontsize=11)
    return picture

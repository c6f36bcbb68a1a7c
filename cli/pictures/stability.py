"""The de Almeida--Thouless line beside the capacity."""

from typing import TYPE_CHECKING

from ..figures import BLUE, VERMILION, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Left both loads against the margin, right the overlap of two solutions on the line."""
    picture, (left, right) = blank(1, 2)
    kappa = record.column("kappa")
    if any(row["exists"] for row in record.rows):
        line = {"color": VERMILION, "linestyle": "-", "label": "replica symmetry unstable"}
        curve(left, kappa, record.column("alpha_at"), **line)
        curve(right, kappa, record.column("q"), color=VERMILION)
    else:
        where = {"ha": "center", "va": "center", "transform": right.transAxes}
        right.text(0.5, 0.5, "stable at every load\nof these margins", **where)
    limit = {"color": BLUE, "linestyle": "--", "label": "capacity (replica symmetry)"}
    curve(left, kappa, record.column("alpha_c"), **limit)
    left.set(ylabel="load α (patterns per weight)", yscale="log")
    right.set(ylabel="overlap q where it becomes unstable", ylim=(-0.03, 1.03))
    for axes in (left, right):
        axes.set(xlabel="margin κ")
    legend(left, loc="upper right")
    model = record.parameters["model"]
    picture.suptitle(f"Stability of replica symmetry, {model} weights", fontsize=11)
    return picture

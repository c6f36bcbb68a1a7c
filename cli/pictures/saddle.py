"""Typical solutions against the load."""

from itertools import cycle
from typing import TYPE_CHECKING

from ..figures import BLACK, COLOURS, DASHES, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Overlap and entropy of typical solutions against the load, a line per margin."""
    picture, (left, right) = blank(1, 2)
    margins = sorted(set(record.column("kappa")))
    looks = zip(cycle(COLOURS), cycle(DASHES), strict=False)
    for margin, (colour, dashes) in zip(margins, looks, strict=False):
        rows = [row for row in record.rows if row["kappa"] == margin]
        alpha = [row["alpha"] for row in rows]
        look = {"color": colour, "linestyle": dashes, "label": f"κ = {margin:g}"}
        curve(left, alpha, [row["q"] for row in rows], **look)
        curve(right, alpha, [row["entropy"] for row in rows], **look)
    left.set(ylabel="overlap q of two solutions", ylim=(-0.03, 1.03))
    right.set(ylabel="entropy (nats per weight)")
    for axes in (left, right):
        axes.set(xlabel="load α (patterns per weight)")
    if record.parameters["model"] == "binary":
        right.axhline(0, color=BLACK, linewidth=0.8)
    legend(left)
    picture.suptitle(f"Typical solutions, {record.parameters['model']} weights", fontsize=11)
    return picture

"""Margins from which on solutions are connected, against the load."""

from itertools import cycle
from typing import TYPE_CHECKING

from ..figures import COLOURS, MANY, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Critical margin and margin of the kernel, a colour per margin asked for."""
    picture, axes = blank()
    margins = sorted(set(record.column("kappa")))
    for kappa, colour in zip(margins, cycle(COLOURS), strict=False):
        rows = [row for row in record.rows if row["kappa"] == kappa]
        alpha = [row["alpha"] for row in rows]
        for name, dashes, few, label in (
            ("kappa_kernel", "--", "s", f"kernel, κ = {kappa:g}"),
            ("kappa_star", "-", "o", f"equal margins, κ = {kappa:g}"),
        ):
            values, look = [row[name] for row in rows], {"color": colour, "linestyle": dashes}
            if len(rows) < MANY:  # at one load the marker is all there is
                look["marker"] = few
            curve(axes, alpha, values, **look, label=label)
        with_line = {"color": colour, "linestyle": ":", "linewidth": 1.0}
        axes.axhline(kappa, **with_line, label=f"κ = {kappa:g} itself")
    axes.set(xlabel="load α (patterns per weight)", ylabel="margin of connected solutions")
    beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    legend(axes, **(beside if len(margins) > 1 else {"loc": "upper right"}))
    picture.suptitle("Margins without a barrier, spherical weights", fontsize=11)
    return picture

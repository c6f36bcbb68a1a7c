"""Thresholds of the overlap gap against the number of clones."""

from itertools import cycle
from typing import TYPE_CHECKING

from ..figures import COLOURS, DASHES, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Load at which the gap opens, and the overlap at which it does, a line per margin."""
    picture, (left, right) = blank(1, 2)
    margins = sorted(set(record.column("kappa")))
    looks = zip(cycle(COLOURS), cycle(DASHES), strict=False)
    for margin, (colour, dashes) in zip(margins, looks, strict=False):
        rows = [row for row in record.rows if row["kappa"] == margin]
        clones = [row["clones"] for row in rows]
        look = {"color": colour, "linestyle": dashes, "label": f"κ = {margin:g}"}
        curve(left, clones, [row["alpha_ogp"] for row in rows], **look)
        curve(right, clones, [row["q1"] for row in rows], **look)
    left.set(ylabel="load $α_{OGP}$ (patterns per weight)")
    right.set(ylabel="overlap $q_1$ where the gap opens")
    for axes in (left, right):
        axes.set(xlabel="clones m")
        axes.xaxis.get_major_locator().set_params(integer=True)
    if len(margins) > 1 and max(record.column("alpha_ogp")) > 20 * min(record.column("alpha_ogp")):
        left.set_yscale("log")
    legend(right, loc="lower right")
    kind = {"binary": "patterns of Δ ≥ κ", "symmetric": "patterns of |Δ| ≤ κ"}
    title = f"Overlap gap of m solutions, {kind[record.parameters['model']]}"
    picture.suptitle(title, fontsize=11)
    return picture

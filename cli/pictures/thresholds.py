"""Thresholds of the local entropy."""

from typing import TYPE_CHECKING

from ..figures import BLUE, GREEN, ORANGE, VERMILION, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGINS = {
    "kappa_max": (BLUE, "-", "κ_max: largest"),
    "kappa_u": (GREEN, "--", "κ_u: φ monotonic"),
    "kappa_min": (VERMILION, "-.", "κ_min: φ ≥ 0"),
}
LOADS = {
    "alpha_le": (GREEN, "local entropy α_LE"),
    "alpha_ogp": (VERMILION, "overlap gap α_OGP"),
    "alpha_c": (BLUE, "capacity α_c"),
}


def figure(record: Record) -> "Figure":
    """Margins and d_min against the load; or, without loads, the three of them on one axis."""
    if record.parameters["alpha"] is None:
        return _loads(record)
    picture, (left, right) = blank(1, 2)
    alpha = record.column("alpha")
    for name, (colour, dashes, label) in MARGINS.items():
        curve(left, alpha, record.column(name), color=colour, linestyle=dashes, label=label)
    curve(right, alpha, record.column("d_min"), color=ORANGE)
    left.set(ylabel="margin of the reference κ̃", yscale="log")
    right.set(ylabel="d_min (fraction of weights)", yscale="log")
    for axes in (left, right):
        axes.set(xlabel="load α (patterns per weight)")
    legend(left, loc="lower right", handlelength=1.6)
    picture.suptitle("Around binary solutions of zero margin, flat references", fontsize=11)
    return picture


def _loads(record: Record) -> "Figure":
    picture, axes = blank()
    row = record.rows[0]
    for height, (name, (colour, label)) in enumerate(LOADS.items()):
        axes.errorbar(row[name], height, xerr=row[f"{name}_error"], fmt="o", color=colour)
        place = {"textcoords": "offset points", "xytext": (0, 9), "ha": "center"}
        axes.annotate(f"{label} = {row[name]:.6f}", (row[name], height), color=colour, **place)
    axes.set(xlabel="load α (patterns per weight)", yticks=[], ylim=(-0.5, len(LOADS) - 0.3))
    axes.margins(x=0.4)
    picture.suptitle("Binary perceptron at zero margin, flat references", fontsize=11)
    return picture

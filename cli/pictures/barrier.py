"""Errors along the geodesic between two solutions."""

from itertools import cycle
from typing import TYPE_CHECKING

from ..figures import COLOURS, DASHES, blank, curve, legend
from ..record import Record
from . import critical_margins

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Error rate against the share of solution 1, a line per load and margin; its peak marked.

    The critical margins against the load, where those were asked for.
    """
    if "kappa_star" in record.names:
        return critical_margins.figure(record)
    picture, axes = blank()
    paths: dict[tuple[float, ...], list[dict[str, float]]] = {}
    for row in record.rows:
        key = tuple(row[name] for name in ("alpha", "kappa", "margin_1", "margin_2"))
        paths.setdefault(key, []).append(dict(row))
    looks = zip(cycle(COLOURS), cycle(DASHES), strict=False)
    for ((alpha, kappa, first, second), rows), (colour, dashes) in zip(
        paths.items(), looks, strict=False
    ):
        label = f"α = {alpha:g}, κ = {kappa:g}"
        if not first == second == kappa:
            label += f"; κ₁ = {first:g}, κ₂ = {second:g}"
        gamma, rate = ([row[name] for row in rows] for name in ("gamma", "error_rate"))
        curve(axes, gamma, rate, color=colour, linestyle=dashes, label=label)
        top = rows[0]["peak_error_rate"]
        if top > 0:
            axes.plot([rows[0]["peak_gamma"]], [top], "*", color=colour, markersize=10)
    axes.set(
        xlabel="share γ of solution 1 (0: solution 2, 1: solution 1)",
        ylabel="error rate (fraction of patterns)",
        xlim=(-0.02, 1.02),
    )
    axes.margins(y=0.08)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0), high * (1.15 + 0.09 * len(paths)))
    legend(axes, loc="upper left")
    picture.suptitle("Geodesic between two typical solutions, spherical weights", fontsize=11)
    return picture

"""Local entropies against the distance."""

from itertools import cycle
from typing import TYPE_CHECKING, Any

from ..figures import BLACK, COLOURS, DASHES, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE = {"alpha": "α", "kappa": "κ", "reference_margin": "κ̃"}


def figure(record: Record) -> "Figure":
    """Local entropy against distance, a line per load and margins, under its upper bound."""
    picture, axes = blank()
    curves: dict[tuple[float, ...], list[Any]] = {}
    for row in record.rows:
        curves.setdefault(tuple(row[name] for name in CURVE), []).append(row)
    differ = [i for i in range(len(CURVE)) if len({key[i] for key in curves}) > 1]
    looks = zip(cycle(COLOURS[:-1]), cycle(DASHES), strict=False)
    for (key, rows), (colour, dashes) in zip(curves.items(), looks, strict=False):
        label = ", ".join(f"{list(CURVE.values())[i]} = {key[i]:g}" for i in differ or range(3))
        x, y = ([row[name] for row in rows] for name in ("distance", "local_entropy"))
        curve(axes, x, y, color=colour, linestyle=dashes, label=label)
    bound = {row["distance"]: row["upper_bound"] for row in record.rows}
    label = "without patterns"
    curve(axes, list(bound), list(bound.values()), color=BLACK, linestyle=":", label=label)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.set(xlabel="distance d = (1 − overlap)/2", ylabel="local entropy φ (nats per weight)")
    legend(axes)
    model = record.parameters["model"]
    picture.suptitle(f"Solutions around a typical one, {model} weights", fontsize=11)
    return picture

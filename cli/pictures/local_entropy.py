"""Local entropies against the distance."""

import math
from itertools import cycle
from typing import TYPE_CHECKING, Any

from ..figures import BLACK, COLOURS, DASHES, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE = {"alpha": "α", "kappa": "κ", "reference_margin": "κ̃"}


def figure(record: Record) -> "Figure":
    """Local entropy against distance, a line per load and margins, under its upper bound.

    Below it the entropy of references, where they are chosen.
    """
    chosen = "external_entropy" in record.rows[0]
    picture, axes = blank(rows=2, size=(6.4, 6.2)) if chosen else blank()
    upper, lower = axes if chosen else (axes, None)
    curves: dict[tuple[float, ...], list[Any]] = {}
    for row in record.rows:
        curves.setdefault(tuple(row[name] for name in CURVE), []).append(row)
    differ = [i for i in range(len(CURVE)) if len({key[i] for key in curves}) > 1]
    looks = zip(cycle(COLOURS[:-1]), cycle(DASHES), strict=False)
    for (key, rows), (colour, dashes) in zip(curves.items(), looks, strict=False):
        label = ", ".join(_said(i, key[i]) for i in differ or range(len(CURVE)))
        x, y = ([row[name] for row in rows] for name in ("distance", "local_entropy"))
        curve(upper, x, y, color=colour, linestyle=dashes, label=label)
        if lower is not None:
            y = [row["external_entropy"] for row in rows]
            curve(lower, x, y, color=colour, linestyle=dashes)
    bound = {row["distance"]: row["upper_bound"] for row in record.rows}
    label = "without patterns"
    curve(upper, list(bound), list(bound.values()), color=BLACK, linestyle=":", label=label)
    for part in axes if chosen else [axes]:
        part.axhline(0, color=BLACK, linewidth=0.8)
    upper.set(ylabel="local entropy φ (nats per weight)")
    distance = "distance d = (1 − overlap)/2"
    if lower is not None:
        lower.set(xlabel=distance, ylabel="entropy of references (nats per weight)")
        lower.set_xlim(upper.get_xlim())
    else:
        upper.set(xlabel=distance)
    legend(upper)
    picture.suptitle(_title(record, chosen), fontsize=11)
    return picture


def _said(which: int, value: float) -> str:
    symbol = list(CURVE.values())[which]
    return f"any {symbol}" if value == -math.inf else f"{symbol} = {value:g}"


def _title(record: Record, chosen: bool) -> str:
    model, y = record.parameters["model"], record.parameters.get("y")
    if not chosen:
        return f"Solutions around a typical one, {model} weights"
    weight = {"zero": "the most telling references", "inf": "the best reference"}
    around = weight[y] if isinstance(y, str) else f"references weighted by exp({y:g} N φ)"
    return f"Solutions around {around}, {model} weights"

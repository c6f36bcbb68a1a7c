"""Every row of a comparison in one figure: z on the left, ratio on the right."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .figures import BLACK, BLUE, COLOURS
from .ladder import FEW, NEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .ladder import Row

LONG = 84  # letters of a label
EDGES = ((-10.0, 10.0), (0.5, 1.5))  # what lies beyond is drawn at the edge, as an arrow


def overview(rows: "Sequence[Row]") -> "Figure":
    """A line per row, the bands of agreement shaded; filled within validity, open outside."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 1.6 + 0.21 * len(rows)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": (3, 2)})
    band = {"color": BLUE, "alpha": 0.12, "linewidth": 0, "label": "agreement"}
    left.axvspan(-FEW, FEW, **band)
    right.axvspan(1 - NEAR, 1 + NEAR, **band)
    colours = dict(zip(dict.fromkeys(row.rung for row in rows), COLOURS, strict=False))
    for line, row in enumerate(rows):
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = float(abs(row.ratio) * abs(np.float64(row.stderr) / np.float64(row.measured)))
        _dot(left, row.z, 1.0, line, row, colours[row.rung], EDGES[0])
        _dot(right, row.ratio, spread, line, row, colours[row.rung], EDGES[1])
    left.set_yticks(range(len(rows)), [_label(row) for row in rows], fontsize=7)
    left.set_ylim(len(rows) - 0.4, -0.6)
    left.set(xlim=(-10.6, 10.6))
    right.set(xlim=(0.47, 1.53))
    left.set_xlabel("z = (predicted − measured) / standard error", fontsize=9)
    right.set_xlabel("ratio = predicted / measured", fontsize=9)
    left.axvline(0, color=BLACK, linewidth=0.8)
    right.axvline(1, color=BLACK, linewidth=0.8)
    _blocks(rows, left, right)
    told = "filled: within validity; open: outside it; shaded: agreement, either way"
    figure.suptitle(told, fontsize=9)
    return figure


def _dot(
    axes: "Axes",
    value: float,
    spread: float,
    line: int,
    row: "Row",
    colour: str,
    edges: tuple[float, float],
) -> None:
    if np.isnan(value):
        return
    low, high = edges
    face = colour if row.valid else "white"
    look: dict[str, Any] = {"markeredgecolor": colour, "markerfacecolor": face}
    look |= {"markersize": 5, "zorder": 3}
    if low <= value <= high:
        bar = spread if np.isfinite(spread) else 0.0
        axes.errorbar(value, line, xerr=bar, fmt="o", ecolor=colour, elinewidth=1, **look)
    else:
        axes.plot([low if value < low else high], [line], "<" if value < low else ">", **look)


def _label(row: "Row") -> str:
    text = f"{row.condition} · {row.quantity}"
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"


def _blocks(rows: "Sequence[Row]", left: "Axes", right: "Axes") -> None:
    """A line between rungs, and the name of each at the right."""
    starts = [i for i, row in enumerate(rows) if not i or rows[i - 1].rung != row.rung]
    for start in starts:
        for axes in (left, right):
            axes.axhline(start - 0.5, color=BLACK, linewidth=0.6)
        right.annotate(
            rows[start].rung,
            (1.0, start - 0.4),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="top",
            fontsize=9,
        )

"""The perceptron rung in three figures: limits, the sizes they come from, and geodesics."""

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from .figures import BLACK, BLUE, COLOURS, VERMILION

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = (("overlap", "overlap q"), ("entropy", "entropy s (nats per weight)"))
KINDS = ("binary storage", "binary teacher", "spherical storage", "spherical teacher")
MARKERS = ("o", "s", "^", "D", "v", "P")
APART = 0.0006  # in 1/N, between points of one size, so that error bars stand side by side


def limits(data: "xr.Dataset") -> "Figure":
    """Measured in the limit N → ∞ over predicted, and their difference under it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 5.4), layout="constrained")
    grid = figure.subplots(2, 2, sharex="col", gridspec_kw={"height_ratios": (3, 2)})
    for (name, title), (top, bottom) in zip(SHOWN, grid.T, strict=True):
        predicted = data[f"{name}_predicted"].values
        ends = np.array([np.nanmin(predicted), np.nanmax(predicted)])
        top.plot(ends, ends, color=BLACK, linewidth=1, label="equal")
        bottom.axhline(0, color=BLACK, linewidth=1)
        for kind, look in _looks():
            here = _of(data, kind)
            if not here.any():
                continue
            at = predicted[here]
            found, spread = (
                data[f"{name}_{what}"].values[here] for what in ("limit", "limit_stderr")
            )
            top.errorbar(at, found, spread, label=kind, **look)
            bottom.errorbar(at, found - at, spread, **look)
        top.set_title(title, fontsize=10)
        bottom.set_xlabel(f"predicted {title}", fontsize=9)
    grid[0, 0].set_ylabel("measured, N → ∞")
    grid[1, 0].set_ylabel("measured − predicted")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def sizes(data: "xr.Dataset") -> "Figure":
    """Distance from the saddle point at every size, with the line that is carried to 1/N = 0."""
    from matplotlib.figure import Figure

    kinds = [kind for kind in KINDS if _of(data, kind).any()]
    most = max(int(_of(data, kind).sum()) for kind in kinds)
    figure = Figure(figsize=(3.4 * len(kinds), 5.2 + 0.17 * most), layout="constrained")
    grid = figure.subplots(len(SHOWN), len(kinds), sharex=True, sharey="row", squeeze=False)
    for line, (name, title) in enumerate(SHOWN):
        for kind, axes in zip(kinds, grid[line], strict=True):
            _approach(axes, data, name, kind)
        grid[line, 0].set_ylabel(f"{title}\nmeasured − predicted", fontsize=9)
    for kind, top, bottom in zip(kinds, grid[0], grid[-1], strict=True):
        top.set_title(kind, fontsize=10)
        bottom.set_xlabel("1/N (1/weights)")
        place = {"loc": "upper left", "bbox_to_anchor": (0, -0.24), "borderaxespad": 0.0}
        bottom.legend(fontsize=7, **place)
    return figure


def _approach(axes: "Axes", data: "xr.Dataset", name: str, kind: str) -> None:
    """One quantity of one kind of weights; the limits stand at the left edge."""
    axes.axhline(0, color=BLACK, linewidth=1)
    inverse = 1 / data["size"].values
    places = np.flatnonzero(_of(data, kind))
    for nth, (place, colour, marker) in enumerate(
        zip(places, cycle(COLOURS), cycle(MARKERS), strict=False)
    ):
        shift = APART * (nth - 0.5 * (len(places) - 1))
        exact, limit, spread, slope = (
            float(data[f"{name}_{what}"].values[place])
            for what in ("predicted", "limit", "limit_stderr", "slope")
        )
        look: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": ""}
        look |= {"markersize": 3, "elinewidth": 0.9}
        measured, error = (data[f"{name}_{what}"].values[place] for what in ("measured", "stderr"))
        axes.errorbar(inverse + shift, measured - exact, error, **look)
        label = str(data["point"].values[place]).removeprefix(f"{kind}, ")
        axes.errorbar([shift], [limit - exact], [spread], label=label, **look | {"elinewidth": 1.8})
        line = np.array([0.0, inverse.max()])
        axes.plot(line + shift, limit - exact + slope * line, color=colour, linewidth=0.7)


def geodesics(data: "xr.Dataset") -> "Figure":
    """Error rate on the way from one solution to the other, a panel per pair of margins."""
    from matplotlib.figure import Figure

    names = [str(name) for name in data["path"].values]
    figure = Figure(figsize=(max(4.8, 3.3 * len(names)), 3.4), layout="constrained")
    gamma = data["gamma"].values
    for place, axes in enumerate(figure.subplots(1, len(names), squeeze=False)[0]):
        predicted, measured, spread = (
            data[f"error_rate_{what}"].values[place]
            for what in ("predicted", "limit", "limit_stderr")
        )
        axes.plot(data["fine_gamma"].values, predicted, color=BLUE, label="predicted")
        look: dict[str, Any] = {"color": VERMILION, "marker": "o", "linestyle": "", "markersize": 3}
        axes.errorbar(gamma, measured, spread, label="measured, N → ∞", **look)
        axes.set_title(
            names[place].removeprefix("geodesic, ").replace(", between", "\nbetween"), fontsize=9
        )
        axes.set_xlabel("share γ of the first solution")
        axes.set_ylim(bottom=0)
    figure.axes[0].set_ylabel("fraction of patterns below κ")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _looks() -> Any:
    for kind, colour, marker in zip(KINDS, COLOURS, MARKERS, strict=False):
        look = {
            "color": colour,
            "marker": marker,
            "linestyle": "",
            "markersize": 4,
            "elinewidth": 1,
        }
        yield kind, look


def _of(data: "xr.Dataset", kind: str) -> Any:
    return np.array([str(name).startswith(kind) for name in data["point"].values])

"""The net rung in four figures: times over times, drifts, relaxations, and the landscape."""

from itertools import cycle
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from .figures import BLACK, BLUE, COLOURS, GREEN, ORANGE, PURPLE, SKY, VERMILION

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = (
    ("adiabatic_white", "adiabatic, white noise", ORANGE, "^"),
    ("adiabatic_sgd", "adiabatic, SGD's noise", GREEN, "s"),
    ("finite_k", "finite k", BLUE, "o"),
)
PARTS = (
    ("energetic", "energetic", ORANGE, ":"),
    ("entropic", "entropic", GREEN, "--"),
    ("total", "predicted, finite k", BLUE, "-"),
    ("adiabatic_sgd", "adiabatic, SGD's noise", PURPLE, "-."),
)
SEEN = 24  # markers on a measured curve
NEAR = 0.1


def times(data: "xr.Dataset") -> "Figure":
    """Predicted over measured relaxation times, a point a condition and prediction; and both."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    both, over = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    measured, spread = data["time_measured"].values, data["time_stderr"].values
    known = np.isfinite(measured) & (measured > 0)
    good = known & (data["time_valid"].values == 1) & (data["time_counted"].values == 1)
    for kind, label, colour, marker in KINDS:
        found = data[f"time_{kind}"].values
        if not np.isfinite(found[known]).any():
            continue
        error = data["time_error"].values if kind == "finite_k" else np.zeros_like(found)
        for where, face in ((good, colour), (known & ~good, "none")):
            x, y, dx, dy = measured[where], found[where], spread[where], error[where]
            look: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": ""}
            look |= {"markersize": 5, "markerfacecolor": face, "elinewidth": 1}
            both.errorbar(x, y, dy, dx, label=label if face != "none" else None, **look)
            ratio = y / x
            over.errorbar(x, ratio, np.hypot(dy / x, ratio * dx / x), **look)
    low, high = 0.85 * measured[known].min(), 1.15 * measured[known].max()
    line = np.array([low, high])
    band = {"color": BLACK, "alpha": 0.1, "linewidth": 0, "label": "within 10 %"}
    both.fill_between(line, line * (1 - NEAR), line * (1 + NEAR), **band)
    both.plot(line, line, color=BLACK, linewidth=0.8)
    both.set(xscale="log", yscale="log", ylabel="predicted relaxation time (cycles)")
    over.axhspan(1 - NEAR, 1 + NEAR, color=BLACK, alpha=0.1, linewidth=0)
    over.axhline(1, color=BLACK, linewidth=0.8)
    over.set(xlabel="measured relaxation time (cycles)", ylabel="predicted / measured")
    over.set_yscale("log")
    for axis in (both.xaxis, both.yaxis, over.yaxis):
        _plain_numbers(axis)
    handles, labels = both.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _plain_numbers(axis: Any) -> None:
    """A logarithmic axis of little more than a decade, its ticks as numbers are written."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 7), numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def drifts(data: "xr.Dataset") -> "Figure":
    """The drift per cycle along the path in its parts, and where it was measured."""
    names = _labels(data)
    figure, panels = _panels(len(names), 3.4, 2.3)
    s, starts = data["drift_s"].values, data["start_s"].values
    for place, axes in enumerate(panels):
        for name, label, colour, dashes in PARTS:
            values = data[f"drift_{name}"].values[place]
            if np.isfinite(values).any():
                axes.plot(s, values, color=colour, linestyle=dashes, label=label, linewidth=1.3)
        axes.axhline(0, color=BLACK, linewidth=0.8)
        look: dict[str, Any] = {"color": VERMILION, "marker": "o", "linestyle": "", "zorder": 5}
        measured, error = (data[f"drift_{name}"].values[place] for name in ("measured", "stderr"))
        axes.errorbar(starts, measured, error, label="measured ± stderr", **look)
        axes.set_title(names[place], fontsize=8)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    return _finished(figure, panels, "arc length s (weights)", "drift per cycle (weights)")


def relaxations(data: "xr.Dataset") -> "Figure":
    """Mean displacement and survival of every condition: lines predicted, markers measured."""
    names, starts = _labels(data), data["start_s"].values
    figure, panels = _panels(2 * len(names), 3.2, 2.1, columns=4)
    clock = data["clock"].values
    seen = slice(None, None, max(1, len(clock) // SEEN))
    for place, name in enumerate(names):
        mean, survival = panels[2 * place], panels[2 * place + 1]
        mean.set_title(name, fontsize=8)
        survival.set_title("not yet at its target", fontsize=8)
        for number, (s, colour) in enumerate(zip(starts, cycle(COLOURS), strict=False)):
            at = (place, number)
            if not np.isfinite(data["mean_measured"].values[at]).any():
                continue
            _course(mean, data, "mean", at, (clock, seen, s), colour)
            _course(survival, data, "survival", at, (clock, seen, 0.0), colour, f"s = {s:.3g}")
        survival.set_ylim(-0.03, 1.03)
        mean.set_ylabel("mean displacement", fontsize=8)
        survival.set_ylabel("fraction still there", fontsize=8)
    for axes in panels:
        axes.set_xlabel("cycles", fontsize=8)
    _common_legend(figure, panels)
    return figure


def _course(
    axes: "Axes",
    data: "xr.Dataset",
    kind: str,
    at: tuple[int, int],
    where: tuple[Any, slice, float],
    colour: str,
    label: str = "",
) -> None:
    clock, seen, origin = where
    predicted, measured, error = (
        data[f"{kind}_{word}"].values[at] for word in ("predicted", "measured", "stderr")
    )
    axes.plot(clock, predicted - origin, color=colour, linewidth=1.2)
    low, high = measured - error - origin, measured + error - origin
    axes.fill_between(clock, low, high, color=colour, alpha=0.2, linewidth=0)
    look: dict[str, Any] = {"color": colour, "linestyle": "", "marker": "o", "markersize": 2.5}
    axes.plot(clock[seen], (measured - origin)[seen], label=label or None, **look)


def landscape(data: "xr.Dataset") -> "Figure":
    """Loss, trace and largest eigenvalue of the Hessian along the path."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 6.0), layout="constrained")
    s = data["s"].values
    shown = (
        ("loss", "loss", BLACK),
        ("trace", "tr H (loss/weight²)", VERMILION),
        ("lambda_max", "largest eigenvalue of H", SKY),
    )
    for axes, (name, label, colour) in zip(figure.subplots(3, 1, sharex=True), shown, strict=True):
        mean = data[name].values
        axes.plot(s, mean, color=colour)
        if name == "trace" and "trace_stderr" in data:
            spread = data["trace_stderr"].values
            look = {"color": colour, "alpha": 0.25, "linewidth": 0, "label": "± standard error"}
            axes.fill_between(s, mean - spread, mean + spread, **look)
            axes.legend()
        for start in data["start_s"].values:
            axes.axvline(start, color=BLACK, linewidth=0.6, linestyle=":")
        axes.set_ylabel(label)
        axes.margins(y=0.15)
    axes.set_xlabel("arc length s along the path (weights); dotted: the starts")
    return figure


def _labels(data: "xr.Dataset") -> list[str]:
    return [str(name) for name in data["condition"].values]


def _panels(
    count: int, width: float, height: float, columns: int = 3
) -> "tuple[Figure, list[Axes]]":
    from matplotlib.figure import Figure

    columns = min(columns, count)
    lines = ceil(count / columns)
    figure = Figure(figsize=(width * columns, height * lines + 0.6), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for spare in grid[count:]:
        spare.set_visible(False)
    for axes in grid[:count]:
        axes.tick_params(labelsize=8)
    return figure, list(grid[:count])


def _finished(figure: "Figure", panels: "list[Axes]", x: str, y: str) -> "Figure":
    for axes in panels:
        axes.set_xlabel(x, fontsize=8)
    figure.supylabel(y, fontsize=10)
    _common_legend(figure, panels)
    return figure


def _common_legend(figure: "Figure", panels: "list[Axes]") -> None:
    named: dict[str, Any] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=5)

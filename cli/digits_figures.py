"""The digits rung in two figures: what lies along the path, and how SGD relaxes along it."""

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from .figures import BLACK, BLUE, COLOURS, DASHES, GREEN, ORANGE, VERMILION

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P")
PARTS = (
    ("drift_energetic", "energetic", ORANGE, ":"),
    ("drift_entropic", "entropic", GREEN, "--"),
    ("drift_total", "predicted", BLUE, "-"),
)


def profile(data: "xr.Dataset") -> "Figure":
    """Loss, tr H and the drift of every setting, above one another along the same arc length."""
    from matplotlib.figure import Figure

    settings = _labels(data, "setting") if "drift_total" in data else []
    count = 2 + len(settings)
    figure = Figure(figsize=(6.4, 1.4 + 1.7 * count), layout="constrained")
    loss, trace, *drifts = figure.subplots(count, 1, sharex=True)
    s = data["s"].values
    loss.plot(s, data["loss"].values, color=BLACK)
    loss.set_ylabel("loss")
    loss.set_ylim(0, 1.1 * np.nanmax(data["loss"].values))
    mean = data["trace"].values
    trace.plot(s, mean, color=VERMILION, label="tr H")
    if "trace_stderr" in data:
        spread = data["trace_stderr"].values
        look = {"color": VERMILION, "alpha": 0.25, "linewidth": 0, "label": "± standard error"}
        trace.fill_between(s, mean - spread, mean + spread, **look)
        trace.legend()
    trace.set_ylabel("tr H (loss/weight²)")
    for place, axes in enumerate(drifts):
        _drift(axes, data, place)
        axes.set_title(settings[place], fontsize=9)
        axes.set_ylabel("drift per cycle")
    if drifts:
        handles, labels = drifts[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    (drifts[-1] if drifts else trace).set_xlabel("arc length s along the path (weights)")
    return figure


def _drift(axes: "Axes", data: "xr.Dataset", place: int) -> None:
    s = data["drift_s" if "drift_s" in data else "s"].values
    look: dict[str, Any]
    for name, label, colour, dashes in PARTS:
        if name in data:
            look = {"color": colour, "linestyle": dashes, "label": label}
            axes.plot(s, data[name].values[place], **look)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    if "drift_measured" in data:
        spread = data["drift_stderr"].values[place] if "drift_stderr" in data else None
        measured = data["drift_measured"].values[place]
        look = {"color": VERMILION, "marker": "o", "linestyle": "", "label": "measured"}
        axes.errorbar(_starts(data, place), measured, spread, **look)
    axes.margins(y=0.12)


def relaxation(data: "xr.Dataset") -> "Figure":
    """Fraction still there, mean displacement if known; a column per setting with curves."""
    from matplotlib.figure import Figure

    settings = _labels(data, "setting")
    watched = [i for i in range(len(settings)) if _known(data["survival_measured"][i])]
    kinds = [kind for kind in ("mean", "survival") if f"{kind}_predicted" in data]
    size = (max(6.4, 3.2 * len(watched)), 2.7 * len(kinds) + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(kinds), max(1, len(watched)), sharex=True, squeeze=False)
    for column, place in enumerate(watched):
        grid[0, column].set_title(settings[place], fontsize=9)
        grid[-1, column].set_xlabel("cycles")
        for line, kind in enumerate(kinds):
            _relaxing(grid[line, column], data, kind, place)
    words = {"mean": "mean displacement\n(arc length)", "survival": "fraction not yet gone"}
    for line, kind in enumerate(kinds):
        grid[line, 0].set_ylabel(words[kind])
    grid[0, 0].plot([], [], color=BLACK, label="predicted (lines)")
    named: dict[str, Any] = {}  # a start may be watched at one setting only
    for axes in grid[0]:
        handles, labels = axes.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=5)
    return figure


def _known(values: Any) -> bool:
    return bool(np.isfinite(values).any())


def _relaxing(axes: "Axes", data: "xr.Dataset", kind: str, place: int) -> None:
    """One panel; a start that was not watched is left out, its colour stays its own."""
    clock = data["clock"].values
    seen = slice(None, None, max(1, len(clock) // 40))
    looks = zip(cycle(COLOURS), cycle(DASHES), cycle(MARKERS), strict=False)
    for start, (at, (colour, dashes, marker)) in enumerate(
        zip(_starts(data, place), looks, strict=False)
    ):
        measured = data[f"{kind}_measured"].values[place, start]
        if not _known(measured):
            continue
        predicted = data[f"{kind}_predicted"].values[place, start]
        axes.plot(clock, predicted, color=colour, linestyle=dashes)
        name = f"{kind}_stderr"
        spread = data[name].values[place, start][seen] if name in data else None
        look: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": ""}
        look |= {"label": f"from s = {at:.3g}", "markersize": 3, "elinewidth": 1}
        axes.errorbar(clock[seen], measured[seen], spread, **look)
    if kind == "survival":
        axes.set_ylim(-0.03, 1.03)


def _labels(data: "xr.Dataset", name: str) -> list[str]:
    return [str(label) for label in data[name].values]


def _starts(data: "xr.Dataset", place: int) -> Any:
    """Arc length of every start, whether all settings share the starts or have their own."""
    starts = np.asarray(data["start_s"].values)
    return starts if starts.ndim == 1 else starts[place]

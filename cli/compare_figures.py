"""The figures of ``entropic compare``, drawn from what the rungs hand over and nothing else.

A prediction is a line, a measurement is a marker with its standard error.  A figure whose
variables a rung does not bring is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from . import digits_figures, net_figures, perceptron_figures
from .figures import BLUE, GREEN, SIZE, VERMILION, house_style, save
from .overview_figure import overview
from .toy_grid_figure import toy_grid

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .ladder import Rung

LABEL = r"$\exp(-V_{\mathrm{eff}}/T)$, predicted"
WIDE = 36  # letters over a panel
POINTS: dict[str, Any] = {
    "color": VERMILION,
    "linestyle": "",
    "marker": "o",
    "markersize": 3,
    "label": "measured",
}
PREDICTED: dict[str, Any] = {"color": BLUE, "linestyle": "-", "label": "predicted"}


@dataclass(frozen=True)
class Drawn:
    """A figure on disk, with what a page needs of it; rung: whose it is, empty for all."""

    name: str
    rung: str
    caption: str
    svg: bytes


@dataclass(frozen=True)
class Plan:
    """How a figure is drawn from the dataset of ``rung``, once it has the variables ``needs``."""

    name: str
    rung: str
    needs: tuple[str, ...]
    figure: "Callable[[xr.Dataset], Figure]"
    caption: str


def toy_histogram(data: "xr.Dataset") -> "Figure":
    """Measured occupation of the slow coordinate over exp(−V_eff/T), a panel per case."""
    names = [str(name) for name in data["case"].values]
    figure, panels = _panels(len(names))
    for case, axes in enumerate(panels):
        _occupation(axes, data, case)
        _entitle(axes, names[case])
        axes.set(xlabel="slow coordinate y (length)", ylabel="density (1/length)")
        axes.set_ylim(bottom=0)
        axes.set_axisbelow(True)
    return _with_legend(figure, panels[0])


def _occupation(axes: "Axes", data: "xr.Dataset", case: int) -> None:
    """One case; the dataset holds probability per bin, NaN where a case has fewer bins."""
    left, right = data["bin_left"].values[case], data["bin_right"].values[case]
    real = np.isfinite(left) & np.isfinite(right)
    edges = np.append(left[real], right[real][-1:])
    density = {
        name: data[f"histogram_{name}"].values[case][real] / np.diff(edges)
        for name in ("measured", "stderr", "predicted", "rival")
        if f"histogram_{name}" in data
    }
    look: dict[str, Any] = {"baseline": None, "linewidth": 1.6}
    if "rival" in density:
        label = data["histogram_rival"].attrs.get("label", "rival theory")
        axes.stairs(density["rival"], edges, color=GREEN, linestyle="--", label=label, **look)
    axes.stairs(density["predicted"], edges, color=BLUE, label=LABEL, **look)
    middle = (edges[:-1] + edges[1:]) / 2
    axes.errorbar(middle, density["measured"], density.get("stderr"), **POINTS)


def toy_survival(data: "xr.Dataset") -> "Figure":
    """The fraction of walkers still inside, a panel per case."""
    names = [str(name) for name in data["exit_case"].values]
    figure, panels = _panels(len(names))
    unit = data["clock"].attrs.get("units", "time")
    for case, axes in enumerate(panels):
        clock = data["clock"].values[case]
        measured = _above_zero(data["survival_measured"].values[case])
        axes.plot(clock, _above_zero(data["survival_predicted"].values[case]), **PREDICTED)
        axes.plot(clock, measured, markevery=max(1, len(clock) // 30), **POINTS)
        lowest = np.min(measured, where=np.isfinite(measured), initial=1.0)
        axes.set_yscale("log")
        axes.set_ylim(max(lowest / 2, 1e-6), 1.5)
        _entitle(axes, names[case])
        axes.set(xlabel=f"time ({unit})", ylabel="fraction still inside")
    return _with_legend(figure, panels[0])


def linear_balance(data: "xr.Dataset") -> "Figure":
    """The balance of the two layers against SGD steps, a panel per condition."""
    names = [str(name) for name in data["condition"].values]
    figure, panels = _panels(len(names))
    for place, axes in enumerate(panels):
        time = data["time"].values[place]
        axes.plot(time, data["balance_predicted"].values[place], **PREDICTED)
        if "balance_rival" in data:
            label = data["balance_rival"].attrs.get("label", "rival theory")
            rival = data["balance_rival"].values[place]
            axes.plot(time, rival, color=GREEN, linestyle="--", label=label)
        spread = data["balance_stderr"].values[place] if "balance_stderr" in data else None
        axes.errorbar(time, data["balance_measured"].values[place], spread, **POINTS)
        _entitle(axes, names[place])
        axes.set(xlabel="SGD steps", ylabel="balance |W₂|² − |W₁|²")
    return _with_legend(figure, panels[0])


def linear_trace(data: "xr.Dataset") -> "Figure":
    """The curvature that falls while the balance relaxes."""
    names = [str(name) for name in data["condition"].values]
    figure, panels = _panels(len(names))
    for place, axes in enumerate(panels):
        axes.plot(data["time"].values[place], data["trace_predicted"].values[place], **PREDICTED)
        if "trace_measured" in data:
            axes.plot(data["time"].values[place], data["trace_measured"].values[place], **POINTS)
        _entitle(axes, names[place])
        axes.set(xlabel="SGD steps", ylabel="tr H (energy/weight²)")
    return _with_legend(figure, panels[0])


PLANS = (
    Plan(
        "toy_histogram",
        "toy",
        ("histogram_predicted", "histogram_measured", "bin_left", "bin_right"),
        toy_histogram,
        "Where the slow coordinate is found: measured histogram over exp(−V_eff/T).",
    ),
    Plan(
        "toy_survival",
        "toy",
        ("survival_predicted", "survival_measured", "clock"),
        toy_survival,
        "The fraction of walkers that have not left yet, predicted and measured.",
    ),
    Plan(
        "toy_grid",
        "toy",
        ("adiabaticity", "over_first", "over_adiabatic", "over_stderr"),
        toy_grid,
        "Measured over predicted mean exit time, a point a condition; right of the dotted line the "
        "fast directions are too slow for the theory to vouch for itself.",
    ),
    Plan(
        "linear_balance",
        "linear",
        ("balance_predicted", "balance_measured", "time"),
        linear_balance,
        "The balance of the layers relaxes along the manifold of minima: nothing but noise and "
        "the finite step moves it.",
    ),
    Plan(
        "linear_trace",
        "linear",
        ("trace_predicted", "time"),
        linear_trace,
        "The trace of the Hessian along the same relaxation.",
    ),
    Plan(
        "digits_profile",
        "digits",
        ("s", "loss", "trace"),
        digits_figures.profile,
        "Along the path between two minima: loss, trace of the Hessian, and the drift per cycle "
        "of projected SGD, predicted in its two parts and measured.",
    ),
    Plan(
        "digits_relaxation",
        "digits",
        ("clock", "survival_predicted", "survival_measured"),
        digits_figures.relaxation,
        "Relaxation along the path, by start: predicted (lines) and measured (markers).",
    ),
    Plan(
        "perceptron_limits",
        "perceptron",
        ("overlap_limit", "overlap_limit_stderr", "entropy_limit", "entropy_limit_stderr"),
        perceptron_figures.limits,
        "Overlaps and entropies of sampled weights, extrapolated to N → ∞, over those of the "
        "saddle point; under them the difference.",
    ),
    Plan(
        "perceptron_sizes",
        "perceptron",
        ("overlap_measured", "overlap_slope", "entropy_measured", "entropy_slope"),
        perceptron_figures.sizes,
        "The same at every size, and the lines in 1/N that are carried to the left edge. "
        "Temperatures of one ladder share their patterns, and stray together.",
    ),
    Plan(
        "perceptron_geodesics",
        "perceptron",
        ("gamma", "error_rate_predicted", "error_rate_limit", "error_rate_limit_stderr"),
        perceptron_figures.geodesics,
        "The barrier between two sampled solutions: the fraction of patterns stored with less "
        "than the margin κ on the shortest path from one to the other.",
    ),
    Plan(
        "net_times",
        "net",
        ("time_measured", "time_finite_k", "time_valid", "time_counted"),
        net_figures.times,
        "Relaxation times, a point a condition: three predictions against the measured one. "
        "Filled: vouched for and counted; open: not. Means of min(time, horizon).",
    ),
    Plan(
        "net_drifts",
        "net",
        ("drift_s", "drift_total", "drift_measured"),
        net_figures.drifts,
        "The drift per cycle along the path, predicted in its parts, and measured at the starts.",
    ),
    Plan(
        "net_relaxations",
        "net",
        ("mean_predicted", "mean_measured", "survival_predicted"),
        net_figures.relaxations,
        "Mean displacement and survival by start: predicted (lines), measured (markers, with a "
        "band of one standard error).",
    ),
    Plan(
        "net_landscape",
        "net",
        ("s", "loss", "trace", "lambda_max"),
        net_figures.landscape,
        "Loss and curvature along the path.",
    ),
)


def draw(rungs: "Sequence[Rung]", folder: Path) -> list[Drawn]:
    """Draw every figure whose data is there into ``folder``, as .png and .svg."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with house_style():
        rows = [row for rung in rungs for row in rung.rows]
        if rows:
            caption = (
                "Every row: z and ratio of prediction and measurement. Filled: within validity; "
                "open: outside it. A row agrees inside either band."
            )
            drawn.append(_drawn("overview", "", caption, overview(rows), folder))
        for rung in rungs:
            for plan in PLANS:
                if plan.rung == rung.name and all(name in rung.data for name in plan.needs):
                    figure = plan.figure(rung.data)
                    drawn.append(_drawn(plan.name, rung.name, plan.caption, figure, folder))
    return drawn


def _drawn(name: str, rung: str, caption: str, figure: "Figure", folder: Path) -> Drawn:
    for suffix in (".png", ".svg"):
        save(figure, folder / f"{name}{suffix}")
    return Drawn(name, rung, caption, (folder / f"{name}.svg").read_bytes())


def _panels(count: int) -> "tuple[Figure, list[Axes]]":
    """Small multiples, two or three a line."""
    from matplotlib.figure import Figure

    columns = 2 if count == 4 else min(count, 3)
    lines = ceil(count / columns)
    size = SIZE if count == 1 else (3.3 * columns, 2.7 * lines + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for spare in grid[count:]:
        spare.set_visible(False)
    return figure, list(grid[:count])


def _entitle(axes: "Axes", name: str) -> None:
    axes.set_title(fill(name, WIDE), fontsize=9)


def _with_legend(figure: "Figure", axes: "Axes") -> "Figure":
    """One legend for all panels, under them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _above_zero(values: Any) -> Any:
    """What a logarithmic axis can show; the rest is NaN, a gap."""
    return np.where(values > 0, values, np.nan)

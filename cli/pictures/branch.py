"""Barriers between two branches of a training, over the epoch at which they part."""

from typing import TYPE_CHECKING, Any

from ..figures import BLUE, GREEN, ORANGE, VERMILION, blank, house_style, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.0, 4.0)  # inches
WIDE = 30  # from the last epoch to the first, beyond which the axis is logarithmic
Curve = tuple[list[float], list[float], list[float]]


def figure(record: Record) -> "Figure":
    """Loss and error; curvature against the sharper end; all against what they are at first.

    Means over the seeds with standard errors, single seeds as dots.
    """
    picture, (energy, curvature, relative) = blank(1, 3, SIZE)
    _drawn(energy, record, "loss_barrier", BLUE, "loss (loss units)", "-")
    _drawn(energy, record, "error_barrier", ORANGE, "error (fraction wrong)", "--")
    energy.set(ylabel="barrier above the chord")
    _drawn(curvature, record, "lambda_max_ratio", VERMILION, "$\\lambda_{max}$", "-")
    _drawn(curvature, record, "trace_ratio", GREEN, "tr H", "--")
    curvature.set(ylabel="largest on the line / larger end")
    for name, colour, label, dash in (
        ("loss_barrier", BLUE, "loss", "-"),
        ("lambda_max_barrier", VERMILION, "$\\lambda_{max}$", "-."),
        ("trace_barrier", GREEN, "tr H", "--"),
    ):
        _drawn(relative, record, name, colour, label, dash, relative=True)
    relative.set(ylabel="barrier / barrier at the first k")
    with house_style():
        for axes in (energy, curvature, relative):
            axes.set_xlabel("epoch k at which branches part")
            _scale(axes, sorted(set(record.column("branch_epoch"))))
            low, high = axes.get_ylim()
            axes.set_ylim(low, high + 0.2 * (high - low))
            if axes.lines:
                legend(axes, loc="upper right")
    seeds = len(set(record.column("seed")))
    problem = record.parameters["problem"]["reference"]
    bars = f"means of {seeds} seeds ± standard error" if seeds > 1 else "one seed"
    picture.suptitle(f"Two branches of one training of {problem}: {bars}", fontsize=10)
    return picture


def _scale(axes: "Axes", epochs: list[float]) -> None:
    """Linear, or logarithmic from 1 on where the first of ``epochs`` would crowd at zero."""
    first = next((k for k in epochs if k > 0), 1)
    if epochs[-1] <= WIDE * first:
        return
    axes.set_xscale("symlog", linthresh=1.0)
    shown = epochs if len(epochs) <= 8 else epochs[:: -(-len(epochs) // 8)]
    axes.set_xticks(shown, [f"{k:g}" for k in shown])
    axes.minorticks_off()


def _drawn(
    axes: "Axes",
    record: Record,
    name: str,
    colour: str,
    label: str,
    dash: str,
    relative: bool = False,
) -> None:
    epochs, means, errors = _means(record, name)
    if any(mean != mean for mean in means):
        return
    unit = 1.0
    if relative:
        unit = means[0]
        if not unit > 0:
            return
    look: dict[str, Any] = {"color": colour, "linestyle": dash, "marker": "o", "capsize": 2}
    with house_style():
        if not relative:
            dots = record.column("branch_epoch"), record.column(name)
            axes.plot(*dots, ".", color=colour, alpha=0.35, markersize=3)
        heights, bars = [mean / unit for mean in means], [error / unit for error in errors]
        axes.errorbar(epochs, heights, yerr=bars, label=label, **look)


def _means(record: Record, name: str) -> Curve:
    """Epochs, means over seeds and standard errors, 0 for a single seed."""
    epochs = list(dict.fromkeys(record.column("branch_epoch")))
    means, errors = [], []
    for epoch in epochs:
        values = [row[name] for row in record.rows if row["branch_epoch"] == epoch]
        mean, count = sum(values) / len(values), len(values)
        spread = sum((value - mean) ** 2 for value in values) / max(count - 1, 1)
        means.append(mean)
        errors.append((spread / count) ** 0.5)
    return epochs, means, errors

"""Loss, trace, largest eigenvalues and score spectrum along a path: one panel for each measured."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..figures import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    VERMILION,
    blank,
    curve,
    from_zero,
    house_style,
    legend,
)
from ..record import Record
from .banded import banded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WHERE = "position on the path s / length"
PER_SQUARE = "(loss / length²)"
LEAST = 1e-3  # of the largest singular value: below that a line tells of rounding


def figure(record: Record) -> "Figure":
    """What there is of the five, in two rows; the ends of the path are at 0 and 1."""
    panels = _panels(record)
    columns = min(len(panels), 3 if len(panels) > 4 else 2)
    rows = -(-len(panels) // columns)
    picture, grid = blank(rows, columns, size=(4.2 * columns, 2.9 * rows))
    all_axes = [grid] if len(panels) == 1 else list(grid.flat)
    for axes, panel in zip(all_axes, panels, strict=False):
        panel(axes, record)
        axes.set_xlim(-0.02, 1.02)
    for axes in all_axes[len(panels) :]:
        axes.set_visible(False)
    for axes in all_axes[max(len(panels) - columns, 0) : len(panels)]:
        axes.set_xlabel(WHERE)
    return picture


def _panels(record: Record) -> "Sequence[Callable[[Axes, Record], None]]":
    have = record.names
    known = (
        (_loss, "loss" in have or "train_loss" in have),
        (_trace, bool({"trace", "gauss_newton_trace"} & set(have))),
        (_eigenvalues, "lambda_max" in have),
        (_log_det, "logdet" in have),
        (_scores, "score_1" in have),
        (_along, "t_H_t" in have),
        (_across, "logdet_across" in have),
    )
    return [panel for panel, there in known if there] or [_smallest]


def _line(axes: "Axes", record: Record, name: str, label: str, **look: Any) -> None:
    if name in record.names:
        curve(axes, record.column("fraction"), record.column(name), label=label, **look)


def _loss(axes: "Axes", record: Record) -> None:
    """The landscape's loss against the straight line between its ends, and data kept aside."""
    decay = record.parameters.get("decay", 0.0)
    _line(axes, record, "loss", "training, with decay" if decay else "training", color=BLUE)
    if decay or "loss" not in record.names:
        _line(axes, record, "train_loss", "training", color=GREEN, linestyle="-.")
    _line(axes, record, "test_loss", "test", color=VERMILION, linestyle="--")
    if "loss" in record.names and len(record.rows) > 2:
        ends = [record.column("loss")[i] for i in (0, -1)]
        look = {"color": BLACK, "linestyle": ":", "marker": "", "linewidth": 1.0}
        curve(axes, [0.0, 1.0], ends, label="line of the ends", **look)
    axes.set(ylabel="loss")
    _legend_above(axes, 2)


def _trace(axes: "Axes", record: Record) -> None:
    where = record.column("fraction")
    gauss = record.parameters.get("kind") == "gauss-newton"
    fisher = "Fisher of the data" if record.parameters.get("score_labels") == "data" else "Fisher"
    for name, label, colour in (
        ("trace", "Gauss–Newton" if gauss else "Hessian", BLUE),
        ("gauss_newton_trace", "Gauss–Newton", GREEN),
        ("fisher_trace", fisher, ORANGE),
    ):
        if name in record.names:
            error = record.column(f"{name}_stderr")
            banded(axes, where, record.column(name), error, color=colour, label=label)
    axes.set(ylabel=f"trace {PER_SQUARE}")
    from_zero(axes)
    _legend_above(axes, 2)


def _eigenvalues(axes: "Axes", record: Record) -> None:
    """λ_max in the band of its residual, and those below it."""
    where = record.column("fraction")
    others = [name for name in record.names if name.startswith("eigenvalue_")][1:]
    for i, name in enumerate(others):
        label = f"eigenvalues 2 to {len(others) + 1}" if i == 0 else None
        curve(axes, where, record.column(name), color=VERMILION, linewidth=0.8, label=label)
    residual = [0.5 * r for r in record.column("lambda_max_residual")]  # two of which are a band
    banded(axes, where, record.column("lambda_max"), residual, color=BLUE, label="largest")
    axes.set(ylabel=f"eigenvalue {PER_SQUARE}")
    from_zero(axes)
    if others:
        _legend_above(axes, 3)


def _legend_above(axes: "Axes", columns: int) -> None:
    """A legend above all curves, in room made for it."""
    low, high = axes.get_ylim()
    lines = -(-len(axes.get_legend_handles_labels()[0]) // columns)
    axes.set_ylim(low, high + (0.06 + 0.1 * lines) * (high - low))
    look = {"columnspacing": 1.0, "handlelength": 1.6, "borderaxespad": 0.1}
    legend(axes, loc="upper center", ncols=columns, **look)


def _along(axes: "Axes", record: Record) -> None:
    curve(axes, record.column("fraction"), record.column("t_H_t"), color=BLUE)
    axes.set(ylabel=f"t·Ht {PER_SQUARE}")
    axes.set_title("curvature along the path", fontsize="small")


def _across(axes: "Axes", record: Record) -> None:
    """As that of the whole, of what lies across the path."""
    name = "logdet_across_excess" if "logdet_across_excess" in record.names else "logdet_across"
    error, where = record.column(f"{name}_stderr"), record.column("fraction")
    banded(axes, where, record.column(name), error, color=GREEN)
    shared = name == "logdet_across_excess"
    axes.set(ylabel="Σ ln(eigenvalue / floor)" if shared else "ln det of what is kept")
    title = "across the path"
    if shared:
        title += f", floor {record.column('floor_across')[0]:.2g}"
    axes.set_title(title, fontsize="small")


def _log_det(axes: "Axes", record: Record) -> None:
    """The excess, where one floor makes it comparable."""
    name = "logdet_excess" if "logdet_excess" in record.names else "logdet"
    error, where = record.column(f"{name}_stderr"), record.column("fraction")
    banded(axes, where, record.column(name), error, color=BLUE)
    shared = name == "logdet_excess"
    axes.set(ylabel="Σ ln(eigenvalue / floor)" if shared else "ln det of what is kept")
    if shared:
        floor, kept = record.column("floor")[0], record.column("kept")
        least, most = (float(f"{n:.0f}") for n in (min(kept), max(kept)))
        axes.set_title(f"floor {floor:.2g}, {least:g} to {most:g} kept", fontsize="small")


def _smallest(axes: "Axes", record: Record) -> None:
    _line(axes, record, "lambda_min", "smallest eigenvalue", color=BLUE)
    axes.set(ylabel=f"smallest eigenvalue {PER_SQUARE}")


def _scores(axes: "Axes", record: Record) -> None:
    """Singular values by rank, from dark to light."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.ticker import LogLocator, ScalarFormatter

    names = [name for name in record.names if name.startswith("score_")]
    where = record.column("fraction")
    shades = colormaps["viridis"].resampled(len(names) + 1)  # the last, yellow, is too light
    for i, name in enumerate(names):
        curve(axes, where, record.column(name), color=shades(i), marker="", linewidth=1.3)
    top = max(record.column(names[0]))
    low = min((v for name in names for v in record.column(name) if v > LEAST * top), default=0.0)
    if low > 0:  # else every score vanishes, and a logarithm shows nothing
        axes.set(yscale="log", ylim=(low / 1.15, top * 1.15))
    if 0 < top < 30 * low:  # less than a decade or two reads better in plain numbers
        axes.yaxis.set_major_formatter(ScalarFormatter())
        axes.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))
        axes.yaxis.set_minor_formatter(ScalarFormatter())
    axes.set_ylabel("singular value of the scores\n(loss / length)")
    with house_style():
        edges = [i + 0.5 for i in range(len(names) + 1)]
        shown = ListedColormap([shades(i) for i in range(len(names))])
        bar = ScalarMappable(BoundaryNorm(edges, len(names)), shown)
        ticks = sorted({1, (len(names) + 1) // 2, len(names)})
        assert axes.figure is not None
        axes.figure.colorbar(bar, ax=axes, label="rank", ticks=ticks)

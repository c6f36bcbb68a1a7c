"""Every figure that the command draws: one function per kind, from a record to a picture.

Okabe and Ito's colours, told apart by colour-blind readers; sizes for a printed column; the same
record gives the same bytes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .atomic import writing_file
from .record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, BLACK, YELLOW = (
    *("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000", "#F0E442"),
)
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, BLACK)
DASHES = ("-", "--", "-.", ":")
SIZE = (6.4, 4.0)  # inches
MANY = 25  # points, from which on a line needs no markers
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "savefig.dpi": 200,
    "svg.hashsalt": "entropic",
}
METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib as this house sets it, for the length of the block."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        yield


def blank(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = SIZE
) -> "tuple[Figure, Any]":
    """A figure of its own, in no global list, and its axes."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=size, layout="constrained")
        return figure, figure.subplots(rows, columns)


def save(figure: "Figure", path: Path) -> None:
    """Write the figure whole; the suffix .png, .svg or .pdf is the format."""
    suffix = path.suffix
    with house_style(), writing_file(path) as temporary:
        figure.savefig(temporary, format=suffix[1:], metadata=METADATA[suffix])


def _curve(axes: "Axes", x: list[float], y: list[float], **look: Any) -> None:
    """A line through the points in rising x, with markers while they are few."""
    order = sorted(range(len(x)), key=x.__getitem__)
    marker = "o" if len(x) < MANY else ""
    with house_style():
        axes.plot([x[i] for i in order], [y[i] for i in order], marker=marker, **look)


def _legend(axes: "Axes", **where: Any) -> None:
    with house_style():
        axes.legend(**where)


def saddle_figure(record: Record) -> "Figure":
    """Overlap and entropy of typical solutions against the load, a line per margin."""
    figure, (left, right) = blank(1, 2)
    margins = sorted(set(record.column("kappa")))
    looks = zip(cycle(COLOURS), cycle(DASHES), strict=False)
    for margin, (colour, dashes) in zip(margins, looks, strict=False):
        rows = [row for row in record.rows if row["kappa"] == margin]
        alpha = [row["alpha"] for row in rows]
        look = {"color": colour, "linestyle": dashes, "label": f"κ = {margin:g}"}
        _curve(left, alpha, [row["q"] for row in rows], **look)
        _curve(right, alpha, [row["entropy"] for row in rows], **look)
    left.set(ylabel="overlap q of two solutions", ylim=(-0.03, 1.03))
    right.set(ylabel="entropy (nats per weight)")
    for axes in (left, right):
        axes.set(xlabel="load α (patterns per weight)")
    if record.parameters["model"] == "binary":
        right.axhline(0, color=BLACK, linewidth=0.8)
    _legend(left)
    figure.suptitle(f"Typical solutions, {record.parameters['model']} weights", fontsize=11)
    return figure


def potential_figure(record: Record) -> "Figure":
    """The effective potential with its energetic and entropic parts."""
    figure, axes = blank()
    y = record.column("y")
    parts = (
        ("potential", "effective potential", BLACK, "-"),
        ("energetic_potential", "energetic part U", BLUE, "--"),
        ("entropic_potential", "entropic part", VERMILION, "-."),
    )
    for name, label, colour, dashes in parts:
        _curve(axes, y, record.column(name), color=colour, linestyle=dashes, label=label)
    axes.set(xlabel="slow coordinate y (length)", ylabel="potential (energy)")
    _legend(axes)
    return figure


def relaxation_figure(record: Record) -> "Figure":
    """Mean exit time against the start, the ends marked."""
    figure, axes = blank()
    times = record.column("mean_time")
    _curve(axes, record.column("start"), times, color=BLUE, label="mean exit time")
    for name, label, colour, dashes in (
        ("absorb", "absorbing end", VERMILION, "--"),
        ("reflect", "reflecting end", GREEN, ":"),
    ):
        for i, end in enumerate(record.parameters[name]):
            axes.axvline(end, color=colour, linestyle=dashes, label="" if i else label)
    axes.set(xlabel="start y (length)", ylabel="mean time (length²/energy, unit mobility)")
    axes.set_ylim(0, 1.08 * max(times) or None)
    _legend(axes)
    return figure

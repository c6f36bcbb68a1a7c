"""How every figure of the command looks, and how it is written.

Okabe and Ito's colours, told apart by colour-blind readers; sizes for a printed column; the same
record gives the same bytes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .atomic import writing_file

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


def curve(axes: "Axes", x: list[float], y: list[float], **look: Any) -> None:
    """A line through the points in rising x, with markers while they are few."""
    order = sorted(range(len(x)), key=x.__getitem__)
    look = {"marker": "o" if len(x) < MANY else ""} | look
    with house_style():
        axes.plot([x[i] for i in order], [y[i] for i in order], **look)


def from_zero(axes: "Axes") -> None:
    """Let the axis of values begin at zero, unless something lies below."""
    if axes.dataLim.y0 >= 0:
        axes.set_ylim(bottom=0)


def legend(axes: "Axes", **where: Any) -> None:
    """A legend in the house style."""
    with house_style():
        axes.legend(**where)

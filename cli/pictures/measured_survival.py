"""Who is inside still, against time."""

from typing import TYPE_CHECKING

from ..figures import COLOURS, DASHES, blank, house_style, legend
from ..record import Record
from .banded import banded, time_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 8  # starts that a legend can tell apart


def figure(record: Record) -> "Figure":
    """The survival curve of every start, with a band of two standard errors."""
    picture, axes = blank()
    starts = list(dict.fromkeys(record.column("start")))
    for i, start in enumerate(starts):
        rows = [row for row in record.rows if row["start"] == start]
        names = ("time", "survival", "survival_stderr")
        time, share, stderr = ([row[name] for row in rows] for name in names)
        look = {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i // len(COLOURS) % 4]}
        label = f"start y = {start:g}" if i < FEW else ""
        banded(axes, time, share, stderr, label=label, **look)
    with house_style():
        axes.set(xlabel=f"time ({time_unit(record, 'time')})", ylabel="probability to be inside")
        axes.set_ylim(0, 1.02)
    legend(axes, title="band: ± 2 standard errors")
    return picture

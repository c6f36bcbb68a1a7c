"""Survival and the density of leaving against time."""

from typing import TYPE_CHECKING

from ..figures import COLOURS, DASHES, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 7  # starts that colours tell apart


def figure(record: Record) -> "Figure":
    """Two panels over one clock: the probability to be inside still, and the density of leaving."""
    picture, (above, below) = blank(rows=2, size=(6.4, 6.4))
    starts = list(dict.fromkeys(record.column("start")))
    for i, start in enumerate(starts):
        rows = [row for row in record.rows if row["start"] == start]
        time = [row["time"] for row in rows]
        look = {
            "color": COLOURS[i % MOST],
            "linestyle": DASHES[i // MOST % len(DASHES)],
            "label": f"from y = {start:g}",
        }
        curve(above, time, [row["survival"] for row in rows], **look)
        curve(below, time, [row["density"] for row in rows], **look)
    above.set(ylabel="survival (probability)", ylim=(0, 1.03))
    unit = "length²/energy, unit mobility"
    below.set(xlabel=f"time ({unit})", ylabel="density of leaving (energy/length²)")
    below.set_ylim(bottom=0)
    legend(above)
    return picture

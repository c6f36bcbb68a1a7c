"""Exit times against the start."""

from typing import TYPE_CHECKING

from ..figures import BLUE, GREEN, VERMILION, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Mean exit time against the start, the ends marked."""
    picture, axes = blank()
    times = record.column("mean_time")
    curve(axes, record.column("start"), times, color=BLUE, label="mean exit time")
    for name, label, colour, dashes in (
        ("absorb", "absorbing end", VERMILION, "--"),
        ("reflect", "reflecting end", GREEN, ":"),
    ):
        for i, end in enumerate(record.parameters[name]):
            axes.axvline(end, color=colour, linestyle=dashes, label="" if i else label)
    axes.set(xlabel="start y (length)", ylabel="mean time (length²/energy, unit mobility)")
    axes.set_ylim(0, 1.08 * max(times) or None)
    legend(axes)
    return picture

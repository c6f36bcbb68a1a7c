"""Measured exit times against the start."""

from typing import TYPE_CHECKING

from ..figures import BLUE, GREEN, VERMILION, blank, house_style, legend
from ..record import Record
from .banded import time_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Mean exit time with its error bar against the start, the ends marked."""
    picture, axes = blank()
    times = record.column("mean_time")
    label = "lower bound of the mean" if any(record.column("censored")) else "mean exit time"
    with house_style():
        axes.errorbar(
            *(record.column("start"), times, record.column("stderr")),
            **{"fmt": "o", "color": BLUE, "capsize": 3, "label": f"{label} ± standard error"},
        )
        for name, label, colour, dashes in (
            ("absorb", "absorbing end", VERMILION, "--"),
            ("reflect", "reflecting end", GREEN, ":"),
        ):
            for i, end in enumerate(record.parameters[name]):
                axes.axvline(end, color=colour, linestyle=dashes, label="" if i else label)
    axes.set(xlabel="start y (length)", ylabel=f"time ({time_unit(record, 'mean_time')})")
    tops = [time + error for time, error in zip(times, record.column("stderr"), strict=True)]
    axes.set_ylim(0, 1.08 * max((top for top in tops if top == top), default=0) or None)
    legend(axes)
    return picture

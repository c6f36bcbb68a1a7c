"""Where the slow coordinate is at rest."""

from typing import TYPE_CHECKING

from ..figures import BLACK, SKY, blank, house_style, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """The density of y, bin by bin, with error bars."""
    picture, axes = blank()
    low, high = record.column("low"), record.column("high")
    widths = [b - a for a, b in zip(low, high, strict=True)]
    middles = [0.5 * (a + b) for a, b in zip(low, high, strict=True)]
    heights, errors = (
        [value / width for value, width in zip(record.column(name), widths, strict=True)]
        for name in ("probability", "probability_stderr")
    )
    with house_style():
        axes.bar(low, heights, widths, align="edge", color=SKY, edgecolor="white", linewidth=0.4)
        axes.errorbar(
            *(middles, heights, errors),
            **{"fmt": "none", "color": BLACK, "capsize": 2, "linewidth": 1},
            label="± standard error",
        )
    axes.set(xlabel="slow coordinate y (length)", ylabel="density (1/length)")
    legend(axes)
    return picture

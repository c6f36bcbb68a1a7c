"""How long the slow coordinate remembers."""

from typing import TYPE_CHECKING

from ..figures import BLUE, blank, house_style
from ..record import Record
from .banded import banded, time_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """The autocorrelation of y against the lag, in a band of two standard errors."""
    picture, axes = blank()
    name = "autocorrelation"
    lags, values = record.column("lag"), record.column(name)
    banded(axes, lags, values, record.column(f"{name}_stderr"), color=BLUE)
    with house_style():
        axes.axhline(0, color="#606060", linewidth=0.8)
        axes.set(xlabel=f"lag ({time_unit(record, 'lag')})", ylabel="autocorrelation of y")
        axes.set_title("band: ± 2 standard errors", fontsize=9)
    return picture

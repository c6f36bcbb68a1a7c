"""The relaxation spectrum: rates by mode."""

from typing import TYPE_CHECKING

from ..figures import BLUE, MANY, blank, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Relaxation rate of each mode, on a logarithmic axis where they span more than a decade."""
    picture, axes = blank()
    modes, rates = record.column("mode"), record.column("rate")
    axes.plot(modes, rates, "o" if len(modes) < MANY else ".", color=BLUE, label="relaxation rate")
    if max(rates) > 10 * min(rates):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="mode", ylabel="rate (energy/length², unit mobility)")
    legend(axes)
    return picture

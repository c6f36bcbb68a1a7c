"""Averages of an ensemble on its way."""

from typing import TYPE_CHECKING

from ..figures import BLUE, GREEN, VERMILION, blank, house_style
from ..record import Record
from .banded import banded, time_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS = (
    ("position", "⟨y⟩ (length)", BLUE),
    ("position_squared", "⟨y²⟩ (length²)", VERMILION),
    ("fast_variance", "⟨|x|²⟩/k (length²)", GREEN),
)


def figure(record: Record) -> "Figure":
    """Mean, mean square and fast variance in bins of time, in bands of two standard errors."""
    picture, panels = blank(3, 1, size=(6.4, 6.0))
    time = record.column("time")
    for axes, (name, label, colour) in zip(panels, PANELS, strict=True):
        banded(axes, time, record.column(name), record.column(f"{name}_stderr"), color=colour)
        axes.set_ylabel(label)
    with house_style():
        panels[0].set_title("bands: ± 2 standard errors", fontsize=9)
    panels[-1].set_xlabel(f"time ({time_unit(record, 'time')})")
    return picture

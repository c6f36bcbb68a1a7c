"""Families of curves as rows: told apart by one column, faint where they mean nothing."""

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from ..figures import COLOURS, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = Sequence[dict[str, Any]]
# none of dots alone: those mean "not physical"
DASHES = ("-", "--", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1, 1, 1)))


def panel(rows: Sequence[Any], name: str) -> Rows:
    """The rows of one panel."""
    return [row for row in rows if row["panel"] == name]


def family(axes: "Axes", rows: Rows, by: str, x: str, y: str, label: str, digits: int = 6) -> None:
    """One line for each value of the column ``by``, faint and dotted where ``physical`` is false.

    label: the symbol of ``by`` in the legend.
    """
    looks = zip(cycle(COLOURS), cycle(DASHES), strict=False)
    values = sorted({row[by] for row in rows if row[by] is not None})
    for value, (colour, dashes) in zip(values, looks, strict=False):
        mine = [row for row in rows if row[by] == value]
        name = f"{label} = {value:.{digits}g}"
        if not all(row.get("physical", True) for row in mine):
            line(axes, mine, x, y, faint=True, color=colour)
        line(axes, mine, x, y, color=colour, linestyle=dashes, label=name)


def line(axes: "Axes", rows: Rows, x: str, y: str, faint: bool = False, **look: Any) -> None:
    """A line through rows in their order, with gaps where it is not physical, unless ``faint``."""
    if faint:
        look |= {"linestyle": (0, (1, 1.5)), "linewidth": 1.0, "alpha": 0.7}
    nan = float("nan")
    shown = [row[y] if faint or row.get("physical", True) else nan for row in rows]
    with house_style():
        axes.plot([row[x] for row in rows], shown, **look)

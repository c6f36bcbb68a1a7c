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


def family(axes: "Axes", rows: Rows, by: str, x: str, y: str, label: str) -> None:
    """One line for each value of the column ``by``, faint and dotted where ``physical`` is false.

    label: the symbol of ``by`` in the legend.
    """
    looks = zip(cycle(COLOURS), cycle(DASHES), strict=False)
    values = sorted({row[by] for row in rows if row[by] is not None})
    for value, (colour, dashes) in zip(values, looks, strict=False):
        mine = [row for row in rows if row[by] == value]
        whole = [row.get("physical") is not False for row in mine]
        last = max((i for i, good in enumerate(whole) if good), default=-1)
        line(axes, mine, x, y, color=colour, linestyle=dashes, label=f"{label} = {value:g}")
        if last + 1 < len(mine):
            line(axes, mine[max(last, 0) :], x, y, faint=True, color=colour)


def line(axes: "Axes", rows: Rows, x: str, y: str, faint: bool = False, **look: Any) -> None:
    """A line through rows in their order; what is not physical is left to the ``faint`` one."""
    if faint:
        look |= {"linestyle": (0, (1, 1.5)), "linewidth": 1.0, "alpha": 0.7}
    else:
        rows = [row for row in rows if row.get("physical") is not False]
    with house_style():
        axes.plot([row[x] for row in rows], [row[y] for row in rows], **look)

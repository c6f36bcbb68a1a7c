"""Capacity against the margin."""

from itertools import cycle
from typing import TYPE_CHECKING

from ..figures import COLOURS, DASHES, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"rs": "replica symmetry", "frsb": "full breaking"}


def name_of(ansatz: str) -> str:
    """In words: 2rsb is two steps of breaking."""
    steps = ansatz.removesuffix("rsb")
    return NAMES.get(ansatz, f"{steps} step{'s' if steps != '1' else ''} of breaking")


def figure(record: Record) -> "Figure":
    """α_c against κ, a line per ansatz; with several, also relative to the first."""
    every = list(dict.fromkeys(record.column("ansatz")))
    margins = sorted(set(record.column("kappa")))
    found = {(row["ansatz"], row["kappa"]): row["alpha_c"] for row in record.rows}
    picture, panels = blank(1, 1 + (len(every) > 1))
    left, *right = [panels] if len(every) == 1 else list(panels)
    looks = list(zip(every, cycle(COLOURS), cycle(DASHES), strict=False))
    for ansatz, colour, dashes in looks:
        look = {"color": colour, "linestyle": dashes, "label": name_of(ansatz)}
        curve(left, margins, [found[ansatz, kappa] for kappa in margins], **look)
        for axes in right:
            first = [found[every[0], kappa] for kappa in margins]
            share = [found[ansatz, kappa] / a for kappa, a in zip(margins, first, strict=True)]
            curve(axes, margins, share, **look)
    left.set(ylabel="capacity α_c (patterns per weight)", yscale="log")
    for axes in right:
        axes.set(ylabel=f"α_c relative to {name_of(every[0])}")
    for axes in (left, *right):
        axes.set(xlabel="margin κ")
    legend(left)
    picture.suptitle(f"Capacity, {record.parameters['model']} weights", fontsize=11)
    return picture

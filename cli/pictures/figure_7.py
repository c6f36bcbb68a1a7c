"""Figure 7 of the review: the widest surroundings break up as the load grows."""

from typing import TYPE_CHECKING

from ..figures import BLACK, SIZE, blank, legend
from ..record import Record
from .families import family, panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOADS = (0.6, 0.7, 0.73, 0.75, 0.8)
POINTS = 160
REACH = 0.2
UNITS = {"distance": "fraction", "local_entropy": "nats/weight", "slope": "nats/weight"}


def record() -> Record:
    """φ(d) and its slope around references of the largest margin, at several loads."""
    import numpy as np

    from ...theory.perceptron.local_entropy import local_entropy
    from ...theory.perceptron.max_margin import max_margin

    loads = np.array(LOADS)
    margins = max_margin(loads, "binary").kappa_max
    distance = REACH * np.linspace(1e-2, 1, POINTS) ** 2
    found = local_entropy(distance, loads[:, None], reference_margin=margins[:, None])
    rows = [
        {
            "panel": name,
            "alpha": loads[i],
            "reference_margin": margins[i],
            "distance": distance[j],
            name: getattr(found, name)[i, j],
            other: None,
            "physical": bool(found.local_entropy[i, j] >= 0),
        }
        for name, other in (("local_entropy", "slope"), ("slope", "local_entropy"))
        for i in range(len(LOADS))
        for j in range(POINTS)
    ]
    names = [
        *("panel", "alpha", "reference_margin", "distance", "local_entropy", "slope", "physical"),
    ]
    ordered = [{name: row[name] for name in names} for row in rows]
    return Record("figure-7", {"model": "binary", "kappa": 0.0, "alpha": LOADS}, ordered, UNITS)


def figure(record: Record) -> "Figure":
    """Left the local entropy, right its slope, which first touches zero at α_LE."""
    picture, (left, right) = blank(1, 2, (SIZE[0] * 1.25, SIZE[1]))
    for axes, name, label in (
        (left, "local_entropy", "local entropy (nats per weight)"),
        (right, "slope", "slope dφ/dd (nats per weight)"),
    ):
        family(axes, panel(record.rows, name), "alpha", "distance", name, "α")
        axes.axhline(0, color=BLACK, linewidth=0.8)
        axes.set(xlabel="distance d from the reference", ylabel=label, xlim=(0, REACH))
    left.set(ylim=(-0.02, 0.3))
    right.set(ylim=(-0.6, 4))
    legend(left, loc="upper left")
    picture.suptitle("Around binary references of the largest margin, κ = 0", fontsize=11)
    return picture

"""Figure 6 of the review: solutions of larger margin lie in denser surroundings."""

from typing import TYPE_CHECKING, Any

from ..figures import BLACK, SIZE, blank, legend
from ..record import Record
from .families import family, line, panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOAD = 0.5
SHARES = (0.0, 0.05, 0.1, 0.3, 1.0)  # of the largest margin
POINTS = 120
UNITS = {"distance": "fraction", "local_entropy": "nats/weight", "upper_bound": "nats/weight"}


def record() -> Record:
    """φ(d) around references of several margins; panel "near" is the inset at small distance."""
    import numpy as np

    from ...theory.perceptron.local_entropy import local_entropy
    from ...theory.perceptron.max_margin import max_margin

    most = float(max_margin(LOAD, "binary").kappa_max)
    margins = most * np.array(SHARES)
    rows = []
    for name, reach in (("far", 0.5), ("near", 0.04)):
        distance = reach * np.linspace(1e-2, 1, POINTS) ** 2
        found = local_entropy(distance, LOAD, reference_margin=margins[:, None])
        rows += [
            {
                "panel": name,
                "reference_margin": margins[i],
                "distance": distance[j],
                "local_entropy": found.local_entropy[i, j],
                "upper_bound": found.upper_bound[i, j],
                "physical": bool(found.local_entropy[i, j] >= 0),
            }
            for i in range(len(SHARES))
            for j in range(POINTS)
        ]
    parameters = {"model": "binary", "alpha": LOAD, "kappa": 0.0, "kappa_max": most}
    return Record("figure-6", parameters, rows, UNITS)


def figure(record: Record) -> "Figure":
    """Local entropy against the distance, the last margin being the largest; inset: close by."""
    picture, axes = blank(size=SIZE)
    inset = axes.inset_axes((0.56, 0.1, 0.42, 0.42))
    for where, name in ((axes, "far"), (inset, "near")):
        rows = panel(record.rows, name)
        family(where, rows, "reference_margin", "distance", "local_entropy", "κ̃", digits=3)
        _bound(where, rows)
        where.axhline(0, color=BLACK, linewidth=0.8)
    axes.set(xlabel="distance d from the reference", ylabel="local entropy (nats per weight)")
    axes.set(xlim=(0, 0.5), ylim=(-0.03, 0.72))
    inset.set(xlim=(0, 0.04), ylim=(-0.03, 0.17))
    inset.tick_params(labelsize=8)
    legend(axes, loc="upper left", title="margin of the reference")
    load = record.parameters["alpha"]
    picture.suptitle(f"Binary solutions of margin 0 around a reference, α = {load:g}", fontsize=11)
    return picture


def _bound(axes: Any, rows: Any) -> None:
    first = rows[0]["reference_margin"]
    bound = [row | {"physical": True} for row in rows if row["reference_margin"] == first]
    line(axes, bound, "distance", "upper_bound", color=BLACK, linewidth=1.0, label="all weights")

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
    """φ(d) around references of several margins; panel "near" at small ones."""
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
    """Left all distances, right those close by; the last margin is the largest there is."""
    picture, both = blank(1, 2, (SIZE[0] * 1.25, SIZE[1]))
    reach = {"far": ((0, 0.5), (-0.03, 0.72)), "near": ((0, 0.04), (-0.02, 0.17))}
    for axes, (name, (x, y)) in zip(both, reach.items(), strict=True):
        rows = panel(record.rows, name)
        family(axes, rows, "reference_margin", "distance", "local_entropy", "κ̃", digits=3)
        _bound(axes, rows)
        axes.axhline(0, color=BLACK, linewidth=0.8)
        axes.set(xlabel="distance d from the reference", xlim=x, ylim=y)
    both[0].set(ylabel="local entropy (nats per weight)")
    legend(both[1], loc="upper left", title="margin of the reference")
    load = record.parameters["alpha"]
    picture.suptitle(f"Binary solutions of margin 0 around a reference, α = {load:g}", fontsize=11)
    return picture


def _bound(axes: Any, rows: Any) -> None:
    first = rows[0]["reference_margin"]
    bound = [row | {"physical": True} for row in rows if row["reference_margin"] == first]
    line(axes, bound, "distance", "upper_bound", color=BLACK, linewidth=1.0, label="all weights")

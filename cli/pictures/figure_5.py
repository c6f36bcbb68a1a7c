"""Figure 5 of the review: typical binary solutions are isolated."""

from typing import TYPE_CHECKING

from ..figures import BLACK, BLUE, SIZE, blank, legend
from ..progress import tracked
from ..record import Record
from .families import family, line, panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOADS = (0.3, 0.5, 0.65, 0.75, 0.8)
POINTS = 120
UNITS = {"alpha": "patterns/weight", "distance": "fraction", "local_entropy": "nats/weight"}


def record() -> Record:
    """Panel "entropy": φ(d) at a few loads; panel "isolation": d_min(α), as ``distance``."""
    import numpy as np

    from ...theory.perceptron.local_entropy import local_entropy
    from ...theory.perceptron.saddle import critical_capacity
    from ...theory.perceptron.thresholds import isolation_distance

    distance = 0.5 * np.linspace(1e-2, 1, POINTS) ** 2
    found = local_entropy(distance, np.array(LOADS)[:, None])
    rows = [
        {
            "panel": "entropy",
            "alpha": found.alpha[i, j],
            "distance": found.distance[i, j],
            "local_entropy": found.local_entropy[i, j],
            "upper_bound": found.upper_bound[i, j],
            "physical": bool(found.local_entropy[i, j] >= 0),
        }
        for i in range(len(LOADS))
        for j in range(POINTS)
    ]
    capacity = float(critical_capacity(0.0, "binary"))
    loads = capacity * (1 - np.linspace(0.95, 1e-4, 37) ** 2)  # the curve ends like a square root
    rows += [
        {
            "panel": "isolation",
            "alpha": alpha,
            "distance": float(isolation_distance(alpha).value),
            "local_entropy": 0.0,
            "upper_bound": None,
            "physical": True,
        }
        for alpha in tracked(loads.tolist(), "figure 5", lambda alpha: f"alpha = {alpha:.3f}")
    ]
    return Record("figure-5", {"model": "binary", "kappa": 0.0, "alpha": LOADS}, rows, UNITS)


def figure(record: Record) -> "Figure":
    """Left the local entropy, dotted where it counts nothing; right where it begins to count."""
    picture, (left, right) = blank(1, 2, (SIZE[0] * 1.25, SIZE[1]))
    entropy = panel(record.rows, "entropy")
    family(left, entropy, "alpha", "distance", "local_entropy", "α")
    first = [row for row in entropy if row["alpha"] == LOADS[0]]
    bound = [row | {"physical": True} for row in first]
    line(left, bound, "distance", "upper_bound", color=BLACK, linewidth=1.0, label="all weights")
    left.set(xlabel="distance d from the solution", ylabel="local entropy (nats per weight)")
    left.set(xlim=(0, 0.5), ylim=(-0.08, 0.98))
    left.axhline(0, color=BLACK, linewidth=0.8)
    legend(left, loc="upper left", ncols=2)
    line(right, panel(record.rows, "isolation"), "alpha", "distance", color=BLUE)
    right.set(xlabel="load α (patterns per weight)", ylabel="$d_{min}$, no solution is nearer")
    right.set(xlim=(0, None), yscale="log")
    picture.suptitle("Around a typical binary solution, κ = 0", fontsize=11)
    return picture

"""Figure 2 of the review: how far apart typical solutions are."""

from typing import TYPE_CHECKING

from ..figures import SIZE, blank, legend
from ..record import Record
from .families import family, panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGINS = (0.0, 0.3, 0.6, 1.0)
POINTS = 200
UNITS = {"alpha": "patterns/weight", "distance": "fraction", "entropy": "nats/weight"}


def record() -> Record:
    """Distance and entropy of typical solutions up to where the saddle point ends."""
    import numpy as np

    from ...theory.perceptron.saddle import saddle_limit, saddle_point

    rows = []
    for model in ("spherical", "binary"):
        for kappa in MARGINS:
            load = saddle_limit(kappa, model) * np.sin(np.linspace(0, np.pi / 2, POINTS + 1)[:-1])
            found = saddle_point(load, kappa, model)
            physical = ~found.without_solutions()
            rows += [
                {
                    "panel": model,
                    "kappa": kappa,
                    "alpha": found.alpha[i],
                    "distance": found.distance[i],
                    "entropy": found.entropy[i],
                    "physical": bool(physical[i]),
                }
                for i in range(POINTS)
            ]
    return Record("figure-2", {"kappa": MARGINS}, rows, UNITS)


def figure(record: Record) -> "Figure":
    """Left the sphere, right binary weights, dotted beyond the zero-entropy point."""
    picture, both = blank(1, 2, (SIZE[0] * 1.25, SIZE[1]))
    for axes, model in zip(both, ("spherical", "binary"), strict=True):
        family(axes, panel(record.rows, model), "kappa", "alpha", "distance", "κ")
        axes.set(
            title=f"{model} weights",
            xlabel="load α (patterns per weight)",
            ylabel="distance of typical solutions, (1 − q)/2",
            xlim=(0, None),
            ylim=(0, 0.51),
        )
    legend(both[0], title="margin")
    return picture

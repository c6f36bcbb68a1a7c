"""The two panels that figures 3 and 4 of the review share, for either kind of weights."""

from typing import TYPE_CHECKING

from ..figures import BLACK, BLUE, SIZE, blank, legend
from ..record import Record
from .families import family, line, panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGINS = (0.0, 0.3, 0.6, 1.0)
POINTS = 200
UNITS = {"alpha": "patterns/weight", "entropy": "nats/weight"}


def tabulate(name: str, model: str) -> Record:
    """Panel "entropy": α, entropy at a few margins; panel "capacity": α_c(κ), as ``alpha``."""
    import numpy as np

    from ...theory.perceptron.saddle import critical_capacity, saddle_limit, saddle_point

    rows = []
    for kappa in MARGINS:
        load = saddle_limit(kappa, model) * np.sin(np.linspace(0, np.pi / 2, POINTS + 1)[:-1])
        found = saddle_point(load, kappa, model)
        physical = ~found.without_solutions()
        rows += [
            {"panel": "entropy", "kappa": kappa, "alpha": a, "entropy": s, "physical": bool(good)}
            for a, s, good in zip(found.alpha, found.entropy, physical, strict=True)
        ]
    margins = np.linspace(-1, 3, POINTS + 1)
    exact = (margins >= 0) | (model == "binary")
    rows += [
        {"panel": "capacity", "kappa": k, "alpha": a, "entropy": None, "physical": bool(good)}
        for k, a, good in zip(margins, critical_capacity(margins, model), exact, strict=True)
    ]
    return Record(name, {"model": model, "kappa": MARGINS}, rows, UNITS)


def draw(record: Record) -> "Figure":
    """Entropy on the left, capacity on the right."""
    model = record.parameters["model"]
    picture, (left, right) = blank(1, 2, (SIZE[0] * 1.25, SIZE[1]))
    family(left, panel(record.rows, "entropy"), "kappa", "alpha", "entropy", "κ")
    left.set(xlabel="load α (patterns per weight)", ylabel="entropy (nats per weight)")
    left.set(xlim=(0, None), ylim=(-0.4, 0.75) if model == "binary" else (-4, 0.1))
    left.axhline(0, color=BLACK, linewidth=0.8)
    legend(left, title="margin")

    capacity = panel(record.rows, "capacity")
    line(right, capacity, "kappa", "alpha", color=BLUE)
    bound = [row for row in capacity if not row["physical"]]
    if bound:
        line(right, bound, "kappa", "alpha", faint=True, color=BLUE, label="upper bound (κ < 0)")
        legend(right)
    right.set(xlabel="margin κ", ylabel="capacity $\\alpha_c$ (patterns per weight)", yscale="log")
    picture.suptitle(f"{model} weights", fontsize=11)
    return picture

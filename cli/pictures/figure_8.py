"""Figure 8 of the review: the error between two solutions of the negative perceptron."""

from typing import TYPE_CHECKING

from ..figures import SIZE, blank, legend
from ..progress import tracked
from ..record import Record
from .families import family, panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOAD, MARGIN = 1.0, -0.5
SHARES = (0.0, 0.4, 0.7, 1.0)  # of the way from κ to the margin at which the barrier vanishes
POINTS = 161
UNITS = {"gamma": "share of solution 1", "error_rate": "fraction of patterns"}


def record() -> Record:
    """Error rate along the geodesic; both margins raised together, then one of them alone."""
    import numpy as np

    from ...theory.perceptron.critical_margins import critical_margins
    from ...theory.perceptron.geodesic import geodesic_barrier

    critical = critical_margins(LOAD, MARGIN)
    gamma = np.linspace(0, 1, POINTS)
    pairs = []
    for name, end in (("equal", critical.kappa_star), ("one typical", critical.kappa_kernel)):
        raised = MARGIN + np.array(SHARES) * (float(end) - MARGIN)
        first = raised if name == "equal" else np.full_like(raised, MARGIN)
        pairs += [(name, one, two) for one, two in zip(first, raised, strict=True)]
    rows = []
    for name, one, two in tracked(
        pairs, "figure 8", lambda pair: f"margins {pair[1]:.3g}, {pair[2]:.3g}"
    ):
        found = geodesic_barrier(gamma, LOAD, MARGIN, (one, two))
        rows += [
            {"panel": name, "margin_1": one, "margin_2": two, "gamma": g, "error_rate": e}
            for g, e in zip(gamma, found.error_rate, strict=True)
        ]
    parameters = {
        "alpha": LOAD,
        "kappa": MARGIN,
        "kappa_star": critical.kappa_star,
        "kappa_kernel": critical.kappa_kernel,
    }
    return Record("figure-8", parameters, rows, UNITS)


def figure(record: Record) -> "Figure":
    """Left equal margins, up to κ*; right one solution typical, the other up to κ_krn."""
    picture, both = blank(1, 2, (SIZE[0] * 1.25, SIZE[1]))
    titles = {"equal": "equal margins κ₁ = κ₂", "one typical": "one typical, κ₁ = κ"}
    for axes, (name, title) in zip(both, titles.items(), strict=True):
        rows = panel(record.rows, name)
        family(axes, rows, "margin_2", "gamma", "error_rate", "κ₂", digits=3)
        axes.set(title=title, xlabel="γ along the geodesic (1: solution 1)")
        top = 1.3 * max(row["error_rate"] for row in rows)  # room for the legend
        axes.set(ylabel="error rate (fraction of patterns)", xlim=(0, 1), ylim=(0, top))
        legend(axes, loc="upper center", ncols=2)
    load, margin = record.parameters["alpha"], record.parameters["kappa"]
    picture.suptitle(f"Spherical weights, α = {load:g}, κ = {margin:g}", fontsize=11)
    return picture

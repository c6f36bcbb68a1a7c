"""Volumes beside log-determinants, and the slope that is integrated to the volume."""

from typing import TYPE_CHECKING, Any

from ..figures import BLACK, BLUE, COLOURS, ORANGE, VERMILION, blank, curve, house_style, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE = 2.0  # standard errors
MOST = 5  # points whose slopes are told apart


def figure(record: Record) -> "Figure":
    """Left: entropies at every point.  Right: the coefficient over temperature."""
    picture, (left, right) = blank(1, 2, size=(9.6, 3.8))
    _entropies(left, record)
    _slopes(right, record)
    samples, gamma = record.parameters["samples"], record.parameters["localisation"]
    told = f"n = {samples}, nβ = {record.parameters['weight']:.4g} per loss"
    problem = record.parameters["problem"]["reference"]
    words = f"Basins of {problem}: {told}, localisation {gamma:g} per length²"
    picture.suptitle(f"{words} (bars: ± 2 standard errors)", fontsize=10)
    return picture


def _entropies(axes: "Axes", record: Record) -> None:
    along = "fraction" in record.names
    x = record.column("fraction") if along else list(range(len(record.rows)))
    look: dict[str, Any] = {} if along else {"linestyle": "none"}
    for name, label, colour, marker in (
        ("logdet_entropy", "−½ Σ ln λ/floor, λ > floor", ORANGE, "s"),
        ("harmonic_entropy", "quadratic loss, with its slope", VERMILION, "^"),
        ("volume_entropy", "volume", BLUE, "o"),
    ):
        values = record.column(name)
        if None not in values:
            curve(axes, x, values, color=colour, label=label, marker=marker, **look)
    error = [WIDE * e for e in record.column("volume_entropy_stderr")]
    with house_style():
        values = record.column("volume_entropy")
        axes.errorbar(x, values, yerr=error, fmt="none", ecolor=BLUE, capsize=3)
        axes.margins(x=0.15, y=0.3)
        if not along:
            axes.set_xticks(x, [str(name) for name in record.column("minimum")])
        axes.set_xlabel("position on the path s / length" if along else "minimum")
        axes.set_ylabel("entropy S (nats)")
    legend(axes, loc="upper center")


def _slopes(axes: "Axes", record: Record) -> None:
    curves = record.parameters["curves"][:MOST]
    for i, (row, found) in enumerate(zip(record.rows, curves, strict=False)):
        name = f"at {row['fraction']:.3g}" if "fraction" in row else str(row["minimum"])
        colour = COLOURS[i % len(COLOURS)]
        x, y = found["weight"][1:], found["coefficient"][1:]
        curve(axes, x, y, color=colour, linestyle="-", label=name)
        bars = [WIDE * e for e in found["coefficient_stderr"][1:]]
        with house_style():
            axes.errorbar(x, y, yerr=bars, fmt="none", ecolor=colour, capsize=2)
        if found["harmonic_coefficient"] is not None:
            label = "quadratic" if i == len(curves) - 1 else None
            look = {"color": colour if label is None else BLACK, "linestyle": ":", "marker": ""}
            curve(
                axes,
                x,
                found["harmonic_coefficient"][1:],
                label=label,
                **(look | {"color": colour}),
            )
    axes.set(xscale="log", xlabel="inverse temperature nβ (1/loss)")
    axes.set_ylabel("nβ⟨L − L*⟩ = −dS/d ln β")
    legend(axes, loc="upper left")

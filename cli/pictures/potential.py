"""The effective potential and its parts."""

from typing import TYPE_CHECKING

from ..figures import BLACK, BLUE, GREEN, VERMILION, blank, curve, house_style, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Y = "slow coordinate y (length)"


def figure(record: Record) -> "Figure":
    """The effective potential with its parts: energy and entropy, orders, or what x does."""
    if "energetic_potential" in record.names:
        return _of_valley(record)
    return _of_orders(record) if "order_0" in record.names else _integrated_out(record)


def _of_valley(record: Record) -> "Figure":
    picture, axes = blank()
    y = record.column("y")
    parts = (
        ("potential", "effective potential", BLACK, "-"),
        ("energetic_potential", "energetic part U", BLUE, "--"),
        ("entropic_potential", "entropic part", VERMILION, "-."),
    )
    for name, label, colour, dashes in parts:
        curve(axes, y, record.column(name), color=colour, linestyle=dashes, label=label)
    axes.set(xlabel=Y, ylabel="potential (energy)")
    legend(axes)
    return picture


def _of_orders(record: Record) -> "Figure":
    """Laplace's expansion, each order added to those before, with what T³ brings as a band."""
    picture, axes = blank()
    y, sums = record.column("y"), [0.0] * len(record.rows)
    labels = ("floor V(x*, y)", "... and ½T ln V$_{xx}$", "... and the T² term")
    looks = ((BLUE, "--"), (VERMILION, "-."), (BLACK, "-"))
    for n, (label, (colour, dashes)) in enumerate(zip(labels, looks, strict=True)):
        sums = [a + b for a, b in zip(sums, record.column(f"order_{n}"), strict=True)]
        curve(axes, y, sums, color=colour, linestyle=dashes, label=label)
    error = record.column("potential_error")
    low, high = ([v + s * e for v, e in zip(sums, error, strict=True)] for s in (-1, 1))
    with house_style():
        order = sorted(range(len(y)), key=y.__getitem__)
        band = ([values[i] for i in order] for values in (y, low, high))
        axes.fill_between(*band, color=BLACK, alpha=0.2, linewidth=0, label="what T³ brings")
    axes.set(xlabel=Y, ylabel="effective potential (energy)")
    legend(axes)
    return picture


def _integrated_out(record: Record) -> "Figure":
    """The potential above; below where x is, as mean and standard deviation."""
    picture, (above, below) = blank(2, size=(6.4, 5.6))
    y, x = record.column("y"), record.column("position")
    spread = [v**0.5 for v in record.column("variance")]
    curve(above, y, record.column("potential"), color=BLACK)
    above.set(ylabel="effective potential (energy)")
    curve(below, y, x, color=GREEN, label="mean of x")
    with house_style():
        order = sorted(range(len(y)), key=y.__getitem__)
        low, high = ([x[i] + s * spread[i] for i in order] for s in (-1, 1))
        label = "± its standard deviation"
        band = {"color": GREEN, "alpha": 0.2, "linewidth": 0, "label": label}
        below.fill_between([y[i] for i in order], low, high, **band)
    below.set(xlabel=Y, ylabel="fast coordinate x (length)")
    legend(below)
    return picture

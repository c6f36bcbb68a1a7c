"""Loss and metric along a path, beside those of the straight line between its ends."""

from typing import TYPE_CHECKING, Any

from ..figures import BLACK, BLUE, GREEN, VERMILION, blank, curve, house_style, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "autoneb": "AutoNEB",
    "neb": "elastic band",
    "bezier": "Bézier curve",
    "polygon": "polygon",
    "line": "straight line",
}


def figure(record: Record) -> "Figure":
    """The landscape's loss above; below, where the problem has one, the metric."""
    asked = record.parameters
    measured = [name for name in ("metric", "test_metric") if name in record.names]
    picture, axes = blank(2 if measured else 1, size=(6.4, 5.6 if measured else 4.0))
    above = axes[0] if measured else axes
    _both(above, record, "loss", BLUE, NAMES[asked["method"]])
    beads = [row for row in record.rows if row["pivot"]]
    place, loss = ([row[name] for row in beads] for name in ("fraction", "loss"))
    with house_style():
        above.plot(place, loss, "o", color=BLUE, label=f"{len(beads)} pivots")
    told = f"length {asked['length']:.3g}, as the crow flies {asked['distance']:.3g}"
    above.set(ylabel="loss of the landscape", title=f"{told}; barrier {asked['barrier']:.3g}")
    legend(above)
    for name, colour, label in (
        ("metric", GREEN, "training set"),
        ("test_metric", VERMILION, "test set"),
    ):
        if name in measured:
            _both(axes[1], record, name, colour, label)
    if measured:
        axes[1].set(ylabel=f"{asked['metric_name']} (statistics re-estimated)")
        if asked["normalisation"] != "batch":
            axes[1].set(ylabel=asked["metric_name"])
        legend(axes[1])
    (axes[1] if measured else axes).set(xlabel="position along the path (fraction of its length)")
    return picture


def _both(axes: Any, record: Record, name: str, colour: str, label: str) -> None:
    """A quantity along the path, and dashed along the straight line."""
    line = record.parameters["line"]
    place, values = record.column("fraction"), record.column(name)
    curve(axes, place, values, color=colour, marker="", label=label)
    if record.parameters["method"] != "line":
        black = BLACK if name == "loss" else colour
        said = "straight line" if name == "loss" else f"{label}, straight line"
        look = {"color": black, "linestyle": "--", "marker": "", "label": said}
        curve(axes, line["fraction"], line[name], **look)

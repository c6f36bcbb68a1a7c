"""Typical solutions against the load."""

from itertools import cycle
from typing import TYPE_CHECKING, Any

from ..figures import BLACK, COLOURS, DASHES, MANY, blank, curve, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "q": "overlap q of two solutions",
    "generalization_error": "generalization error of one solution",
    "entropy": "entropy (nats per weight)",
    "energy": "energy per weight",
}


def figure(record: Record) -> "Figure":
    """Overlap and entropy of typical solutions against the load, a line per margin.

    At finite temperatures the energy as well, a line per temperature too; with a teacher the
    generalization error in place of the overlap, dotted where another branch dominates.
    """
    taught = record.parameters["setting"] == "teacher"
    warm = "energy" in record.names
    shown = ["generalization_error" if taught else "q", "entropy", *(["energy"] if warm else [])]
    picture, panels = blank(1, len(shown), (6.4 if len(shown) == 2 else 9.6, 4.0))
    for label, rows, look in _lines(record, warm):
        for panel, name in zip(panels, shown, strict=True):
            _branches(panel, rows, name, {"label": label, **look})
    for panel, name in zip(panels, shown, strict=True):
        panel.set(xlabel="load α (patterns per weight)", ylabel=LABELS[name])
    panels[0].set(ylim=(-0.015, 0.515) if taught else (-0.03, 1.03))
    model = record.parameters["model"]
    if model != "spherical":
        panels[1].axhline(0, color=BLACK, linewidth=0.8)
    legend(panels[0])
    teacher = ", labels of a teacher (dotted: not dominant)" if taught else ""
    energy = f", {record.parameters['energy']} energy" if warm else ""
    weights = "binary weights, |Δ| ≤ κ" if model == "symmetric" else f"{model} weights"
    picture.suptitle(f"Typical solutions, {weights}{energy}{teacher}", fontsize=11)
    return picture


def _lines(record: Record, warm: bool) -> list[tuple[str, list[Any], dict[str, Any]]]:
    """Label, rows and look of every margin and temperature."""
    looks = zip(cycle(COLOURS), cycle(DASHES if not warm else ("-", "--", "-.")), strict=False)
    keys = sorted({(row["kappa"], row.get("beta")) for row in record.rows}, key=str)
    lines = []
    for (margin, beta), (colour, dashes) in zip(keys, looks, strict=False):
        rows = [row for row in record.rows if (row["kappa"], row.get("beta")) == (margin, beta)]
        label = f"κ = {margin:g}" + (f", β = {beta:g}" if warm else "")
        lines.append((label, rows, {"color": colour, "linestyle": dashes}))
    return lines


def _branches(panel: Any, rows: list[Any], name: str, look: dict[str, Any]) -> None:
    """A line for every branch, dotted where it does not dominate; the first wears the label."""
    for branch in dict.fromkeys(row.get("branch") for row in rows):
        for dominant in (True, False):
            here = [row for row in rows if row.get("branch") == branch]
            here = [row for row in here if row.get("dominant", True) == dominant]
            here = [row for row in here if row["q"] is not None and row["q"] == row["q"]]
            if here:
                style: dict[str, Any] = {"marker": "o" if len(rows) < MANY else ""}
                if not dominant:
                    style = {"marker": "", "linestyle": ":", "linewidth": 1.2}
                x, y = ([row[each] for row in here] for each in ("alpha", name))
                curve(panel, x, y, **look | style)
                look = {key: value for key, value in look.items() if key != "label"}

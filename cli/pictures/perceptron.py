"""Measured perceptrons beside the saddle point."""

from itertools import cycle
from typing import TYPE_CHECKING, Any

from ..figures import BLACK, COLOURS, blank, house_style, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "overlap": "overlap q of two replicas",
    "teacher_overlap": "overlap R with the teacher",
    "energy": "energy per weight",
    "entropy": "entropy (nats per weight)",
    "barrier": "error rate half-way",
}
THEORY = {"overlap": "q"}
AXES = {
    "alpha": "load α (patterns per weight)",
    "beta": "inverse temperature β",
    "kappa": "margin κ",
    "size": "1/N",
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FINE = 60  # points of a theoretical curve


def figure(record: Record) -> "Figure":
    """Points with standard errors, and lines of the saddle point at infinite size.

    Against the load, or what else has several values: temperature, margin, or 1/N.
    """
    over = _abscissa(record)
    shown = [name for name in LABELS if _is_shown(record, name)]
    picture, panels = blank(1, len(shown), (3.1 * len(shown) + 1.0, 3.8))
    panels = [panels] if len(shown) == 1 else list(panels)
    series = _series(record, over)
    one_law = len({_law(rows[0], over) for rows in series.values()}) == 1
    looks = zip(cycle(COLOURS), cycle(MARKERS), strict=False)
    for number, ((label, rows), (colour, marker)) in enumerate(
        zip(series.items(), looks, strict=False)
    ):
        x = [1 / row["size"] if over == "size" else row[over] for row in rows]
        for panel, name in zip(panels, shown, strict=True):
            y, error = ([row[key] for row in rows] for key in (name, f"{name}_stderr"))
            look: dict[str, Any] = {"fmt": marker, "color": colour, "capsize": 2, "zorder": 3}
            with house_style():
                panel.errorbar(x, y, error, label=label, **look)
                if not (one_law and number):
                    alone = one_law and len(series) > 1
                    _predict(panel, record, rows, over, name, BLACK if alone else colour)
    for panel, name in zip(panels, shown, strict=True):
        _axes(panel, record, over, name)
    if len(series) > 1:
        legend(panels[0])
    picture.suptitle(_title(record, over), fontsize=11)
    return picture


def _series(record: Record, over: str) -> dict[str, list[Any]]:
    """Rows that share a line, by what tells them from the others."""
    signs = {"kappa": "κ", "beta": "β", "size": "N", "alpha": "α"}
    # at two sizes one load is two, to the nearest pattern; with several loads they are the abscissa
    names = [name for name in signs if name not in (over, "alpha")]
    varied = [name for name in names if len({row[name] for row in record.rows}) > 1]
    found: dict[str, list[Any]] = {}
    for row in record.rows:
        parts = [f"{signs[name]} = {row[name]:g}".replace("inf", "∞") for name in varied]
        found.setdefault(", ".join(parts), []).append(row)
    return found


def _law(row: Any, over: str) -> tuple[float, ...]:
    """Margin and temperature, which the saddle point knows."""
    return tuple(row[name] for name in ("kappa", "beta") if name != over)


def _axes(panel: Any, record: Record, over: str, name: str) -> None:
    panel.set(xlabel=AXES[over], ylabel=LABELS[name])
    if over == "beta":
        ticks = sorted({row["beta"] for row in record.rows if row["beta"] < float("inf")})
        panel.set_xscale("log")
        panel.set_xticks(ticks[:: 1 + len(ticks) // 7], minor=False)
        panel.xaxis.set_major_formatter("{x:g}")
        panel.xaxis.set_minor_locator(_no_ticks())
    if over == "size":
        panel.set_xlim(left=-0.04 * max(1 / row["size"] for row in record.rows))


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def _title(record: Record, over: str) -> str:
    given = record.parameters
    teacher = ", labels of a teacher" if given["setting"] == "teacher" else ""
    law = "" if given["energy"] == "constraint" else f", {given['energy']} energy"
    lines = "dashes: N → ∞" if over == "size" else "lines: N → ∞"
    return f"{given['model'].capitalize()} weights sampled{law}{teacher} ({lines})"


def _abscissa(record: Record) -> str:
    """What has several values, the load before anything else."""
    for name in ("alpha", "beta", "kappa", "size"):
        asked = record.parameters[name]
        if len({value for value in asked if value != "inf"}) > 1:
            return name
    return "alpha"


def _is_shown(record: Record, name: str) -> bool:
    if name not in record.names:
        return False
    if name == "energy":
        return any(row["beta"] < float("inf") for row in record.rows)
    return any(row[name] == row[name] for row in record.rows)


def _predict(
    panel: Any, record: Record, rows: list[Any], over: str, name: str, colour: str
) -> None:
    """The saddle point's curve through the range of the rows; nothing where it has no answer."""
    import numpy as np

    from ...theory.errors import DomainError
    from ...theory.perceptron.saddle import saddle_limit

    given, first = record.parameters, rows[0]
    at: dict[str, Any] = {key: np.float64(first[key]) for key in ("alpha", "kappa", "beta")}
    if over == "size":
        at["alpha"] = np.float64(given["alpha"][0])
    else:
        x = np.array([row[over] for row in rows])
        x = x[np.isfinite(x)]
        spread = np.geomspace if over == "beta" else np.linspace
        at[over] = spread(x.min(), x.max(), FINE if len(x) > 1 else 1)
    if np.isinf(at["beta"]).any():
        limit = saddle_limit(at["kappa"], given["model"], given["setting"])
        if over == "alpha":
            at["alpha"] = at["alpha"][at["alpha"] < 0.9999 * limit]
    try:
        y = _prediction(record, at, name)
    except DomainError:
        return
    if over == "size":
        panel.axhline(float(y), color=colour, linestyle="--", linewidth=1.2)
    else:
        panel.plot(at[over], y, color=colour, marker="" if at[over].size > 1 else "_")


def _prediction(record: Record, at: dict[str, Any], name: str) -> Any:
    from ...theory.perceptron.geodesic import geodesic_barrier
    from ...theory.perceptron.saddle import saddle_point

    given = record.parameters
    if name == "barrier":
        return geodesic_barrier(0.5, at["alpha"], at["kappa"]).error_rate
    energy = "count" if given["energy"] == "constraint" else given["energy"]
    found = saddle_point(**at, model=given["model"], setting=given["setting"], energy=energy)
    return getattr(found, THEORY.get(name, name))

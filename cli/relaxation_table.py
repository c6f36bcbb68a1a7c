"""The relaxation times of a network: measured beside three predictions, and what was waited for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .score import KINDS, RELAXATION

if TYPE_CHECKING:
    from .ladder import Row

HEAD = (
    *("condition", "until", "finite k", "white", "SGD"),
    *("measured ± stderr", "still inside", "horizon", "counted"),
)


def relaxations(rows: "Sequence[Row]") -> "list[Row]":
    """The rows that such a table shows."""
    return [row for row in rows if row.quantity == RELAXATION and "counted" in row.extra]


def relaxation_cells(row: "Row") -> tuple[str, ...]:
    """The cells under ``HEAD``; times in cycles, means of min(time, horizon)."""
    extra = row.extra
    times = (row.predicted, *(extra.get(kind, float("nan")) for kind in KINDS[1:]))
    counted = "no" if not (row.valid and extra["counted"]) else "yes"
    return (
        row.condition,
        _until(extra["low"], extra["high"], bool(extra["at_end"])),
        *("–" if time != time else f"{time:.1f}" for time in times),
        f"{row.measured:.1f} ± {row.stderr:.1f}",
        f"{extra['survival_measured']:.0%}",
        f"{extra['horizon']:.0f}",
        counted + (", control" if extra.get("control") else ""),
    )


def _until(low: float, high: float, at_end: bool) -> str:
    """In arc lengths: a window about the start, or arrival at an end."""
    if at_end:
        return f"s ≤ {low:.3g} or ≥ {high:.3g}"
    return f"|Δs| ≥ {(high - low) / 2:.3g}"

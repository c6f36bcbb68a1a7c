"""Rows of a comparison as a person reads them: the error to two digits, the value to match."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .relaxation_table import HEAD as RELAXATION_HEAD
from .relaxation_table import relaxation_cells, relaxations
from .score import told

if TYPE_CHECKING:
    from rich.table import Table

    from .ladder import Row, Rung

# What a drift is made of, and how far its theory can be trusted; in a row's extras.
PARTS = ("energetic", "entropic", "bending")
VALIDITY = ("kurtosis", "cubic_ratio", "curvature_noise", "growth")
HEAD = ("condition", "quantity", "predicted", "measured ± stderr", "ratio", "z", "valid")


def side_by_side(predicted: float, measured: float, stderr: float) -> tuple[str, str]:
    """Predicted and measured number with as many digits as the error allows.

    >>> side_by_side(2.69012, 2.72513, 0.02978)
    ('2.690', '2.725 ± 0.030')
    >>> side_by_side(1.31e-6, 1.234e-6, 4.2e-8)
    ('1.310e-06', '(1.234 ± 0.042)e-06')
    """
    if not (math.isfinite(measured) and math.isfinite(stderr) and stderr > 0):
        unsure = "" if stderr == 0 else " ± ?"
        return f"{predicted:.6g}", f"{measured:.6g}{unsure}"
    power = math.floor(math.log10(max(abs(measured), stderr)))
    power = 0 if -2 <= power < 5 else power
    unit = 10.0**power
    places = 1 - math.floor(math.log10(float(f"{stderr / unit:.1e}")))
    value, error = _fixed(measured / unit, places), _fixed(stderr / unit, places)
    pair = f"({value} ± {error})e{power:+03d}" if power else f"{value} ± {error}"
    if not 10.0 ** (1 - places) <= abs(predicted / unit) < 1e5:  # too few or too many digits
        return f"{predicted:.3g}", pair
    return _fixed(predicted / unit, places) + (f"e{power:+03d}" if power else ""), pair


def _fixed(value: float, places: int) -> str:
    return f"{round(value, places):.{max(places, 0)}f}"


def remarks(rows: Sequence["Row"]) -> list[str]:
    """What the rows have to add, each said once; a row outside its validity says so."""
    return list(dict.fromkeys(remark for row in rows if (remark := _remark(row))))


def _remark(row: "Row") -> str:
    if row.valid or row.note.startswith("outside"):
        return row.note
    return f"outside its validity: {row.note or 'the theory does not vouch for this prediction'}"


def cells(row: "Row", said: Sequence[str]) -> tuple[str, ...]:
    """The cells under ``HEAD``; the last one points into ``said``, the remarks, counted from 1."""
    remark = _remark(row)
    mark = f" [{said.index(remark) + 1}]" if remark in said else ""
    return (
        row.condition,
        row.quantity,
        *side_by_side(row.predicted, row.measured, row.stderr),
        f"{row.ratio:.3f}" if 1e-2 <= abs(row.ratio) < 1e3 else f"{row.ratio:.3g}",
        f"{row.z:+.1f}" if abs(row.z) < 1e3 else f"{row.z:+.2g}",
        ("yes" if row.valid else "no") + mark,
    )


def parts_head() -> tuple[str, ...]:
    """Heads of the second table: the addends of each predicted drift and its validity figures."""
    return ("condition", "drift", *PARTS, "entropic share", *VALIDITY)


def parts_cells(row: "Row") -> tuple[str, ...] | None:
    """The cells under ``parts_head``; None for a row whose prediction is no sum of parts."""
    if not all(name in row.extra for name in (*PARTS, *VALIDITY)):
        return None
    addends = [row.extra[name] for name in PARTS]
    total = sum(abs(value) for value in addends)
    share = abs(row.extra["entropic"]) / total if total else 0.0
    figures = (f"{row.extra[name]:.2g}" for name in VALIDITY)
    shown = (f"{value:.3g}" for value in (row.predicted, *addends))
    return (row.condition, *shown, f"{share:.0%}", *figures)


def print_comparison(
    rungs: Sequence["Rung"], verdict: str, score: Mapping[str, Any] | None = None
) -> None:
    """One table on stdout, a block per rung, the remarks and the verdict under it."""
    from rich.console import Console

    said = remarks([row for rung in rungs for row in rung.rows])
    # without a terminal nobody's lines are cut or folded
    width = None if sys.stdout.isatty() else 10_000
    console = Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    table = _table(rungs, said)
    if console.measure(table, options=console.options.update(width=10_000)).maximum > console.width:
        table = _table(rungs, said, narrow=True)
    console.print(table)
    if (parts := _parts_table(rungs)) is not None:
        console.print(parts)
    if (times := _relaxation_table(rungs)) is not None:
        console.print(times)
    for number, remark in enumerate(said, 1):
        console.print(f"[{number}] {remark}")
    console.print(("\n" if said else "") + verdict)
    if score:
        console.print(told(score))


def _table(rungs: Sequence["Rung"], said: Sequence[str], narrow: bool = False) -> "Table":
    """narrow: rung, condition and quantity share a column, which folds; numbers never do."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.title = "predicted beside measured"
    words = ["condition, quantity"] if narrow else ["rung", *HEAD[:2]]
    for name in words:
        table.add_column(name, overflow="fold")
    for name in HEAD[2:]:
        table.add_column(name, justify="left" if name == "valid" else "right", no_wrap=True)
    for number, rung in enumerate(rungs):
        if number:
            table.add_row()
        if narrow:
            table.add_row(f"{rung.name}:")
        for place, row in enumerate(rung.rows):
            condition, quantity, *numbers = cells(row, said)
            name = "" if place else rung.name
            where = [f"{condition}, {quantity}"] if narrow else [name, condition, quantity]
            table.add_row(*where, *numbers)
    return table


def _relaxation_table(rungs: Sequence["Rung"]) -> "Table | None":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    times = relaxations([row for rung in rungs for row in rung.rows])
    if not times:
        return None
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.title = "relaxation times in cycles, E[min(time, horizon)]: three predictions, measured"
    for name in RELAXATION_HEAD:
        table.add_column(name, justify="left" if name in ("condition", "counted") else "right")
    for row in times:
        table.add_row(*relaxation_cells(row))
    return table


def _parts_table(rungs: Sequence["Rung"]) -> "Table | None":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    split = [cells for rung in rungs for row in rung.rows if (cells := parts_cells(row))]
    if not split:
        return None
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.title = "what the predicted drifts are made of, and their validity figures"
    for name in parts_head():
        table.add_column(name, justify="left" if name == "condition" else "right")
    for line in split:
        table.add_row(*line)
    return table

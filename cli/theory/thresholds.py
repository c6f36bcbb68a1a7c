"""``entropic theory thresholds``: where the landscape around binary solutions changes."""

import math
from pathlib import Path
from typing import Any

import click

from ..options import numbers, output_options, warn
from ..progress import tracked

UNITS = {
    **dict.fromkeys(("alpha", "alpha_c", "alpha_le", "alpha_ogp"), "patterns/weight"),
    "d_min": "fraction",
}
REFERENCE = "flat; alpha_le and alpha_ogp at kappa_max, not of largest local entropy (eq. 49)"
WITH_LOAD = ("d_min", "kappa_min", "kappa_u", "kappa_max")
WITHOUT = ("alpha_c", "alpha_le", "alpha_ogp")


@click.command()
@click.option(
    "--model",
    type=click.Choice(["binary"]),
    default="binary",
    show_default=True,
    help="Weights of +1 and -1.",
)
@click.option(
    "--alpha",
    type=numbers,
    metavar="LIST",
    help="Patterns per weight, between 0 and the capacity 0.8331; without it, the loads.",
)
@output_options
def thresholds(
    model: str,
    alpha: list[float] | None,
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Thresholds of the local entropy around binary solutions (replica symmetry).

    With --alpha: d_min, the distance below which no solution is around a typical one of margin 0;
    kappa_min, the reference margin above which the local entropy is nowhere negative; kappa_u,
    above which it rises all the way to the typical distance; kappa_max, the largest margin.

    Without: alpha_c, the capacity; alpha_le, where kappa_u reaches kappa_max; alpha_ogp, where
    kappa_min does.  These two take the references flat, at the largest margin; the true values ask
    for the references of largest local entropy at each distance (Malatesta 2025, footnote 8 and
    eq. 49), which leave a gap at larger loads.

    Each number has its numerical error beside it, as <name>_error.
    """
    from ...theory.errors import NotConverged
    from ..record import Record, deliver

    rows, missing = _loads() if alpha is None else _landscape(alpha)
    record = Record(
        "thresholds", {"model": model, "alpha": alpha, "reference": REFERENCE}, rows, UNITS
    )
    for line in missing:
        warn(line)
    deliver(record, style, out, picture)
    lost = sum(not row["converged"] for row in rows)
    if lost:
        msg = f"{lost} of {len(rows)} loads have thresholds that were not found; these are empty"
        raise NotConverged(msg, rows)


def _loads() -> tuple[list[dict[str, Any]], list[str]]:
    from ...theory.perceptron.thresholds import algorithmic_thresholds

    found = algorithmic_thresholds()
    return [_with_errors(found, WITHOUT)], []


def _landscape(alpha: list[float]) -> tuple[list[dict[str, Any]], list[str]]:
    from ...theory.perceptron.thresholds import (
        landscape_thresholds,
        refuse_loads_without_landscape,
    )

    refuse_loads_without_landscape(alpha)
    rows, missing = [], []
    for load in tracked(alpha, "thresholds", lambda load: f"alpha = {load:g}"):
        found = landscape_thresholds(load)
        reason = str(found.reason)
        rows.append({"alpha": load, **_with_errors(found, WITH_LOAD), "reason": reason})
        if reason:
            missing.append(f"alpha = {load:g}: {reason}")
    return rows, missing


def _with_errors(found: Any, names: tuple[str, ...]) -> dict[str, float | bool]:
    values = {name: getattr(found, name) for name in names}
    errors = {f"{name}_error": float(values[name].error) for name in names}
    # an error without bounds is that of a threshold that was not found
    converged = not any(math.isinf(error) for error in errors.values())
    return {name: float(values[name].value) for name in names} | errors | {"converged": converged}

"""``entropic theory local-entropy``: how many solutions lie around a typical one."""

from pathlib import Path
from typing import Any

import click

from ..options import loads_option, number, numbers, output_options, warn
from ..progress import bar

UNITS = {
    "alpha": "patterns/weight",
    "distance": "fraction",
    "local_entropy": "nats/weight",
    "upper_bound": "nats/weight",
    "slope": "nats/weight",
    "error": "nats/weight",
    "external_entropy": "nats/weight",
}
CONTRACT = ("distance", "overlap", "local_entropy", "upper_bound", "slope", "q", "t", "converged")
GIVEN = ("alpha", "kappa", "reference_margin", "reason")
FIELDS = (*CONTRACT, "error", "residual", "at_stable", *GIVEN)
CHOSEN_FIELDS = (*CONTRACT, "external_entropy", "y", "q_ref", "q0", "error", "residual", *GIVEN)
Margins = list[float] | str | None


def strength(text: str) -> float | str:
    """A number from 0 on, ``inf``, or ``zero``."""
    if text in ("inf", "zero"):
        return float("inf") if text == "inf" else text
    value = number(text)
    if value < 0:
        msg = f"y must be a number of at least 0, inf or zero; it is {value:g}."
        raise click.BadParameter(msg)
    return value


def margins(text: str) -> list[float] | str:
    """A list of numbers, or ``none``."""
    return text if text == "none" else numbers(text)


@click.command("local-entropy")
@click.option(
    "--model",
    type=click.Choice(["binary", "spherical"]),
    default="binary",
    show_default=True,
    help="Weights of +1 and -1, or on a sphere.",
)
@loads_option
@click.option(
    "--margin",
    type=numbers,
    default="0",
    show_default=True,
    metavar="LIST",
    help="Margin of the solutions that are counted.",
)
@click.option(
    "--reference-margin",
    type=margins,
    metavar="LIST",
    help="Margin of the reference they are counted around; the same as --margin if not given;"
    " with --y also none: a reference may be any weights.",
)
@click.option(
    "--distance",
    type=numbers,
    required=True,
    metavar="LIST",
    help="(1 - overlap)/2 from the reference, between 0 and 1 (with --y: 1/2), both excluded.",
)
@click.option(
    "--y",
    type=strength,
    metavar="Y",
    help="Weigh references by exp(y N local_entropy): a number from 0 on, inf (the best reference),"
    " or zero: the largest y that leaves references, at vanishing external_entropy.",
)
@output_options
def local_entropy(
    model: str,
    alpha: list[float],
    margin: list[float],
    reference_margin: Margins,
    distance: list[float],
    y: float | str | None,
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Solutions at a distance from a reference (Franz-Parisi, replica symmetry).

    One row for every load, margin, reference margin and distance.  The reference is drawn flat
    among the solutions of its margin, or with --y by how many solutions are around it.
    local_entropy is in nats per weight (binary: of the number of solutions; spherical: from the
    uniform measure on the sphere); negative values for binary weights mean that typically there
    are none.  q is the overlap of two counted solutions around one reference, t that of one with
    another reference, slope the derivative of local_entropy by distance.

    With --y: external_entropy is the logarithm of the number of such references per weight; for
    binary weights negative values mean that there are none (y is too large).  q_ref is the overlap
    of two references, q0 that of solutions around different ones.  JSON has no infinity: y is null
    where it is infinite, reference_margin where it is none.
    """
    from ...theory.errors import NotConverged
    from ..record import Record, deliver

    if y is None and reference_margin == "none":
        msg = "--reference-margin none needs --y: without it the reference is a solution"
        raise click.UsageError(msg)
    found, rows = (_flat if y is None else _chosen)(
        model, alpha, margin, reference_margin, distance, y
    )
    parameters = {
        "model": model,
        "alpha": alpha,
        "margin": margin,
        "reference_margin": reference_margin,
        "distance": distance,
        "y": "inf" if y == float("inf") else y,
    }
    record = Record("local-entropy", parameters, rows, UNITS)
    gone = [row["reason"] for row in rows if not row["converged"]]
    for reason in dict.fromkeys(gone):
        warn(f"{gone.count(reason)} of {len(rows)} rows hold no numbers: {reason}")
    _doubts(model, rows)
    deliver(record, style, out, picture)
    ended = getattr(found, "ended", False)
    lost = int((~found.converged & ~ended).sum())
    if lost:
        msg = f"{lost} of {len(rows)} local entropies did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)


def _doubts(model: str, rows: list[dict[str, Any]]) -> None:
    """Warn of numbers that must not be taken at their word."""
    shaky = sum(not row.get("at_stable", True) for row in rows)
    if shaky:
        warn(
            f"in {shaky} of {len(rows)} rows replica symmetry is unstable (de Almeida-Thouless) for"
            " the reference or the counted solutions: their numbers are approximate"
        )
    empty = sum(row.get("external_entropy", 0.0) < -1e-8 for row in rows)
    if empty and model == "binary":
        warn(
            f"in {empty} of {len(rows)} rows external_entropy is negative: there are no such"
            " references; --y zero takes the largest y that leaves some"
        )


def _flat(
    model: str,
    alpha: list[float],
    margin: list[float],
    reference_margin: Margins,
    distance: list[float],
    _: float | str | None,
) -> tuple[Any, list[dict[str, Any]]]:
    """Local entropies around flat references, and their rows."""
    import numpy as np

    from ...theory.perceptron.local_entropy import local_entropy as around

    a, k, d = np.array(alpha), np.array(margin), np.array(distance)
    kappa = k[None, :, None, None]
    other = kappa if reference_margin is None else np.array(reference_margin)[None, None, :, None]
    found = around(d, a[:, None, None, None], kappa, other, model)
    return found, _rows(found, FIELDS)


def _chosen(
    model: str,
    alpha: list[float],
    margin: list[float],
    reference_margin: Margins,
    distance: list[float],
    y: float | str | None,
) -> tuple[Any, list[dict[str, Any]]]:
    """Local entropies around references that are chosen for them, and their rows."""
    import numpy as np

    from ...theory.perceptron.large_deviation import large_deviation_entropy as around

    a, k, d = np.array(alpha), np.array(margin), np.array(distance)
    kappa = k[None, :, None, None]
    other: Any = kappa
    if reference_margin is not None:
        listed = [-np.inf] if isinstance(reference_margin, str) else reference_margin
        other = np.array(listed)[None, None, :, None]
    with bar("local-entropy") as progress:
        found = around(
            *(d, a[:, None, None, None], kappa, other, 0.0 if y is None else y, model),
            progress=lambda part: progress(f"y = {y}", part),
        )
    return found, _rows(found, CHOSEN_FIELDS)


def _rows(found: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    columns = [getattr(found, name).ravel().tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

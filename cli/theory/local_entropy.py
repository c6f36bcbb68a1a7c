"""``entropic theory local-entropy``: how many solutions lie around a typical one."""

from pathlib import Path
from typing import Any

import click

from ..options import numbers, output_options, warn

UNITS = {
    "alpha": "patterns/weight",
    "distance": "fraction",
    "local_entropy": "nats/weight",
    "upper_bound": "nats/weight",
    "slope": "nats/weight",
    "error": "nats/weight",
}
FIELDS = (
    *("distance", "overlap", "local_entropy", "upper_bound", "slope", "q", "t", "converged"),
    *("error", "residual", "at_stable", "alpha", "kappa", "reference_margin", "reason"),
)


@click.command("local-entropy")
@click.option(
    "--model",
    type=click.Choice(["binary", "spherical"]),
    default="binary",
    show_default=True,
    help="Weights of +1 and -1, or on a sphere.",
)
@click.option(
    "--alpha", type=numbers, required=True, metavar="LIST", help="Patterns per weight, at least 0."
)
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
    type=numbers,
    metavar="LIST",
    help="Margin of the reference they are counted around; the same as --margin if not given.",
)
@click.option(
    "--distance",
    type=numbers,
    required=True,
    metavar="LIST",
    help="(1 - overlap)/2 from the reference, between 0 and 1, both excluded.",
)
@output_options
def local_entropy(
    model: str,
    alpha: list[float],
    margin: list[float],
    reference_margin: list[float] | None,
    distance: list[float],
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Solutions at a distance from a typical one (Franz-Parisi, replica symmetry).

    One row for every load, margin, reference margin and distance.  The reference is drawn flat
    among the solutions of its margin.  local_entropy is in nats per weight (binary: of the number
    of solutions; spherical: from the uniform measure on the sphere); negative values for binary
    weights mean that typically there are none.  q is the overlap of two counted solutions, t that
    of one with another reference, slope the derivative of local_entropy by distance.
    """
    from ...theory.errors import NotConverged
    from ..record import Record, deliver

    found, rows = _flat(model, alpha, margin, reference_margin, distance)
    parameters = {
        "model": model,
        "alpha": alpha,
        "margin": margin,
        "reference_margin": reference_margin,
        "distance": distance,
    }
    record = Record("local-entropy", parameters, rows, UNITS)
    gone = [row["reason"] for row in rows if row["reason"]]
    for reason in dict.fromkeys(gone):
        warn(f"{gone.count(reason)} of {len(rows)} rows hold no numbers: {reason}")
    shaky = int((~found.at_stable).sum())
    if shaky:
        warn(
            f"in {shaky} of {len(rows)} rows replica symmetry is unstable (de Almeida-Thouless) for"
            " the reference or the counted solutions: their numbers are approximate"
        )
    deliver(record, style, out, picture)
    lost = int((~found.converged & ~found.ended).sum())
    if lost:
        msg = f"{lost} of {len(rows)} local entropies did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)


def _flat(
    model: str,
    alpha: list[float],
    margin: list[float],
    reference_margin: list[float] | None,
    distance: list[float],
) -> tuple[Any, list[dict[str, Any]]]:
    """Local entropies around flat references, and their rows."""
    import numpy as np

    from ...theory.perceptron.local_entropy import local_entropy as around

    a, k, d = np.array(alpha), np.array(margin), np.array(distance)
    kappa = k[None, :, None, None]
    other = kappa if reference_margin is None else np.array(reference_margin)[None, None, :, None]
    found = around(d, a[:, None, None, None], kappa, other, model)
    columns = [np.asarray(getattr(found, name)).ravel().tolist() for name in FIELDS]
    return found, [dict(zip(FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]

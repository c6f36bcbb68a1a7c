"""``entropic theory stability``: where replica symmetry becomes unstable."""

from pathlib import Path

import click

from ..options import numbers, output_options, warn

UNITS = {
    "alpha_at": "patterns/weight",
    "uncertainty": "patterns/weight",
    "alpha_c": "patterns/weight",
    "distance": "fraction",
}
FIELDS = (
    *("kappa", "alpha_at", "q", "distance", "uncertainty", "alpha_c"),
    *("exists", "converged", "reason"),
)


@click.command()
@click.option(
    "--model",
    type=click.Choice(["spherical", "binary"]),
    default="spherical",
    show_default=True,
    help="Weights on a sphere, or of +1 and -1.",
)
@click.option(
    "--kappa", type=numbers, required=True, metavar="LIST", help="Margin that every pattern keeps."
)
@output_options
def stability(
    model: str, kappa: list[float], style: str, out: Path | None, picture: Path | None
) -> None:
    """The load at which replica symmetry becomes unstable (de Almeida-Thouless line).

    One row for every margin: the load alpha_at at which the eigenvalue is 1, the overlap q of two
    solutions there, and the replica-symmetric capacity alpha_c to compare.  A row without a line
    has no alpha_at and a reason.
    """
    import numpy as np

    from ...theory.errors import NotConverged
    from ...theory.perceptron.stability import stability_line
    from ..record import Record, deliver

    found = stability_line(np.array(kappa), model)
    columns = [getattr(found, name).tolist() for name in FIELDS]
    rows = [dict(zip(FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]
    record = Record("stability", {"model": model, "kappa": kappa}, rows, UNITS)
    remarks = [row for row in rows if row["reason"] and (row["converged"] or not row["exists"])]
    if remarks:
        first = remarks[0]
        warn(f"at kappa = {first['kappa']:g} replica symmetry is {_lower(first['reason'])}")
    deliver(record, style, out, picture)
    lost = int(np.sum(found.exists & ~found.converged))
    if lost:
        msg = f"{lost} of {len(rows)} points did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)


def _lower(reason: str) -> str:
    return reason if reason.startswith("stable") else f"unstable only {reason}"

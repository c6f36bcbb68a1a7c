"""``entropic theory max-margin``: the largest margin that weights can keep."""

from pathlib import Path

import click

from ..options import numbers, output_options, warn

UNITS = {"alpha": "patterns/weight"}
FIELDS = ("alpha", "kappa_max", "uncertainty", "stable", "converged", "reason")


@click.command()
@click.option(
    "--model",
    type=click.Choice(["spherical", "binary"]),
    default="spherical",
    show_default=True,
    help="Weights on a sphere, or of +1 and -1.",
)
@click.option("--alpha", type=numbers, required=True, metavar="LIST", help="Patterns per weight.")
@output_options
def max_margin(
    model: str, alpha: list[float], style: str, out: Path | None, picture: Path | None
) -> None:
    """The largest margin that weights can keep on all patterns (replica symmetry).

    One row for every load.  stable is false where replica symmetry is broken and kappa_max an upper
    bound: spherical weights above alpha = 2.
    """
    import numpy as np

    from ...theory.errors import NotConverged
    from ...theory.perceptron.max_margin import max_margin as find
    from ..record import Record, deliver

    found = find(np.array(alpha), model)
    columns = [getattr(found, name).tolist() for name in FIELDS]
    rows = [dict(zip(FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]
    record = Record("max-margin", {"model": model, "alpha": alpha}, rows, UNITS)
    bound = [row for row in rows if row["converged"] and not row["stable"]]
    if bound:
        warn(f"at alpha = {bound[0]['alpha']:g} kappa_max is {bound[0]['reason']}")
    deliver(record, style, out, picture)
    lost = int(np.sum(~found.converged))
    if lost:
        msg = f"{lost} of {len(rows)} margins did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)

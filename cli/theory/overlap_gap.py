"""``entropic theory overlap-gap``: where m solutions can no longer have all overlaps alike."""

from itertools import product
from pathlib import Path

import click

from ..options import numbers, output_options, warn
from ..progress import tracked

UNITS = {
    "alpha_ogp": "patterns/weight",
    "uncertainty": "patterns/weight",
}
COLUMNS = {
    "clones": "clones",
    "alpha_ogp": "alpha_ogp",
    "q1": "q1",
    "kappa": "kappa",
    "uncertainty": "error",
    "q0": "q0",
    "residual": "residual",
    "converged": "converged",
    "reason": "reason",
}


def whole_numbers(text: str) -> list[int]:
    """Numbers of clones: a list or range of whole numbers from 2 on."""
    found = numbers(text)
    for value in found:
        if value != int(value) or not 2 <= value <= 100:
            msg = f"clones must be whole numbers from 2 to 100; {value:g} is not."
            raise click.BadParameter(msg)
    return [int(value) for value in found]


@click.command("overlap-gap")
@click.option(
    "--model",
    type=click.Choice(["binary", "symmetric"]),
    default="binary",
    show_default=True,
    help="Patterns with stability of at least kappa, or within -kappa and kappa; weights of +-1.",
)
@click.option(
    "--clones",
    type=whole_numbers,
    required=True,
    metavar="LIST",
    help="Solutions in a group, 2 to 100.",
)
@click.option(
    "--kappa",
    type=numbers,
    metavar="LIST",
    help="Margin.  [default: 0 for binary (-2.5 to 5), 1 for symmetric (0.01 to 5)]",
)
@output_options
def overlap_gap(
    model: str,
    clones: list[int],
    kappa: list[float] | None,
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Loads from which m solutions cannot have just any mutual overlap.

    One row for every margin and number of clones.  alpha_ogp is the load at which the entropy of
    groups of m solutions of mutual overlap q1 touches zero; above it no such groups are left.
    Symmetric: a first-moment bound, rigorous, on where the gap opens.  Binary: a replica-symmetric
    estimate (overlap q0 between groups).  True gaps open no later for more clones, so that the
    smallest alpha_ogp over m is the one to quote: m = 4 for binary at margin 0 and symmetric at 1.
    """
    import numpy as np

    from ...theory.errors import NotConverged
    from ...theory.perceptron import overlap_gap as house
    from ..record import Record, deliver

    margins = [house.USUAL_MARGIN[model]] if kappa is None else kappa
    house.within_range(np.array(clones), np.array(margins)[:, None], model)
    asked = list(product(margins, clones))
    found, rows = [], []
    for k, m in tracked(asked, "overlap gap", lambda one: f"kappa = {one[0]:g}, m = {one[1]}"):
        found.append(house.overlap_gap(m, k, model))
        rows.append({column: getattr(found[-1], name).item() for column, name in COLUMNS.items()})
        rows[-1]["clones"] = m
    record = Record(
        "overlap-gap", {"model": model, "clones": clones, "kappa": margins}, rows, UNITS
    )
    lost = [row for row in rows if not row["converged"]]
    for row in lost:
        warn(f"clones = {row['clones']}, kappa = {row['kappa']:g}: {row['reason']}")
    deliver(record, style, out, picture)
    if lost:
        msg = f"{len(lost)} of {len(rows)} thresholds did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)

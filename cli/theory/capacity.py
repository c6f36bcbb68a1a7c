"""``entropic theory capacity``: where the perceptron's last solutions vanish."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options import margins_option, output_options, warn
from ..progress import tracked

if TYPE_CHECKING:
    from ...theory.perceptron.capacity import Capacity

UNITS = {"alpha_c": "patterns/weight", "uncertainty": "patterns/weight"}
EXPONENTS = ("overlap", "gap", "force")


def words(text: str) -> list[str]:
    """``rs,1rsb,frsb``."""
    return text.split(",")


@click.command()
@click.option(
    "--model",
    type=click.Choice(["spherical", "binary", "symmetric"]),
    default="spherical",
    show_default=True,
    help="Weights on a sphere; of +1 and -1; of +1 and -1 with |stability| at most the margin.",
)
@margins_option
@click.option(
    "--ansatz",
    type=words,
    default="rs",
    show_default=True,
    metavar="LIST",
    help="How replica symmetry may break: rs, 1rsb, 2rsb, ... 10rsb, frsb.",
)
@output_options
def capacity(
    model: str,
    kappa: list[float],
    ansatz: list[str],
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Patterns per weight beyond which typical patterns have no solution.

    One row for every ansatz and margin.  stable is false where the ansatz gives an upper bound
    only; reason says why, or why it is exact; uncertainty is that of the numerics.  Spherical
    weights with broken replica symmetry (negative margins, from -3) have columns q_1, c_1, ...: the
    overlaps at which c(q) = x/(1 - q_M) steps up and its heights; frsb, the limit of many steps,
    adds the exponents of jamming (overlap, gap, force) beside the published ones.  at_eigenvalue is
    that of replica symmetry, whatever the ansatz.
    """
    from ...theory.errors import NotConverged
    from ...theory.perceptron.capacity import capacity as find
    from ..record import Record, deliver

    asked = [(each, margin) for each in ansatz for margin in kappa]
    found = [
        find(margin, model, each)
        for each, margin in tracked(asked, "capacity", lambda one: f"{one[0]}, kappa = {one[1]:g}")
    ]
    steps = max(each.gap.shape[-1] for each in found)
    rows = [_row(each, steps, "frsb" in ansatz) for each in found]
    record = Record("capacity", {"model": model, "kappa": kappa, "ansatz": ansatz}, rows, UNITS)
    bound = [row for row in rows if row["converged"] and not row["stable"]]
    if bound:
        names, first = ", ".join(dict.fromkeys(str(row["ansatz"]) for row in bound)), bound[0]
        warn(
            f"replica symmetry is broken at kappa = {first['kappa']:g}: alpha_c of {names} is an"
            " upper bound; --ansatz frsb has the capacity"
        )
    deliver(record, style, out, picture)
    lost = sum(not row["converged"] for row in rows)
    if lost:
        msg = f"{lost} of {len(rows)} capacities did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)


def _row(found: "Capacity", steps: int, exponents: bool) -> dict[str, float | str | bool]:
    """One margin of one ansatz; what it has not is NaN."""
    row: dict[str, float | str | bool] = {
        "kappa": float(found.kappa),
        "alpha_c": float(found.alpha),
        "ansatz": found.ansatz,
        "uncertainty": float(found.uncertainty),
        "stable": bool(found.stable),
        "at_eigenvalue": float(found.at_eigenvalue),
        "converged": bool(found.converged),
        "reason": str(found.reason),
    }
    own = found.gap.shape[-1]
    for step in range(steps):
        gap, height = (
            part[step] if step < own else float("nan") for part in (found.gap, found.height)
        )
        row |= {f"q_{step + 1}": float(1 - gap), f"c_{step + 1}": float(height)}
    if exponents:
        from ...theory.perceptron.jamming_exponents import PUBLISHED, jamming_exponents

        full = found.ansatz == "frsb" and row["kappa"] < 0  # type: ignore[operator]
        for name in EXPONENTS:
            for suffix, values in (("", jamming_exponents()), ("_published", PUBLISHED)):
                row[f"{name}_exponent{suffix}"] = getattr(values, name) if full else float("nan")
    return row

"""``entropic theory relaxation``: when the slow coordinate leaves."""

from pathlib import Path
from typing import Any

import click

from ..options import number, numbers, output_options, warn
from .valley import valley_and_noise, valley_options

SAFE = 0.05  # largest ε at which an adiabatic prediction goes without a warning
UNITS = {
    "start": "length",
    "mean_time": "length^2/energy",
    "error": "length^2/energy",
    "adiabaticity": "1",
}


@click.command()
@valley_options
@click.option(
    "--slow-temperature",
    type=number,
    metavar="T",
    help="Temperature of the noise on y itself.  [default: the temperature]",
)
@click.option("--start", type=numbers, required=True, metavar="LIST", help="Where y starts.")
@click.option(
    "--absorb",
    type=numbers,
    required=True,
    metavar="LIST",
    help="The end, or the two ends in rising order, that y leaves through.",
)
@click.option(
    "--reflect",
    type=numbers,
    metavar="LIST",
    help="A reflecting end opposite a single absorbing one.  Without it that side is open, "
    "and the potential must confine.",
)
@click.option(
    "--monitoring",
    type=click.Choice(["continuous", "discrete"]),
    default="continuous",
    show_default=True,
    help="Watch the absorbing ends always, or once a step: a walk between looks is then missed, "
    "and the ends count as 0.5826 sqrt(2 T ETA) farther out (T that of the slow noise).",
)
@output_options
def relaxation(
    slow_temperature: float | None,
    start: list[float],
    absorb: list[float],
    reflect: list[float] | None,
    monitoring: Any,
    style: str,
    out: Path | None,
    picture: Path | None,
    **valley: Any,
) -> None:
    """Mean time until the slow coordinate leaves.

    One row for every start.  dy = -V_eff'(y) dt + sqrt(2 T_y) dW with the V_eff of `entropic
    theory potential` (V = U + g|x|^2/2, V_eff = U + (kT/2) ln g; the "T ln g" of the paper is
    k = 2) and unit mobility.  error is that of the quadrature; adiabaticity is the largest
    eps = |rate of change of g| / (g times g) on the way, and the prediction supposes that it is
    far below 1.
    """
    from ...theory.exit import valley_exit_time
    from ..record import Record, deliver

    place, noise, parameters = valley_and_noise(**valley)
    step = parameters["step_size"]
    if monitoring == "discrete" and not step > 0:
        msg = "--monitoring discrete needs a --step-size above 0: the ends are watched once a step."
        raise click.UsageError(msg)
    exit_ = valley_exit_time(
        *(place, noise, start, absorb, reflect or ()), step, slow_temperature, monitoring
    )
    time, eps = exit_.relaxation.time, exit_.adiabaticity
    rows = [
        {"start": a, "mean_time": b, "error": c, "adiabaticity": eps}
        for a, b, c in zip(start, time.value.tolist(), time.error.tolist(), strict=True)
    ]
    parameters |= {
        "slow_temperature": noise.temperature if slow_temperature is None else slow_temperature,
        "start": start,
        "absorb": absorb,
        "reflect": reflect or [],
        "monitoring": monitoring,
    }
    if eps > SAFE:
        warn(
            f"the adiabatic prediction is not safe here: the stiffness changes at up to {eps:.2g} "
            "of the rate at which the fast directions follow it"
        )
    record = Record("relaxation", parameters, rows, UNITS)
    deliver(record, style, out, picture)

"""``entropic theory relaxation``: when the slow coordinate leaves."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import number, numbers, output_options, warn
from .valley import valley_and_noise, valley_options

if TYPE_CHECKING:
    from ...theory.exit import ValleyExit
    from ...theory.forgetting import RelaxationSpectrum
    from ..record import Record

# Largest ε at which a prediction goes without a warning: docs/relaxation.md tells what it is worth
# there.  And the largest change that the first correction may make: its own error goes with the
# square, and was 4 % at 0.3.
SAFE = {"none": 0.05, "first": 0.1}
CHANGE = 0.1
LENGTH2 = "length^2/energy"
UNITS = {
    "start": "length",
    "mean_time": LENGTH2,
    "error": LENGTH2,
    "adiabaticity": "1",
}
SURVIVAL_UNITS = {
    "start": "length",
    "time": LENGTH2,
    "survival": "1",
    "survival_error": "1",
    "density": "energy/length^2",
    "density_error": "energy/length^2",
    "mean_time": LENGTH2,
    "adiabaticity": "1",
}
SPECTRUM_UNITS = {
    "mode": "1",
    "rate": "energy/length^2",
    "error": "energy/length^2",
    "time": LENGTH2,
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
@click.option(
    "--start",
    type=numbers,
    metavar="LIST",
    help="Where y starts; must be given, but for --spectrum.",
)
@click.option(
    "--absorb",
    type=numbers,
    metavar="LIST",
    help="The end, or the two ends in rising order, that y leaves through; must be given, but for "
    "--spectrum between two mirrors.",
)
@click.option(
    "--reflect",
    type=numbers,
    metavar="LIST",
    help="A reflecting end opposite a single absorbing one.  Without it that side is open, "
    "and the potential must confine.  Two of them, without --absorb, go with --spectrum.",
)
@click.option(
    "--monitoring",
    type=click.Choice(["continuous", "discrete"]),
    default="continuous",
    show_default=True,
    help="Watch the absorbing ends always, or once a step: a walk between looks is then missed, "
    "and the ends count as 0.5826 sqrt(2 T ETA) farther out (T that of the slow noise), and more "
    "with momentum.",
)
@click.option(
    "--correction",
    type=click.Choice(["none", "first", "exact"]),
    default="none",
    show_default=True,
    help="What is added to the adiabatic theory: nothing; the lag of the fast directions to first "
    "order, with the layers at the ends and the step of y; or all of it, by solving both "
    "coordinates at once (the step still to first order).",
)
@click.option(
    "--survival",
    "clock",
    type=numbers,
    metavar="LIST",
    help="Times at which to print the probability to be inside still and the density of leaving.",
)
@click.option(
    "--spectrum",
    "modes",
    type=click.IntRange(1, 500),
    metavar="N",
    help="Print the N slowest relaxation rates instead.",
)
@output_options
def relaxation(
    slow_temperature: float | None,
    start: list[float] | None,
    absorb: list[float] | None,
    reflect: list[float] | None,
    monitoring: Any,
    correction: Any,
    clock: list[float] | None,
    modes: int | None,
    style: str,
    out: Path | None,
    picture: Path | None,
    **valley: Any,
) -> None:
    """Mean time until the slow coordinate leaves.

    One row for every start.  dy = -V_eff'(y) dt + sqrt(2 T_y) dW with the V_eff of `entropic
    theory potential` (V = U + g|x|^2/2, V_eff = U + (kT/2) ln g; the "T ln g" of the paper is
    k = 2) and unit mobility, with momentum 1/(1 - BETA).  error is that of the numerics;
    adiabaticity is the largest eps = |rate of change of g| / (g times g) on the way, and the
    prediction supposes that it is far below 1: how far, with which correction, is in
    docs/relaxation.md.  With momentum eps also counts the time ETA/(1 - BETA) for which y
    remembers its velocity, against that of its way.
    With --survival one row for every start and time, with --spectrum one for every mode.
    """
    from ...theory.exit import valley_exit_time, valley_spectrum
    from ..record import Record, deliver

    place, noise, parameters = valley_and_noise(**valley, any_update=True)
    step, momentum = parameters["step_size"], parameters["momentum"]
    if parameters["integrator"] != "euler":
        msg = "leaving is known of Euler's step; entropic theory potential knows the others."
        raise click.UsageError(msg)
    _check(start, absorb, reflect, clock, modes, correction, monitoring)
    if monitoring == "discrete" and not step > 0:
        msg = "--monitoring discrete needs a --step-size above 0: the ends are watched once a step."
        raise click.UsageError(msg)
    parameters |= {
        "slow_temperature": noise.temperature if slow_temperature is None else slow_temperature,
        "start": start or [],
        "absorb": absorb or [],
        "reflect": reflect or [],
        "monitoring": monitoring,
        "correction": correction,
    }
    rest = (step, slow_temperature)
    if modes is not None and not absorb:
        assert reflect is not None
        spectrum, eps = valley_spectrum(
            place, noise, modes, (reflect[0], reflect[1]), *rest, correction, momentum
        )
        found = _spectrum(spectrum, eps, modes, parameters)
    else:
        assert absorb is not None
        # the spectrum between two ends knows no start
        starts = start or [sum(absorb + (reflect or [])) / 2]
        ends = (starts, absorb, reflect or ())
        exit_ = valley_exit_time(place, noise, *ends, *rest, monitoring, correction, momentum)
        eps = exit_.adiabaticity
        if modes is not None:
            found = _spectrum(exit_.spectrum(modes), eps, modes, parameters)
        elif clock is not None:
            found = _survival(exit_, clock, parameters)
        else:
            found = Record("relaxation", parameters, _times(exit_), UNITS)
    if eps > SAFE.get(correction, math.inf):
        theory = "adiabatic" if correction == "none" else "corrected"
        warn(
            f"the {theory} prediction is not safe here: the stiffness changes at up to {eps:.2g} "
            "of the rate at which the fast directions follow it"
            if not momentum
            else f"the {theory} prediction is not safe here: y moves at up to {eps:.2g} of the "
            "rate at which its own velocity and the fast directions follow"
        )
    if absorb and exit_.change > CHANGE:
        warn(
            f"the correction changes a time by a factor of e^{exit_.change:.2g}, and knows it to "
            "no better than the square of that exponent; --correction exact does"
        )
    deliver(found, style, out, picture)


def _check(
    start: list[float] | None,
    absorb: list[float] | None,
    reflect: list[float] | None,
    clock: list[float] | None,
    modes: int | None,
    correction: str,
    monitoring: str,
) -> None:
    """Which options go together."""
    if clock is not None and modes is not None:
        msg = "--survival and --spectrum are two questions: ask one at a time."
        raise click.UsageError(msg)
    if correction == "exact" and (clock is not None or modes is not None):
        msg = "--correction exact gives mean times alone; take none or first here."
        raise click.UsageError(msg)
    if absorb is None and (modes is None or len(reflect or []) != 2):
        msg = "give --absorb, the ends that y leaves through"
        msg += "." if modes is None else ", or two mirrors with --reflect LOW,HIGH."
        raise click.UsageError(msg)
    ends = len(absorb or []) + len(reflect or [])
    if monitoring == "discrete" and absorb is None:
        msg = "--monitoring is for ends that absorb; there is no --absorb."
        raise click.UsageError(msg)
    if start is None and (modes is None or ends < 2):
        msg = "give --start, where y starts"
        msg += "." if modes is None else ": beside a single end it says which side is meant."
        raise click.UsageError(msg)


def _times(exit_: "ValleyExit") -> list[dict[str, Any]]:
    time, eps = exit_.relaxation.time, exit_.adiabaticity
    columns = (exit_.relaxation.start.tolist(), time.value.tolist(), time.error.tolist())
    return [
        {"start": a, "mean_time": b, "error": c, "adiabaticity": eps}
        for a, b, c in zip(*columns, strict=True)
    ]


def _survival(exit_: "ValleyExit", clock: list[float], parameters: dict[str, Any]) -> "Record":
    from ..record import Record

    passage, means = exit_.first_passage(clock), exit_.relaxation.time.value
    alive, density = passage.survival, passage.density
    rows = [
        {
            "start": start,
            "time": time,
            "survival": alive.value[i, j],
            "survival_error": alive.error[i, j],
            "density": density.value[i, j],
            "density_error": density.error[i, j],
            "mean_time": means[i],
            "adiabaticity": exit_.adiabaticity,
        }
        for i, start in enumerate(exit_.relaxation.start.tolist())
        for j, time in enumerate(clock)
    ]
    return Record("survival", parameters | {"survival": clock}, rows, SURVIVAL_UNITS)


def _spectrum(
    spectrum: "RelaxationSpectrum", eps: float, modes: int, parameters: dict[str, Any]
) -> "Record":
    from ..record import Record

    rates, times = spectrum.rates, spectrum.times.value
    rows = [
        {"mode": n + 1, "rate": a, "error": b, "time": c, "adiabaticity": eps}
        for n, (a, b, c) in enumerate(zip(rates.value, rates.error, times, strict=True))
    ]
    asked = parameters | {"spectrum": modes}
    return Record("relaxation-spectrum", asked, rows, SPECTRUM_UNITS)

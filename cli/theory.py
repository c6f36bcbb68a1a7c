"""``entropic theory``: one command per prediction; options, one call into the house, one record."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import number, numbers, output_options, valley_options

if TYPE_CHECKING:
    from ..theory.expression import Shape
    from ..theory.noise import Noise
    from ..theory.valley import Valley

SAFE = 0.05  # largest ε at which an adiabatic prediction goes without a warning
POTENTIAL_UNITS = {"y": "length", "potential": "energy", "force": "energy/length"}
RELAXATION_UNITS = {
    "start": "length",
    "mean_time": "length^2/energy",
    "error": "length^2/energy",
    "adiabaticity": "1",
}
SADDLE_UNITS = {
    "alpha": "patterns/weight",
    "entropy": "nats/weight",
    "distance": "fraction",
}
SADDLE_FIELDS = (
    *("alpha", "kappa", "q", "q_hat", "entropy", "distance"),
    *("at_eigenvalue", "at_stable", "residual", "converged"),
)


@click.group(invoke_without_command=True)
@click.pass_context
def theory(ctx: click.Context) -> None:
    """Predict: saddle points, effective potentials, relaxation times.

    A LIST is 1,2,3 or start:stop:num (both ends included) or one number.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _warn(message: str) -> None:
    click.echo(f"warning: {message}", err=True)


@theory.command()
@click.option(
    "--model",
    type=click.Choice(["spherical", "binary"]),
    default="spherical",
    show_default=True,
    help="Weights on a sphere, or of +1 and -1.",
)
@click.option(
    "--alpha", type=numbers, required=True, metavar="LIST", help="Patterns per weight, at least 0."
)
@click.option(
    "--kappa",
    type=numbers,
    default="0",
    show_default=True,
    metavar="LIST",
    help="Margin that every pattern keeps.",
)
@output_options
def saddle(
    model: str,
    alpha: list[float],
    kappa: list[float],
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Typical solutions of the perceptron (replica symmetry).

    One row for every margin and load.  q is the overlap of two solutions, distance (1 - q)/2,
    entropy in nats per weight (spherical: from the uniform measure on the sphere; binary: of the
    number of solutions); at_stable where the de Almeida-Thouless eigenvalue is below 1.
    """
    import numpy as np

    from ..theory.errors import NotConverged
    from ..theory.perceptron.saddle import saddle_point
    from .record import Record, deliver

    found = saddle_point(np.array(alpha)[None, :], np.array(kappa)[:, None], model)
    columns = [np.asarray(getattr(found, name)).ravel().tolist() for name in SADDLE_FIELDS]
    rows = [dict(zip(SADDLE_FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]
    parameters = {"model": model, "alpha": alpha, "kappa": kappa}
    record = Record("saddle", parameters, rows, SADDLE_UNITS)
    beyond = found.without_solutions().ravel()
    if beyond.any():
        row = rows[int(np.argmax(beyond))]
        _warn(
            f"the entropy is negative at alpha = {row['alpha']:g}, kappa = {row['kappa']:g}: "
            "beyond the zero-entropy point typical solutions do not exist"
        )
    deliver(record, style, out, picture, _drawing("saddle"))
    lost = int(np.sum(~found.converged))
    if lost:
        msg = f"{lost} of {len(rows)} saddle points did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)


@theory.command()
@valley_options
@click.option("--at", type=numbers, required=True, metavar="LIST", help="The places y.")
@output_options
def potential(
    at: list[float], style: str, out: Path | None, picture: Path | None, **valley: Any
) -> None:
    """Effective potential of the slow coordinate and its force.

    The valley is V(x, y) = U(y) + g(y)|x|^2/2 with x in k fast directions.  Integrated out, they
    leave V_eff(y) = U + (kT/2) ln g for isotropic noise of variance 2T dt, and U + (kT/2) g for
    hessian noise of variance 2T g dt, each stiffened by the step: g/(1 - g ETA/2) in place of
    g in the logarithm, and -(kT/ETA) ln(1 - g ETA/2).  The "T ln g" of the paper is k = 2.
    The force is -dV_eff/dy.
    """
    import numpy as np

    from ..theory.slow import effective_potential, mean_forces
    from .record import Record, deliver

    place, noise, parameters = _valley_and_noise(**valley)
    y, step = np.array(at), parameters["step_size"]
    heights = effective_potential(place, noise, y, step)
    energetic, entropic = mean_forces(place, noise, y, step)
    forces = energetic + entropic + 0.0  # no -0
    energies = place.energy_at(y)
    rows = [
        {"y": a, "potential": b, "force": c, "energetic_potential": d, "entropic_potential": b - d}
        for a, b, c, d in zip(*(v.tolist() for v in (y, heights, forces, energies)), strict=True)
    ]
    units = POTENTIAL_UNITS | {"energetic_potential": "energy", "entropic_potential": "energy"}
    record = Record("potential", parameters | {"at": at}, rows, units)
    deliver(record, style, out, picture, _drawing("potential"))


@theory.command()
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
    from ..theory.exit import adiabatic_exit_time
    from .record import Record, deliver

    place, noise, parameters = _valley_and_noise(**valley)
    step = parameters["step_size"]
    if monitoring == "discrete" and not step > 0:
        msg = "--monitoring discrete needs a --step-size above 0: the ends are watched once a step."
        raise click.UsageError(msg)
    exit_ = adiabatic_exit_time(
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
        _warn(
            f"the adiabatic prediction is not safe here: the stiffness changes at up to {eps:.2g} "
            "of the rate at which the fast directions follow it"
        )
    record = Record("relaxation", parameters, rows, RELAXATION_UNITS)
    deliver(record, style, out, picture, _drawing("relaxation"))


def _drawing(quantity: str) -> Any:
    """The function that draws a record of this quantity, imported when it is called."""

    def draw(record: Any) -> Any:
        from . import figures

        return getattr(figures, f"{quantity}_figure")(record)

    return draw


def _valley_and_noise(
    curvature: "Shape",
    energy: "Shape",
    temperature: float,
    fast_dims: int,
    noise: str,
    step_size: float,
) -> "tuple[Valley, Noise, dict[str, Any]]":
    """What the options of a valley describe, and the options themselves."""
    from ..theory.noise import CurvatureAligned, Thermal
    from ..theory.valley import Valley

    shaken: Noise = (Thermal if noise == "isotropic" else CurvatureAligned)(temperature)
    parameters = {
        "curvature": curvature.text,
        "energy": energy.text,
        "temperature": temperature,
        "fast_dims": fast_dims,
        "noise": noise,
        "step_size": step_size,
    }
    return Valley(energy, curvature, fast_dims), shaken, parameters

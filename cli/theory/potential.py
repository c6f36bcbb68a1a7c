"""``entropic theory potential``: the effective potential of the slow coordinate."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import formula_of_both, numbers, output_options, warn
from .valley import needed, valley_and_noise, valley_options

if TYPE_CHECKING:
    from ...theory.expression import Surface
    from ..record import Record

UNITS = {"y": "length", "potential": "energy", "force": "energy/length"} | {
    name: "energy" for name in ("energetic_potential", "entropic_potential")
}
GENERAL = UNITS | {
    **{"potential_error": "energy", "force_error": "energy/length", "variance": "length^2"},
    **{"position": "length", "slope": "1", "barrier": "temperature", "place": "length"},
    **{"stiffness": "energy/length^2"},
    **{f"order_{n}": "energy" for n in range(4)},
}


@click.command()
@valley_options
@click.option(
    *("--potential", "whole"),
    type=formula_of_both,
    metavar="EXPR",
    help="V(x, y) itself, such as 'x**4/4 + y*x**2', in place of a valley: x is integrated out.",
)
@click.option(
    "--order",
    type=click.Choice(["exact", "laplace"]),
    default="exact",
    show_default=True,
    help="Integrate V(x, y) numerically, or expand it around its floor to T^2 with the T^3 term as "
    "the error.",
)
@click.option(
    "--symbolic",
    is_flag=True,
    help="Print the formula, derived step by step from one step of the integrator, with U and g "
    "put in where they are given.",
)
@click.option("--at", type=numbers, metavar="LIST", help="The places y.")
@output_options
def potential(
    at: list[float] | None,
    whole: "Surface | None",
    order: str,
    symbolic: bool,
    style: str,
    out: Path | None,
    picture: Path | None,
    **valley: Any,
) -> None:
    """Effective potential of the slow coordinate and its force.

    The valley is V(x, y) = U(y) + g(y)|x|^2/2 with x in k fast directions.  Integrated out, they
    leave V_eff(y) = U + (kT/2) ln g for isotropic noise of variance 2T dt, and U + (kT/2) g for
    hessian noise of variance 2T g dt, each stiffened by the step: g/(1 - g ETA/2) in place of
    g in the logarithm, and -(kT/ETA) ln(1 - g ETA/2).  The "T ln g" of the paper is k = 2; a
    covariance C puts tr C in place of kT.  Momentum BETA divides what the noise adds by 1 - BETA,
    and ETA by 1 + BETA.  The force is -dV_eff/dy.

    --potential integrates x out of any V(x, y) in white noise; --symbolic derives the formulas.
    """
    from ..record import deliver

    _refuse_what_has_no_place(whole is not None, symbolic, picture)
    if symbolic:
        record, document = _derived(valley)
        deliver(record, None if style == "table" else style, out, None)
        if style == "table":
            click.echo(document, nl=False)
        return
    places = needed(at, "--at")
    if whole is not None:
        temperature = needed(valley["temperature"], "--temperature")
        record = _integrated_out(whole, temperature, places, order)
    else:
        record = _of_valley(valley, places)
    deliver(record, style, out, picture)


def _refuse_what_has_no_place(whole: bool, symbolic: bool, picture: Path | None) -> None:
    """Options that would have no effect beside --potential or --symbolic."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT

    def given(*names: str) -> list[str]:
        return [n for n in names if context.get_parameter_source(n) != default]

    if not whole and given("order"):
        msg = "--order is for the x of --potential."
        raise click.UsageError(msg)
    if symbolic and (whole or picture is not None):
        msg = (
            "--symbolic derives formulas of a valley: --potential and --plot have no place with it."
        )
        raise click.UsageError(msg)
    if whole:
        names = ("curvature", "energy", "noise", "covariance", "fast_dims", "step_size")
        beside = given(*names, "momentum", "integrator")
        if beside:
            msg = (
                f"--potential is all of V(x, y), in white noise and continuous time: --{beside[0]} "
            )
            raise click.UsageError(msg.replace("_", "-") + "has no place beside it.")


def _of_valley(valley: dict[str, Any], at: list[float]) -> "Record":
    import numpy as np

    from ...theory.slow import effective_potential, mean_forces
    from ..record import Record

    place, noise, parameters = valley_and_noise(**valley, any_update=True)
    y, step = np.array(at), parameters["step_size"]
    way = {name: parameters[name] for name in ("momentum", "integrator")}
    heights = effective_potential(place, noise, y, step, **way)
    energetic, entropic = mean_forces(place, noise, y, step, **way)
    forces = energetic + entropic + 0.0  # no -0
    energies = place.energy_at(y)
    rows = [
        {"y": a, "potential": b, "force": c, "energetic_potential": d, "entropic_potential": b - d}
        for a, b, c, d in zip(*(v.tolist() for v in (y, heights, forces, energies)), strict=True)
    ]
    return Record("potential", parameters | {"at": at}, rows, UNITS)


def _integrated_out(whole: "Surface", temperature: float, at: list[float], order: str) -> "Record":
    from ...theory.laplace import laplace_expansion
    from ...theory.marginal import TWO_WELLS, marginal_potential
    from ..record import Record

    found: Any
    if order == "exact":
        found = marginal_potential(whole, temperature, at)
        more = {name: getattr(found, name) for name in ("position", "variance", "slope", "barrier")}
        if found.barrier.max() > TWO_WELLS:
            warn(
                f"x has two wells with up to {found.barrier.max():.3g} temperatures between them: "
                "the potential is that of equilibrium, which x is slow to reach"
            )
    else:
        found = laplace_expansion(whole, temperature, at)
        more = {"place": found.place, "stiffness": found.stiffness}
        more |= {f"order_{n}": terms for n, terms in enumerate(found.orders)}
    columns: dict[str, Any] = {"y": at}
    for name, estimate in (("potential", found.potential), ("force", found.force)):
        columns |= {name: estimate.value + 0.0, f"{name}_error": estimate.error}
    columns |= {name: values + 0.0 for name, values in more.items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    parameters = {"potential": whole.text, "temperature": temperature, "order": order, "at": at}
    return Record("potential", parameters, rows, GENERAL)


def _derived(valley: dict[str, Any]) -> "tuple[Record, str]":
    from ...theory.symbolic.potential import potential_derivation
    from ...theory.update import Update
    from ..record import Record

    given = click.get_current_context().get_parameter_source("energy")
    energy = valley["energy"].text if given != click.core.ParameterSource.DEFAULT else None
    Update(0.0, valley["momentum"])  # refuses a momentum that is none
    curvature = valley["curvature"].text if valley["curvature"] is not None else None
    asked = {
        "noise": valley["noise"],
        "integrator": valley["integrator"],
        "momentum": valley["momentum"] != 0,
        "energy": energy,
        "curvature": curvature,
    }
    found = potential_derivation(**asked)
    return Record("potential", {"symbolic": True} | asked, found.rows()), found.text()

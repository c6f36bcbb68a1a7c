"""The options that describe a valley and what shakes it, and what they describe."""

from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..options import Command, covariance, formula, number

if TYPE_CHECKING:
    from ...theory.expression import Shape
    from ...theory.noise import Noise
    from ...theory.valley import Valley

Answer = TypeVar("Answer")
INTEGRATORS = (
    "euler",
    "heun",
    "leimkuhler-matthews",
    "baoab",
    "exact",
)  # as theory.update has them


def valley_options(command: Command) -> Command:
    """The valley V(x, y) = U(y) + ½ g(y)|x|² and what shakes it."""
    for option in (
        click.option(
            "--step-size",
            type=number,
            default=0.0,
            show_default=True,
            metavar="ETA",
            help="Step of the dynamics, which is physics: it stiffens the effective potential. "
            "0 is continuous time.",
        ),
        click.option(
            "--momentum",
            type=number,
            default=0.0,
            show_default=True,
            metavar="BETA",
            help="Heavy-ball momentum: v <- BETA v - ETA grad V + noise of variance 2 T ETA.",
        ),
        click.option(
            "--integrator",
            type=click.Choice(INTEGRATORS),
            default="euler",
            show_default=True,
            help="How a step of size ETA is taken.",
        ),
        click.option(
            "--noise",
            type=click.Choice(["isotropic", "hessian", "covariance"]),
            default="isotropic",
            show_default=True,
            help="Covariance of the fast noise per unit of time: 2T (isotropic), 2T g (hessian) or "
            "2C (covariance).",
        ),
        click.option(
            "--covariance",
            type=covariance,
            metavar="C",
            help="C in units of energy, for --noise covariance: its k eigenvalues, 1,2,0.5, or its "
            "rows, '1,0.2;0.2,1'.",
        ),
        click.option(
            "--fast-dims",
            type=click.IntRange(1, 10**9),
            metavar="K",
            help="Number k of fast directions.  [default: 1, or the size of the covariance]",
        ),
        click.option(
            "--temperature",
            type=number,
            metavar="T",
            help="T, in units of energy; a covariance says it by itself.",
        ),
        click.option(
            "--energy",
            type=formula,
            default="0",
            show_default=True,
            metavar="EXPR",
            help="U(y), in units of energy.",
        ),
        click.option(
            "--curvature",
            type=formula,
            metavar="EXPR",
            help="g(y) > 0, the stiffness of the fast directions, such as '1 + y**2'.",
        ),
    ):
        command = option(command)
    return command


def valley_and_noise(
    curvature: "Shape | None",
    energy: "Shape",
    temperature: float | None,
    fast_dims: int | None,
    noise: str,
    covariance: list[list[float]] | None,
    step_size: float,
    momentum: float,
    integrator: Any,
    any_update: bool = False,
) -> "tuple[Valley, Noise, dict[str, Any]]":
    """What the options of a valley describe, and the options themselves.

    any_update: the command knows momentum and integrators, which it finds in the parameters; for
    others they are refused.
    """
    from ...theory.valley import Valley

    stiffness = needed(curvature, "--curvature")
    if not any_update and (momentum or integrator != "euler"):
        msg = "this command knows Euler's step without momentum; entropic theory potential knows "
        raise click.UsageError(msg + "the others.")
    shaken = noise_of(noise, temperature, covariance, fast_dims)
    dims = len(covariance) if covariance else fast_dims or 1
    parameters: dict[str, Any] = {
        "curvature": stiffness.text,
        "energy": energy.text,
        "temperature": shaken.temperature,
        "fast_dims": dims,
        "noise": noise,
        "step_size": step_size,
        "momentum": momentum,
        "integrator": integrator,
    }
    if covariance:
        parameters["covariance"] = covariance
    return Valley(energy, stiffness, dims), shaken, parameters


def noise_of(
    name: str,
    temperature: float | None,
    covariance: list[list[float]] | None,
    fast_dims: int | None,
) -> "Noise":
    """What the options of a noise describe, once they agree."""
    import numpy as np

    from ...theory.noise import CurvatureAligned, Measured, Thermal

    if (name == "covariance") != (covariance is not None):
        msg = "--noise covariance and --covariance C need each other."
        raise click.UsageError(msg)
    if covariance is None:
        heat = needed(temperature, "--temperature")
        return (Thermal if name == "isotropic" else CurvatureAligned)(heat)
    if temperature is not None:
        msg = "a covariance is in units of energy and has no --temperature beside it."
        raise click.UsageError(msg)
    if fast_dims not in (None, len(covariance)):
        msg = (
            f"the covariance is one of {len(covariance)} directions, --fast-dims says {fast_dims}."
        )
        raise click.UsageError(msg)
    return Measured(np.array(covariance))


def needed(value: Answer | None, option: str) -> Answer:
    """The value, or what click says of an option that is always required."""
    if value is None:
        raise click.MissingParameter(param_hint=f"'{option}'", param_type="option")
    return value

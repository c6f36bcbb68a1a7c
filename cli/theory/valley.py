"""The options that describe a valley and what shakes it, and what they describe."""

from typing import TYPE_CHECKING, Any

import click

from ..options import Command, formula, number

if TYPE_CHECKING:
    from ...theory.expression import Shape
    from ...theory.noise import Noise
    from ...theory.valley import Valley


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
            "--noise",
            type=click.Choice(["isotropic", "hessian"]),
            default="isotropic",
            show_default=True,
            help="Covariance of the fast noise: 2T (isotropic) or 2T g (hessian).",
        ),
        click.option(
            "--fast-dims",
            type=click.IntRange(1, 10**9),
            default=1,
            show_default=True,
            metavar="K",
            help="Number k of fast directions.",
        ),
        click.option(
            "--temperature", type=number, required=True, metavar="T", help="T, in units of energy."
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
            required=True,
            metavar="EXPR",
            help="g(y) > 0, the stiffness of the fast directions, such as '1 + y**2'.",
        ),
    ):
        command = option(command)
    return command


def valley_and_noise(
    curvature: "Shape",
    energy: "Shape",
    temperature: float,
    fast_dims: int,
    noise: str,
    step_size: float,
) -> "tuple[Valley, Noise, dict[str, Any]]":
    """What the options of a valley describe, and the options themselves."""
    from ...theory.noise import CurvatureAligned, Thermal
    from ...theory.valley import Valley

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

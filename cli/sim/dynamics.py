"""The options that say what is walked, and the dynamics that they describe."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from ..options import Command, covariance, number

if TYPE_CHECKING:
    from ...sims.langevin import Langevin
    from ...theory.expression import Shape, Surface
    from ...theory.valley import Valley

INTEGRATORS = ("euler", "leimkuhler-matthews", "heun", "ornstein-uhlenbeck", "heavy-ball", "baoab")
PRECISIONS = ("mixed", "double", "single")  # both as sims.langevin has them
MOST_DIMS = 100_000  # fast directions; a block of trajectories then takes some 200 MB


def named_value(text: str) -> tuple[str, float]:
    """A parameter of the formulas.

    >>> named_value("a=0.5")
    ('a', 0.5)
    """
    name, equals, value = text.partition("=")
    if not equals:
        msg = f"{text!r} is not NAME=VALUE."
        raise click.BadParameter(msg)
    return name.strip(), number(value)


def dynamics_options(command: Command) -> Command:
    """The landscape, what shakes it, and how a step is taken."""
    for option in (
        click.option(
            "--precision",
            type=click.Choice(PRECISIONS),
            default="mixed",
            show_default=True,
            help="Of positions and noise: mixed is double positions and single noise.",
        ),
        click.option(
            "--friction",
            type=number,
            metavar="GAMMA",
            help="Of baoab, whose mass is 1.  [default: 1]",
        ),
        click.option(
            "--momentum",
            type=number,
            metavar="BETA",
            help="Of heavy-ball: v <- BETA v - ETA grad V + noise of variance 2 T ETA.",
        ),
        click.option(
            "--integrator",
            type=click.Choice(INTEGRATORS),
            help="How a step is taken.  [default: heavy-ball with --momentum; else euler for first "
            "passage and hessian noise, leimkuhler-matthews for averages]",
        ),
        click.option(
            "--step-size",
            type=number,
            required=True,
            metavar="ETA",
            help="Step of the dynamics.",
        ),
        click.option(
            "--slow-temperature",
            type=number,
            metavar="T",
            help="Temperature of the noise on y itself.  [default: the temperature]",
        ),
        click.option(
            "--covariance",
            type=covariance,
            metavar="C",
            help="C in units of energy, for --noise covariance: its k eigenvalues, 1,2,0.5, or its "
            "rows, '1,0.2;0.2,1'.",
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
            "--temperature",
            type=number,
            metavar="T",
            help="T, in units of energy; a covariance says it by itself.",
        ),
        click.option(
            "--fast-dims",
            type=click.IntRange(1, MOST_DIMS),
            metavar="K",
            help="Number k of fast directions.  [default: 1, or the size of the covariance]",
        ),
        click.option(
            *("--param", "parameters"),
            type=named_value,
            multiple=True,
            metavar="NAME=VALUE",
            help="A number that the formulas call by name; another value needs no compilation.",
        ),
        click.option(
            "--potential",
            metavar="EXPR",
            help="V(x, y) of any form, in place of a valley: one fast direction x.",
        ),
        click.option("--energy", metavar="EXPR", help="U(y), in units of energy.  [default: 0]"),
        click.option(
            "--curvature",
            metavar="EXPR",
            help="g(y) > 0, the stiffness of the fast directions, such as '1 + y**2'.",
        ),
    ):
        command = option(command)
    return command


def dynamics(leaving: bool, **asked: Any) -> "tuple[Langevin, dict[str, Any]]":
    """What the options describe, and everything needed to say it again.

    leaving: whether first passage is asked for, where euler is the reference.
    """
    from ...sims.langevin import Langevin
    from ..theory.valley import noise_of

    landscape, described = _landscape(**asked)
    names = ("noise", "temperature", "covariance", "fast_dims")
    noise = noise_of(*(asked[name] for name in names))
    integrator = asked["integrator"] or _integrator(leaving, asked)
    momentum, friction = asked["momentum"], asked["friction"]
    if momentum is None and integrator == "heavy-ball":
        msg = "--integrator heavy-ball needs a --momentum."
        raise click.UsageError(msg)
    if friction is not None and integrator != "baoab":
        msg = f"--friction belongs to --integrator baoab, not to {integrator}."
        raise click.UsageError(msg)
    friction, momentum = 1.0 if friction is None else friction, momentum or 0.0
    langevin = Langevin(
        *(landscape, noise, asked["step_size"], integrator, momentum, friction),
        *(asked["slow_temperature"], asked["precision"]),
    )
    described |= {
        "noise": asked["noise"],
        "temperature": noise.temperature,
        **({"covariance": asked["covariance"]} if asked["covariance"] else {}),
        "slow_temperature": langevin.heat,
        "step_size": asked["step_size"],
        "integrator": integrator,
        "momentum": momentum,
        "precision": asked["precision"],
    }
    return langevin, described | ({"friction": friction} if integrator == "baoab" else {})


def _integrator(leaving: bool, asked: Mapping[str, Any]) -> str:
    if asked["momentum"] is not None:
        return "heavy-ball"
    return "euler" if leaving or asked["noise"] == "hessian" else "leimkuhler-matthews"


def _landscape(
    curvature: str | None,
    energy: str | None,
    potential: str | None,
    parameters: tuple[tuple[str, float], ...],
    fast_dims: int | None,
    covariance: list[list[float]] | None,
    **_: Any,
) -> "tuple[Valley | Surface, dict[str, Any]]":
    from ...theory.expression import shape, surface
    from ...theory.valley import Valley

    given = _distinct(parameters)
    texts = {"curvature": curvature, "energy": energy, "potential": potential}
    _refuse_strangers(given, [text for text in texts.values() if text is not None])
    named: dict[str, Any] = {"param": given} if given else {}
    if potential is not None:
        if curvature is not None or energy is not None or fast_dims is not None or covariance:
            msg = "--potential is all of V(x, y): no --curvature, --energy, --fast-dims or "
            raise click.UsageError(msg + "--covariance goes with it.")
        v: Surface = _read(surface, "potential", potential, given)
        return v, {"potential": potential} | named
    if curvature is None:
        msg = "give a --curvature, or a --potential."
        raise click.UsageError(msg)
    dims = len(covariance) if covariance else fast_dims or 1
    g: Shape = _read(shape, "curvature", curvature, given)
    u: Shape = _read(shape, "energy", energy or "0", given)
    described = {"curvature": curvature, "energy": energy or "0"} | named
    return Valley(u, g, dims), described | {"fast_dims": dims}


def _distinct(parameters: tuple[tuple[str, float], ...]) -> dict[str, float]:
    given = dict(parameters)
    if len(given) < len(parameters):
        msg = "each --param may be given once."
        raise click.UsageError(msg)
    return given


def _names(text: str) -> set[str]:
    return set(re.findall(r"\b[^\W\d]\w*", text))


def _refuse_strangers(given: Mapping[str, float], texts: list[str]) -> None:
    """Refuse a parameter that no formula mentions: it is misspelt."""
    known = set().union(*map(_names, texts))
    for name in given:
        if name not in known:
            msg = f"no formula mentions the parameter {name!r}."
            raise click.BadParameter(msg, param_hint="'--param'")


def _read(reader: Callable[..., Any], name: str, text: str, given: Mapping[str, float]) -> Any:
    """The formula with the parameters that it mentions, and no other: they are compiled in."""
    from ...theory.errors import DomainError

    mentioned = {key: value for key, value in given.items() if key in _names(text)}
    try:
        return reader(text, **mentioned)
    except DomainError as error:
        raise click.BadParameter(str(error), param_hint=f"'--{name}'") from None

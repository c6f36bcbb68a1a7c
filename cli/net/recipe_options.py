"""How to train, as options: what is not given stays as the problem's preset has it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..options import number, numbers
from .source import Source

if TYPE_CHECKING:
    from ...nets.recipe import Recipe

Command = TypeVar("Command", bound=Callable[..., Any])
FIELDS = (
    *("optimizer", "rate", "momentum", "nesterov", "batch", "epochs", "drops", "factor"),
    *("gradient_norm", "component", "descent", "longest"),
)
NONE = "none"


def _goal(text: str) -> float | str:
    return NONE if text == NONE else number(text)


def _drops(text: str) -> list[float]:
    return [] if text == NONE else numbers(text)


def seeds(text: str) -> list[int]:
    """A LIST of whole numbers.

    >>> seeds("0:3:4"), seeds("5")
    ([0, 1, 2, 3], [5])
    """
    found = numbers(text)
    if any(value != int(value) or not 0 <= value < 2**53 for value in found):
        msg = f"{text!r} must be whole numbers from 0."
        raise click.BadParameter(msg)
    if len(set(found)) < len(found):
        msg = f"{text!r} names a seed twice."
        raise click.BadParameter(msg)
    return [int(value) for value in found]


def recipe_options(command: Command) -> Command:
    """An option for every field of ``Recipe``; see :func:`chosen_recipe`."""
    whole = click.IntRange(1, 10**9)
    for option in (
        click.option("--longest", type=whole, help="Full gradients of the descent at most."),
        click.option(
            "--descent",
            type=click.Choice(["momentum", "steepest", "lbfgs"]),
            help="How it descends after the epochs.",
        ),
        click.option(
            "--component",
            type=_goal,
            metavar="G",
            help="Then descend until every |dL/dtheta_i| is at most G; none for no such goal.",
        ),
        click.option(
            "--gradient-norm",
            type=_goal,
            metavar="G",
            help="Then descend until |gradient| is at most G; none for no such goal.",
        ),
        click.option("--factor", type=number, metavar="F", help="What the rate is divided by."),
        click.option(
            "--drops",
            type=_drops,
            metavar="LIST",
            help="Fractions of the epochs at which the rate drops; none to keep it.",
        ),
        click.option("--epochs", type=click.IntRange(0, 10**9), help="Passes over the samples."),
        click.option("--batch", type=whole, help="Samples of a minibatch."),
        click.option("--nesterov/--heavy-ball", default=None, help="The kind of momentum."),
        click.option("--momentum", type=number, metavar="BETA", help="For adam its first beta."),
        click.option("--rate", type=number, metavar="ETA", help="Learning rate at the start."),
        click.option(
            "--optimizer",
            type=click.Choice(["sgd", "adam", "langevin"]),
            help="langevin: full gradient and uncorrelated noise as strong as a minibatch's.",
        ),
    ):
        command = option(command)
    return command


def chosen_recipe(source: Source, asked: dict[str, Any]) -> "Recipe":
    """The preset's recipe with what was given on top; takes its options out of ``asked``."""
    from ...nets.presets import preset
    from ...nets.recipe import Recipe

    base = Recipe() if source.is_own else preset(source.reference).recipe
    given = {name: asked.pop(name) for name in FIELDS}
    changes = {name: value for name, value in given.items() if value is not None}
    if "drops" in changes:
        changes["drops"] = tuple(changes["drops"])
    for name in ("gradient_norm", "component"):
        if changes.get(name) == NONE:
            changes[name] = None
    if changes.get("optimizer") == "langevin":
        changes.setdefault("momentum", 0.0)
    if changes.get("optimizer", "sgd") != "sgd":
        changes.setdefault("nesterov", False)
    return replace(base, **changes)

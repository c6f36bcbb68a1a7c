"""What every network command asks: which problem, which data, where to compute."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .source import Source, Value, setting

Command = TypeVar("Command", bound=Callable[..., Any])


def problem_options(command: Command) -> Command:
    """``--problem``, ``--set``, ``--data`` and ``--device``; see :func:`given_source`."""
    for option in (
        click.option(
            "--device",
            default="cpu",
            show_default=True,
            metavar="NAME",
            help="Where to compute: cpu, cuda, cuda:1, mps.",
        ),
        click.option(
            "--data",
            type=click.Path(),
            metavar="DIR",
            help="Folder or archive of the data that the problem reads.",
        ),
        click.option(
            *("--set", "settings"),
            type=setting,
            multiple=True,
            metavar="NAME=VALUE",
            help="A setting of the problem.  May be given again.",
        ),
        click.option(
            *("--problem", "reference"),
            metavar="NAME",
            help="A preset (`entropic net presets`) or your own package.module:function, which "
            "returns an entropic.nets.Problem.",
        ),
    ):
        command = option(command)
    return command


def given_source(asked: dict[str, Any]) -> Source:
    """Take the options of :func:`problem_options` but the device out of ``asked``."""
    settings: dict[str, Value] = dict(asked.pop("settings"))
    data = asked.pop("data")
    found_anywhere = data and os.path.abspath(data)  # whichever folder the next command runs in
    return Source(asked.pop("reference") or "", settings, found_anywhere)


def named_source(name: str | None, asked: dict[str, Any]) -> Source:
    """PROBLEM, given as an argument or with --problem."""
    source = given_source(asked)
    if (name is None) == (not source.reference):
        once = " once" if name else ""
        msg = f"give PROBLEM{once}: a preset, or your own package.module:function."
        raise click.UsageError(msg)
    return Source(name or source.reference, source.settings, source.data)

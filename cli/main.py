"""The ``entropic`` command: it names every sub-command and wakes a room only when called.

Exit codes: 0 done; 2 the user's input (one line on stderr, beginning ``error:``); 1 the world (no
convergence, disk, memory); 130 interrupted.
"""

import gc
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from .hall import Hall


@click.group(
    cls=Hall,
    package=__package__,
    invoke_without_command=True,
    rooms={
        "compare": ("compare", "Put a predicted relaxation beside a measured one."),
        "data": ("data", "Image archives: look into one, or fetch it."),
        "net": ("net.group", "Measure networks: minima, paths, curvature, gradient noise."),
        "sim": ("sim.group", "Simulate: Langevin ensembles, perceptrons."),
        "theory": (
            "theory.group",
            "Predict: saddle points, effective potentials, relaxation times.",
        ),
    },
)
@click.version_option(package_name="entropic", message="%(prog)s %(version)s")
@click.pass_context
def entropic(ctx: click.Context) -> None:
    """Entropic forces in loss landscapes: predict them and watch them happen.

    Numbers go to stdout, words to stderr.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command with the arguments of this process, and exit with its code."""
    gc.set_threshold(100_000)  # imports make no garbage to look for: a tenth off the start
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command; whatever goes wrong becomes one line on stderr and an exit code."""
    with warnings.catch_warnings():
        warnings.showwarning = _one_line_warning
        try:
            code = entropic.main(list(arguments), "entropic", standalone_mode=False)
            sys.stdout.flush()
        except (click.Abort, KeyboardInterrupt):
            return _told("interrupted", 130)
        except click.ClickException as error:
            return _told(error.format_message(), error.exit_code)
        except OSError as error:
            return _lost(error)
        except MemoryError as error:
            return _told(f"not enough memory: {error}", 1)
        except Exception as error:
            from ..theory.errors import DomainError, EntropicError

            if isinstance(error, EntropicError):
                return _told(str(error), 2 if isinstance(error, DomainError) else 1)
            from .own_code import place_in_own_code

            if place := place_in_own_code(error):
                return _told(f"{place}: {type(error).__name__}: {error}", 2)
            raise
    return code if isinstance(code, int) else 0


def _told(message: str, code: int) -> int:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code


def _lost(error: OSError) -> int:
    """A full disk is said; a reader that has seen enough (``| head``) is no error to talk of."""
    try:
        sys.stdout.flush()
    except OSError:  # what is left in the buffer has nowhere to go: let the exit not try again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if isinstance(error, BrokenPipeError) else _told(str(error), 1)


def _one_line_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"warning: {' '.join(str(message).split())}", err=True)

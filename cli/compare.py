"""``entropic compare``: what theory predicts beside what was measured, rung by rung."""

import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .comparison import Comparison, Scale, command_line
from .net.options import problem_options
from .progress import bar, is_shown

if TYPE_CHECKING:
    from .kept import Kept
    from .ladder import Rung
    from .rungs.net_path import Asked

RUNGS = ("toy", "linear", "digits", "perceptron", "net")
RELAXING = RUNGS[:3]  # what is climbed without a name


class Interrupted(click.ClickException):
    """Ctrl-C, with a word on what was kept."""

    exit_code = 130


def climber(name: str) -> "Callable[..., Rung]":
    """The function (scale, seed, progress) that climbs a rung; its rooms wake here, not before.

    That of net is also told what was ``asked`` of it, and where to keep its ``stages``.
    """
    climb: Callable[..., Rung] = import_module(f".rungs.{name}", __package__).climb
    return climb


def _folder(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    if value is None:
        return None
    path = Path(value)
    return path if path.name not in ("", "..") else path.resolve()


@click.command()
@click.argument("rungs", nargs=-1, type=click.Choice(RUNGS), metavar=f"[{'|'.join(RUNGS)}]...")
@click.option(
    *("--quick/--full", "quick"),
    default=True,
    show_default=True,
    help="Minutes on two cores, or the small error bars.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    help="The same seed gives the same table on the same machine.",
)
@click.option(
    "--out",
    callback=_folder,
    metavar="DIR",
    help="The run folder, new or empty; the default is runs/<time>-compare.",
)
@click.option(
    *("--format", "style"),
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="What is printed; json is the summary of the run.",
)
@click.option(
    "--preset",
    metavar="NAME",
    help="Of net: which comparison; a wrong name lists those there are.",
)
@click.option(
    *("--path", "folder"),
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Of net: the path in a folder of `entropic net path`, instead of a new one.",
)
@problem_options
def compare(
    rungs: Sequence[str],
    quick: bool,
    seed: int,
    out: Path | None,
    style: str,
    **network: Any,
) -> None:
    """Put what theory predicts beside what was measured.

    \b
    toy         a particle in a valley of varying curvature; every number from quadrature
    linear      a deep linear network under SGD, walking along its manifold of minima
    digits      a network trained on digits, relaxing along a path between two minima
    perceptron  sampled weights of perceptrons, extrapolated in size, and the saddle point
    net         any network: several optimizers, rates and batches on one path (--preset, --path)

    Without a name the first three are climbed.  Finished rungs, and stages of net, are kept: after
    Ctrl-C the same command with the same --out continues.  The last six options are of net alone.
    """  # noqa: D301  (\b is click's mark for lines to be left alone)
    scale: Scale = "quick" if quick else "full"
    names = [name for name in RUNGS if name in (rungs or RELAXING)]
    more = _words(network)
    _check_network(names, more)
    asked = _asked(network) if "net" in names else None
    if asked is not None:
        asked.settings(scale)  # refused now rather than after other rungs
    kept = _begin(names, scale, seed, more, out)
    command = command_line(names, scale, seed, kept.out, more)
    with _saying_what_is_kept(kept, command):
        for name in names:
            _climb(name, scale, seed, kept, asked)
        comparison = _finish(names, scale, seed, more, kept)
    _show(comparison, style)
    click.echo(f"wrote {kept.out}", err=True)


def _words(network: Mapping[str, Any]) -> list[str]:
    """The options of net as they are typed, folders by their full names."""
    words = [
        word
        for option, name in (("--preset", "preset"), ("--path", "folder"), ("--data", "data"))
        if (value := network[name]) is not None
        for word in (option, str(value) if name == "preset" else os.path.abspath(value))
    ]
    words += ["--problem", network["reference"]] if network["reference"] else []
    for name, value in network["settings"]:
        said = str(value).lower() if isinstance(value, bool) else value
        words += ["--set", f"{name}={said}"]
    return words + (["--device", network["device"]] if network["device"] != "cpu" else [])


def _check_network(names: Sequence[str], more: Sequence[str]) -> None:
    if more and "net" not in names:
        msg = f"{more[0]} is an option of the rung net: entropic compare net {shlex.join(more)}"
        raise click.UsageError(msg)


def _asked(network: dict[str, Any]) -> "Asked":
    from .net.options import given_source
    from .rungs.net_path import Asked

    preset, folder, device = (network.pop(name) for name in ("preset", "folder", "device"))
    return Asked(preset, folder, given_source(network), device)


def _begin(
    names: Sequence[str], scale: Scale, seed: int, more: Sequence[str], out: Path | None
) -> "Kept":
    """Claim a run folder before any work; without a name, one that nobody has."""
    from .kept import begin, unclaimed
    from .run_folder import versions

    command = command_line(names, scale, seed, more=more)
    stamp: dict[str, Any] = {"command": command, "versions": versions()}
    if out is None:
        out = unclaimed("compare")
        click.echo(f"run folder {out}; if cut short, continue with --out {out}", err=True)
    return begin(out, stamp)


def _climb(name: str, scale: Scale, seed: int, kept: "Kept", asked: "Asked | None") -> None:
    """Climb one rung and keep it, unless it is kept already."""
    if name in kept.names:
        click.echo(f"{name}: taken from {kept.folder}", err=True)
        return
    climb = climber(name)
    if asked is not None and name == "net":
        climb = partial(climb, asked=asked, stages=kept.stages(name))
    start = time.perf_counter()
    if not is_shown():
        click.echo(f"{name}: climbing", err=True)
    with bar(name) as progress:
        rung = climb(scale, seed, progress)
    seconds = time.perf_counter() - start
    kept.keep(rung, seconds)
    click.echo(f"{name}: {len(rung.rows)} rows, {seconds:.0f} s", err=True)


def _finish(
    names: Sequence[str], scale: Scale, seed: int, more: Sequence[str], kept: "Kept"
) -> Comparison:
    """Write the run folder from what is kept, and take that away."""
    from .run_folder import write_run

    found = {name: kept.rung(name) for name in names}
    rungs = tuple(rung for rung, _ in found.values())
    seconds = {name: taken for name, (_, taken) in found.items()}
    comparison = Comparison(rungs, scale, seed, seconds, more)
    write_run(comparison, kept.out)
    kept.remove()
    return comparison


def _show(comparison: Comparison, style: str) -> None:
    from .compare_table import print_comparison

    if style == "table":
        print_comparison(comparison.rungs, comparison.verdict, comparison.score)
    else:
        text = comparison.summary_text() if style == "json" else comparison.csv_text()
        click.echo(text, nl=False)


@contextmanager
def _saying_what_is_kept(kept: "Kept", command: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        msg = f"interrupted; {_what_is_kept(kept, command)}"
        raise Interrupted(msg) from None
    except BaseException:
        click.echo(_what_is_kept(kept, command), err=True)
        raise


def _what_is_kept(kept: "Kept", command: str) -> str:
    if not (names := [*kept.names, *kept.unfinished]):
        kept.remove()
        return "no rung was finished, nothing is kept"
    return f"kept in {kept.folder}: {', '.join(names)}; to continue: {command}"

"""``entropic compare``: what theory predicts beside what was measured, rung by rung."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .comparison import Comparison, Scale, command_line
from .progress import Progress, bar, is_shown

if TYPE_CHECKING:
    from .kept import Kept
    from .ladder import Rung

RUNGS = ("toy", "linear", "digits", "perceptron")
RELAXING = RUNGS[:3]  # what is climbed without a name


class Interrupted(click.ClickException):
    """Ctrl-C, with a word on what was kept."""

    exit_code = 130


def climber(name: str) -> "Callable[[Scale, int, Progress], Rung]":
    """The function that climbs a rung; its rooms wake here and not before."""
    climb: Callable[[Scale, int, Progress], Rung] = import_module(
        f".rungs.{name}", __package__
    ).climb
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
def compare(rungs: Sequence[str], quick: bool, seed: int, out: Path | None, style: str) -> None:
    """Put what theory predicts beside what was measured.

    \b
    toy         a particle in a valley of varying curvature; every number from quadrature
    linear      a deep linear network under SGD, walking along its manifold of minima
    digits      a network trained on digits, relaxing along a path between two minima
    perceptron  sampled weights of perceptrons, extrapolated in size, and the saddle point

    Without a name the three relaxations are climbed, all but the perceptron.  Finished rungs are
    kept: after Ctrl-C the same command with the same --out continues.
    """  # noqa: D301  (\b is click's mark for lines to be left alone)
    scale: Scale = "quick" if quick else "full"
    names = [name for name in RUNGS if name in (rungs or RELAXING)]
    kept = _begin(names, scale, seed, out)
    command = command_line(names, scale, seed, kept.out)
    with _saying_what_is_kept(kept, command):
        for name in names:
            _climb(name, scale, seed, kept)
        comparison = _finish(names, scale, seed, kept)
    _show(comparison, style)
    click.echo(f"wrote {kept.out}", err=True)


def _begin(names: Sequence[str], scale: Scale, seed: int, out: Path | None) -> "Kept":
    """Claim a run folder before any work; without a name, one that nobody has."""
    from .kept import begin, unclaimed
    from .run_folder import versions

    stamp: dict[str, Any] = {"command": command_line(names, scale, seed), "versions": versions()}
    if out is None:
        out = unclaimed("compare")
        click.echo(f"run folder {out}; if cut short, continue with --out {out}", err=True)
    return begin(out, stamp)


def _climb(name: str, scale: Scale, seed: int, kept: "Kept") -> None:
    """Climb one rung and keep it, unless it is kept already."""
    if name in kept.names:
        click.echo(f"{name}: taken from {kept.folder}", err=True)
        return
    climb = climber(name)
    start = time.perf_counter()
    if not is_shown():
        click.echo(f"{name}: climbing", err=True)
    with bar(name) as progress:
        rung = climb(scale, seed, progress)
    seconds = time.perf_counter() - start
    kept.keep(rung, seconds)
    click.echo(f"{name}: {len(rung.rows)} rows, {seconds:.0f} s", err=True)


def _finish(names: Sequence[str], scale: Scale, seed: int, kept: "Kept") -> Comparison:
    """Write the run folder from what is kept, and take that away."""
    from .run_folder import write_run

    found = {name: kept.rung(name) for name in names}
    rungs = tuple(rung for rung, _ in found.values())
    seconds = {name: taken for name, (_, taken) in found.items()}
    comparison = Comparison(rungs, scale, seed, seconds)
    write_run(comparison, kept.out)
    kept.remove()
    return comparison


def _show(comparison: Comparison, style: str) -> None:
    from .compare_table import print_comparison

    if style == "table":
        print_comparison(comparison.rungs, comparison.verdict)
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
    if not (names := kept.names):
        kept.remove()
        return "no rung was finished, nothing is kept"
    return f"kept in {kept.folder}: {', '.join(names)}; to continue: {command}"

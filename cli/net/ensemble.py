"""``entropic net ensemble``: networks that answer together, met on one walk, a path, or trained."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..atomic import check_free
from ..options import number, shown_options
from ..progress import bar
from .folders import POINTS, Minima, PathFolder, read_minima, read_path, write_minima
from .options import given_source, problem_options

if TYPE_CHECKING:
    from torch import Tensor

    from .ensemble_rows import Member

COMMAND = "entropic net ensemble"
METHODS = ("walk", "curve", "minima")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder of the members, itself one of minima, new or empty.",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    help="Train on from one minimum with a rate that rises and falls; take points of a path; or "
    "take the minima that are there.  [default: walk, and curve for a folder of a path]",
)
@click.option(
    "--members",
    type=click.IntRange(1),
    help="How many of a walk, or points of a path, its ends included.  [default: 10]",
)
@click.option("--start", metavar="NAME", help="Where a walk begins.  [default: the first minimum]")
@click.option(
    "--high",
    type=number,
    metavar="ETA",
    default=0.05,
    show_default=True,
    help="The highest rate of a walk.",
)
@click.option(
    "--low",
    type=number,
    metavar="ETA",
    default=0.01,
    show_default=True,
    help="The lowest, at which members are kept.",
)
@click.option(
    "--cycle",
    type=click.IntRange(2),
    default=2,
    show_default=True,
    help="Epochs from one highest rate to the next; an even number.",
)
@click.option("--momentum", type=number, default=0.9, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=128, show_default=True)
@click.option(
    "--single/--no-single",
    default=True,
    show_default=True,
    help="Train one network as well for as many epochs as the walk takes, its rate falling.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@problem_options
@shown_options
def ensemble(
    folder: Path, out: Path, device: str, style: str, picture: Path | None, **asked: Any
) -> None:
    """Let several networks from FOLDER answer together, by the mean of their probabilities.

    By default fast geometric ensembling: from one of the minima in FOLDER, train on with a rate
    that rises and falls, and keep the network whenever the rate is lowest.  It is meant to start
    before a training has come to rest (its authors' after four fifths): from the bottom of a
    minimum that fits every sample no noise leads on.  FOLDER may also hold a
    path (of `entropic net path`): then points of it, equidistant, are the members.

    A row for every member: loss is that of the landscape, decay included; metric, test_loss and
    test_metric are its own, batch statistics estimated again; ensemble_test_loss and
    ensemble_test_metric are those of it and all members above it together; distance is how far it
    is from the first row.  Rows `start` and `single` are no members: where the walk begins, and one
    network trained for as many epochs.
    """
    from ..atomic import writing_folder
    from ..record import deliver
    from .ensemble_rows import ensemble_record

    check_free(out)
    given = given_source(asked)
    is_path = (folder / POINTS).is_file()
    method = asked.pop("method") or ("curve" if is_path else "walk")
    if (method == "curve") != is_path:
        msg = (
            f"--method {method} goes with a folder of {'a path' if method == 'curve' else 'minima'}"
            f"; {str(folder)!r} holds {'a path' if is_path else 'minima'}."
        )
        raise click.UsageError(msg)
    opened = (read_path if is_path else read_minima)(folder, given, device)
    members = _members(method, opened, asked, folder)
    told = {name: asked[name] for name in _USED[method]} | {"method": method}
    origin = {"folder": str(folder), "problem": opened.source.as_table()}
    record = ensemble_record(opened.problem, members, origin | told)
    points = {str(m.number): m.theta for m in members if m.kind == "member"}
    rows = [dict(row) for row in record.rows if row["kind"] == "member"]
    config = {"command": COMMAND, "problem": opened.source.as_table(), "ensemble": told}
    with writing_folder(out) as made:
        write_minima(made, opened.problem, points, config, rows)
    click.echo(f"wrote {out}", err=True)
    deliver(record, style, None, picture)


_USED = {
    "walk": ("members", "start", "high", "low", "cycle", "momentum", "batch", "single", "seed"),
    "curve": ("members",),
    "minima": (),
}


def _members(
    method: str, opened: Minima | PathFolder, asked: dict[str, Any], folder: Path
) -> "list[Member]":
    from .ensemble_rows import Member

    asked["members"] = asked["members"] or 10
    if isinstance(opened, PathFolder):
        points = _along(opened, asked["members"])
        return [Member("member", i, theta) for i, theta in enumerate(points, start=1)]
    if method == "minima":
        return [
            Member("member", i, theta) for i, theta in enumerate(opened.points.values(), start=1)
        ]
    names = list(opened.points)
    asked["start"] = asked["start"] or names[0]
    if asked["start"] not in names:
        msg = f"{str(folder)!r} has no minimum {asked['start']!r}; it has {', '.join(names)}."
        raise click.UsageError(msg)
    return _walked(opened, asked)


def _along(opened: PathFolder, members: int) -> "list[Tensor]":
    import numpy as np

    from ...nets.problem import array
    from ...theory.path import Path as Polygon

    polygon = Polygon(array(opened.points))
    places = np.linspace(0.0, polygon.length, members) if members > 1 else [polygon.length / 2]
    return [opened.problem.tensor(theta) for theta in polygon.at(np.asarray(places))]


def _walked(opened: Minima, asked: dict[str, Any]) -> "list[Member]":
    from ...nets.fast_ensemble import Cycle
    from .ensemble_work import walked

    cycle = Cycle(asked["high"], asked["low"], asked["cycle"])
    settings = {name: asked[name] for name in ("momentum", "batch", "seed", "single")}
    start = opened.points[asked["start"]]
    with bar("ensemble") as progress:
        return walked(
            *(opened.problem, start, asked["members"], cycle), **settings, progress=progress
        )

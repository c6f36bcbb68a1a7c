"""``entropic net path``: a path of low loss between two minima."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..atomic import check_free
from ..options import number, shown_options
from ..progress import bar
from ..remembering import Remembering, going_on
from .folders import read_minima, write_path
from .options import given_source, problem_options

if TYPE_CHECKING:
    from torch import Tensor

    from ...nets.paths import FoundPath
    from ...nets.problem import Problem
    from ..compare import Interrupted
    from ..record import Record
    from .folders import Minima
    from .kept_tensors import KeptTensors

METHODS = ("autoneb", "neb", "bezier", "polygon", "line")
SEARCHED = ("pivots", "bends", "cycles", "steps", "rate", "last_rate", "batch", "dense")
COMMAND = "entropic net path"


def pair(text: str) -> tuple[str, str]:
    """Two names of minima, as ``0,1``."""
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names) or names[0] == names[1]:
        msg = f"{text!r} must name two different minima, as in 0,1."
        raise click.BadParameter(msg)
    return names[0], names[1]


@click.command(cls=Remembering)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder of the path, new or empty.",
)
@click.option(
    "--between",
    type=pair,
    metavar="A,B",
    help="The minima to connect, by name.  [default: the first two]",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="autoneb",
    show_default=True,
    help="A band that is refined where it is bad, a plain band, a curve with trained bends, or "
    "the straight line.",
)
@click.option(
    "--pivots",
    type=click.IntRange(3, 100_000),
    help="Points of the path, ends included; autoneb adds more.  [default: 9 for autoneb, 15 for "
    "neb, 21 for others]",
)
@click.option(
    "--bends", type=click.IntRange(1, 1000), help="Trained points of a curve.  [default: 1]"
)
@click.option("--cycles", type=click.IntRange(1, 10**6), help="Of a band.  [default: 4]")
@click.option(
    "--steps",
    type=click.IntRange(1, 10**9),
    help="Of each cycle; curves take cycles x steps.  [default: the preset's or 1000]",
)
@click.option("--rate", type=number, metavar="ETA", help="In the first cycle.  [default: 0.1]")
@click.option("--last-rate", type=number, metavar="ETA", help="In the last.  [default: 0.001]")
@click.option(
    "--batch",
    type=click.IntRange(1),
    help="Samples of a step, the same for all pivots.  [default: the preset's or 256]",
)
@click.option(
    "--dense",
    type=click.IntRange(0, 10_000),
    help="Points between two pivots at which the path is looked at.  [default: 9 for bands, 4 for "
    "others]",
)
@click.option(
    "--align",
    is_flag=True,
    help="First put the hidden units of B in the order of those of A: the path then ends at the "
    "same function under other weights.",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was cut: see below.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@problem_options
@shown_options
@click.pass_context
def path(
    ctx: click.Context,
    /,
    folder: Path,
    out: Path,
    between: tuple[str, str] | None,
    resume: bool,
    device: str,
    style: str,
    picture: Path | None,
    **asked: Any,
) -> None:
    """Find a path of low loss between two of the minima in FOLDER.

    One row for every point at which the path is looked at: the pivots and points between them, s
    the distance along it.  loss is that of the landscape, on the whole training set, decay
    included and normalised by batch statistics where the model is; metric, test_loss and
    test_metric are those of the network taken out of the path, batch statistics estimated again.
    The barrier is the highest loss above the higher end.

    DIR gets path.safetensors (the pivots), config.toml, summary.json (a row for every
    pivot) and profile.json (all that is printed).  At Ctrl-C, and every few seconds, the state is
    kept in DIR.partial; the same command with --resume goes on, and gives what an uninterrupted
    run gives.
    """
    from ..record import deliver
    from .kept_tensors import KeptTensors

    check_free(out)
    opened = read_minima(folder, given_source(asked), device)
    settings = _usual(opened, asked["method"])
    settings |= {name: asked[name] for name in SEARCHED if asked[name] is not None}
    names = _names(opened, between, folder)
    task = {
        "method": asked["method"],
        "between": list(names),
        "align": asked["align"],
        "seed": asked["seed"],
        **_settings(asked["method"], settings),
    }
    kept = KeptTensors(
        out.with_name(f"{out.name}.partial"),
        COMMAND,
        {"folder": os.path.abspath(folder), "problem": opened.source.as_table()} | task,
    )
    state = kept.begin(resume)
    try:
        found, record = _work(folder, opened, task, kept, state)
    except KeyboardInterrupt:
        raise _interrupted(kept, going_on(ctx)) from None
    except (MemoryError, OSError) as error:
        raise _lost(error, kept, going_on(ctx)) from None
    _write(out, opened, found, record)
    kept.remove()
    click.echo(f"wrote {out}", err=True)
    deliver(record, style, None, picture)


def _names(opened: "Minima", between: tuple[str, str] | None, folder: Path) -> tuple[str, str]:
    there = list(opened.points)
    if between is None:
        if len(there) < 2:
            msg = f"a path needs two minima; {str(folder)!r} holds {len(there)}."
            raise click.UsageError(msg)
        return there[0], there[1]
    for name in between:
        if name not in there:
            msg = f"{str(folder)!r} has no minimum {name!r}; it has {', '.join(there)}."
            raise click.UsageError(msg)
    return between


def _usual(opened: "Minima", method: str) -> dict[str, int]:
    """What the preset finds its band with."""
    from ...nets.presets import preset

    if opened.source.is_own or method not in ("autoneb", "neb"):
        return {}
    return dict(preset(opened.source.reference).band)


def _settings(method: Any, chosen: dict[str, Any]) -> dict[str, Any]:
    """Every default filled in."""
    from ...nets.path_methods import path_settings

    return vars(path_settings(method, **chosen))


def _work(
    folder: Path,
    opened: "Minima",
    task: dict[str, Any],
    kept: "KeptTensors",
    state: "dict[str, Tensor] | None",
) -> "tuple[FoundPath, Record]":
    from ...nets.path_methods import path_settings
    from ...nets.paths import find_path
    from ...theory.errors import DomainError
    from .path_rows import path_record

    problem, method = opened.problem, task["method"]
    first, last = (opened.points[name] for name in task["between"])
    told: dict[str, Any] = {}
    if task["align"]:
        last, told = _aligned(problem, last, first, task["seed"])
    settings = path_settings(method, **{name: task[name] for name in _settings(method, {})})
    try:
        with bar("path") as progress:
            found = find_path(
                *(problem, first, last, method, settings),
                seed=task["seed"],
                state=state,
                keep=kept.keep if method != "line" else None,
                progress=progress,
            )
    except DomainError:
        kept.remove()  # going on would end at the same place
        raise
    asked = {"folder": str(folder), "problem": opened.source.as_table()} | task | told
    return found, path_record(problem, found, asked)


def _aligned(
    problem: "Problem", theta: "Tensor", reference: "Tensor", seed: int
) -> "tuple[Tensor, dict[str, Any]]":
    from ...nets.alignment import aligned

    found = aligned(problem, theta, reference, seed=seed)
    told = {name: getattr(found, name) for name in ("distance_before", "mismatch")}
    return problem.tensor(found.theta), {f"alignment_{name}": told[name] for name in told}


def _write(out: Path, opened: "Minima", found: "FoundPath", record: "Record") -> None:
    from ..atomic import writing_folder
    from ..record import json_text
    from .path_rows import REPORTED

    table = {
        name: value
        for name, value in record.parameters.items()
        if name not in ("line", "history", "problem")
    }
    report = {name: table.pop(name) for name in REPORTED if name in table}
    config = {
        "command": COMMAND,
        "problem": opened.source.as_table(),
        "path": {**table, "report": report},
    }
    rows = [dict(row) for row in record.rows if row["pivot"]]
    with writing_folder(out) as folder:
        write_path(folder, opened.problem, found.points, config, rows)
        (folder / "profile.json").write_text(json_text(record), "utf-8")


def _lost(error: Exception, kept: "KeptTensors", again: str) -> Exception:
    from .training_task import Lost

    what = "not enough memory: " if isinstance(error, MemoryError) else ""
    with suppress(OSError):
        kept.flush()
    there = f"; kept in {kept.path}; to continue: {again}" if kept.path.exists() else ""
    return Lost(f"{what}{error}{there}")


def _interrupted(kept: "KeptTensors", again: str) -> "Interrupted":
    from ..compare import Interrupted

    kept.flush()
    if kept.path.exists():
        return Interrupted(f"interrupted; kept in {kept.path}; to continue: {again}")
    return Interrupted("interrupted; nothing is kept yet")

"""``entropic net branch``: from which epoch on the noise no longer decides where training ends."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..atomic import check_free
from ..options import numbers, shown_options
from ..remembering import Remembering, going_on
from .options import named_source, problem_options
from .recipe_options import chosen_recipe, recipe_options, seeds
from .source import Source

if TYPE_CHECKING:
    from ...nets.branching import Branching, LineSettings
    from ...nets.problem import Problem
    from ...nets.recipe import Recipe
    from ..sim.kept_state import KeptState

COMMAND = "entropic net branch"
TOOLS = ("entropic", "numpy", "scipy", "torch")


def rising_epochs(text: str) -> list[int]:
    """A LIST of whole numbers that rises."""
    found = numbers(text)
    if any(k != int(k) or k < 0 for k in found) or any(
        b <= a for a, b in zip(found, found[1:], strict=False)
    ):
        msg = f"{text!r} must be whole numbers from 0, rising."
        raise click.BadParameter(msg)
    return [int(k) for k in found]


@click.command(cls=Remembering)
@click.argument("name", required=False, metavar="[PROBLEM]")
@problem_options
@click.option(
    "--at",
    *("epochs_at",),
    type=rising_epochs,
    required=True,
    metavar="LIST",
    help="Epochs k at which two branches begin, such as 0,1,2,5,10,20.",
)
@click.option(
    "--seeds",
    type=seeds,
    default="0,1,2,3",
    show_default=True,
    metavar="LIST",
    help="A trunk each; they are what standard errors come from.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder of the results, new or empty.",
)
@recipe_options
@click.option(
    "--places",
    type=click.IntRange(3, 10_001),
    default=11,
    show_default=True,
    help="On every line, ends included.",
)
@click.option(
    "--probes",
    type=click.IntRange(2, 10_000),
    default=16,
    show_default=True,
    help="Random vectors of the trace, the same everywhere.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Of the probes."
)
@click.option("--mean", is_flag=True, help="Print means over the seeds, with standard errors.")
@click.option("--resume", is_flag=True, help="Go on with a run that was cut: see below.")
@shown_options
@click.pass_context
def branch(
    ctx: click.Context,
    /,
    name: str | None,
    epochs_at: list[int],
    out: Path,
    device: str,
    resume: bool,
    mean: bool,
    style: str,
    picture: Path | None,
    **asked: Any,
) -> None:
    """Train to epoch k, go on with two different noises, look at the line between both ends.

    PROBLEM is a preset (`entropic net presets`) or your own package.module:function.  One row for
    every k (branch_epoch) and seed.  loss_barrier and error_barrier: the most by which the line is
    above the linear interpolation of its ends, in the landscape's loss (decay included) and in
    1 - accuracy (test, if there is a test set).  lambda_max_barrier and trace_barrier: the most on
    the line less the larger end, of the largest eigenvalue and of the trace of the Hessian; _ratio,
    the quotient of the two.  No barrier is 0.  distance: between the ends.

    DIR gets config.toml, summary.json (the rows), means.json (means over the seeds), results.nc
    (everything along every line) and the ends.  Each k is kept in DIR.partial when it is done; at
    Ctrl-C the same command with --resume goes on.
    """
    from ..record import deliver
    from ..sim.kept_state import KeptState
    from .branch_rows import mean_record, write_branchings

    source = named_source(name, asked)
    recipe = chosen_recipe(source, asked)
    line, means = _line(asked), None
    problem, given = source.problem(device), asked.pop("seeds")
    config = _config(source, recipe, line, epochs_at, given, device, problem)
    check_free(out)
    kept = KeptState(out, config, COMMAND, TOOLS)
    try:
        found = _measured(problem, recipe, (epochs_at, given, line), kept, resume)
    except KeyboardInterrupt:
        raise _interrupted(kept, going_on(ctx)) from None
    except (MemoryError, OSError) as error:
        raise _lost(error, kept, going_on(ctx)) from None
    record = write_branchings(out, problem, found, config)
    kept.remove()
    click.echo(f"wrote {out}", err=True)
    if mean:
        means = mean_record(record)
    deliver(means or record, style)
    if picture is not None:
        deliver(record, None, None, picture)
    _check_reached(found, out)


def _line(asked: dict[str, Any]) -> "LineSettings":
    from ...nets.branching import LineSettings

    return LineSettings(**{name: asked.pop(name) for name in ("places", "probes", "seed")})


def _config(
    source: Source,
    recipe: "Recipe",
    line: "LineSettings",
    epochs: list[int],
    seeds: list[int],
    device: str,
    problem: "Problem",
) -> dict[str, Any]:
    """All that decides the result."""
    return {
        "command": COMMAND,
        "problem": source.as_table(),
        "recipe": asdict(recipe),
        "branching": {"at": epochs, "seeds": seeds, "device": device},
        "line": asdict(line),
        "landscape": {
            "parameters": problem.layout.size,
            "samples": problem.samples,
            "decay": problem.decay,
            "normalisation": problem.normalisation,
            "augmentation": "none" if problem.augment is None else "in training only",
            "error_on": "train" if problem.test is None else "test",
        },
    }


def _measured(
    problem: "Problem",
    recipe: "Recipe",
    asked: "tuple[list[int], list[int], LineSettings]",
    kept: "KeptState",
    resume: bool,
) -> "list[Branching]":
    """All branchings; those that are kept are not trained again."""
    from ...nets.branching import branchings
    from ..progress import bar
    from .kept_branchings import as_arrays, from_arrays

    epochs, chosen, line = asked
    branchings(problem, recipe, epochs, chosen, line)  # refuses what does not fit, and does nothing
    state = kept.begin(resume)
    found = [] if state is None else from_arrays(problem, chosen, state)
    left = epochs[len(found) :]
    if not left:
        return found
    with bar("branching") as progress:

        def tell(words: str, share: float) -> None:
            progress(words, (len(found) + share * len(left)) / len(epochs))

        trunk = found[-1].trunk if found else None
        for done in branchings(problem, recipe, left, chosen, line, trunk=trunk, progress=tell):
            found.append(done)
            kept.keep(as_arrays(found))
    return found


def _lost(error: Exception, kept: "KeptState", again: str) -> Exception:
    from .training_task import Lost

    what = "not enough memory: " if isinstance(error, MemoryError) else ""
    there = f"; what is done is kept in {kept.path}; to continue: {again}"
    return Lost(f"{what}{error}{there if kept.path.exists() else ''}")


def _interrupted(kept: "KeptState", again: str) -> Exception:
    from ..compare import Interrupted

    if not kept.path.exists():
        return Interrupted("interrupted; nothing is kept yet")
    return Interrupted(f"interrupted; what is done is kept in {kept.path}; to continue: {again}")


def _check_reached(found: "list[Branching]", out: Path) -> None:
    """Descents that did not arrive were written; the exit code says so."""
    from ...theory.errors import NotConverged

    late = sum(int((~done.reached).sum()) for done in found)
    if late:
        whole = sum(math.prod(done.reached.shape) for done in found)
        msg = f"{late} of {whole} branches did not descend to the goal of the recipe; "
        msg += f"{str(out)!r} holds where they are; raise --longest, or lower the goal"
        raise NotConverged(msg)

"""``entropic net train``: minima of a problem, several seeds at once."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import print_option
from ..remembering import Remembering, going_on
from .kept_training import KeptTraining
from .options import named_source, problem_options
from .recipe_options import chosen_recipe, recipe_options, seeds
from .source import Source
from .training_task import Lost, TrainingTask

if TYPE_CHECKING:
    from ...nets.arithmetic import Arithmetic
    from ...nets.problem import Problem
    from ...nets.recipe import Recipe
    from ...nets.training import Trained

TOGETHER = {"auto": None, "yes": True, "no": False}


@click.command(cls=Remembering)
@click.argument("name", required=False, metavar="[PROBLEM]")
@problem_options
@click.option(
    "--seeds", type=seeds, default="0", show_default=True, metavar="LIST", help="One minimum each."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder of the minima, new or empty.",
)
@recipe_options
@click.option(
    "--together",
    type=click.Choice(list(TOGETHER)),
    default="auto",
    show_default=True,
    help="All seeds as one batched program, one after the other, or what a short measurement finds "
    "quicker.",
)
@click.option(
    "--precision",
    type=click.Choice(["full", "bf16"]),
    default="full",
    show_default=True,
    help="bf16 computes products in bfloat16.",
)
@click.option("--channels-last", is_flag=True, help="Images with their channels innermost.")
@click.option("--compile", "compiled", is_flag=True, help="torch.compile, where seeds go by vmap.")
@click.option("--resume", is_flag=True, help="Go on with a training that was cut: see below.")
@print_option
@click.pass_context
def train(
    ctx: click.Context,
    /,
    name: str | None,
    out: Path,
    device: str,
    together: str,
    resume: bool,
    style: str,
    **asked: Any,
) -> None:
    """Train PROBLEM from several seeds; write the folder of minima.

    PROBLEM is a preset (`entropic net presets`) or your own package.module:function.  Epochs of
    minibatches by the preset's recipe, or the options'; then, if a goal is given, descent on all
    samples until the gradient is as small.  Each seed chooses start, shuffles and noise, and ends
    the same, to rounding, in any company.

    One row for every seed: loss is that of the whole landscape, decay included; train_loss and
    metric (accuracy, as a rule) are without decay, and with batch statistics re-estimated.

    The state is kept in DIR.partial every ten seconds and at Ctrl-C; the same command with --resume
    goes on, and ends bitwise where an uninterrupted training ends, on the same machine and number
    of threads.
    """
    from ...nets.arithmetic import Arithmetic
    from ..atomic import writing_folder
    from ..record import deliver
    from .folders import write_minima
    from .minima_rows import history_text, minima_record

    source, given_seeds = named_source(name, asked), asked.pop("seeds")
    recipe = chosen_recipe(source, asked)
    arithmetic = Arithmetic(asked["precision"], asked["channels_last"], asked["compiled"])
    config = _config(source, recipe, arithmetic, given_seeds, device)
    kept = KeptTraining(out, config)
    problem = source.problem(device)
    state = kept.begin(resume)
    again = going_on(ctx)
    task = TrainingTask(problem, recipe, given_seeds, TOGETHER[together], arithmetic, kept, again)
    found, late = task.trained(state)
    record = minima_record(problem, found, config)
    told = {**config, "landscape": _landscape(problem), "found": _how(found)}
    pairs = zip(found.seeds, found.points, strict=True)
    points = {str(seed): problem.tensor(point) for seed, point in pairs}
    with task.saying_what_is_kept(), writing_folder(out) as temporary:
        write_minima(temporary, problem, points, told, list(map(dict, record.rows)))
        (temporary / "history.csv").write_text(history_text(found), "utf-8")
    kept.remove()
    click.echo(f"wrote {out}", err=True)
    deliver(record, style)
    if late is not None:
        msg = f"{late}; {str(out)!r} holds where they are; raise --longest, or lower the goal"
        raise Lost(msg)


def _config(
    source: Source, recipe: "Recipe", arithmetic: "Arithmetic", seeds: list[int], device: str
) -> dict[str, Any]:
    """All that decides the minima."""
    return {
        "command": "entropic net train",
        "problem": source.as_table(),
        "recipe": asdict(recipe),
        "training": {"seeds": seeds, "device": device, **asdict(arithmetic)},
    }


def _landscape(problem: "Problem") -> dict[str, Any]:
    """What the minima are minima of."""
    return {
        "name": problem.name,
        "parameters": problem.layout.size,
        "samples": problem.samples,
        "decay": problem.decay,
        "type": str(problem.dtype).removeprefix("torch."),
        "normalisation": problem.normalisation,
        "block": problem.block,
        "augmentation": "none" if problem.augment is None else "in training only",
        "metric": problem.metric_name,
    }


def _how(found: "Trained") -> dict[str, Any]:
    """What was chosen on the way."""
    measured = dict(found.measured)
    return {
        **{"way": found.way, "chunk": found.chunk, "seconds_per_gradient": measured},
        **{"threads": found.threads, "seconds": round(found.seconds, 2)},
    }

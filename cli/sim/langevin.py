"""``entropic sim langevin``: ensembles of walks, sent out of an interval or watched at rest."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import number, numbers, output_options, warn
from ..remembering import Remembering, going_on
from .dynamics import dynamics_options

if TYPE_CHECKING:
    from ..compare import Interrupted
    from ..record import Record
    from .kept_state import KeptState
    from .walk import Walk

OBSERVED = ("histogram", "course", "autocorrelation")
AT_REST = (*OBSERVED, "burn_in", "every")  # without a meaning where trajectories leave
MOST = 100_000_000  # trajectories in all, at some 32 bytes each
MOST_STEPS = 10**12
MOST_BINS = 10_000


def rising(text: str) -> list[float]:
    """A LIST that rises."""
    found = numbers(text)
    if any(b <= a for a, b in zip(found, found[1:], strict=False)):
        msg = f"{text!r} must rise."
        raise click.BadParameter(msg)
    return found


def times(text: str) -> list[float]:
    """A LIST of times."""
    found = rising(text)
    if found[0] < 0:
        msg = f"times must not be negative; the first is {found[0]:g}."
        raise click.BadParameter(msg)
    return found


def bin_edges(text: str) -> list[float]:
    """A LIST of edges of bins."""
    found = rising(text)
    if not 2 <= len(found) <= MOST_BINS + 1:
        msg = f"{len(found)} edges: there must be 2 to {MOST_BINS + 1}, as in -1:1:41."
        raise click.BadParameter(msg)
    return found


@click.command(cls=Remembering)
@dynamics_options
@click.option("--start", type=numbers, metavar="LIST", help="Where y starts.  [default: 0]")
@click.option(
    "--fast-start",
    type=number,
    default=0.0,
    show_default=True,
    metavar="X",
    help="Where x starts; in a valley a draw of its law at rest is added.",
)
@click.option(
    "--absorb",
    type=numbers,
    metavar="LIST",
    help="First passage: the end, or the two ends in rising order, that y leaves through.",
)
@click.option(
    "--reflect",
    type=numbers,
    metavar="LIST",
    help="A mirror for y opposite a single absorbing end; without --absorb one, or one on "
    "either side.",
)
@click.option(
    "--trajectories",
    type=click.IntRange(2, MOST),
    default=1000,
    show_default=True,
    help="From each start.",
)
@click.option(
    "--steps",
    type=click.IntRange(1, MOST_STEPS),
    help="Of each trajectory after the burn-in; with --absorb the most it may take before it is "
    "given up.  [default: 100000; with --absorb 10000000]",
)
@click.option(
    "--burn-in",
    type=click.IntRange(0, MOST_STEPS),
    help="Steps before the averages.  [default: a tenth of the steps; 0 with --course]",
)
@click.option(
    "--every", type=click.IntRange(1, MOST_STEPS), help="Steps between two looks.  [default: 10]"
)
@click.option(
    "--survival",
    type=times,
    metavar="LIST",
    help="Rows are the probability to be inside still at these times.",
)
@click.option(
    "--histogram",
    type=bin_edges,
    metavar="LIST",
    help="Rows are the probabilities of y between these edges, such as -1:1:41.",
)
@click.option(
    "--course",
    type=click.IntRange(1, MOST_BINS),
    metavar="BINS",
    help="Rows are averages in so many bins of time.",
)
@click.option(
    "--autocorrelation",
    type=click.IntRange(1, MOST_BINS),
    metavar="LAGS",
    help="Rows are the autocorrelation of y at so many lags, from look to look.",
)
@click.option(
    "--paths",
    type=click.IntRange(1, 20),
    metavar="M",
    help="Draw the potential V(x, y) with the first M paths on it into --plot.",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was cut: see below.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@click.option(
    "--threads",
    type=click.IntRange(1, 1024),
    help="No trace in the result.  [default: all cores]",
)
@output_options
@click.pass_context
def langevin(
    ctx: click.Context,
    /,
    style: str,
    out: Path | None,
    picture: Path | None,
    threads: int | None,
    paths: int | None,
    resume: bool,
    **asked: Any,
) -> None:
    """Walk an ensemble; when it leaves, or averages at rest.

    All of (x, y) moves at a finite step: dtheta = -grad V dt + noise of variance 2T dt, with unit
    mobility, in the valley V = U(y) + g(y)|x|^2/2 with x in k fast directions, or in any V(x, y).

    With --absorb: the mean time until y is first seen beyond an end, one row for every start.
    Where trajectories were given up (censored), mean_time is that of min(exit time, the most) and a
    lower bound.  Without: averages over time and trajectories, after a burn-in; fast_variance is
    <|x|^2>/k.  Of --survival, --histogram, --course, --autocorrelation at most one may be given: it
    makes other rows.

    Euler-Maruyama is the reference: the step is physics there.  Leimkuhler-Matthews has averages
    right to second order in the step, for a noise that is the same everywhere.

    With --out FILE the state is kept in FILE.partial every few seconds and at Ctrl-C; the same
    command with --resume goes on, and gives what an uninterrupted run gives.
    """
    from .dynamics import dynamics
    from .walk import Walk

    quantity = _quantity(asked)
    _check_plot(quantity, picture, paths)
    if resume and out is None:
        msg = "--resume needs the --out of the run that is to go on."
        raise click.UsageError(msg)
    described, schedule = _split(asked)
    walked, parameters = dynamics("absorb" in schedule, **described)
    parameters |= schedule
    walk = Walk(walked, quantity, schedule, threads)
    kept, state = None, None
    if out is not None:
        from .kept_state import KeptState

        kept = KeptState(out, {"quantity": quantity} | parameters)
        state = kept.begin(resume)
    try:
        rows = walk.rows(kept, state)
    except KeyboardInterrupt:
        again = going_on(ctx)
        raise _interrupted(walk, kept, parameters, style, again) from None
    record = _record(walk, parameters, rows)
    _deliver(record, kept, style, out, picture if paths is None else None)
    if paths is not None and picture is not None:
        _draw_paths(walk, paths, picture)
    _warn_of_censored(walk)


def _quantity(asked: dict[str, Any]) -> str:
    """What the rows are, once the options agree on it."""
    leaving = asked["absorb"] is not None
    given = [name for name in ("survival", *OBSERVED) if asked[name] is not None]
    if len(given) > 1:
        msg = f"--{given[0]} and --{given[1]} make different rows; give one of them."
        raise click.UsageError(msg)
    if leaving:
        for name in AT_REST:
            if asked[name] is not None:
                msg = f"--{name.replace('_', '-')} is for walks that stay; --absorb ends them."
                raise click.UsageError(msg)
        if asked["start"] is None:
            raise click.MissingParameter(param_hint="'--start'", param_type="option")
        return "measured-survival" if given else "first-passage"
    if given == ["survival"]:
        msg = "--survival needs an --absorb to survive."
        raise click.UsageError(msg)
    if asked["start"] is not None and len(asked["start"]) != 1:
        msg = "averages are over walks from one --start; a list of them goes with --absorb."
        raise click.UsageError(msg)
    return given[0] if given else "averages"


def _check_plot(quantity: str, picture: Path | None, paths: int | None) -> None:
    if paths is not None and picture is None:
        msg = "--paths needs a --plot to be drawn into."
        raise click.UsageError(msg)
    if quantity == "averages" and picture is not None and paths is None:
        msg = "one row has no picture: ask for --paths, --histogram, --course or --autocorrelation."
        raise click.UsageError(msg)


def _split(asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is walked; and how often, from where, how long, with every default filled in."""
    names = ("start", "fast_start", "absorb", "reflect", "trajectories", "steps")
    schedule = {name: asked.pop(name) for name in names}
    rest = {name: asked.pop(name) for name in ("survival", *AT_REST)}
    schedule["seed"] = asked.pop("seed")
    schedule["reflect"] = schedule["reflect"] or []
    if schedule["absorb"] is not None:
        schedule["steps"] = schedule["steps"] or 10_000_000
        many = schedule["trajectories"] * len(schedule["start"])
        if many > MOST:
            msg = f"there may be {MOST} trajectories in all; there are {many}."
            raise click.UsageError(msg)
        return asked, schedule | {k: v for k, v in rest.items() if v is not None}
    del schedule["absorb"], rest["survival"]
    schedule["start"] = schedule["start"] or [0.0]
    schedule["steps"] = steps = schedule["steps"] or 100_000
    if rest["burn_in"] is None:
        rest["burn_in"] = 0 if rest["course"] else steps // 10
    rest["every"] = rest["every"] or min(10, steps)
    return asked, schedule | {k: v for k, v in rest.items() if v is not None}


def _record(walk: "Walk", parameters: Mapping[str, Any], rows: list[Any]) -> "Record":
    from ..record import Record
    from .langevin_rows import units

    known = units(walk.langevin.integrator)
    named = {name: known[name] for name in rows[0] if name in known}
    return Record(walk.quantity, parameters, rows, named)


def _deliver(
    record: "Record",
    kept: "KeptState | None",
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Write the result, let go of the state, then show."""
    from ..record import deliver

    deliver(record, None, out)
    if kept is not None:
        kept.remove()
    deliver(record, style, None, picture)


def _interrupted(
    walk: "Walk", kept: "KeptState | None", parameters: dict[str, Any], style: str, again: str
) -> "Interrupted":
    """Print what there is so far; a word on what was kept."""
    from ..compare import Interrupted
    from ..record import deliver

    rows = walk.partial_rows()
    if rows:
        flag = {"interrupted": True, "done": walk.done}
        deliver(_record(walk, parameters | flag, rows), style)
    msg = f"interrupted at {100 * walk.done:.3g} %"
    if kept is None:
        msg += "; without --out nothing is kept"
    elif kept.path.exists():
        msg += f"; kept in {kept.path}; to continue: {again}"
    else:
        msg += "; nothing is kept yet"
    return Interrupted(msg)


def _warn_of_censored(walk: "Walk") -> None:
    if walk.passage is None:
        return
    stayed = int(walk.passage.censored.sum())
    if stayed:
        most = walk.schedule["steps"] * walk.langevin.step
        bound, end = "mean_time is a lower bound", "the curve is known no farther"
        curtailed = bound if walk.quantity == "first-passage" else end
        warn(
            f"{stayed} of {walk.passage.steps.size} trajectories were still inside after a time of "
            f"{most:g}: {curtailed}; raise --steps"
        )


def _draw_paths(walk: "Walk", paths: int, picture: Path) -> None:
    from ..figures import save
    from ..pictures.paths import figure
    from .paths import replayed_paths

    save(figure(replayed_paths(walk, paths)), picture)
    click.echo(f"drew {picture}", err=True)

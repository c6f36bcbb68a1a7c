"""``entropic net curvature``: how curved the landscape is along a path, or at minima."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import output_options, warn
from ..remembering import Remembering, going_on
from .curvature_options import curvature_options, settings_of
from .options import given_source, problem_options

if TYPE_CHECKING:
    from ...theory.errors import DomainError
    from ..compare import Interrupted
    from ..sim.kept_state import KeptState
    from .curvature_rows import CurvatureRecord
    from .curvature_work import CurvatureWork

COMMAND = "entropic net curvature"
TOOLS = ("entropic", "numpy", "scipy", "torch")
COMPARABLE = 0.02  # share by which the kept directions may change before log-dets do not compare


@click.command(cls=Remembering)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--positions",
    type=click.IntRange(2, 100_000),
    metavar="N",
    help="At N points equally far apart along the path.  [default: at its pivots]",
)
@curvature_options
@problem_options
@click.option("--resume", is_flag=True, help="Go on with a run that was cut: see below.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@output_options
@click.pass_context
def curvature(
    ctx: click.Context,
    /,
    folder: Path,
    positions: int | None,
    resume: bool,
    device: str,
    style: str,
    out: Path | None,
    picture: Path | None,
    **asked: Any,
) -> None:
    """Measure the curvature of the loss along the path in FOLDER, or at the minima in it.

    One row for every position s, in units of parameter distance: loss (the landscape's own, with
    decay), gradient, trace, largest eigenvalue, log-determinant of what the cleaning rule keeps,
    singular values of the score matrix.  What depends on chance has a _stderr, an eigenvalue a
    _residual, within which there is one; 0 where the matrix was small enough to be diagonalised.
    A _bias bounds what a log-determinant may be off by beside its _stderr.
    The same random probes serve every position.

    One floor cuts the spectra of all positions, and logdet_excess, the sum of ln(eigenvalue/floor)
    of those kept, compares between them although their number changes.

    Whole spectra and the density are in an --out FILE.nc.  With --out FILE every finished position
    is kept in FILE.partial; at Ctrl-C, the same command with --resume goes on, and gives what an
    uninterrupted run gives.
    """
    if resume and out is None:
        msg = "--resume needs the --out of the run that is to go on."
        raise click.UsageError(msg)
    from ...theory.errors import DomainError
    from ..record import deliver
    from ..sim.kept_state import KeptState
    from .curvature_work import CurvatureWork

    statistics, source = asked.pop("statistics"), given_source(asked)
    settings = settings_of(asked)
    work = CurvatureWork.of_folder(folder, source, device, statistics, positions, settings)
    if picture is not None and work.path is None:
        msg = "--plot draws a path; single minima have none."
        raise click.UsageError(msg)
    if statistics is not None:
        warn(f"with {statistics} statistics this is another landscape than the problem's own")
    kept = None if out is None else KeptState(out, work.stamp, COMMAND, TOOLS)
    state = None if kept is None else kept.begin(resume)
    try:
        table = work.measure(kept, state)
    except KeyboardInterrupt:
        raise _interrupted(work, kept, style, going_on(ctx)) from None
    except DomainError as error:
        raise _broken(error, kept) from None
    found = work.record(table)
    deliver(found, None, out)
    if kept is not None:
        kept.remove()
    deliver(found.shown() if style == "table" else found, style)
    if picture is not None:
        deliver(found, None, None, picture)
    _warn_of_kept(found)
    _check_converged(found)


def _interrupted(
    work: "CurvatureWork", kept: "KeptState | None", style: str, again: str
) -> "Interrupted":
    """Print what there is so far; a word on what was kept."""
    from ..compare import Interrupted
    from ..record import deliver

    done = work.done
    if done:
        found = work.record(work.table_so_far(), interrupted=True)
        deliver(found.shown() if style == "table" else found, style)
    msg = f"interrupted after {done} of {work.count} points"
    if kept is None:
        msg += "; without --out nothing is kept"
    elif kept.path.exists():
        msg += f"; kept in {kept.path}; to continue: {again}"
    else:
        msg += "; nothing is kept yet"
    return Interrupted(msg)


def _broken(error: "DomainError", kept: "KeptState | None") -> Exception:
    """The same error, with a word on the points before it."""
    from ...theory.errors import DomainError

    if kept is None or not kept.path.exists():
        return error
    return DomainError(f"{error}; the points before it are kept in {kept.path}")


def _warn_of_kept(found: "CurvatureRecord") -> None:
    """Log-determinants of different numbers of directions are not to be compared."""
    if "kept" not in found.names or len(found.rows) < 2:
        return
    kept = [n for n in found.column("kept") if n > 0]
    if len(kept) < len(found.rows):
        warn(f"at {len(found.rows) - len(kept)} points the rule keeps nothing: no log-det there")
    if not kept:
        return
    if max(kept) - min(kept) > COMPARABLE * max(kept):
        rule = found.parameters["rule"]
        msg = f"the rule keeps {min(kept):.6g} to {max(kept):.6g} directions, of which the "
        msg += "log-dets do not compare; "
        if rule == "negative":
            msg += "--rule shared cuts everywhere alike"
        else:
            msg += "logdet_excess, the sum of ln(eigenvalue/floor), does"
        warn(msg)


def _check_converged(found: "CurvatureRecord") -> None:
    """What is not within the tolerance was printed; the exit code says so."""
    from ...theory.errors import NotConverged

    if "lambda_max_converged" not in found.names:
        return
    left = found.column("lambda_max_converged").count(False)
    if left:
        worst = max(found.column("lambda_max_residual"))
        msg = f"{left} of {len(found.rows)} largest eigenvalues have residuals above the "
        msg += f"tolerance, up to {worst:.3g}"
        raise NotConverged(msg)

"""``entropic net volume``: how large a basin is, singular or not, beside its log-determinant."""

from pathlib import Path
from typing import Any

import click

from ..options import numbers, output_options, warn
from ..remembering import Remembering, going_on
from .options import given_source, problem_options

COMMAND = "entropic net volume"
TOOLS = ("entropic", "numpy", "scipy", "torch")
POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command(cls=Remembering)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--at",
    type=numbers,
    metavar="LIST",
    help="Positions along a path, as shares of its length.  [default: its ends]",
)
@click.option(
    "--along",
    is_flag=True,
    help="On a path, let the parameters move along it, too, and not only across.",
)
@click.option("--beta", type=POSITIVE, help="Inverse temperature per sample.  [default: 1/ln n]")
@click.option("--temperature", type=POSITIVE, help="Instead of --beta: 1/(n beta), in loss.")
@click.option(
    "--localisation",
    type=POSITIVE,
    default=100.0,
    show_default=True,
    help="Stiffness gamma of the springs that hold the parameters, 1/length^2.",
)
@click.option(
    "--intervals",
    type=click.IntRange(4, 64),
    default=8,
    show_default=True,
    help="Of beta from 0, a multiple of 4.",
)
@click.option("--chains", type=click.IntRange(2, 1000), default=4, show_default=True)
@click.option(
    *("--steps", "draws"),
    type=click.IntRange(4, 10**7),
    default=60,
    show_default=True,
    help="Trajectories of every chain that are averaged.",
)
@click.option("--burn-in", type=click.IntRange(2, 10**7), help="Before.  [default: half of steps]")
@click.option(
    "--sampler",
    type=click.Choice(["hmc", "sgld"]),
    default="hmc",
    show_default=True,
    help="Of the learning coefficient; the volume is always by hmc.",
)
@click.option("--batch", type=click.IntRange(1), default=32, show_default=True, help="Of sgld.")
@click.option("--sgld-steps", type=click.IntRange(4, 10**8), default=4000, show_default=True)
@click.option("--preconditioned", is_flag=True, help="sgld scaled by the Hessian.")
@problem_options
@click.option("--resume", is_flag=True, help="Go on with a run that was cut: see below.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@output_options
@click.pass_context
def volume(
    ctx: click.Context,
    /,
    folder: Path,
    resume: bool,
    device: str,
    style: str,
    out: Path | None,
    picture: Path | None,
    **asked: Any,
) -> None:
    """Measure the volume of the basins in FOLDER: of its minima, or at positions of its path.

    volume_entropy = ln < exp(-n beta (L - L*)) > over a Gaussian of variance 1/gamma about the
    point, in nats, by thermodynamic integration from beta = 0.  Where the loss is quadratic it is
    harmonic_entropy = -1/2 sum ln(1 + n beta lambda/gamma) + slope_entropy, the last from the
    gradient g that training left, 1/2 (n beta)^2 sum g^2/(gamma + n beta lambda): where it is more
    than the error, the basin is not seen.  logdet_entropy is the cleaned -1/2 sum ln(lambda/floor)
    of the eigenvalues above floor = gamma/(n beta).  volume_entropy_stderr holds what the draws and
    the intervals leave open, volume_entropy_quadrature the part of the intervals.

    learning_coefficient = n beta <L - L*>, minus the slope of the entropy over ln beta;
    harmonic_coefficient is its value where the loss is quadratic, half_rank that without the slope.
    On a path the parameters move across its tangent.

    With --out FILE every finished point is kept in FILE.partial; after Ctrl-C the same command with
    --resume goes on, and gives what an uninterrupted run gives.
    """
    if resume and out is None:
        msg = "--resume needs the --out of the run that is to go on."
        raise click.UsageError(msg)
    if asked["beta"] is not None and asked["temperature"] is not None:
        msg = "--beta and --temperature say the same; give one."
        raise click.UsageError(msg)
    from ..record import deliver
    from ..sim.kept_state import KeptState
    from .volume_work import VolumeWork

    source = given_source(asked)
    work = VolumeWork.of_folder(folder, source, device, asked)
    kept = None if out is None else KeptState(out, work.stamp, COMMAND, TOOLS)
    state = None if kept is None else kept.begin(resume)
    try:
        rows = work.measure(kept, state)
    except KeyboardInterrupt:
        from ..compare import Interrupted

        if work.rows:
            deliver(work.record(work.rows).shown() if style == "table" else work.record(), style)
        msg = f"interrupted after {len(work.rows)} of {len(work.points)} points"
        if kept is not None and kept.path.exists():
            msg += f"; kept in {kept.path}; to continue: {going_on(ctx)}"
        raise Interrupted(msg) from None
    found = work.record(rows)
    deliver(found, None, out, picture)
    if kept is not None:
        kept.remove()
    deliver(found.shown() if style == "table" else found, style)
    for doubt in work.doubts():
        warn(doubt)

"""``entropic net relax``: projected SGD along a path, many replicas at once."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import number, numbers, output_options
from ..remembering import Remembering, going_on
from .options import given_source, problem_options

if TYPE_CHECKING:
    import numpy as np

    from ...nets.path_run import PathRun
    from ...nets.relaxing import Relaxing
    from ...nets.sgd import ProjectedSGD
    from ...theory.path import Path as Polygon
    from ..sim.kept_state import KeptState
    from .folders import PathFolder

COMMAND = "entropic net relax"
TOOLS = ("entropic", "numpy", "torch")
ALGORITHM = ("optimizer", "momentum", "batch", "cycle", "noise", "buffers", "level")


@click.command(cls=Remembering)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--optimizer",
    type=click.Choice(["sgd", "heavy-ball", "nesterov", "adam"]),
    default="sgd",
    show_default=True,
)
@click.option("--rate", type=number, metavar="ETA", default=0.05, show_default=True)
@click.option(
    "--momentum",
    type=number,
    metavar="BETA",
    default=0.9,
    show_default=True,
    help="Of every optimizer but sgd; Adam's beta_1.",
)
@click.option("--batch", type=click.IntRange(1), metavar="B", default=16, show_default=True)
@click.option(
    *("--cycle", "-k", "cycle"),
    type=click.IntRange(1),
    default=15,
    show_default=True,
    help="Steps between two projections.",
)
@click.option(
    "--noise",
    type=click.Choice(["minibatch", "isotropic", "uncorrelated", "none"]),
    default="minibatch",
    show_default=True,
    help="What shakes the steps: minibatches; or the full gradient with Gaussian noise as strong, "
    "of each coordinate by itself or the same in all directions; or nothing.",
)
@click.option(
    "--buffers",
    type=click.Choice(["warm", "cold", "reset"]),
    default="warm",
    show_default=True,
    help="Momentum at the start as after a long time there, or none; or none in every cycle.",
)
@click.option(
    "--level", is_flag=True, help="Take the slope of the loss along the path off every gradient."
)
@click.option(
    "--starts",
    type=numbers,
    metavar="LIST",
    default="0.1:0.9:5",
    show_default=True,
    help="Where replicas begin, fractions of the length.",
)
@click.option(
    "--replicas",
    type=click.IntRange(2, 100_000),
    default=32,
    show_default=True,
    help="From every start.",
)
@click.option(
    "--cycles",
    type=click.IntRange(1, 10_000_000),
    default=200,
    show_default=True,
    help="The horizon: after so many a replica is given up.",
)
@click.option(
    "--ends",
    type=number,
    default=0.05,
    show_default=True,
    help="A replica so near an end has arrived: a fraction of the length.",
)
@click.option(
    "--reach",
    type=number,
    help="Or one that has moved so far from its start, a fraction of the length.",
)
@click.option(
    "--every", type=click.IntRange(1), default=1, show_default=True, help="Cycles to a record."
)
@click.option(
    "--smooth",
    type=click.IntRange(2, 100_000),
    metavar="BEADS",
    help="On the cubic spline through the pivots, as so many beads.  [default: the path as it is]",
)
@problem_options
@click.option("--resume", is_flag=True, help="Go on with a run that was cut: see below.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@output_options
@click.pass_context
def relax(
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
    """Let replicas relax along the path in FOLDER: K steps, then back onto the nearest segment.

    One row for every start (a fraction of the length; s0 in units of parameter distance).
    mean_time: mean of min(first passage of an end, or of --reach, horizon), in cycles of K steps: a
    lower bound of the mean first-passage time where censored, the share given up, is not 0.  left,
    right: shares that passed to either side.  final_s, final_loss: means at the last cycle; a
    replica that has arrived stays where it was seen.  shaken_loss: mean over minibatches before the
    last projection, off the path, of those on their way still.

    An --out FILE.nc holds, by start and cycle, mean and quantiles of s, survival with bootstrap
    intervals (95 %) and losses, and s of every replica.  With --out FILE the run is kept in
    FILE.partial every ten seconds; at Ctrl-C, the same command with --resume goes on, and gives
    what an uninterrupted run gives.
    """
    if resume and out is None:
        msg = "--resume needs the --out of the run that is to go on."
        raise click.UsageError(msg)
    from ..record import deliver
    from ..sim.kept_state import KeptState
    from .folders import read_path
    from .relax_rows import relax_record

    opened = read_path(folder, given_source(asked), device)
    path, sgd = _polygon(opened, asked["smooth"]), _algorithm(asked)
    parameters = {
        **{"folder": str(folder), "problem": opened.source.as_table(), "device": device},
        **{"normalisation": opened.problem.normalisation, "length": path.length, **asked},
    }
    kept = None if out is None else KeptState(out, _stamp(opened, parameters), COMMAND, TOOLS)
    work = _Work(kept, asked["cycles"], going_on(ctx))
    found = work.relaxed(opened, path, sgd, asked, None if kept is None else kept.begin(resume))
    record = relax_record(found, path, parameters)
    deliver(record, None, out)
    if kept is not None:
        kept.remove()
    deliver(record.shown() if style == "table" else record, style)
    deliver(record, None, None, picture)


def _polygon(opened: "PathFolder", beads: int | None) -> "Polygon":
    from ...nets.problem import array
    from ...theory.path import Path as Polygon

    path = Polygon(array(opened.points))
    return path if beads is None else path.smoothed(beads)


def _algorithm(asked: dict[str, Any]) -> "ProjectedSGD":
    from ...nets.sgd import ProjectedSGD

    return ProjectedSGD(asked["rate"], **{name: asked[name] for name in ALGORITHM})


def _ends(
    margin: float, reach: float | None, start: "np.ndarray", length: float
) -> "tuple[np.ndarray, np.ndarray]":
    """Where every replica has arrived."""
    import numpy as np

    for name, value in (("ends", margin), ("reach", reach)):
        if value is not None and not 0 <= value < 0.5:
            msg = f"--{name} must be from 0 to below 0.5; it is {value:g}."
            raise click.UsageError(msg)
    low, high = np.full(start.shape, margin * length), np.full(start.shape, (1 - margin) * length)
    if reach is None:
        return low, high
    return np.maximum(low, start - reach * length), np.minimum(high, start + reach * length)


def _stamp(opened: "PathFolder", parameters: dict[str, Any]) -> dict[str, Any]:
    """What a kept state belongs to: all parameters, and the weights."""
    import hashlib

    weights = hashlib.sha256(opened.points.cpu().numpy().tobytes())
    return parameters | {"weights": weights.hexdigest()}


class _Work:
    """A run that is kept every few seconds, and when it is cut."""

    def __init__(self, kept: "KeptState | None", cycles: int, again: str) -> None:
        self.kept, self.cycles, self.again = kept, cycles, again
        self.run: Relaxing | None = None
        self.written = time.monotonic()

    def relaxed(
        self,
        opened: "PathFolder",
        path: "Polygon",
        sgd: "ProjectedSGD",
        asked: dict[str, Any],
        state: Any,
    ) -> "PathRun":
        """What came of it; an interrupt says where it is kept."""
        import numpy as np

        from ...nets.relaxing import relax as relax_replicas
        from ..progress import bar

        start = np.repeat(np.array(asked["starts"]) * path.length, asked["replicas"])
        inside = _ends(asked["ends"], asked["reach"], start, path.length)
        with bar("relaxation") as progress:

            def tell(share: float) -> None:
                done = round(share * self.cycles)
                progress(f"cycle {done} of {self.cycles}", share)

            try:
                return relax_replicas(
                    *(opened.problem, path, start, sgd, asked["cycles"], asked["seed"]),
                    inside=inside,
                    every=asked["every"],
                    progress=tell,
                    state=state,
                    keep=self._keep,
                )
            except KeyboardInterrupt:
                raise self._interrupted() from None

    def _keep(self, run: "Relaxing") -> None:
        from ..stamp import KEEP_EVERY

        self.run = run
        if self.kept is not None and time.monotonic() - self.written > KEEP_EVERY:
            self._write()

    def _write(self) -> None:
        assert self.kept is not None
        assert self.run is not None
        self.kept.keep(self.run.state())
        self.written = time.monotonic()

    def _interrupted(self) -> Exception:
        from ..compare import Interrupted

        done = 0 if self.run is None else self.run.standing.cycle
        said = f"interrupted after {done} of {self.cycles} cycles"
        if self.kept is None:
            return Interrupted(f"{said}; without --out nothing is kept")
        if self.run is not None:
            self._write()
        if not self.kept.path.exists():
            return Interrupted(f"{said}; nothing is kept yet")
        return Interrupted(f"{said}; kept in {self.kept.path}; to continue: {self.again}")

"""``entropic net noise``: the gradient noise along a path, or at minima."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import number, output_options
from ..remembering import Remembering, going_on
from .options import given_source, problem_options

if TYPE_CHECKING:
    from ...nets.noise_along_path import NoiseSampling
    from ...nets.problem import Problem
    from ...nets.temperature import Temperature
    from ..compare import Interrupted
    from ..sim.kept_state import KeptState
    from .folders import Minima, PathFolder

COMMAND = "entropic net noise"
TOOLS = ("entropic", "numpy", "scipy", "torch")
VARIANCE = "loss^2/length^2"
UNITS = {
    **{"s": "length", "fraction": "1", "noise_trace": VARIANCE, "noise_lambda_max": VARIANCE},
    **{"participation": "1", "anisotropy": "1", "t_C_t": VARIANCE, "alignment": "1", "gain": "1"},
    **{"noise_stiffness": "loss/length^2", "noise_exponent": "1", "tail_index": "1"},
    **{"kurtosis": "1", "temperature": "loss", "temperature_along": "loss"},
}


@click.command(cls=Remembering)
@click.argument("folder", type=click.Path(path_type=Path))
@problem_options
@click.option(
    "--samples",
    type=click.IntRange(2),
    metavar="N",
    help="Estimate from so many random samples.  [default: all]",
)
@click.option(
    "--minibatches",
    "draws",
    type=click.IntRange(4, 10**6),
    metavar="M",
    help="Measure from so many random minibatches of --batch samples instead; with batch "
    "statistics there is no other way.  [default there: 64]",
)
@click.option(
    "--batch",
    type=click.IntRange(1),
    metavar="B",
    help="Samples in a minibatch.  [default of --minibatches: 64]",
)
@click.option("--rate", type=number, metavar="ETA", help="Of SGD: adds its temperature.")
@click.option(
    "--momentum", type=number, default=0.0, show_default=True, help="Of that SGD, torch's beta."
)
@click.option(
    "--probes",
    type=click.IntRange(0),
    default=32,
    show_default=True,
    help="Random vectors for the alignment with the Hessian; 0 leaves it out.",
)
@click.option(
    "--pairs",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="Leading eigenvectors of the Hessian for the exponent; 0 leaves it out.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@click.option("--resume", is_flag=True, help="Go on with a run that was cut: see below.")
@output_options
@click.pass_context
def noise(
    ctx: click.Context,
    /,
    folder: Path,
    rate: float | None,
    momentum: float,
    draws: int | None,
    resume: bool,
    device: str,
    style: str,
    out: Path | None,
    picture: Path | None,
    **asked: Any,
) -> None:
    """Measure the gradient noise along the path in FOLDER, or at the minima in it.

    C is the covariance of the gradients of single samples, 1/(n-1) convention; a minibatch of B out
    of n without replacement has (1-B/n)/B of it.  One row for every pivot: its trace, largest
    eigenvalue and their ratio (anisotropy), participation (tr C)^2/tr C^2 and t.C.t along the path;
    with the Hessian H the alignment tr(HC)/(|H||C|), gain P tr(HC)/(tr H tr C), noise_stiffness
    tr(HC)/tr C, and the exponent of C_ii ~ H_ii^gamma in the eigenbasis of H; the tail index (Hill,
    above 5: no heavy tail) of what rows are measured from, and their excess kurtosis along the
    path.  With --rate and --batch also temperature, ETA/2 (1-B/n)/B tr(C)/P divided by 1-BETA, and
    the same of t.C.t.  Errors that are 0 are those of exact numbers.  The table shows some of them;
    files and the other formats have all.

    With --out FILE every finished pivot is kept in FILE.partial; at Ctrl-C, the same command with
    --resume goes on, and gives what an uninterrupted run gives.
    """
    if resume and out is None:
        msg = "--resume needs the --out of the run that is to go on."
        raise click.UsageError(msg)
    from ..record import deliver
    from ..sim.kept_state import KeptState
    from .noise_record import NoiseRecord

    opened = _open(folder, given_source(asked), device)
    problem = opened.problem
    _check(problem, rate, draws, asked)
    bath = _bath(problem, rate, momentum, asked["batch"])
    sampling, parameters = _sampling(problem, draws, **asked)
    parameters = {
        **{"folder": str(folder), "problem": opened.source.as_table(), "device": device},
        **{"normalisation": problem.normalisation, **parameters},
        **{"rate": rate, "momentum": momentum, "ratio": bath and bath.ratio},
    }
    kept = None if out is None else KeptState(out, _stamp(opened, parameters), COMMAND, TOOLS)
    state = None if kept is None else kept.begin(resume)
    try:
        rows = _rows(opened, sampling, bath, kept, state)
    except KeyboardInterrupt:
        raise _interrupted(kept, going_on(ctx)) from None
    units = UNITS | {f"{name}_stderr": unit for name, unit in UNITS.items()}
    units = {name: units[name] for name in rows[0] if name in units}
    found = NoiseRecord("noise", parameters, rows, units)
    deliver(found, None, out)
    if kept is not None:
        kept.remove()
    deliver(found.shown() if style == "table" else found, style)
    deliver(found, None, None, picture)


def _interrupted(kept: "KeptState | None", again: str) -> "Interrupted":
    from ..compare import Interrupted

    if kept is None:
        return Interrupted("interrupted; without --out nothing is kept")
    if not kept.path.exists():
        return Interrupted("interrupted; nothing is kept yet")
    return Interrupted(f"interrupted; kept in {kept.path}; to continue: {again}")


def _open(folder: Path, source: Any, device: str) -> "PathFolder | Minima":
    from .folders import POINTS, read_minima, read_path

    read = read_path if (folder / POINTS).exists() else read_minima
    found: PathFolder | Minima = read(folder, source, device)
    return found


def _check(
    problem: "Problem", rate: float | None, draws: int | None, asked: dict[str, Any]
) -> None:
    """Which options go together."""
    tied = problem.normalisation == "batch"
    if rate is not None and asked["batch"] is None:
        msg = "a temperature needs --rate and --batch."
        raise click.UsageError(msg)
    if rate is None and asked["batch"] is not None and draws is None and not tied:
        msg = "--batch goes with --rate, for a temperature, or with --minibatches."
        raise click.UsageError(msg)
    if asked["samples"] is not None and (draws is not None or tied):
        msg = "--samples and --minibatches are two ways to measure; take one."
        if tied:
            msg = "with batch statistics samples have no gradients of their own: no --samples."
        raise click.UsageError(msg)


def _bath(
    problem: "Problem", rate: float | None, momentum: float, batch: int | None
) -> "Temperature | None":
    from ...nets.temperature import Temperature

    if rate is None or batch is None:
        return None
    return Temperature(rate, batch, problem.samples, momentum)


def _sampling(
    problem: "Problem",
    draws: int | None,
    samples: int | None,
    batch: int | None,
    **asked: int,
) -> "tuple[NoiseSampling, dict[str, Any]]":
    """How to measure, and the parameters that say so."""
    from ...nets.noise_along_path import NoiseSampling

    drawn = draws is not None or problem.normalisation == "batch"
    size = batch or min(64, problem.samples // 2)
    sampling = NoiseSampling(samples, size if drawn else None, draws or 64, **asked)
    parameters = {
        "measured_from": "minibatches" if drawn else "samples",
        "samples": None if drawn else samples or problem.samples,
        "minibatches": (draws or 64) if drawn else None,
        "batch": size if drawn else batch,
        **asked,
    }
    return sampling, parameters


def _stamp(opened: "PathFolder | Minima", parameters: dict[str, Any]) -> dict[str, Any]:
    """What a kept state belongs to: all parameters, and the weights."""
    import hashlib

    from .folders import Minima

    whole = hashlib.sha256()
    points = opened.points.values() if isinstance(opened, Minima) else opened.points
    for point in points:
        whole.update(point.cpu().numpy().tobytes())
    return parameters | {"weights": whole.hexdigest()}


def _rows(
    opened: "PathFolder | Minima",
    sampling: "NoiseSampling",
    bath: "Temperature | None",
    kept: "KeptState | None",
    state: Any,
) -> list[dict[str, Any]]:
    """One row for every pivot or minimum; what is kept is not measured again."""
    from ...nets.noise_along_path import minima_noise, path_noise
    from ...nets.polyline import Polyline
    from ..progress import bar
    from .folders import Minima

    how: dict[str, Any] = {"state": state, "keep": None if kept is None else kept.keep}
    with bar("noise") as progress:
        how["progress"] = lambda done: progress("pivots", done)
        if isinstance(opened, Minima):
            table = minima_noise(opened.problem, opened.points, sampling, **how)
            heads: list[dict[str, Any]] = [{"minimum": name} for name in opened.points]
        else:
            path = Polyline(opened.points)
            table = path_noise(opened.problem, path, None, sampling, **how)
            heads = [{"s": s, "fraction": s / path.length} for s in path.arc.tolist()]
    size = opened.problem.layout.size
    columns = {name: (e.value.tolist(), e.error.tolist()) for name, e in table.estimates.items()}
    return [
        head | _row({n: (v[i], e[i]) for n, (v, e) in columns.items()}, bath, size)
        for i, head in enumerate(heads)
    ]


def _row(
    found: dict[str, tuple[float, float]], bath: "Temperature | None", size: int
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, (value, error) in found.items():
        row |= {name: value, f"{name}_stderr": error}
    if bath is not None:
        for name, of, share in (
            ("temperature", "noise_trace", 1 / size),
            ("temperature_along", "t_C_t", 1.0),
        ):
            row[name] = bath.of(share * row[of])
            row[f"{name}_stderr"] = bath.of(share * row[f"{of}_stderr"])
    return row

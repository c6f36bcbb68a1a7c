"""The perceptron: overlaps, energies and entropies of sampled weights beside the saddle point.

Everything is measured at several sizes N and extrapolated in 1/N; the theory speaks of N = ∞ alone.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import xarray as xr

from ...sims.perceptron.finite_size import Extrapolation, extrapolated
from ...sims.perceptron.flips import binary_measurements
from ...sims.perceptron.geodesic import measured_barrier
from ...sims.perceptron.measured import APART, MIXED, PerceptronMeasurement
from ...sims.perceptron.spherical import spherical_measurements
from ...theory.estimate import Array, Estimate
from ...theory.perceptron.geodesic import geodesic_barrier
from ...theory.perceptron.saddle import saddle_point
from ..ladder import Row, Rung, objection, part, row
from ..progress import Progress
from .perceptron_points import SCALES, Path, Point, Settings

MEASURE: dict[str, Callable[..., Any]] = {
    "spherical": spherical_measurements,
    "binary": binary_measurements,
}
QUANTITIES = {  # as tables name it: in a measurement, in a saddle point
    "overlap q": ("overlap", "q"),
    "teacher overlap R": ("teacher_overlap", "teacher_overlap"),
    "energy e": ("energy", "energy"),
    "entropy s": ("entropy", "entropy"),
}
FINE = 41  # points of a predicted geodesic
# at_eigenvalue: replica symmetry is unstable beyond.  misfit: −log₁₀ of the chance that sizes lie
# that far off a straight line in 1/N; of the rows of one run, one in a hundred runs has such a one.
# r_hat, hot_cold: of the largest size, beyond which replicas remember where they began.
LIMITS = {"at_eigenvalue": 1.0, "misfit": 4.0, "r_hat": MIXED, "hot_cold": APART}


def climb(scale: Literal["quick", "full"], seed: int, progress: Progress) -> Rung:
    """Ladders of temperatures one after the other, then geodesics between solutions."""
    settings, rows, curves = SCALES[scale], [], []
    tasks: list[Point | Path] = [*settings.points, *settings.paths]
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(len(tasks))]
    for i, task in enumerate(tasks):
        share = part(progress, f"perceptron: {task.label}", i / len(tasks), 1 / len(tasks))
        if isinstance(task, Point):
            found, curve = _ladder(task, settings, seeds[i], share)
        else:
            found, curve = _geodesic(task, settings, seeds[i], share)
        rows += found
        curves.append(curve)
    parts = [
        xr.concat(some, dim=dim)
        for dim in ("point", "path")
        if (some := [curve for curve in curves if dim in curve.dims])
    ]
    return Rung("perceptron", tuple(rows), xr.merge(parts), asdict(settings))


def _ladder(
    point: Point, settings: Settings, seed: int, tick: Callable[[float], None]
) -> tuple[list[Row], xr.Dataset]:
    """Every quantity at every temperature of one ladder, and what each size said."""
    runs = _each_size(
        settings,
        tick,
        lambda size, inner: MEASURE[point.model](
            point.alpha,
            point.kappa,
            betas=point.betas,
            size=size,
            samples=settings.weights // size,
            seed=seed,
            setting=point.setting,
            energy=point.energy,
            progress=inner,
            **_effort(point, settings),
        ),
    )
    rows, curves = [], []
    for j, beta in enumerate(point.betas):
        found, curve = _temperature(point, beta, [run[j] for run in runs])
        rows += found
        curves.append(curve)
    return rows, xr.concat(curves, dim="point")


def _effort(point: Point, settings: Settings) -> dict[str, Any]:
    model = point.model
    names = ("replicas", "sweeps", "burn_in", "points")
    effort = {name: getattr(settings, f"{model}_{name}") for name in names}
    if point.setting == "teacher" and model == "binary":
        effort["start"] = "both"
    return effort


def _temperature(
    point: Point, beta: float, runs: list[PerceptronMeasurement]
) -> tuple[list[Row], xr.Dataset]:
    saddle = saddle_point(
        point.alpha,
        point.kappa,
        point.model,
        setting=point.setting,
        energy=point.energy,
        beta=beta,
    )
    condition = f"{point.label}, β={beta:g}"
    figures = {"at_eigenvalue": float(saddle.at_eigenvalue)} | _memory(runs[-1])
    rows, columns = [], dict[str, Array]()
    for quantity, (name, predicted) in QUANTITIES.items():
        measured = [getattr(run, name) for run in runs]
        exact = float(getattr(saddle, predicted))
        known = all(each.error > 0 for each in measured)  # NaN is not
        limit = extrapolated([run.size for run in runs], measured) if known else None
        columns |= _curve(name, exact, measured, limit)
        if limit is not None:
            rows.append(_row(condition, quantity, Estimate(exact, 0.0, "theory"), limit, figures))
    return rows, _dataset(condition, [run.size for run in runs], columns)


def _memory(run: PerceptronMeasurement) -> dict[str, float]:
    """What says whether the replicas forgot where they began, as far as it is known."""
    found = {"r_hat": run.mixing.r_hat, "hot_cold": abs(run.mixing.hot_cold)}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _row(
    condition: str,
    quantity: str,
    predicted: Estimate,
    limit: Extrapolation,
    figures: dict[str, float],
) -> Row:
    """The limit beside the prediction; valid where figures allow and sizes lie on a line."""
    with np.errstate(divide="ignore"):
        figures = figures | {"misfit": float(-np.log10(limit.p_value))}
    note = objection(figures, LIMITS)
    extra = figures | {
        "slope": float(limit.slope.value),
        "parabola": float(limit.parabola.value),
        "parabola_stderr": float(limit.parabola.error),
    }
    return row("perceptron", condition, quantity, predicted, limit.limit, not note, note, extra)


def _geodesic(
    path: Path, settings: Settings, seed: int, tick: Callable[[float], None]
) -> tuple[list[Row], xr.Dataset]:
    """Error rates from one solution to the other; rows at the middle and nearer the first."""
    gamma = np.linspace(0, 1, settings.gammas)
    runs = _each_size(
        settings,
        tick,
        lambda size, inner: measured_barrier(
            gamma,
            path.alpha,
            path.kappa,
            path.margins,
            size=size,
            samples=settings.path_weights // size,
            seed=seed,
            progress=inner,
        ),
    )
    barrier = geodesic_barrier(gamma, path.alpha, path.kappa, path.margins)
    pair, sizes = barrier.pair, [run.size for run in runs]
    figures = {"at_eigenvalue": float(max(pair.at_eigenvalue_1[0], pair.at_eigenvalue_2[0]))}
    overlap = extrapolated(sizes, [run.overlap for run in runs])
    expected = Estimate(pair.overlap[0], pair.error[0], "theory")
    rows = [_row(path.label, "overlap p", expected, overlap, figures)]
    rates: list[Estimate] = []
    for j, share in enumerate(gamma):
        measured = [Estimate(r.error_rate.value[j], r.error_rate.error[j], "") for r in runs]
        if not all(each.error > 0 for each in measured):  # an end that keeps its margin
            rates.append(measured[-1])
            continue
        limit = extrapolated(sizes, measured)
        rates.append(limit.limit)
        if share in (0.5, 0.75):
            expected = Estimate(barrier.error_rate[j], barrier.uncertainty[j], "theory")
            rows.append(_row(path.label, f"error rate at γ={share:g}", expected, limit, figures))
    fine = np.linspace(0, 1, FINE)
    curves = {
        "error_rate_limit": np.array([each.value for each in rates]),
        "error_rate_limit_stderr": np.array([each.error for each in rates]),
    }
    data = xr.Dataset(
        {name: (("path", "gamma"), column[None, :]) for name, column in curves.items()},
        coords={"path": [path.label], "gamma": gamma, "fine_gamma": fine},
    )
    drawn = geodesic_barrier(fine, path.alpha, path.kappa, path.margins)
    data["error_rate_predicted"] = (("path", "fine_gamma"), drawn.error_rate[None, :])
    return rows, data


def _each_size(
    settings: Settings, tick: Callable[[float], None], run: Callable[[int, Any], Any]
) -> list[Any]:
    """``run(size, progress)`` of every size; a size takes time in proportion to itself."""
    found, done, total = [], 0, sum(settings.sizes)
    for size in settings.sizes:

        def inner(fraction: float, size: int = size, done: int = done) -> None:
            tick((done + size * fraction) / total)

        found.append(run(size, inner))
        done += size
    return found


def _curve(
    name: str, exact: float, measured: list[Estimate], limit: Extrapolation | None
) -> dict[str, Array]:
    """One quantity at one temperature: (1, sizes) as measured, (1,) what is predicted and found."""
    ends = [np.nan] * 3
    if limit is not None:
        ends = [float(x) for x in (limit.limit.value, limit.limit.error, limit.slope.value)]
    return {
        f"{name}_measured": np.array([[float(each.value) for each in measured]]),
        f"{name}_stderr": np.array([[float(each.error) for each in measured]]),
        f"{name}_predicted": np.array([exact]),
        f"{name}_limit": np.array([ends[0]]),
        f"{name}_limit_stderr": np.array([ends[1]]),
        f"{name}_slope": np.array([ends[2]]),
    }


def _dataset(condition: str, sizes: list[int], columns: dict[str, Array]) -> xr.Dataset:
    dims = ("point", "size")
    data = xr.Dataset(
        {name: (dims[: column.ndim], column) for name, column in columns.items()},
        coords={"point": [condition], "size": sizes},
    )
    data["size"].attrs["units"] = "weights"
    for name in columns:
        if name.startswith("entropy"):
            data[name].attrs["units"] = "nats per weight"
    return data

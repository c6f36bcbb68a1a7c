"""What a path is reported as: a row for every point of its profile, and figures of the whole."""

import math
from typing import TYPE_CHECKING, Any

from ..progress import bar
from ..record import Record

if TYPE_CHECKING:
    from ...nets.path_evaluation import PathEvaluation
    from ...nets.paths import FoundPath
    from ...nets.problem import Problem

LINE = 20  # gaps of the straight line that the path is compared with
UNITS = {"s": "length", "fraction": "1", "loss": "loss", "test_loss": "loss"}
REPORTED = (
    *("normalisation", "metric_name", "length", "distance", "barrier", "barrier_above_line"),
    *("highest_loss", "metric_drop", "test_loss_barrier", "test_metric_drop"),
)


def path_record(problem: "Problem", found: "FoundPath", asked: dict[str, Any]) -> Record:
    """The record of ``entropic net path``; what the problem does not have is left out."""
    from ...nets.path_evaluation import evaluate_path

    with bar("evaluation") as progress:
        along = evaluate_path(
            *(problem, found.points, found.settings.dense),
            lambda part: progress("the path", 0.8 * part),
        )
        line = _line(problem, found, lambda part: progress("the line", 0.8 + 0.2 * part))
    columns: dict[str, Any] = {
        "s": found.s.tolist(),
        "fraction": (found.s / found.s[-1]).tolist(),
        "pivot": found.pivots.tolist(),
        "loss": found.losses.tolist(),
        **_metrics(along),
    }
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    whole = {
        **asked,
        "normalisation": problem.normalisation,
        "metric_name": problem.metric_name,
        "length": found.length,
        "distance": found.distance,
        "barrier": found.barrier,
        "barrier_above_line": found.barrier_above_line,
        "highest_loss": float(found.losses.max()),
        **_drops(along),
        "line": line,
        "history": [vars(stage) for stage in found.history],
    }
    units = {name: UNITS[name] for name in columns if name in UNITS}
    return Record("path", whole, rows, units)


def _line(problem: "Problem", found: "FoundPath", progress: Any) -> dict[str, Any]:
    """Losses and metrics of the straight line between the same ends."""
    from ...nets.path_evaluation import evaluate_path
    from ...nets.path_methods import path_settings
    from ...nets.paths import find_path

    settings = path_settings("line", pivots=LINE + 1, dense=0)
    line = find_path(problem, found.points[0], found.points[-1], "line", settings)
    along = evaluate_path(problem, line.points, 0, progress)
    return {
        "fraction": [i / LINE for i in range(LINE + 1)],
        "loss": line.losses.tolist(),
        **_metrics(along),
        "barrier": line.barrier,
        "barrier_above_line": line.barrier_above_line,
        **_drops(along),
    }


def _metrics(along: "PathEvaluation") -> dict[str, list[float]]:
    columns = {
        "metric": along.metric,
        "test_loss": along.test_loss,
        "test_metric": along.test_metric,
    }
    return {name: c.tolist() for name, c in columns.items() if not math.isnan(c[0])}


def _drops(along: "PathEvaluation") -> dict[str, float]:
    """How much worse than the worse end it gets, by each measure that there is."""
    drops = {
        "metric_drop": along.metric_drop,
        "test_loss_barrier": along.test_barrier,
        "test_metric_drop": along.test_metric_drop,
    }
    return {name: value for name, value in drops.items() if not math.isnan(value)}

"""Minima as a record: a row for every seed."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...nets.problem import Problem
    from ...nets.training import Trained
    from ..record import Record

SLOPE = "loss/length"
UNITS = {
    **dict.fromkeys(("loss", "train_loss", "test_loss"), "loss"),
    **{"gradient_norm": SLOPE, "component": SLOPE, "norm": "length", "seconds": "s"},
}


def minima_record(problem: "Problem", found: "Trained", config: Mapping[str, Any]) -> "Record":
    """Loss, merit, gradient, norm and price of every minimum."""
    import numpy as np

    from ..record import Record

    rows = []
    for i, seed in enumerate(found.seeds):
        train_loss, metric = _evaluated(problem, found, i, "train")
        test_loss, test_metric = _evaluated(problem, found, i, "test")
        rows.append(
            {
                "seed": seed,
                "loss": float(found.loss[i]),
                "metric": metric,
                "test_loss": test_loss,
                "test_metric": test_metric,
                "gradient_norm": float(found.gradient_norm[i]),
                "norm": float(np.linalg.norm(found.points[i])),
                "epochs": len(found.history),
                "seconds": found.seconds / len(found.seeds),
                "train_loss": train_loss,
                "component": float(found.component[i]),
                "gradients": int(found.gradients[i]),
                "reached": bool(found.reached[i]),
            }
        )
    parameters = {**config, "metric_name": problem.metric_name, "way": found.way}
    return Record("minima", parameters, rows, UNITS)


def _evaluated(
    problem: "Problem", found: "Trained", place: int, on: Any
) -> tuple[float | None, float | None]:
    """Loss without decay and merit; None where there is none."""
    from ...nets.evaluation import evaluate

    if on == "test" and problem.test is None:
        return None, None
    result = evaluate(problem, problem.tensor(found.points[place]), on)
    return result.loss, None if math.isnan(result.metric) else result.metric


def history_text(found: "Trained") -> str:
    """The mean loss of the minibatches of every epoch, a column for every seed, as CSV."""
    lines = [",".join(["epoch", *(f"loss_{seed}" for seed in found.seeds)])]
    lines += [
        ",".join([str(i), *(repr(float(loss)) for loss in losses)])
        for i, losses in enumerate(found.history, start=1)
    ]
    return "\n".join(lines) + "\n"

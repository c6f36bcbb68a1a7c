"""How good the networks along a path are, on the training set and on data kept aside.

The landscape's loss along a path uses what the landscape does: decay, and batch statistics.  Here a
network is taken out of the path and used: with batch normalisation its statistics are estimated
again at that very place (Garipov et al., 2018, found that those of the ends will not do).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, frozen
from .beads import dense_points
from .evaluation import evaluate
from .problem import Problem


@dataclass(frozen=True)
class PathEvaluation:
    """Along the dense profile (m,): NaN where the problem has no metric, or no test set.

    metric: mean figure of merit on the training set.  test_loss (without decay), test_metric: on
    the test set.
    """

    metric: Array
    test_loss: Array
    test_metric: Array

    def __post_init__(self) -> None:
        for name in ("metric", "test_loss", "test_metric"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def test_barrier(self) -> float:
        """Highest test loss above that of the worse end."""
        return float(self.test_loss.max() - max(self.test_loss[0], self.test_loss[-1]))

    @property
    def metric_drop(self) -> float:
        """How far the metric on the training set falls below the worse end."""
        return _drop(self.metric)

    @property
    def test_metric_drop(self) -> float:
        """The same on the test set: for an accuracy, the barrier of the test error."""
        return _drop(self.test_metric)


def _drop(values: Array) -> float:
    return float(min(values[0], values[-1]) - values.min())


def evaluate_path(
    problem: Problem,
    points: Tensor,
    between: int = 0,
    progress: Callable[[float], None] | None = None,
) -> PathEvaluation:
    """Metrics at the pivots ``points`` (n, P) and at ``between`` points in every gap."""
    if points.ndim != 2 or points.shape[1] != problem.layout.size or len(points) < 2:
        msg = (
            f"a path has points (n >= 2, {problem.layout.size}), as the model has parameters; "
            f"they are {tuple(points.shape)}"
        )
        raise DomainError(msg)
    rows: list[tuple[float, float, float]] = []
    missing = float("nan")
    for i, some in enumerate(dense_points(points, between)):
        for theta in some:
            train = evaluate(problem, theta).metric if problem.metric is not None else missing
            test = None if problem.test is None else evaluate(problem, theta, "test")
            kept_aside = (missing, missing) if test is None else (test.loss, test.metric)
            rows.append((train, *kept_aside))
        if progress is not None:
            progress((i + 1) / len(points))
    return PathEvaluation(*np.array(rows).T)

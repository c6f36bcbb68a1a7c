r"""Several networks that answer together: their probabilities are averaged, not their weights.

.. math:: \bar p_k(c|x) = \frac1k \sum_{i \le k} \mathrm{softmax}(f_{\theta_i}(x))_c

With cross-entropy an ensemble is never worse than its members on average, −ln being convex.  Where
outputs are no logits they are averaged themselves.  Members with batch normalisation each answer
with statistics re-estimated on the training set, as in :mod:`.evaluation`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import Literal

import torch
from torch import Tensor

from ..theory.errors import DomainError
from .evaluation import AT_ONCE, Evaluation
from .losses import cross_entropy
from .problem import Problem, parts

Average = Literal["probabilities", "outputs"]


@dataclass(frozen=True)
class Answer:
    """One more member: how good it is alone, and the ensemble of all so far with it."""

    alone: Evaluation
    together: Evaluation


@torch.no_grad()
def ensemble_answers(
    problem: Problem,
    points: Tensor,
    on: Literal["train", "test"] = "test",
    average: Average | None = None,
) -> Iterator[Answer]:
    """One answer for each of ``points`` (k, P), in turn.

    average: "probabilities" takes outputs (n, classes) for logits; the default where the loss is
    ``cross_entropy``, "outputs" elsewhere.
    Raises DomainError for a test set that the problem does not have, or points of another shape.
    """
    chosen = (problem.inputs, problem.targets) if on == "train" else problem.test
    if chosen is None:
        msg = f"the problem {problem.name!r} has no test set"
        raise DomainError(msg)
    if points.ndim != 2 or len(points) < 1:
        msg = f"members must be points (k >= 1, P); they have the shape {tuple(points.shape)}"
        raise DomainError(msg)
    average = average or ("probabilities" if problem.loss is cross_entropy else "outputs")
    total: Tensor | None = None
    for k, theta in enumerate(points, start=1):
        outputs = _outputs(problem, theta, chosen[0])
        if average == "outputs":
            total = outputs if total is None else total + outputs
            mean = total / k
        else:
            logs = outputs.log_softmax(dim=1)
            total = logs if total is None else torch.logaddexp(total, logs)
            mean = total - log(k)
        yield Answer(_judged(problem, outputs, chosen[1]), _judged(problem, mean, chosen[1]))


def _outputs(problem: Problem, theta: Tensor, inputs: Tensor) -> Tensor:
    model = problem.reestimated(theta)
    return torch.cat([model(inputs[part]) for part in parts(len(inputs), AT_ONCE)])


def _judged(problem: Problem, outputs: Tensor, targets: Tensor) -> Evaluation:
    """Logarithms of probabilities are logits too: loss and metric need not know of the ensemble."""
    loss = float(problem.loss(outputs, targets).double().mean())
    merit = float("nan")
    if problem.metric is not None:
        merit = float(problem.metric(outputs, targets).double().mean())
    return Evaluation(loss, merit, len(targets))

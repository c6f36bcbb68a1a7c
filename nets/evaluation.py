"""How good a point is: mean loss and figure of merit, on the training set or on data kept aside.

With batch statistics the model is evaluated with those re-estimated on the training set, so that a
sample's output does not depend on its company.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..theory.errors import DomainError
from .problem import Problem, parts

AT_ONCE = 512  # samples


@dataclass(frozen=True)
class Evaluation:
    """Mean loss without decay; mean ``metric``, NaN where the problem has none; sample count."""

    loss: float
    metric: float
    samples: int


@torch.no_grad()
def evaluate(problem: Problem, theta: Tensor, on: Literal["train", "test"] = "train") -> Evaluation:
    """The problem at ``theta`` (P,); DomainError for a test set that it does not have."""
    chosen = (problem.inputs, problem.targets) if on == "train" else problem.test
    if chosen is None:
        msg = f"the problem {problem.name!r} has no test set"
        raise DomainError(msg)
    inputs, targets = chosen
    model = problem.reestimated(theta)
    losses, merits = [], []
    for part in parts(len(inputs), AT_ONCE):
        outputs = model(inputs[part])
        losses.append(problem.loss(outputs, targets[part]).double())
        if problem.metric is not None:
            merits.append(problem.metric(outputs, targets[part]).double())
    merit = float(torch.cat(merits).mean()) if merits else float("nan")
    return Evaluation(float(torch.cat(losses).mean()), merit, len(inputs))

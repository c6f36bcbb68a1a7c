"""An ensemble as a record: a row for every network, and what those so far answer together."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..progress import tracked
from ..record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from ...nets.ensembling import Answer
    from ...nets.problem import Problem

LOSSES = ("loss", "test_loss", "ensemble_test_loss", "ensemble_train_loss")
UNITS = {"epochs": "epochs", "distance": "length", **dict.fromkeys(LOSSES, "loss")}


@dataclass(frozen=True)
class Member:
    """A network: its kind ("start", "member" or "single"), number, weights (P,), epochs trained."""

    kind: str
    number: int
    theta: "Tensor"
    epochs: int = 0


def ensemble_record(
    problem: "Problem", members: list[Member], asked: "Mapping[str, Any]"
) -> Record:
    """Rows in the order of ``members``; what the problem does not have is None."""
    import torch

    from ...nets.ensembling import ensemble_answers
    from ...nets.problem import array

    points = torch.stack([m.theta for m in members if m.kind == "member"])
    together = _Together(ensemble_answers, problem, points)
    rows = []
    for member in tracked(members, "ensemble", lambda m: f"evaluation of {m.kind} {m.number}"):
        if member.kind == "member":
            train, test = together.next()
        else:
            train, test = _Together(ensemble_answers, problem, member.theta[None]).next()
        counted = member.kind == "member"
        rows.append(
            {
                "kind": member.kind,
                "member": member.number,
                "epochs": member.epochs,
                "distance": float((member.theta - members[0].theta).norm()),
                "loss": float(array(problem.full(member.theta))),
                **_named("", test, "alone", train),
                **_named("ensemble_", test if counted else None, "together", None),
                "ensemble_train_loss": train.together.loss if counted else None,
            }
        )
    parameters = {
        **asked,
        "metric_name": problem.metric_name,
        "normalisation": problem.normalisation,
    }
    return Record("ensemble", parameters, rows, UNITS)


class _Together:
    """Answers on the training set and, where there is one, on the test set."""

    def __init__(self, answers: Any, problem: "Problem", points: "Tensor") -> None:
        self._train = answers(problem, points, "train")
        self._test = answers(problem, points, "test") if problem.test is not None else None

    def next(self) -> "tuple[Answer, Answer | None]":
        """Those with one more member."""
        return next(self._train), None if self._test is None else next(self._test)


def _named(
    prefix: str, test: "Answer | None", which: str, train: "Answer | None"
) -> dict[str, float | None]:
    on_test = None if test is None else getattr(test, which)
    row = {} if train is None else {"metric": _number(getattr(train, which).metric)}
    row[f"{prefix}test_loss"] = None if on_test is None else on_test.loss
    row[f"{prefix}test_metric"] = None if on_test is None else _number(on_test.metric)
    return row


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value

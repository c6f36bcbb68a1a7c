"""Branchings as plain arrays, to be kept while others are made, and back."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from ...nets.branching import Branching
    from ...nets.problem import Problem

TRUNK, FACTS = "trunk:", "facts"


def as_arrays(found: "Sequence[Branching]") -> "dict[str, np.ndarray]":
    """Ends and lines of every branching, and the trunk of the last, to go on from."""
    import numpy as np

    from ...nets.barriers import COLUMNS

    arrays: dict[str, Any] = {"epochs": np.array([done.epoch for done in found])}
    for done in found:
        arrays[f"ends:{done.epoch}"] = done.ends.cpu().numpy()
        arrays[f"reached:{done.epoch}"] = done.reached
        arrays[f"lengths:{done.epoch}"] = np.array([line.length for line in done.lines])
        for name in ("fraction", *COLUMNS):
            columns = np.array([getattr(line, name) for line in done.lines])
            arrays[f"{name}:{done.epoch}"] = columns
    trunk = found[-1].trunk
    arrays |= {TRUNK + name: values for name, values in trunk.arrays.items()}
    facts = json.dumps(dict(trunk.facts)).encode()
    return arrays | {FACTS: np.frombuffer(facts, np.uint8)}


def from_arrays(
    problem: "Problem", seeds: Sequence[int], arrays: "Mapping[str, np.ndarray]"
) -> "list[Branching]":
    """The branchings again; all have the trunk of the last."""
    from ...nets.barriers import COLUMNS, LineProfile
    from ...nets.branching import Branching
    from ...nets.training_state import TrainingState

    facts = json.loads(arrays[FACTS].tobytes())
    named = {
        name.removeprefix(TRUNK): values
        for name, values in arrays.items()
        if name.startswith(TRUNK)
    }
    trunk = TrainingState(facts, named)
    found = []
    for epoch in arrays["epochs"].tolist():
        columns = {name: arrays[f"{name}:{epoch}"] for name in ("fraction", *COLUMNS)}
        profiles = tuple(
            LineProfile(length, **{name: found[i] for name, found in columns.items()})
            for i, length in enumerate(arrays[f"lengths:{epoch}"].tolist())
        )
        ends = problem.tensor(arrays[f"ends:{epoch}"])
        found.append(
            Branching(epoch, tuple(seeds), ends, arrays[f"reached:{epoch}"], profiles, trunk)
        )
    return found

"""All that a training needs to go on: plain arrays and plain words, to be written anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Generator

from ..theory.errors import DomainError


@dataclass(frozen=True)
class TrainingState:
    """A training of R replicas between two epochs, or two steps of the descent after them.

    facts: seeds, epoch, steps taken, and the way gradients are computed, as numbers and words that
    JSON knows.  arrays: "theta" (R, P), "memory.…" of the optimizer, "generators" (R, …), "history"
    (epochs so far, R), "descent.…"; each in the type it is computed in.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return int(self.facts["epoch"])

    def check(self) -> None:
        """Raise KeyError or ValueError unless all is there and of one size."""
        rows = len(self.seeds)
        for name in ("steps", "way", "chunk", "measured", "seconds", "threads", "descending"):
            self.facts[name]
        shapes = {
            "history": (self.epoch, rows),
            "generators": (rows, *self.arrays["generators"].shape[1:]),
            "theta": (rows, *self.arrays["theta"].shape[1:]),
        }
        for name, shape in shapes.items():
            if self.arrays[name].shape != shape:
                msg = f"{name} must have the shape {shape}"
                raise ValueError(msg)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the replicas, in order."""
        return tuple(self.facts["seeds"])


def noise_generators(seeds: Sequence[int]) -> list[Generator]:
    """Of shuffles, augmentations and kicks: one for each seed, unlike that of initial weights."""
    words = [np.random.SeedSequence([seed, 1]).generate_state(2, np.uint32) for seed in seeds]
    return [torch.Generator().manual_seed(int(a) << 31 | int(b)) for a, b in words]


def generator_states(generators: Sequence[Generator]) -> np.ndarray:
    """(R, …) bytes."""
    states: np.ndarray = torch.stack([g.get_state() for g in generators]).numpy()
    return states


def generators_in(states: np.ndarray) -> list[Generator]:
    """The generators that were in these states."""
    found = []
    for row in states:
        generator = torch.Generator()
        generator.set_state(torch.from_numpy(row.copy()))
        found.append(generator)
    return found


def check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """At least one, all different, none negative."""
    found = tuple(int(seed) for seed in seeds)
    if not found or len(set(found)) < len(found) or min(found) < 0 or max(found) >= 2**63:
        msg = f"seeds must be different whole numbers from 0 to 2^63 - 1; they are {list(found)}"
        raise DomainError(msg)
    return found


def branched(state: TrainingState, seeds: Sequence[int]) -> TrainingState:
    """One trained replica as several that share all but the noise from here on.

    Weights and the optimizer's memory are those of ``state``; ``seeds`` choose the minibatches to
    come.  Raises DomainError for a state of several replicas or one that descends already.
    """
    chosen = check_seeds(seeds)
    if len(state.seeds) != 1 or state.facts["descending"]:
        msg = (
            "only one replica that is still in its epochs can branch; this state has "
            f"{len(state.seeds)}{' and descends' if state.facts['descending'] else ''}"
        )
        raise DomainError(msg)
    arrays = {}
    for name, values in state.arrays.items():
        axis = 1 if name == "history" else 0
        arrays[name] = np.repeat(values, len(chosen), axis=axis)
    arrays["generators"] = generator_states(noise_generators(chosen))
    return replace(state, facts={**state.facts, "seeds": list(chosen)}, arrays=arrays)

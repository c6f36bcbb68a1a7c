"""From which epoch on the noise of SGD no longer decides where training ends.

A network is trained to epoch k; from there two copies go on to the end, alike in all but the noise
to come (order of the samples, augmentation); then the straight line between both ends is looked
along (:mod:`.barriers`).  Frankle, Dziugaite, Roy and Carbin call this instability analysis (ICML
2020); Entropic Confinement and Mode Connectivity (2025) asks the same of curvature, and finds that
its barrier persists to later k than that of the loss.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..theory.errors import DomainError, NotConverged
from .barriers import LineProfile, line_profile
from .problem import Problem
from .recipe import Recipe
from .training import train
from .training_run import Moment, Watch
from .training_state import TrainingState, check_seeds, generator_states, noise_generators

Progress = Callable[[str, float], None]  # what is being done, and the fraction that is done
NOISE = 0xB2A7C4  # sets the noise of branches apart from every other use of the same seed


@dataclass(frozen=True)
class Branching:
    """Two ends for each of S seeds, from trunks of ``epoch`` epochs, and the lines between them.

    ends (S, 2, P).  reached (S, 2): whether the descent after the epochs met its goal, if the
    recipe has one.  trunk: the state of all trunks there, to go on from to a later epoch.
    """

    epoch: int
    seeds: tuple[int, ...]
    ends: Tensor
    reached: NDArray[np.bool_]
    lines: tuple[LineProfile, ...]
    trunk: TrainingState


@dataclass(frozen=True)
class LineSettings:
    """Of :func:`.barriers.line_profile`."""

    places: int = 11
    probes: int = 16
    tolerance: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.places < 3 or self.probes < 2:
            msg = (
                "a line needs at least 3 places, and a trace 2 probes; "
                f"they are {self.places} and {self.probes}"
            )
            raise DomainError(msg)

    def profile(self, problem: Problem, first: Tensor, last: Tensor) -> LineProfile:
        """The line from ``first`` to ``last`` (P,)."""
        how = {"probes": self.probes, "seed": self.seed}
        return line_profile(problem, first, last, self.places, tolerance=self.tolerance, **how)


def branchings(
    problem: Problem,
    recipe: Recipe,
    epochs: Sequence[int],
    seeds: Sequence[int],
    line: LineSettings | None = None,
    *,
    trunk: TrainingState | None = None,
    progress: Progress | None = None,
) -> Iterator[Branching]:
    """The branchings at rising ``epochs``, one after the other, all ``seeds`` at once.

    trunk: of an earlier branching; epochs must then not lie before it.  The result does not depend
    on where it was cut, nor, beyond rounding, on which epochs and seeds are asked for together.
    Raises DomainError for epochs that do not rise within the recipe's.
    """
    chosen, line = check_seeds(seeds), line or LineSettings()
    first = 0 if trunk is None else trunk.epoch
    if not epochs or any(b <= a for a, b in zip(epochs, epochs[1:], strict=False)):
        msg = f"the epochs to branch at must rise; they are {list(epochs)}"
        raise DomainError(msg)
    if not first <= epochs[0] <= epochs[-1] <= recipe.epochs:
        msg = (
            f"branches begin from epoch {first} to {recipe.epochs}, the end of the recipe; "
            f"they are to begin at {list(epochs)}"
        )
        raise DomainError(msg)
    return _branchings(problem, recipe, tuple(epochs), chosen, line, trunk, progress)


def _branchings(
    problem: Problem,
    recipe: Recipe,
    epochs: tuple[int, ...],
    seeds: tuple[int, ...],
    line: LineSettings,
    trunk: TrainingState | None,
    progress: Progress | None,
) -> Iterator[Branching]:
    for i, epoch in enumerate(epochs):

        def tell(words: str, share: float, i: int = i, epoch: int = epoch) -> None:
            if progress is not None:
                progress(f"from epoch {epoch}: {words}", (i + share) / len(epochs))

        def moment(now: Moment, tell: Progress = tell) -> None:
            tell(f"training, {now.epoch} of {now.epochs}", 0.5 * now.epoch / max(now.epochs, 1))

        trunk = trunk_at(problem, recipe, seeds, epoch, trunk, moment)
        ends, reached = branch_ends(problem, recipe, trunk, moment)
        lines = []
        for own, pair in enumerate(ends):
            tell(f"line {own + 1} of {len(seeds)}", 0.5 + 0.5 * own / len(seeds))
            lines.append(line.profile(problem, pair[0], pair[1]))
        yield Branching(epoch, seeds, ends, reached, tuple(lines), trunk)


class _ThereError(Exception):
    """The trunk has reached its epoch."""


def trunk_at(
    problem: Problem,
    recipe: Recipe,
    seeds: Sequence[int],
    epoch: int,
    state: TrainingState | None = None,
    moment: Callable[[Moment], None] = lambda moment: None,
) -> TrainingState:
    """The training of ``seeds`` after ``epoch`` epochs, from ``state`` or from the start."""
    found: dict[str, TrainingState] = {}

    def keep(state: TrainingState) -> None:
        if state.epoch == epoch:
            found["state"] = state
            raise _ThereError

    if state is not None and state.epoch == epoch:
        return state
    # a full-batch descent would follow the last epoch: the trunk ends before it
    epochs_only = replace(recipe, gradient_norm=None, component=None)
    with suppress(_ThereError):
        train(problem, epochs_only, seeds, state=state, watch=Watch(keep, 0.0, moment))
    return found["state"]


def branch_ends(
    problem: Problem,
    recipe: Recipe,
    trunk: TrainingState,
    moment: Callable[[Moment], None] = lambda moment: None,
) -> tuple[Tensor, NDArray[np.bool_]]:
    """Where two branches of each of the S trunks end (S, 2, P), and whether they arrived (S, 2)."""
    forked = _forked(trunk)
    try:
        ended = train(problem, recipe, forked.seeds, state=forked, watch=Watch(moment=moment))
    except NotConverged as error:
        ended = error.found
    pairs = (len(trunk.seeds), 2)
    return problem.tensor(ended.points).reshape(*pairs, -1), ended.reached.reshape(pairs) > 0


def _forked(trunk: TrainingState) -> TrainingState:
    """Every replica twice: weights and optimizer alike, noise of its own from here on."""
    keys = [(NOISE, seed, trunk.epoch, branch) for seed in trunk.seeds for branch in range(2)]
    words = [np.random.SeedSequence(key).generate_state(1, np.uint64)[0] for key in keys]
    noise = [int(word >> np.uint64(1)) for word in words]
    arrays: dict[str, NDArray[np.generic]] = {
        name: np.repeat(values, 2, axis=1 if name == "history" else 0)
        for name, values in trunk.arrays.items()
    }
    arrays["generators"] = generator_states(noise_generators(noise))
    names = [f"{seed}, branch {branch + 1}," for seed in trunk.seeds for branch in range(2)]
    return replace(trunk, facts={**trunk.facts, "seeds": noise, "names": names}, arrays=arrays)

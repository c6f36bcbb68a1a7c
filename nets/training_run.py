"""A training under way: all that changes while it runs, and how it is kept and picked up again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array
from .arithmetic import Arithmetic
from .choice import choose
from .descent import Descent, full_gradient
from .initial import initial_parameters
from .matched_noise import matched_noise_step
from .optimizers import Optimizer
from .problem import Problem, array
from .recipe import Recipe
from .replicas import Replicas, Said, gathered
from .training_state import (
    TrainingState,
    generator_states,
    generators_in,
    noise_generators,
)


@dataclass(frozen=True)
class Moment:
    """Where a training is: epochs done, mean loss (R,) in the last one, weights (R, P) as they are.

    gradients: how many the descent has taken so far, 0 before it.  left: replicas still under way.
    """

    epoch: int
    epochs: int
    loss: Array
    thetas: Tensor
    gradients: int
    left: int


@dataclass(frozen=True)
class Watch:
    """Who is told on the way.

    keep: a state to keep, at the start and then every so many seconds.  moment: after every epoch,
    and every gradient of the descent.  said: words, where memory runs short.
    """

    keep: Callable[[TrainingState], None] = lambda state: None
    every: float = 10.0
    moment: Callable[[Moment], None] = lambda moment: None
    said: Said = lambda message: None


class TrainingRun:
    """R replicas on their way through ``recipe``; ``begin`` or ``resume``, then ``to_the_end``."""

    thetas: Tensor
    replicas: Replicas
    optimizer: Optimizer
    generators: list[Generator]
    descent: Descent | None = None

    def __init__(
        self, problem: Problem, recipe: Recipe, arithmetic: Arithmetic, watch: Watch
    ) -> None:
        self.problem, self.recipe, self.arithmetic, self.watch = problem, recipe, arithmetic, watch
        self.history: list[Array] = []
        self.began = monotonic()

    def begin(self, seeds: tuple[int, ...], together: bool | None) -> None:
        """Start every seed where it starts, choose the way, and keep that."""
        thetas = torch.stack([initial_parameters(self.problem, seed) for seed in seeds])
        choice = choose(self.problem, thetas, self.recipe.batch, together, self.arithmetic)
        self._facts: dict[str, Any] = {
            **{"seeds": list(seeds), "way": choice.way, "measured": dict(choice.seconds)},
            **{"chunk": None, "seconds": 0.0, "epoch": 0, "steps": 0, "descending": False},
            "threads": torch.get_num_threads(),
        }
        self._settle(thetas, noise_generators(seeds))
        self.last = self.snapshot()
        self.watch.keep(self.last)

    def resume(self, seeds: tuple[int, ...], state: TrainingState) -> None:
        """Go on where ``state`` was; DomainError if it is not one of these."""
        weights, size = state.arrays["theta"], self.problem.layout.size
        if state.seeds != seeds or weights.shape != (len(seeds), size):
            msg = (
                f"the state must be of seeds {list(seeds)} and {size} parameters; it is of "
                f"{list(state.seeds)} and {weights.shape[-1]}"
            )
            raise DomainError(msg)
        self._facts, self.last = dict(state.facts), state
        before, now = state.facts["threads"], torch.get_num_threads()
        if before != now:
            self.watch.said(f"{before} threads before, {now} now: the last digits may change")
        self._settle(self._tensor(weights), generators_in(state.arrays["generators"]))
        self.optimizer.memory = self._tensors(state, "memory.")
        self.optimizer.steps = state.facts["steps"]
        self.history = list(state.arrays["history"])
        if state.facts["descending"]:
            self.descent = self._descent()
            self.descent.tensors = self._tensors(state, "descent.")

    def _settle(self, thetas: Tensor, generators: list[Generator]) -> None:
        self.thetas, self.generators = thetas, generators
        self.optimizer = Optimizer.at(self.recipe, thetas)
        way, chunk = self._facts["way"], self._facts["chunk"]
        self.replicas = Replicas(self.problem, way, self.arithmetic, chunk, self.watch.said)
        self._noted = self._kept = monotonic()

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.copy()).to(self.problem.device)

    def _tensors(self, state: TrainingState, prefix: str) -> dict[str, Tensor]:
        return {
            name.removeprefix(prefix): self._tensor(values)
            for name, values in state.arrays.items()
            if name.startswith(prefix)
        }

    def snapshot(self) -> TrainingState:
        """All of it, copied."""
        tensors = {"theta": self.thetas}
        tensors |= {f"memory.{name}": values for name, values in self.optimizer.memory.items()}
        if self.descent is not None:
            tensors |= {f"descent.{name}": values for name, values in self.descent.tensors.items()}
        arrays = {name: values.detach().cpu().numpy().copy() for name, values in tensors.items()}
        arrays["generators"] = generator_states(self.generators)
        arrays["history"] = self.history_array()
        return TrainingState(self.facts_now(), arrays)

    def facts_now(self) -> dict[str, Any]:
        """What is no array."""
        now = {
            **{"epoch": len(self.history), "steps": self.optimizer.steps},
            **{"descending": self.descent is not None, "chunk": self.replicas.chunk},
            "seconds": self._facts["seconds"] + monotonic() - self.began,
        }
        return self._facts | now

    def history_array(self) -> Array:
        """(epochs so far, R)."""
        rows = len(self.thetas)
        return np.stack(self.history) if self.history else np.empty((0, rows))

    def keep_last(self) -> None:
        """Keep the last state between two epochs: an epoch that was cut is not worth anything."""
        self.watch.keep(self.last)

    def to_the_end(self) -> None:
        """The epochs that are left, then the descent."""
        self.epochs(self.recipe.epochs - len(self.history))
        if self.recipe.gradient_norm is None and self.recipe.component is None:
            return
        if self.descent is None:
            descent = self._descent()
            descent.begin(self.thetas)
            self.descent = descent
        while len(rows := self.descent.active):
            self.descent.advance(rows)
            self._note(int(self.descent.tensors["gradients"].max()), len(rows))
        self.thetas = self.descent.tensors["theta"]

    def epochs(self, count: int) -> None:
        """The next ``count`` epochs."""
        for _ in range(count):
            self.history.append(self._epoch(len(self.history)))
            self._note(0, len(self.thetas))

    def _descent(self) -> Descent:
        recipe = self.recipe
        norm, component = recipe.gradient_norm or np.inf, recipe.component or np.inf
        momentum = recipe.momentum if recipe.optimizer == "sgd" else 0.9
        rate = (recipe.rate, momentum, recipe.longest)
        return Descent(full_gradient(self.replicas), norm, component, recipe.descent, *rate)

    def _note(self, gradients: int, left: int) -> None:
        epochs, now = self.recipe.epochs, monotonic()
        losses = self.history[-1] if self.history else np.full(len(self.thetas), np.nan)
        thetas = self.thetas
        if self.descent is not None:
            thetas, losses = self.descent.tensors["theta"], array(self.descent.tensors["loss"])
        self.watch.moment(Moment(len(self.history), epochs, losses, thetas, gradients, left))
        if now - self._noted >= min(self.watch.every, 1.0):
            self.last, self._noted = self.snapshot(), now
            if now - self._kept >= self.watch.every:
                self.watch.keep(self.last)
                self._kept = monotonic()

    def _epoch(self, epoch: int) -> Array:
        """All minibatches once; their mean loss (R,), each at the weights that it met."""
        rate = self.recipe.rate_at(epoch / self.recipe.epochs)
        wide = torch.float32 if self.problem.device.type == "mps" else torch.float64
        total = self.thetas.new_zeros(len(self.thetas), dtype=wide)
        step = self._langevin if self.recipe.optimizer == "langevin" else self._minibatches
        step(rate, total)
        finite = total.isfinite() & self.thetas.isfinite().all(dim=1)
        if not bool(finite.all()):
            names = self._facts.get("names", self._facts["seeds"])
            lost = [s for s, ok in zip(names, finite.tolist(), strict=True) if not ok]
            msg = (
                f"the loss of seed {lost[0]} stopped being finite in epoch {epoch + 1} of "
                f"{self.recipe.epochs}; lower the rate, which was {rate:g}"
            )
            raise DomainError(msg)
        return array(total)

    def _minibatches(self, rate: float, total: Tensor) -> None:
        for picks in self._shuffled():
            losses, slopes = self._gradient(picks, self.thetas)
            total.add_(losses, alpha=picks.shape[1] / self.problem.samples)
            self.optimizer.step(self.thetas, slopes, rate)

    def _langevin(self, rate: float, total: Tensor) -> None:
        steps = self.problem.samples // self.recipe.batch
        for _ in range(steps):
            split = [partial(self._gradient, picks) for picks in self._shuffled()]
            losses = matched_noise_step(self.thetas, split, rate, self.generators)
            total.add_(losses, alpha=1 / steps)

    def _shuffled(self) -> Iterator[Tensor]:
        """Picks (R, B) of the samples, in a new order for every replica, until all are used."""
        samples = self.problem.samples
        orders = torch.stack([torch.randperm(samples, generator=g) for g in self.generators])
        orders, batch = orders.to(self.problem.device), self.recipe.batch
        return (orders[:, at : at + batch] for at in range(0, samples, batch))

    def _gradient(self, picks: Tensor, thetas: Tensor) -> tuple[Tensor, Tensor]:
        """Losses (R,) and gradients (R, P) on the minibatches ``picks``."""
        problem = self.problem
        inputs, targets = gathered(problem.inputs, picks), gathered(problem.targets, picks)
        if problem.augment is not None:
            pairs = zip(inputs, self.generators, strict=True)
            inputs = torch.stack([problem.augment(own, generator) for own, generator in pairs])
        return self.replicas(thetas, inputs, targets)

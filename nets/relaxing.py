"""Replicas on their way along a path: k steps of an optimizer, then back onto the nearest segment.

The experiment of Entropic Confinement and Mode Connectivity in Overparameterized Neural Networks
(2025), section on projected SGD (k = 15 there), for every :class:`.sgd.ProjectedSGD`.  All replicas
are one batched program (:mod:`.replicas`); each has noise of its own that follows from the seed and
its number alone (:mod:`.draws`), so that how many are computed together, and when, changes a result
by rounding at most.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.path import Path
from .draws import HELD, RUN, Indices, Streams
from .footing import Footing
from .levelling import path_slopes, slopes_at
from .optimizers import Optimizer
from .path_buffers import LONG_AGO, held_cycles, recipe_of, second_moment
from .path_loss import loss_along
from .path_run import PathRun
from .problem import Problem, array
from .replicas import Replicas, Way
from .sgd import ProjectedSGD
from .shaking import Shaking, chosen_way, together

State = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Standing:
    """All that changes from one cycle to the next.

    cycle: that are done.  s, passage, side (R,): as in :class:`.path_run.PathRun`.  memory: of the
    optimizer, by name, (R, P); steps it has taken.  places, shaken: s and the loss off the path, as
    often as recorded.
    """

    cycle: int
    s: Array
    passage: Array
    side: Array
    memory: Mapping[str, Tensor]
    steps: int
    places: tuple[Array, ...]
    shaken: tuple[Array, ...]

    @cached_property
    def inside(self) -> Indices:
        """Numbers of the replicas that are followed still."""
        return np.flatnonzero(np.isinf(self.passage))


class Relaxing:
    """Replicas that begin at ``start`` (R,); ``cycle()`` takes all one cycle further.

    ends: arc lengths at or beyond which a replica is absorbed, each one number or (R,).  every:
    cycles between two that are recorded.  way: how gradients are computed, None to find out.
    first: number of the first replica, which its noise depends on.  ``standing`` is replaced when a
    cycle is complete, so that an interrupt leaves it whole.
    """

    standing: Standing

    def __init__(
        self,
        problem: Problem,
        path: Path,
        start: Array,
        sgd: ProjectedSGD,
        seed: int,
        ends: tuple[ArrayLike, ArrayLike] = (-np.inf, np.inf),
        every: int = 1,
        way: Way | None = None,
        first: int = 0,
    ) -> None:
        _check(problem, path, start, sgd, ends, every)
        self.problem, self.path, self.start, self.sgd = problem, path, start, sgd
        self.low, self.high = (np.broadcast_to(np.asarray(x, float), start.shape) for x in ends)
        self.every, self.streams, self.first = every, Streams(seed), first
        self.size, self.footing = together(problem, len(start)), Footing(path)
        few = problem.tensor(path.at(start[: min(self.size, 16)]))
        self.way: Way = way or chosen_way(problem, few, sgd)
        self.shaking = Shaking(problem, sgd, Replicas(problem, self.way))
        self.recipe = recipe_of(sgd)

    @cached_property
    def slopes(self) -> Array:
        """Of the loss along the path, by segment."""
        return path_slopes(self.problem, self.path)

    def begin(self) -> None:
        """Put every replica to its start, with the buffers it has there."""
        some = self.start.copy()
        nothing = np.full(len(some), np.nan)
        memory, steps = self._buffers()
        self.standing = Standing(
            0, some, np.full(len(some), np.inf), np.zeros(len(some)), memory, steps, (some,),
            (nothing,),
        )  # fmt: skip

    def cycle(self) -> None:
        """One more cycle of all that are inside still."""
        now = self.standing
        s, passage, side = now.s.copy(), now.passage.copy(), now.side.copy()
        shaken = np.full(len(s), np.nan)
        memory = {name: values.clone() for name, values in now.memory.items()}
        for group in self._groups(now.inside):
            optimizer = self._optimizer(memory, group, now.steps)
            moved, loss = self._steps(group, s[group], optimizer, now.cycle + 1, RUN)
            for name, values in memory.items():
                values[group] = optimizer.memory[name]
            s[group], shaken[group] = self.footing.project(moved, s[group]), loss
        gone = now.inside[((s <= self.low) | (s >= self.high))[now.inside]]
        passage[gone] = now.cycle + 1
        side[gone] = np.where(s[gone] >= self.high[gone], 1, -1)
        recorded = (now.cycle + 1) % self.every == 0
        self.standing = Standing(
            now.cycle + 1, s, passage, side, memory, now.steps + self.sgd.cycle,
            (*now.places, s) if recorded else now.places,
            (*now.shaken, shaken) if recorded else now.shaken,
        )  # fmt: skip

    def _groups(self, replicas: Indices) -> list[Indices]:
        return [replicas[i : i + self.size] for i in range(0, len(replicas), self.size)]

    def _optimizer(self, memory: Mapping[str, Tensor], group: Indices, steps: int) -> Optimizer:
        if self.sgd.buffers == "reset":
            return Optimizer.at(self.recipe, self._blank(len(group)))
        rows = torch.from_numpy(group).to(self.problem.device)
        return Optimizer(self.recipe, {name: m[rows] for name, m in memory.items()}, steps)

    def _steps(
        self, group: Indices, s: Array, optimizer: Optimizer, cycle: int, phase: int
    ) -> tuple[Array, Array]:
        """Where ``group`` comes from ``s`` in k steps, and the loss before the last of them."""
        thetas = self.problem.tensor(self.path.at(s))
        off = slopes_at(self.problem, self.path, self.slopes, s) if self.sgd.level else None
        loss = thetas.new_zeros(len(s))
        for gradient in self.shaking.cycle(self.streams.of(group + self.first, cycle, phase)):
            loss, slopes = gradient(thetas)
            optimizer.step(thetas, slopes if off is None else slopes - off, self.sgd.step)
        moved = array(thetas)
        self._check_finite(moved, cycle, phase)
        return moved, array(loss)

    def _buffers(self) -> tuple[dict[str, Tensor], int]:
        """What the optimizer remembers at the start, and how many steps it has taken."""
        if self.sgd.buffers == "reset":
            return {}, 0
        memory = Optimizer.at(self.recipe, self._blank(len(self.start))).memory
        if self.sgd.buffers == "cold" or not memory:
            return memory, 0
        steps = LONG_AGO if self.sgd.optimizer == "adam" else 0
        if "second" in memory:
            self._set_second_moments(memory["second"])
        for group in self._groups(np.arange(len(self.start))):
            optimizer = self._optimizer(memory, group, steps)
            for cycle in range(held_cycles(self.sgd)):
                self._steps(group, self.start[group], optimizer, cycle + 1, HELD)
                if "second" in memory:
                    optimizer.memory["second"] = memory["second"][group].clone()
            for name, values in memory.items():
                values[group] = optimizer.memory[name]
        return memory, steps

    def _blank(self, rows: int) -> Tensor:
        size = self.problem.layout.size
        return torch.zeros(rows, size, dtype=self.problem.dtype, device=self.problem.device)

    def _set_second_moments(self, second: Tensor) -> None:
        for s in np.unique(self.start):
            theta = self.problem.tensor(self.path.at(s))
            off = None
            if self.sgd.level:
                off = slopes_at(self.problem, self.path, self.slopes, np.array([s]))[0]
            rows = torch.from_numpy(self.start == s).to(second.device)
            second[rows] = second_moment(self.problem, theta, self.sgd, off, self.streams.seed)

    def _check_finite(self, thetas: Array, cycle: int, phase: int) -> None:
        lost = int(np.sum(~np.all(np.isfinite(thetas), axis=1)))
        if lost:
            when = f"in cycle {cycle}" if phase == RUN else "while held at the start"
            what = "the step size" + (" or the momentum" if self.recipe.momentum else "")
            msg = f"{lost} of {len(thetas)} replicas blew up {when}; lower {what}"
            raise DomainError(msg)

    def state(self) -> dict[str, np.ndarray]:
        """The standing as plain arrays, to be kept anywhere and picked up by :meth:`resume`."""
        now = self.standing
        kept: dict[str, np.ndarray] = {
            "counts": np.array([now.cycle, now.steps], np.int64),
            "way": np.array(self.way),
            **{"s": now.s, "passage": now.passage, "side": now.side, "start": self.start},
            "places": np.array(now.places),
            "shaken": np.array(now.shaken),
        }
        memory = {f"memory.{name}": m.cpu().numpy() for name, m in now.memory.items()}
        return kept | memory

    def resume(self, state: State) -> None:
        """Go on from ``state``; DomainError if it is that of other replicas."""
        if not np.array_equal(state["start"], self.start):
            msg = "the state is that of a run with other starts"
            raise DomainError(msg)
        cycle, steps = state["counts"].tolist()
        memory = {
            name.removeprefix("memory."): torch.from_numpy(m.copy()).to(self.problem.device)
            for name, m in state.items()
            if name.startswith("memory.")
        }
        s, passage, side = (state[name].copy() for name in ("s", "passage", "side"))
        places, shaken = tuple(state["places"]), tuple(state["shaken"])
        self.standing = Standing(cycle, s, passage, side, memory, steps, places, shaken)


def relax(
    problem: Problem,
    path: Path,
    start: ArrayLike,
    sgd: ProjectedSGD,
    cycles: int,
    seed: int,
    *,
    inside: tuple[ArrayLike, ArrayLike] | None = None,
    every: int = 1,
    progress: Callable[[float], None] | None = None,
    state: State | None = None,
    keep: Callable[["Relaxing"], None] | None = None,
) -> PathRun:
    """Replicas that relax along ``path`` from the arc lengths ``start`` (R,) for ``cycles``.

    inside: arc lengths (low, high), each one number or (R,); a replica found at or beyond one of
    them at the end of a cycle has passed, and is not followed further.  every: cycles between two
    that are recorded.  keep: called after every cycle with the run, whose ``state()`` can be kept;
    with one of these as ``state`` the run goes on where it was, bit by bit (on the same machine and
    threads).
    The noise follows from ``seed`` and the number of the replica.  Raises DomainError for numbers
    that do not fit, and replicas that blow up, naming the cycle and how many.
    """
    if cycles < 1:
        msg = f"at least one cycle is needed; cycles = {cycles}"
        raise DomainError(msg)
    starts = np.atleast_1d(np.asarray(start, float))
    ends = inside or (-np.inf, np.inf)
    way = None if state is None else str(state["way"])
    run = Relaxing(problem, path, starts, sgd, seed, ends, every, way)  # type: ignore[arg-type]
    if state is None:
        run.begin()
    else:
        run.resume(state)
    while run.standing.cycle < cycles and len(run.standing.inside):
        run.cycle()
        if keep is not None:
            keep(run)
        if progress is not None:
            progress(run.standing.cycle / cycles)
    return run_so_far(run, cycles)


def run_so_far(run: Relaxing, cycles: int) -> PathRun:
    """What came of ``run`` until now; where all have left, it stands still until ``cycles``."""
    now = run.standing
    done = now.cycle if len(now.inside) else cycles
    clock = np.arange(0, done + 1, run.every)
    missing = len(clock) - len(now.places)
    s = np.array([*now.places, *[now.s] * missing]).T
    shaken = np.array([*now.shaken, *[np.full(len(now.s), np.nan)] * missing]).T
    loss, error = loss_along(run.problem, run.path, s)
    return PathRun(
        start=run.start,
        clock=clock.astype(float),
        s=s,
        loss=loss,
        loss_error=error,
        shaken_loss=shaken,
        passage=now.passage,
        side=now.side,
        horizon=done,
        low=run.low,
        high=run.high,
        way=run.way,
    )


def one_cycle(
    problem: Problem, path: Path, s: float, sgd: ProjectedSGD, replicas: int, seed: int
) -> Array:
    """Displacements (replicas,) along the path of independent single cycles from ``s``.

    Each replica begins with buffers of its own, as ``sgd`` says.  With momentum that is kept, their
    mean is the drift per cycle, but their variance is not twice the diffusion: the displacements of
    successive cycles are correlated.  Raises DomainError as :func:`relax` does.
    """
    if replicas < 1:
        msg = f"at least one replica is needed; there are {replicas}"
        raise DomainError(msg)
    size, found, way = together(problem, replicas), [], None
    for i in range(0, replicas, size):
        start = np.full(min(size, replicas - i), float(s))
        run = Relaxing(problem, path, start, sgd, seed, way=way, first=i)
        run.begin()
        run.cycle()
        way = run.way
        found.append(run.standing.s - s)
    return np.concatenate(found)


def _check(
    problem: Problem,
    path: Path,
    start: Array,
    sgd: ProjectedSGD,
    ends: tuple[ArrayLike, ArrayLike],
    every: int,
) -> None:
    sgd.check(problem.samples)
    problem.check_batch(sgd.batch)
    if path.points.shape[1] != problem.layout.size:
        msg = (
            f"a point of this model has {problem.layout.size} numbers; "
            f"those of the path have {path.points.shape[1]}"
        )
        raise DomainError(msg)
    if every < 1:
        msg = f"every must be at least one cycle; it is {every}"
        raise DomainError(msg)
    low, high = (np.broadcast_to(np.asarray(end, float), start.shape) for end in ends)
    beyond = np.flatnonzero(~((start > low) & (start < high)))
    if len(beyond):
        i = beyond[0]
        msg = f"every start must lie between the ends; {start[i]:g} is not between "
        msg += f"{low[i]:g} and {high[i]:g}"
        raise DomainError(msg)
    path.at(start)  # refuses what is not on the path

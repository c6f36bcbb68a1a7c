"""First passage: when, and through which end, each trajectory of an ensemble leaves.

Lanes are refilled as they fall empty, so that the slowest trajectory does not hold up the rest.
Nothing of a path is stored: memory is some 60 bytes a trajectory, however long it walks.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..theory.errors import DomainError
from ..theory.estimate import Array
from . import blocks
from .censored import FirstPassage
from .crew import KEEP_EVERY, crew_size, work
from .ends import Ends, absorbing
from .langevin import Langevin
from .lost import refuse_lost
from .workshop import uncompiled

Keep = Callable[[Mapping[str, Any]], None]
Progress = Callable[[float], None]
PLACES = 40  # bits of a trajectory's number below that of its start
_SLICE = 40_000_000  # random numbers between two looks at whether to stop
_FEW = 16_384  # trajectories below which narrow blocks run empty sooner
_LANES = (64, 256)  # of a block, for few and for many
_BATCH = 1024  # trajectories handed to a block at a time


def first_passage(
    langevin: Langevin,
    start: ArrayLike,
    absorb: ArrayLike,
    *,
    trajectories: int,
    seed: int,
    reflect: float | None = None,
    max_steps: int = 10_000_000,
    equilibrate: bool = True,
    fast_start: float = 0.0,
    threads: int | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
    keep_every: float = KEEP_EVERY,
    resume: Mapping[str, Any] | None = None,
) -> FirstPassage:
    """Send ``trajectories`` from each start until y is seen beyond an absorbing end.

    start: (starts,).  absorb: one end, or two with the starts between them; watched once a step.
    reflect: a mirror for y on the far side of the starts from a single absorbing end.  equilibrate:
    the fast directions start in their stationary law there (at rest, for a surface, from
    ``fast_start``).  keep: called every ``keep_every`` seconds, and when the run is cut, with the
    state as arrays by name; resume: such a state of the same run, from which it goes on.

    The result depends on the seed and the trajectory's number alone.  Raises DomainError for
    inadmissible arguments, and where a trajectory meets the edge of stability or diverges.
    """
    starts = np.atleast_1d(np.asarray(start, float))
    ends = absorbing(starts, absorb, reflect)
    at_least(trajectories=(trajectories, 2), max_steps=(max_steps, 1), seed=(seed, 0))
    below(max_steps=(max_steps, 62), seed=(seed, 63))
    if trajectories > 1 << PLACES:
        msg = f"there can be at most 2^{PLACES} trajectories; there are {trajectories}"
        raise DomainError(msg)
    run = _Run(langevin, starts, ends, trajectories, seed, max_steps, equilibrate, fast_start)
    if resume is not None:
        run.take_up(resume)

    def look() -> None:
        if progress is not None:
            progress(run.done)

    kept = None if keep is None else (lambda: keep(run.state()))
    work(run.bundles(), crew_size(threads), look, kept, keep_every)
    return run.result()


def partial_passage(state: Mapping[str, Any]) -> FirstPassage:
    """What a kept state holds so far: those on their way count as followed to where they are."""
    steps, inside = np.array(state["steps"]), np.zeros(np.shape(state["steps"]), np.int64)
    for row, number, age in zip(state["row"], state["id"], state["age"], strict=True):
        busy = (number >= 0) & (steps[row, number] == 0)
        steps[row, number[busy]], inside[row, number[busy]] = -2, age[busy]
    low, high = (float(end) for end in state["ends"][:2])
    most, step = int(state["most"]), float(state["step"])
    return FirstPassage(state["start"], step, most, steps, state["place"], inside, low, high)


@dataclass
class _Bundle:
    """A block of lanes and what it has to do; a job of the crew."""

    run: "_Run"
    row: int
    lanes: dict[str, Any]
    queue: NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, np.int64))

    def advance(self) -> bool:
        """A slice of rounds; done when no lane is busy and nothing waits."""
        if self.queue[0] == self.queue[1]:
            self.queue[:2] = self.run.batch(self.row)
        self.queue[2] = self.run.waiting(self.row)
        self.run.leave(self)
        self.run.refuse_lost()
        waits = self.queue[0] < self.queue[1] or self.run.waiting(self.row)
        return not waits and bool(np.all(self.lanes["id"] < 0))


class _Run:
    """All that a run of first passages knows, in a shape that can be kept and taken up."""

    def __init__(
        self,
        langevin: Langevin,
        starts: Array,
        ends: Ends,
        trajectories: int,
        seed: int,
        most: int,
        equilibrate: bool,
        fast_start: float,
    ) -> None:
        self.langevin, self.starts = langevin, starts
        self.ends = ends = Ends(*(float(langevin.state(end)) for end in ends))
        self.seed, self.most = seed, most
        told = (seed, most, trajectories, equilibrate, float(fast_start), *ends, *starts.tolist())
        self.fingerprint = f"{langevin.fingerprint} {told}"
        shape = (len(starts), trajectories)
        self.steps, self.place = np.zeros(shape, np.int64), np.zeros(shape, langevin.state)
        self.found = np.zeros(5)
        state = langevin.state
        mirrors = bool(np.isfinite(ends.floor) or np.isfinite(ends.ceiling))
        width_lanes = _LANES[trajectories >= _FEW]
        self.lane_count = width_lanes
        module = langevin.kernel((blocks.leave,), lanes=width_lanes, mirrors=mirrors, leaving=True)
        self.kernel = module.leave
        self.todo = [np.arange(trajectories) for _ in starts]
        self.next = [0 for _ in starts]
        self.lock = threading.Lock()
        self.active: list[_Bundle] = []
        self.taken_up: list[_Bundle] = []
        spread = langevin.spread.astype(state)
        bounds = tuple(state(end) for end in ends)
        self.fixed = (bounds, langevin.constants(), langevin.parameters(), spread)
        self.origin = []
        for y in starts:
            law = langevin.law_at_start(float(y), equilibrate)
            self.origin.append(((state(fast_start), state(y)), law))
        work_per_round = width_lanes * blocks.ROUND * (langevin.rows + 1)
        self.rounds = max(1, _SLICE // work_per_round)
        self.leave(_Bundle(self, 0, self.new_lanes()), rounds=0)  # compiled where Ctrl-C is heard

    def new_lanes(self) -> dict[str, Any]:
        lanes, rows, state = self.lane_count, self.langevin.rows, self.langevin.state
        return {
            "id": np.full(lanes, -1, np.int64),
            "age": np.zeros(lanes, np.int64),
            "s": np.zeros((4, lanes), np.uint32),
            "x": np.zeros((rows, lanes), state),
            "y": np.zeros(lanes, state),
            "u": np.zeros((rows, lanes), state),
            "v": np.zeros(lanes, state),
            "square": np.zeros(lanes, state),
            "worst": np.zeros(lanes, self.langevin.bits),
        }

    def bundles(self) -> Iterator[_Bundle]:
        """The blocks taken up from a kept state, then new ones while anything waits."""
        while True:
            with self.lock:
                if self.taken_up:
                    bundle = self.taken_up.pop()
                else:
                    rows = [row for row in range(len(self.starts)) if self.waiting(row)]
                    if not rows:
                        return
                    # threads spread over the starts, those with most to do first
                    row = max(rows, key=lambda r: len(self.todo[r]) - self.next[r])
                    bundle = _Bundle(self, row, self.new_lanes())
                self.active.append(bundle)
            yield bundle

    def waiting(self, row: int) -> bool:
        return self.next[row] < len(self.todo[row])

    def batch(self, row: int) -> tuple[int, int]:
        """The next few trajectories of a start."""
        with self.lock:
            first = self.next[row]
            self.next[row] = min(first + _BATCH, len(self.todo[row]))
            return first, self.next[row]

    def leave(self, bundle: _Bundle, rounds: int | None = None) -> None:
        row, lanes = bundle.row, bundle.lanes
        at, law = self.origin[row]
        with uncompiled():
            self.kernel(
                *(self.seed, row << PLACES, self.todo[row], bundle.queue),
                *(self.rounds if rounds is None else rounds, self.most),
                *(lanes["id"], lanes["age"], lanes["s"], lanes["x"], lanes["y"], lanes["u"]),
                *(lanes["v"], lanes["square"], lanes["worst"], self.steps[row], self.place[row]),
                *(self.found, at, law, *self.fixed),
            )

    def refuse_lost(self) -> None:
        refuse_lost(self.found, self.langevin, self.steps.size)

    @property
    def done(self) -> float:
        """The fraction of trajectories that are done with."""
        return float(np.mean(self.steps != 0))

    def state(self) -> dict[str, Any]:
        """Everything as arrays: what is finished, and the lanes in motion."""
        busy = [b for b in self.active if np.any(b.lanes["id"] >= 0)]
        lanes = {
            name: np.array([b.lanes[name] for b in busy])
            if busy
            else np.zeros((0, *array.shape), array.dtype)
            for name, array in self.new_lanes().items()
        }
        return {
            **{"steps": self.steps.copy(), "place": self.place.copy(), "start": self.starts},
            **{"ends": np.array(self.ends), "most": np.array(self.most)},
            "made_by": np.array(self.fingerprint),
            **{"step": np.array(self.langevin.step), "row": np.array([b.row for b in busy], int)},
            **lanes,
        }

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Go on from a kept state; raises DomainError if it is of another run."""
        same_shape = np.shape(state.get("steps", ())) == self.steps.shape
        if not same_shape or str(state.get("made_by")) != self.fingerprint:
            msg = "the kept state belongs to a run with other arguments"
            raise DomainError(msg)
        self.steps[:], self.place[:] = state["steps"], state["place"]
        begun = self.steps != 0
        for i, row in enumerate(state["row"]):
            lanes = {name: np.array(state[name][i]) for name in self.new_lanes()}
            if lanes["id"].shape != (self.lane_count,):
                continue  # begun anew: the trajectories are the same
            lanes["id"][(lanes["id"] >= 0) & (self.steps[row, lanes["id"]] != 0)] = -1
            begun[row, lanes["id"][lanes["id"] >= 0]] = True
            self.taken_up.append(_Bundle(self, int(row), lanes))
        self.todo = [np.flatnonzero(~done) for done in begun]

    def result(self) -> FirstPassage:
        inside = np.zeros_like(self.steps)
        place = self.place.astype(float)
        ends = (self.ends.low, self.ends.high)
        step = self.langevin.step
        return FirstPassage(self.starts, step, self.most, self.steps, place, inside, *ends)


def at_least(**counts: tuple[int, int]) -> None:
    """Refuse what is no whole number, or below the least that goes with it."""
    for name, (count, least) in counts.items():
        if not isinstance(count, int | np.integer) or count < least:
            msg = f"{name} must be a whole number of at least {least}; it is {count}"
            raise DomainError(msg)


def below(**counts: tuple[int, int]) -> None:
    """Refuse a whole number that has more than so many bits."""
    for name, (count, bits) in counts.items():
        if count >= 1 << bits:
            msg = f"{name} must be below 2^{bits}; it is {count}"
            raise DomainError(msg)

"""Averages over an ensemble at rest, or on its way there, added up while it walks.

Nothing of a path is stored but the points asked for: what is added up does not grow with the
number of steps.  Errors are from the spread of the trajectories, which are independent.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, frozen
from . import blocks, lane_random
from .averages import Course, Observation, autocorrelated, lagged_sums, mean_of, mean_of_sums
from .censored import ORIGIN
from .crew import KEEP_EVERY, crew_size, work
from .ends import Ends, increasing, mirrored
from .langevin import Langevin
from .lost import refuse_lost
from .passage import Keep, Progress, at_least, below
from .workshop import uncompiled

LANES = 256  # trajectories that walk, and are added up, together
_MOST_COUNTED = 2**31 - 1  # visits of a trajectory to a bin, in 32 bits
_SLICE = 20_000_000  # random numbers between two looks at whether to stop


def observe(
    langevin: Langevin,
    *,
    trajectories: int,
    steps: int,
    seed: int,
    start: float = 0.0,
    fast_start: float = 0.0,
    equilibrate: bool = True,
    burn_in: int = 0,
    every: int = 10,
    edges: ArrayLike = (),
    time_bins: int = 0,
    lags: int = 0,
    trails: int = 0,
    trail_points: int = 200,
    reflect: float | tuple[float, float] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
    keep_every: float = KEEP_EVERY,
    resume: Mapping[str, Any] | None = None,
    extendable: bool = False,
) -> Observation:
    """Walk every trajectory ``burn_in`` and then ``steps`` steps, with a look each ``every`` steps.

    start: where every y begins; the fast directions in their stationary law there if
    ``equilibrate``, else at ``fast_start``.  edges: (bins + 1,) of a histogram of y; visits outside
    count in the denominator.  time_bins: equal bins of time with means of their own.  lags: how
    many lags, in looks, of the autocorrelation of y.  trails: of how many of the first trajectories
    to record ``trail_points`` points.  reflect: a mirror for y, or one on either side.
    keep, resume: as for :func:`.passage.first_passage`.  extendable: keep all that is needed to go
    on with more ``steps`` later (memory grows with trajectories times bins); such a state, taken up
    with more steps, gives what one long run gives.

    Raises DomainError for inadmissible arguments, and where a trajectory meets the edge of
    stability, diverges or crosses from mirror to mirror in one step.
    """
    at_least(trajectories=(trajectories, 2), seed=(seed, 0), burn_in=(burn_in, 0))
    at_least(every=(every, 1), steps=(steps, every), time_bins=(time_bins, 0), lags=(lags, 0))
    at_least(trails=(trails, 0), trail_points=(trail_points, 1))
    below(seed=(seed, 63), steps=(steps, 62), burn_in=(burn_in, 62))
    looks = steps // every
    if np.size(edges) and looks > _MOST_COUNTED:
        msg = f"a histogram counts at most {_MOST_COUNTED} looks; there are {looks}"
        raise DomainError(msg)
    if time_bins > looks or lags > looks:
        msg = f"{looks} looks cannot fill {max(time_bins, lags)} bins of time or lags"
        raise DomainError(msg)
    wanted = _Wanted(
        increasing("edges of the histogram", edges),
        time_bins,
        lags,
        min(trails, trajectories),
        min(trail_points, looks),
    )
    origin = (start, fast_start, equilibrate)
    run = _Run(langevin, trajectories, (burn_in, every, looks), seed, origin, wanted, reflect)
    run.extendable = extendable
    if resume is not None:
        run.take_up(resume)

    def look() -> None:
        if progress is not None:
            progress(run.done)

    kept = None if keep is None else (lambda: keep(run.state()))
    work(run.units(), crew_size(threads), look, kept, keep_every)
    if keep is not None and extendable:
        keep(run.state())
    return run.result()


@dataclass(frozen=True)
class _Wanted:
    edges: Array
    time_bins: int
    lags: int
    trails: int
    points: int

    @property
    def bins(self) -> int:
        return max(len(self.edges) - 1, 0)


@dataclass
class _Unit:
    """A block of lanes with consecutive trajectories; a job of the crew."""

    run: "_Run"
    index: int
    arrays: dict[str, Any]
    step: int = -1  # not begun

    @property
    def first(self) -> int:
        return self.index * LANES

    @property
    def used(self) -> int:
        return min(LANES, self.run.trajectories - self.first)

    def advance(self) -> bool:
        """A slice of steps; done when all are taken."""
        if self.step < 0:
            self.run.begin(self)
        self.step = self.run.watch(self)
        refuse_lost(self.run.found, self.run.langevin, self.run.trajectories)
        done = self.step >= self.run.stop
        if done:
            self.run.finished(self)
        return done


@dataclass
class _Sums:
    """What finished units add up to; kept in the order of the units, so that it is always alike."""

    means: Array  # (trajectories, 3)
    final: Array  # (trajectories,)
    trails: Array
    visits: NDArray[np.int64]  # (bins, 2): sum over trajectories, and of squares
    lagged: Array  # (lags, 4): sums of r_m, r_m², r_m r_0 and r_m ȳ, of each trajectory
    course: Array  # (time_bins, 3, 2)

    def add(self, part: Mapping[str, Any]) -> None:
        self.visits += part["visits"]
        self.lagged += part["lagged"]
        self.course += part["course"]


class _Run:
    """All that a run of observations knows, in a shape that can be kept and taken up."""

    extendable = False

    def __init__(
        self,
        langevin: Langevin,
        trajectories: int,
        schedule: tuple[int, int, int],
        seed: int,
        origin: tuple[float, float, bool],
        wanted: _Wanted,
        reflect: float | tuple[float, float] | None,
    ) -> None:
        self.langevin, self.trajectories, self.seed, self.wanted = (
            langevin,
            trajectories,
            seed,
            wanted,
        )
        burn_in, every, self.looks = schedule
        self.stop = burn_in + every * self.looks
        per_bin = self.looks // wanted.time_bins if wanted.time_bins else self.looks
        per_point = max(1, self.looks // wanted.points)
        self.clock = (burn_in, every, per_bin, per_point)
        start, fast_start, equilibrate = origin
        self.ends = Ends(*(float(langevin.state(end)) for end in mirrored(start, reflect)))
        told = (seed, trajectories, burn_in, every, start, float(fast_start), equilibrate)
        laid = (wanted.edges.tolist(), wanted.time_bins, wanted.lags, wanted.trails, *self.ends)
        self.fingerprint = f"{langevin.fingerprint} {told} {laid}"
        self.kernel = langevin.kernel(
            (blocks.begin_block, blocks.watch),
            lanes=LANES,
            mirrors=reflect is not None,
            leaving=False,
        )
        state = langevin.state
        self.at = (state(fast_start), state(start))
        self.law = langevin.law_at_start(start, equilibrate)
        ends = tuple(state(e) for e in self.ends)
        spread = langevin.spread.astype(state)
        self.fixed = (ends, langevin.constants(), langevin.parameters(), spread)
        self.found = np.zeros(5)
        self.lock = threading.Lock()
        self.sums = _Sums(
            np.full((trajectories, 3), np.nan),
            np.full(trajectories, np.nan),
            np.full((wanted.trails, wanted.points, 2), np.nan),
            np.zeros((wanted.bins, 2), np.int64),
            np.zeros((wanted.lags, 4)),
            np.zeros((wanted.time_bins, 3, 2)),
        )
        self.count = -(-trajectories // LANES)
        self.folded = 0  # units that are in the sums, the first ones
        self.parts: dict[int, dict[str, Any]] = {}  # of finished units that wait for earlier ones
        self.active: dict[int, _Unit] = {}
        self.stored: dict[int, _Unit] = {}
        segments = _SLICE // (LANES * (langevin.rows + 1) * lane_random.SEGMENT)
        self.slice = max(1, segments) * lane_random.SEGMENT
        self._wake()

    def _wake(self) -> None:
        """Compile in the calling thread, where Ctrl-C is heard, by taking no step at all."""
        unit = _Unit(self, 0, self.new_arrays(0))
        self.begin(unit)
        self.watch(unit, stop=0)

    def new_arrays(self, index: int) -> dict[str, Any]:
        state, rows, wanted = self.langevin.state, self.langevin.rows, self.wanted
        rest = max(0, min(LANES, wanted.trails - index * LANES))
        return {
            "x": np.zeros((rows, LANES), state),
            "y": np.zeros(LANES, state),
            "u": np.zeros((rows, LANES), state),
            "v": np.zeros(LANES, state),
            "square": np.zeros(LANES, state),
            "sums": np.zeros((3, LANES)),
            "counts": np.zeros((LANES, wanted.bins), np.int32),
            "ring": np.zeros((wanted.lags, LANES), state),
            "lagged": np.zeros((wanted.lags, LANES)),
            "window": np.zeros((3, LANES)),
            "course": np.zeros((wanted.time_bins, 3, 2)),
            "trail": np.zeros((rest, wanted.points if rest else 0, 2)),
        }

    def units(self) -> Iterator[_Unit]:
        """The units still to do, those begun already first."""
        todo = [unit for unit in self.stored.values() if unit.step < self.stop]
        known = self.stored.keys() | self.parts.keys()
        for unit in todo:
            with self.lock:
                self.active[unit.index] = unit
            yield unit
        for index in range(self.folded, self.count):
            if index in known:
                continue
            unit = _Unit(self, index, self.new_arrays(index))
            with self.lock:
                self.active[index] = unit
            yield unit

    def begin(self, unit: _Unit) -> None:
        a = unit.arrays
        with uncompiled():
            self.kernel.begin_block(
                *(self.seed, unit.first, unit.used, a["x"], a["y"], a["u"], a["v"], a["square"]),
                *(self.at, self.law, *self.fixed[1:]),
            )
        unit.step = 0

    def watch(self, unit: _Unit, stop: int | None = None) -> int:
        a = unit.arrays
        end = min(self.stop, unit.step + self.slice) if stop is None else stop
        with uncompiled():
            step: int = self.kernel.watch(
                *(self.seed, unit.first, unit.used, unit.step, end, self.clock),
                *(a["x"], a["y"], a["u"], a["v"], a["square"], a["sums"], a["counts"]),
                *(self._edges, a["ring"], a["lagged"], a["window"], a["course"], a["trail"]),
                *(self.found, *self.fixed),
            )
        return step

    @property
    def _edges(self) -> Array:
        return self.wanted.edges if self.wanted.bins else np.zeros(1)

    def finished(self, unit: _Unit) -> None:
        """Put a finished unit's part where it belongs, and add up what is complete."""
        with self.lock:
            self.active.pop(unit.index, None)
            if self.extendable:
                self.stored[unit.index] = unit
            self.parts[unit.index] = self._part(unit)
            while self.folded in self.parts:
                self.sums.add(self.parts.pop(self.folded))
                self.folded += 1

    def _part(self, unit: _Unit) -> dict[str, Any]:
        a, used = unit.arrays, unit.used
        here = slice(unit.first, unit.first + used)
        self.sums.means[here] = (a["sums"][:, :used] / self.looks).T
        self.sums.final[here] = a["y"][:used]
        if len(a["trail"]):
            self.sums.trails[unit.first : unit.first + len(a["trail"])] = a["trail"]
        counts = a["counts"][:used].astype(np.int64)
        pairs = self.looks - np.arange(self.wanted.lags)
        r = a["lagged"][:, :used] / pairs[:, None]
        lagged = lagged_sums(r, self.sums.means[here, 0])
        visits = np.stack([counts.sum(0), (counts**2).sum(0)], axis=1)
        return {"visits": visits, "lagged": lagged, "course": a["course"]}

    @property
    def done(self) -> float:
        """The fraction of all steps that is taken."""
        with self.lock:
            whole = self.folded + len(self.parts)
            part = sum(max(unit.step, 0) for unit in self.active.values())
        return (whole + part / self.stop) / self.count

    def state(self) -> dict[str, Any]:
        """Everything as arrays: the sums, finished parts that wait, the units in motion."""
        units = [u for u in self.active.values() if u.step >= 0]
        units += list(self.stored.values())
        parts = sorted(self.parts.items())
        kept: dict[str, Any] = {
            "made_by": np.array(self.fingerprint),
            "stop": np.array(self.stop),
            "clock": np.array(self.clock),
            "folded": np.array(self.folded),
            "extendable": np.array(self.extendable),
            "edges": self.wanted.edges,
            "step": np.array(self.langevin.step),
            "fast_dims": np.array(self.langevin.fast_dims),
            "unit_index": np.array([u.index for u in units], np.int64),
            "unit_step": np.array([u.step for u in units], np.int64),
            "part_index": np.array([index for index, _ in parts], np.int64),
            **{f"sum_{name}": np.array(value) for name, value in vars(self.sums).items()},
        }
        for unit in units:
            kept |= {f"unit_{unit.index}_{n}": np.array(v) for n, v in unit.arrays.items()}
        for index, part in parts:
            kept |= {f"part_{index}_{n}": np.array(v) for n, v in part.items()}
        return kept

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Go on from a kept state; raises DomainError if it is of another run."""
        stop = int(state.get("stop", 0))
        longer = stop < self.stop
        alike = (
            str(state.get("made_by")) == self.fingerprint
            and (longer or np.array_equal(state["clock"], self.clock))
            and stop <= self.stop
        )
        if not alike or (longer and not bool(state["extendable"])):
            msg = "the kept state belongs to another run, or to one that cannot be extended"
            raise DomainError(msg)
        if longer and (self.wanted.time_bins or self.wanted.trails):
            msg = (
                "bins of time and trails are laid out for a number of steps and cannot be extended"
            )
            raise DomainError(msg)
        for index, step in zip(state["unit_index"], state["unit_step"], strict=True):
            arrays = {n: np.array(state[f"unit_{index}_{n}"]) for n in self.new_arrays(int(index))}
            self.stored[int(index)] = _Unit(self, int(index), arrays, int(step))
        if longer:
            return
        self.folded = int(state["folded"])
        for name in vars(self.sums):
            getattr(self.sums, name)[...] = state[f"sum_{name}"]
        for index in state["part_index"]:
            names = ("visits", "lagged", "course")
            self.parts[int(index)] = {n: np.array(state[f"part_{index}_{n}"]) for n in names}

    def result(self) -> Observation:
        n, sums = self.trajectories, self.sums
        k = self.langevin.fast_dims
        position, square, fast = (mean_of(column) for column in sums.means.T)
        share = sums.visits[:, 0] / (n * self.looks)
        histogram = mean_of_sums(sums.visits.T / np.array([self.looks, self.looks**2])[:, None], n)
        assert np.allclose(histogram.value, share)
        lags = frozen(np.arange(self.wanted.lags) * self.clock[1] * self.langevin.step)
        return Observation(
            position=position,
            position_squared=square,
            fast_variance=Estimate(fast.value / k, fast.error / k, ORIGIN),
            edges=self.wanted.edges,
            histogram=histogram,
            course=self._course(),
            lags=lags,
            autocorrelation=autocorrelated(sums.lagged, sums.means[:, 0], n),
            trails=sums.trails,
            final=sums.final,
        )

    def _course(self) -> Course:
        burn_in, every, per_bin, _ = self.clock
        middle = np.arange(self.wanted.time_bins) * per_bin + 0.5 * (per_bin + 1)
        time = frozen((burn_in + every * middle) * self.langevin.step)
        y, square, fast = (
            mean_of_sums(self.sums.course[:, q].T, self.trajectories) for q in range(3)
        )
        k = self.langevin.fast_dims
        return Course(time, y, square, Estimate(fast.value / k, fast.error / k, ORIGIN))

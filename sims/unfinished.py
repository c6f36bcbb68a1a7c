"""What an observation that was cut is worth.

Each trajectory counts with the looks it has had: its means over time are over a time of its own,
and errors are from the spread of the trajectories, as they are of a whole run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..theory.errors import TooShort
from ..theory.estimate import Array, Estimate, frozen
from .averages import Course, Observation, autocorrelated, lagged_sums, mean_of, mean_of_sums
from .censored import ORIGIN
from .observation import LANES


def partial_observation(state: Mapping[str, Any]) -> Observation:
    """What a kept state of :func:`.observation.observe` holds so far.

    Bins of time and lags that nobody has reached are NaN; trails are empty.  Raises TooShort if
    fewer than two trajectories have had a look.
    """
    sums, clock = _finished(state), state["clock"]
    final = np.array(state["sum_final"])
    for unit in _moving(state):
        final[unit.here] = unit.arrays["y"][: unit.used]
        if unit.looks > 0:
            sums.add(unit)
    means = np.concatenate(sums.means)
    if len(means) < 2:
        msg = "the run was cut before two trajectories had a look; nothing can be said"
        raise TooShort(msg)
    position, square, fast = (mean_of(column) for column in means.T)
    middle = np.arange(len(sums.course)) * clock[2] + 0.5 * (clock[2] + 1)
    time = frozen((clock[0] + clock[1] * middle) * float(state["step"]))
    dims = float(state["fast_dims"])
    with np.errstate(invalid="ignore", divide="ignore"):
        course = [mean_of_sums(sums.course[:, q].T, sums.in_bin) for q in range(3)]
        lagged = autocorrelated(sums.lagged, means[:, 0], sums.at_lag)
    return Observation(
        position=position,
        position_squared=square,
        fast_variance=Estimate(fast.value / dims, fast.error / dims, ORIGIN),
        edges=state["edges"],
        histogram=mean_of_sums(sums.visits.T, len(means)),
        course=Course(
            *(time, course[0], course[1]),
            Estimate(course[2].value / dims, course[2].error / dims, ORIGIN),
        ),
        lags=frozen(np.arange(len(sums.lagged)) * clock[1] * float(state["step"])),
        autocorrelation=lagged,
        trails=np.empty((0, 0, 2)),
        final=final,
    )


@dataclass
class _Unit:
    """A block in motion: its first trajectory, how many count, the looks it has had."""

    first: int
    used: int
    looks: int
    per_bin: int
    arrays: Mapping[str, Any]

    @property
    def here(self) -> slice:
        return slice(self.first, self.first + self.used)


@dataclass
class _Sums:
    """Over all trajectories with a look, of averages over the looks of each."""

    means: list[Array]  # of (trajectories, 3)
    visits: Array  # (bins, 2)
    lagged: Array  # (lags, 4)
    at_lag: NDArray[np.int64]  # (lags,) trajectories that have come so far
    course: Array  # (time_bins, 3, 2)
    in_bin: NDArray[np.int64]  # (time_bins,) trajectories that have come so far

    def add(self, unit: _Unit) -> None:
        a, used = unit.arrays, unit.used
        self.means.append((a["sums"][:, :used] / unit.looks).T)
        share = a["counts"][:used] / unit.looks
        self.visits += np.stack([share.sum(0), (share**2).sum(0)], axis=1)
        pairs = unit.looks - np.arange(len(self.lagged))
        r = a["lagged"][:, :used] / np.maximum(pairs, 1)[:, None]
        self.lagged += lagged_sums(r, self.means[-1][:, 0])
        self.at_lag += np.where(pairs > 0, used, 0)
        self.course += a["course"]
        self.in_bin += np.where(np.arange(len(self.course)) < unit.looks // unit.per_bin, used, 0)


def _finished(state: Mapping[str, Any]) -> _Sums:
    """The sums over the trajectories that have walked to the end."""
    burn_in, every = (int(number) for number in state["clock"][:2])
    looks = (int(state["stop"]) - burn_in) // every
    means = np.array(state["sum_means"])
    done = ~np.isnan(means[:, 0])
    names = ("visits", "lagged", "course")
    visits, lagged, course = (np.array(state[f"sum_{name}"], float) for name in names)
    for index in state["part_index"]:
        for total, name in zip((visits, lagged, course), names, strict=True):
            total += state[f"part_{index}_{name}"]
    count = int(done.sum())
    return _Sums(
        *([means[done]], visits / [looks, float(looks) ** 2]),
        *(lagged, np.full(len(lagged), count)),
        *(course, np.full(len(course), count)),
    )


def _moving(state: Mapping[str, Any]) -> Iterator[_Unit]:
    burn_in, every, per_bin = (int(number) for number in state["clock"][:3])
    trajectories = len(state["sum_means"])
    steps = dict(zip(state["unit_index"].tolist(), state["unit_step"].tolist(), strict=True))
    for index, step in steps.items():
        first = index * LANES
        if step < int(state["stop"]):
            names = ("y", "sums", "counts", "lagged", "course")
            arrays = {name: state[f"unit_{index}_{name}"] for name in names}
            looks = max(step - burn_in, 0) // every
            yield _Unit(first, min(LANES, trajectories - first), looks, per_bin, arrays)

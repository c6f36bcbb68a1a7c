"""Until when a relaxation is watched: chosen by theory, before anything is measured.

A replica has relaxed when it is first found within a given distance of an end of the path, if
theory expects that of most replicas within the horizon.  Else when it has left a window around its
start.  The half-width of a window of its own makes the predicted mean a third of the horizon; the
median of these is the window of all algorithms and starts alike, so that their times can be
compared, except where theory expects a mean of fewer cycles than FEWEST or of more than half the
horizon: there the own one is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...theory.chain import Chain
from ...theory.errors import DomainError
from ...theory.estimate import Array
from ...theory.slow import SlowDynamics
from .net_prediction import Predicted

SHARE = 1 / 3  # of the horizon, for the mean time to leave a window
BISECTIONS = 10
FEWEST = 8  # cycles: a mean of fewer is that of single kicks


@dataclass(frozen=True)
class Target:
    """The interval (low, high) of arc lengths that a replica leaves when it has relaxed."""

    low: float
    high: float
    is_end: bool

    def passages(self, s: Array) -> Array:
        """First cycle (R,) at which each history s (R, cycles + 1) is outside; inf for none."""
        outside = (s <= self.low) | (s >= self.high)
        first = outside.argmax(axis=1)
        return np.where(outside.any(axis=1), first, np.inf)


def targets(
    predicted: Sequence[Predicted], starts: Sequence[Array], distance: float, horizon: int
) -> list[list[Target]]:
    """What is watched of every algorithm from each of its starts; distance as in :func:`target`."""
    own = [
        [target(one, float(s), distance, horizon) for s in places]
        for one, places in zip(predicted, starts, strict=True)
    ]
    halves = [0.5 * (aim.high - aim.low) for aims in own for aim in aims if not aim.is_end]
    if not halves:
        return own
    common = float(f"{np.median(halves):.1e}")
    return [
        [
            _shared(one, float(s), common, horizon) or aim if not aim.is_end else aim
            for s, aim in zip(places, aims, strict=True)
        ]
        for one, places, aims in zip(predicted, starts, own, strict=True)
    ]


def _shared(predicted: Predicted, start: float, half: float, horizon: int) -> Target | None:
    """The window that all share, where it is left neither at once nor too late."""
    low, high = still_span(predicted)
    if not low <= start - half < start + half <= high:
        return None
    slow = predicted.slow("finite_k")
    if slow is None:
        way = predicted.finite_k.mean_trajectory([start], horizon, low, high)[0]
        away = abs(way - start) >= half
        time = float(away.argmax()) if away.any() else np.inf
    else:
        time = _mean_exit(slow, start, half)
    fits = FEWEST <= time <= horizon / 2
    return Target(start - half, start + half, is_end=False) if fits else None


def target(predicted: Predicted, start: float, distance: float, horizon: int) -> Target:
    """What is watched from ``start``; distance (arc length) from an end at which it is reached."""
    slow = predicted.slow("finite_k")
    if slow is None:
        return _still_target(predicted, start, horizon)
    low, high = excursion(slow, start, horizon)
    end = _end(slow, start, (low, high), (distance, predicted.finite_k.path.length - distance))
    if end is not None and _staying(slow, end, start, horizon) < 0.5:
        return end
    widest = min(max(start - low, high - start), start - slow.y[0], slow.y[-1] - start)
    half = _rounded(_half_width(slow, start, widest, SHARE * horizon), widest)
    return Target(start - half, start + half, is_end=False)


def _end(
    slow: SlowDynamics, start: float, span: tuple[float, float], ends: tuple[float, float]
) -> Target | None:
    """The arrival at an end of the path that is in reach."""
    low, high = max(ends[0], slow.y[0]), min(ends[1], slow.y[-1])
    if not low < start < high or (span[0] > low and span[1] < high):
        return None
    return Target(float(max(low, span[0])), float(min(high, span[1])), is_end=True)


def _staying(slow: SlowDynamics, aim: Target, start: float, horizon: int) -> float:
    """Predicted share that has not arrived at the horizon; 1 where kicks are too many to tell."""
    try:
        return float(Chain(slow, aim.low, aim.high).survival([start], horizon)[0, -1])
    except DomainError:
        return 1.0


def excursion(slow: SlowDynamics, start: float, horizon: int) -> tuple[float, float]:
    """Between which arc lengths a replica stays within the horizon, but for 6 standard deviations.

    In one dimension motions do not overtake one another: they stay between the two that the drift
    takes from 6 standard deviations of the diffusion to either side.
    """
    low, high = float(slow.y[0]), float(slow.y[-1])
    for _ in range(3):  # the diffusion of a region bounds that of a smaller one
        here = (slow.y >= low) & (slow.y <= high)
        diffusion = slow.diffusion[here].max(initial=np.interp(start, slow.y, slow.diffusion))
        aside = 6 * np.sqrt(2 * diffusion * horizon)
        sides = np.clip([start - aside, start + aside], slow.y[0], slow.y[-1])
        low, high = sides
        for _ in range(horizon):
            sides = np.clip(sides + np.interp(sides, slow.y, slow.drift), slow.y[0], slow.y[-1])
            low, high = min(low, sides[0]), max(high, sides[1])
    return float(low), float(high)


def _half_width(slow: SlowDynamics, start: float, widest: float, wanted: float) -> float:
    kick = float(np.sqrt(2 * np.interp(start, slow.y, slow.diffusion)))
    low, high = min(kick, widest), widest
    for _ in range(BISECTIONS):
        half = (low * high) ** 0.5
        low, high = (half, high) if _mean_exit(slow, start, half) < wanted else (low, half)
    return low


def _mean_exit(slow: SlowDynamics, start: float, half: float) -> float:
    try:
        return float(Chain(slow, start - half, start + half).mean_exit([start])[0])
    except DomainError:  # it stays for longer than numbers can say
        return float("inf")


def _rounded(half: float, widest: float) -> float:
    """Three digits, for a table."""
    return min(float(f"{half:.2e}"), widest)


def _still_target(predicted: Predicted, start: float, horizon: int) -> Target:
    """Without noise: as far as the drift alone carries in a third of the horizon."""
    grid = predicted.finite_k.s
    way = predicted.finite_k.mean_trajectory([start], horizon, *still_span(predicted))[0]
    half = abs(way[int(SHARE * horizon)] - start)
    half = _rounded(half, min(start - grid[0], grid[-1] - start))
    return Target(start - half, start + half, is_end=False)


def still_span(predicted: Predicted) -> tuple[float, float]:
    """The part of the path that the prediction covers."""
    where = [at.s for at in predicted.finite_k.displacements]
    grid = predicted.finite_k.s
    inside = grid[(grid >= where[0]) & (grid <= where[-1])]
    return float(inside[0]), float(inside[-1])

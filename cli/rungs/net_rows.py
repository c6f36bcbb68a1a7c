"""Rows of one algorithm from one start: drift, its entropic part, variance, relaxation, motion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...theory.chain import Chain
from ...theory.estimate import Array, Estimate, mean_estimate
from ...theory.mean_motion import mean_motion
from ...theory.slow import SlowDynamics
from ..ladder import Row, row
from ..score import RELAXATION
from .cycle_rows import cycle_rows
from .net_adiabatic import ADIABATIC
from .net_prediction import KINDS, Predicted
from .net_targets import Target, excursion, still_span

TIMES = 20  # at which the mean motion is compared
READ = 0.5  # cycles: the error of a time that is read off once a cycle


@dataclass(frozen=True)
class Start:
    """Where and what is compared: condition as tables name it, arc length, cycles watched."""

    condition: str
    s: float
    horizon: int
    is_control: bool


@dataclass(frozen=True)
class Course:
    """Curves over the cycles, predicted and measured, and the times they amount to.

    mean, survival: (predicted, measured, stderr), each (cycles + 1,).  times: of every kind of
    prediction, NaN where it is not made.
    """

    mean: tuple[Array, Array, Array]
    survival: tuple[Array, Array, Array]
    times: dict[str, float]


@dataclass(frozen=True)
class Found:
    """All rows and curves of one algorithm from the arc length ``s``."""

    s: float
    rows: tuple[Row, ...]
    course: Course


def drift_rows(predicted: Predicted, moved: Array, linear: Array, start: Start) -> list[Row]:
    """Rows of single cycles; the linear response is taken off wherever it is known."""
    quieter = moved - linear if np.all(np.isfinite(linear)) else moved
    more = {
        **predicted.adiabatic_drifts(start.s),
        **predicted.adiabatic_figures(start.s),
        "control": float(start.is_control),
    }
    mean = mean_estimate(quieter, "sgd")
    where = ("net", start.condition)
    return cycle_rows(where, predicted.at(start.s), moved, quieter, mean, more)


def relaxation_rows(
    predicted: Predicted, s: Array, aim: Target, start: Start
) -> tuple[list[Row], Course]:
    """Time until ``aim`` is left and mean motion; s (R, cycles + 1): the replicas' arc lengths."""
    horizon, times = start.horizon, aim.passages(s)
    staying = times > np.arange(horizon + 1)[:, None]
    waiting = staying.mean(axis=1)
    survival = (_survival(predicted, aim, start), waiting, _share_error(staying))
    found = {kind: _times(predicted, kind, aim, start) for kind in KINDS}
    against = _objection(predicted, aim, start)
    counted = bool(survival[0][-1] < 0.5)
    few = "" if counted else f"not counted: theory expects most inside still at {horizon} cycles"
    still = predicted.is_still
    measured = mean_estimate(np.minimum(times, horizon), "sgd")
    if still:
        measured = Estimate(measured.value, READ, "sgd")
    extra = {
        **{kind: found[kind][0] for kind in ADIABATIC},
        **{"low": aim.low, "high": aim.high, "at_end": float(aim.is_end)},
        **{"horizon": float(horizon), "counted": float(counted), "start": start.s},
        **{"survival_predicted": survival[0][-1], "survival_measured": waiting[-1]},
        "control": float(start.is_control),
    }
    foretold, where = Estimate(*found["finite_k"], "theory"), ("net", start.condition)
    first = row(*where, RELAXATION, foretold, measured, not against, against or few, extra)
    motion, curves = _motion(predicted, s, start, against)
    return [first, motion], Course(curves, survival, {k: found[k][0] for k in KINDS})


def _objection(predicted: Predicted, aim: Target, start: Start) -> str:
    """What speaks against the prediction at the start, or else anywhere in the interval."""
    own = predicted.at(start.s).objection
    return own or "; ".join(
        f"{at.objection} at s = {at.s:.3g}"
        for at in predicted.finite_k.displacements
        if aim.low <= at.s <= aim.high and at.objection
    )


def _share_error(staying: NDArray[np.bool_]) -> Array:
    """Standard error of a share, not zero where all stay or all have left."""
    n = staying.shape[1]
    share = (staying.sum(axis=1) + 1) / (n + 2)
    return np.asarray((share * (1 - share) / n) ** 0.5)


def _survival(predicted: Predicted, aim: Target, start: Start) -> Array:
    slow = predicted.slow("finite_k")
    if slow is not None:
        return np.asarray(Chain(slow, aim.low, aim.high).survival([start.s], start.horizon)[0])
    way = _still_way(predicted, start)
    gone = np.logical_or.accumulate((way <= aim.low) | (way >= aim.high))
    return np.asarray(1.0 - gone)


def _times(predicted: Predicted, kind: str, aim: Target, start: Start) -> tuple[float, float]:
    """E[min(τ, horizon)] of one kind of prediction, and half its change over its stated errors."""
    if predicted.is_still:
        if kind != "finite_k":
            return np.nan, np.nan
        return float(_survival(predicted, aim, start)[:-1].sum()), READ

    def restricted(slow: SlowDynamics) -> float:
        low, high = max(aim.low, slow.y[0]), min(aim.high, slow.y[-1])
        return float(Chain(slow, low, high).survival([start.s], start.horizon)[0, :-1].sum())

    slow = predicted.slow(kind)
    if slow is None:
        return np.nan, np.nan
    if kind != "finite_k":
        return restricted(slow), 0.0
    less, more = (predicted.finite_k.dynamics(sigmas) for sigmas in (-1.0, 1.0))
    return restricted(slow), abs(restricted(more) - restricted(less)) / 2


def _motion(
    predicted: Predicted, s: Array, start: Start, note: str
) -> tuple[Row, tuple[Array, Array, Array]]:
    """Mean displacement at the horizon, and the largest |z| at TIMES times before."""
    ways = [_way(predicted, start, sigmas) for sigmas in (0.0, -1.0, 1.0)]
    foretold = Estimate(ways[0], abs(ways[2] - ways[1]) / 2, "theory")
    measured = mean_estimate(s, "sgd")
    at = np.unique(np.linspace(1, start.horizon, TIMES).round().astype(int))
    with np.errstate(invalid="ignore"):
        apart = foretold.sigmas_from(measured)[at]
    last = Estimate(measured.value[-1] - start.s, measured.error[-1], "sgd")
    moved = Estimate(foretold.value[-1] - start.s, foretold.error[-1], "theory")
    extra = {"control": float(start.is_control)}
    if not predicted.is_still:
        extra["largest_z"] = float(abs(apart).max())
    else:
        last = Estimate(last.value, abs(last.value) / start.horizon, "sgd")  # a cycle's worth
    quantity = f"mean displacement after {start.horizon} cycles"
    found = row("net", start.condition, quantity, moved, last, not note, note, extra)
    return found, (ways[0], measured.value, measured.error)


def _way(predicted: Predicted, start: Start, sigmas: float) -> Array:
    if predicted.is_still:
        return _still_way(predicted, start)
    slow = predicted.finite_k.dynamics(sigmas)
    return mean_motion(slow, start.s, start.horizon, *excursion(slow, start.s, start.horizon))


def _still_way(predicted: Predicted, start: Start) -> Array:
    span = still_span(predicted)
    way = predicted.finite_k.mean_trajectory([start.s], start.horizon, *span)
    return np.asarray(way[0])

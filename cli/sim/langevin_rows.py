"""What an ensemble of walks ends in: rows of one quantity, and their units."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...sims.averages import Observation
    from ...sims.censored import FirstPassage
    from ...theory.estimate import Estimate

Row = dict[str, Any]
MOMENTS = ("position", "position_squared", "fast_variance")


def passage_rows(found: "FirstPassage") -> list[Row]:
    """A row for every start; through_high only where there are two ends."""
    from math import isfinite

    mean, high = found.mean_time, found.through_high
    rows: list[Row] = [
        {"start": start, "mean_time": time, "stderr": error, "absorbed": left, "censored": stayed}
        for start, time, error, left, stayed in zip(
            *(found.start, mean.value, mean.error, found.absorbed, found.censored), strict=True
        )
    ]
    if isfinite(found.low) and isfinite(found.high):
        for row, share, error in zip(rows, high.value, high.error, strict=True):
            row |= {"through_high": share, "through_high_stderr": error}
    return rows


def survival_rows(found: "FirstPassage", times: list[float]) -> list[Row]:
    """A row for every start and time."""
    curve = found.survival(times)
    return [
        {"start": start, "time": time, **_estimated("survival", curve, (i, j))}
        for i, start in enumerate(found.start)
        for j, time in enumerate(times)
    ]


def average_rows(seen: "Observation") -> list[Row]:
    """One row of averages over time and trajectories."""
    row: Row = {}
    for name in MOMENTS:
        row |= _estimated(name, getattr(seen, name), ())
    return [row]


def histogram_rows(seen: "Observation") -> list[Row]:
    """A row for every bin."""
    edges = seen.edges
    return [
        {"low": edges[i], "high": edges[i + 1], **_estimated("probability", seen.histogram, i)}
        for i in range(len(edges) - 1)
    ]


def course_rows(seen: "Observation") -> list[Row]:
    """A row for every bin of time."""
    rows: list[Row] = [{"time": time} for time in seen.course.time]
    for i, row in enumerate(rows):
        for name in MOMENTS:
            row |= _estimated(name, getattr(seen.course, name), i)
    return rows


def autocorrelation_rows(seen: "Observation") -> list[Row]:
    """A row for every lag."""
    return [
        {"lag": lag, **_estimated("autocorrelation", seen.autocorrelation, i)}
        for i, lag in enumerate(seen.lags)
    ]


OBSERVED: Mapping[str, "Callable[[Observation], list[Row]]"] = {
    "averages": average_rows,
    "histogram": histogram_rows,
    "course": course_rows,
    "autocorrelation": autocorrelation_rows,
}


def _estimated(name: str, estimate: "Estimate", at: Any) -> Row:
    return {name: estimate.value[at], f"{name}_stderr": estimate.error[at]}


def units(integrator: str) -> dict[str, str]:
    """Unit of every column: unit mobility, or unit mass under baoab."""
    time = "length/energy^(1/2)" if integrator == "baoab" else "length^2/energy"
    plain = {"position": "length", "position_squared": "length^2", "fast_variance": "length^2"}
    plain |= {"probability": "1", "survival": "1", "autocorrelation": "1", "through_high": "1"}
    plain |= {"mean_time": time}
    found = plain | {f"{name}_stderr": unit for name, unit in plain.items()}
    found |= {"start": "length", "low": "length", "high": "length"}
    return found | {"time": time, "lag": time, "stderr": time}

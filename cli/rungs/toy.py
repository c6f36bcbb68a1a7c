"""First rung: a valley whose every number is known.  Full Langevin against the reduced theory."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import xarray as xr

from ...sims.averages import Observation
from ...sims.exits import exit_time, stationary
from ...theory.estimate import Array, Estimate
from ...theory.exit import ValleyExit, valley_exit_time
from ...theory.fokker_planck import stationary_probabilities, stationary_square
from ...theory.relaxation import Relaxation
from ...theory.slow import SlowDynamics, slow_dynamics
from ..ladder import Row, Rung, objection, part, row
from ..progress import Progress
from ..toy_grid_figure import LIMIT
from .toy_grid import Condition, full, quick

# Beyond this the fast directions do not follow the slow one.
LIMITS = {"adiabaticity": LIMIT}


@dataclass(frozen=True)
class Settings:
    """Every number of the experiment."""

    conditions: tuple[Condition, ...] = quick()
    walkers: int = 12_000
    clock_points: int = 41
    resting_walkers: int = 256
    resting_steps: int = 40_000
    burn_in: int = 5_000
    bins: int = 20


SCALES = {
    "quick": Settings(),
    "full": Settings(full(), walkers=100_000, resting_walkers=1024, resting_steps=100_000),
}


def climb(scale: Literal["quick", "full"], seed: int, progress: Progress) -> Rung:
    """Exit times and the stationary law, over noises, steps, dimensions, temperatures, shapes."""
    settings = SCALES[scale]
    rows: list[Row] = []
    exits: list[xr.Dataset] = []
    rests: list[xr.Dataset] = []
    for i, condition in enumerate(settings.conditions):
        seeds = np.random.SeedSequence([seed, i]).generate_state(2)
        label, share = f"toy: Langevin, {condition.label}", 1 / len(settings.conditions)
        first = part(progress, label, i * share, share * (0.5 if condition.rest else 1))
        found, curves = _exits(condition, settings, int(seeds[0]), first)
        rows += found
        exits += [curves] if condition.curves else []
        if condition.rest:
            second = part(progress, label, (i + 0.5) * share, 0.5 * share)
            found, curves = _rest(condition, settings, int(seeds[1]), second)
            rows += found
            rests.append(curves)
    grid = _grid_data(rows)
    data = xr.merge([xr.concat(exits, dim="exit_case"), xr.concat(rests, dim="case"), grid])
    return Rung("toy", tuple(rows), data, asdict(settings))


def _predicted(
    condition: Condition, correction: Literal["none", "first"], other: bool = False
) -> ValleyExit:
    """Mean exit times from the starts; the ends are watched once a step."""
    return valley_exit_time(
        condition.valley,
        condition.bath(other),
        condition.starts,
        (-condition.end, condition.end),
        step=condition.step,
        slow_temperature=condition.heat,
        monitoring="discrete",
        correction=correction,
    )


def _exits(
    condition: Condition, settings: Settings, seed: int, tick: Callable[[float], None]
) -> tuple[list[Row], xr.Dataset]:
    """Mean exit times, and survival where it is wanted."""
    predicted, adiabatic = _predicted(condition, "first"), _predicted(condition, "none")
    rival = _predicted(condition, "first", other=True).relaxation.time.value
    longest = float(predicted.relaxation.time.value.max())
    clock = np.linspace(0, 4 * longest, settings.clock_points if condition.curves else 2)
    measured = exit_time(
        condition.valley,
        condition.bath(),
        condition.starts,
        (-condition.end, condition.end),
        step=condition.step,
        slow_temperature=condition.heat,
        walkers=settings.walkers,
        seed=seed,
        clock=clock,
        progress=tick,
    )
    ratio = predicted.adiabaticity
    note = objection({"adiabaticity": ratio}, LIMITS)
    rows = [
        row(
            "toy",
            f"{condition.label}, from y={start:g}",
            "mean exit time",
            _scalar(predicted.relaxation.time, i),
            _scalar(measured.time, i),
            not note,
            note,
            extra={
                "adiabaticity": ratio,
                "adiabatic": float(adiabatic.relaxation.time.value[i]),
                "rival": float(rival[i]),
            },
        )
        for i, start in enumerate(condition.starts)
    ]
    return rows, _survival_data(condition, predicted, measured, clock)


def _scalar(estimate: Estimate, i: int) -> Estimate:
    return Estimate(estimate.value[i], estimate.error[i], estimate.origin)


def _survival_data(
    condition: Condition, predicted: ValleyExit, measured: Relaxation, clock: Array
) -> xr.Dataset:
    axes = ("exit_case", "clock_index")
    labels = [f"{condition.label}, from y={start:g}" for start in condition.starts]
    return xr.Dataset(
        {
            "survival_predicted": (axes, predicted.first_passage(clock).survival.value),
            "survival_measured": (axes, measured.survival),
            "clock": (axes, np.tile(clock, (len(labels), 1)), {"units": "1/(mobility*curvature)"}),
        },
        coords={"exit_case": labels},
    )


def _grid_data(rows: list[Row]) -> xr.Dataset:
    """Measured over predicted time against the time-scale ratio, corrected and adiabatic."""
    times = [r for r in rows if r.quantity == "mean exit time"]
    measured = np.array([r.measured for r in times])
    columns = {
        "adiabaticity": np.array([r.extra["adiabaticity"] for r in times]),
        "over_first": measured / np.array([r.predicted for r in times]),
        "over_adiabatic": measured / np.array([r.extra["adiabatic"] for r in times]),
        "over_stderr": np.array([r.stderr / r.predicted for r in times]),
    }
    return xr.Dataset(
        {name: (("condition",), values) for name, values in columns.items()},
        coords={"condition": [r.condition for r in times]},
    )


def _rest(
    condition: Condition, settings: Settings, seed: int, tick: Callable[[float], None]
) -> tuple[list[Row], xr.Dataset]:
    """Histogram and second moment at rest between mirrors, beside exp(−V_eff/T)."""
    end, label = condition.end, condition.label
    edges = np.linspace(-end, end, settings.bins + 1)
    measured = stationary(
        condition.valley,
        condition.bath(),
        step=condition.step,
        slow_temperature=condition.heat,
        walkers=settings.resting_walkers,
        seed=seed,
        edges=edges,
        steps=settings.resting_steps,
        burn_in=settings.burn_in,
        reflect=(-end, end),
        sample_every=20,
        progress=tick,
    )
    slow = _slow(condition)
    expected = stationary_probabilities(slow, edges)
    rival = stationary_probabilities(_slow(condition, other=True), edges)
    peak = settings.bins // 2
    worst = float(abs((expected - measured.histogram.value) / measured.histogram.error).max())
    where = f"[{edges[peak]:g}, {edges[peak + 1]:g})"
    rows = [
        row(
            "toy",
            label,
            "<y²>",
            Estimate(stationary_square(slow), 0.0, "theory"),
            measured.position_squared,
        ),
        row(
            "toy",
            label,
            f"P(y in {where})",
            Estimate(expected[peak], 0.0, "theory"),
            _scalar(measured.histogram, peak),
            note=f"largest |z| of {settings.bins} bins: {worst:.1f}",
            extra={"worst_bin_z": worst},
        ),
    ]
    return rows, _histogram_data(label, measured, expected, rival)


def _slow(condition: Condition, other: bool = False) -> SlowDynamics:
    interval = (-condition.end, condition.end)
    noise, valley = condition.bath(other), condition.valley
    return slow_dynamics(valley, noise, interval, condition.step, condition.heat)


def _histogram_data(label: str, measured: Observation, expected: Array, rival: Array) -> xr.Dataset:
    columns = {
        "histogram_measured": measured.histogram.value,
        "histogram_stderr": measured.histogram.error,
        "histogram_predicted": expected,
        "histogram_rival": rival,
        "bin_left": measured.edges[:-1],
        "bin_right": measured.edges[1:],
    }
    data = xr.Dataset(
        {name: (("case", "bin"), values[None, :]) for name, values in columns.items()},
        coords={"case": [label]},
    )
    data["histogram_rival"].attrs["label"] = "with the other noise's potential"
    return data

"""First rung: a valley whose every number is known.  Full Langevin against the reduced theory."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import xarray as xr

from ...sims.exits import exit_time, stationary
from ...sims.observation import Observation
from ...theory.estimate import Array, Estimate
from ...theory.expression import shape
from ...theory.fokker_planck import stationary_probabilities, stationary_square, survival
from ...theory.noise import CurvatureAligned, Noise, Thermal
from ...theory.relaxation import Relaxation, mean_exit_time, monitoring_shift
from ...theory.slow import SlowDynamics, slow_dynamics
from ...theory.valley import Valley
from ..ladder import Row, Rung, objection, part, row
from ..progress import Progress

# Beyond this the fast directions do not follow the slow one.
LIMITS = {"adiabaticity": 0.05}


@dataclass(frozen=True)
class Settings:
    """Every number of the experiment.  stiffness_steps: η g(0), how coarse the step is."""

    energy: str = "0.5*y**2"
    stiffness: str = "g0*(1 + y**2)"
    fast_dims: int = 1
    temperature: float = 0.5
    step: float = 1e-3
    end: float = 1.0
    starts: tuple[float, ...] = (0.0, 0.5)
    stiffness_steps: tuple[float, ...] = (0.1, 0.5)
    walkers: int = 12_000
    clock_points: int = 41
    resting_walkers: int = 100
    resting_steps: int = 100_000
    burn_in: int = 5_000
    bins: int = 20


SCALES = {
    "quick": Settings(),
    "full": Settings(
        stiffness_steps=(0.05, 0.1, 0.3, 0.5, 0.7),
        walkers=50_000,
        resting_walkers=400,
        resting_steps=200_000,
    ),
}


@dataclass(frozen=True)
class _Case:
    """One noise at one coarseness of the step."""

    label: str
    valley: Valley
    noise: Noise
    rival: Noise

    def reduced(self, settings: Settings, end: float, noise: Noise) -> SlowDynamics:
        return slow_dynamics(self.valley, noise, (-end, end), settings.step)


def _cases(settings: Settings) -> list[_Case]:
    cases = []
    for coarse in settings.stiffness_steps:
        g0 = coarse / settings.step
        stiffness = shape(settings.stiffness, g0=g0)
        valley = Valley(shape(settings.energy), stiffness, settings.fast_dims)
        thermal = Thermal(settings.temperature)
        aligned = CurvatureAligned(settings.temperature, g0)
        for noise, rival in ((thermal, aligned), (aligned, thermal)):
            cases.append(_Case(f"{noise.name} noise, ηg₀={coarse:g}", valley, noise, rival))
    return cases


def climb(scale: Literal["quick", "full"], seed: int, progress: Progress) -> Rung:
    """Exit times and the stationary law, for two noises at a fine and at a coarse step."""
    settings, rows, parts = SCALES[scale], [], []
    cases = _cases(settings)
    for i, case in enumerate(cases):
        seeds = np.random.SeedSequence([seed, i]).generate_state(2)

        label, half = f"toy: Langevin, {case.label}", 0.5 / len(cases)
        first = part(progress, label, 2 * i * half, half)
        second = part(progress, label, (2 * i + 1) * half, half)
        exits, leaving = _exits(case, settings, int(seeds[0]), first)
        rests, resting = _rest(case, settings, int(seeds[1]), second)
        rows += exits + rests
        parts.append((leaving, resting))
    data = xr.merge(
        [
            xr.concat([leaving for leaving, _ in parts], dim="exit_case"),
            xr.concat([resting for _, resting in parts], dim="case"),
        ]
    )
    return Rung("toy", tuple(rows), data, asdict(settings))


def _exits(
    case: _Case, settings: Settings, seed: int, tick: Callable[[float], None]
) -> tuple[list[Row], xr.Dataset]:
    """Mean exit times and survival; the ends are watched once a step, hence the shift."""
    end, starts = settings.end, np.array(settings.starts)
    outer = end + monitoring_shift(settings.temperature, settings.step)
    slow = case.reduced(settings, outer, case.noise)
    predicted = mean_exit_time(slow, starts)
    rival = mean_exit_time(case.reduced(settings, outer, case.rival), starts)
    clock = np.linspace(0, 4 * float(predicted.time.value.max()), settings.clock_points)
    measured = exit_time(
        case.valley,
        case.noise,
        starts,
        (-end, end),
        step=settings.step,
        walkers=settings.walkers,
        seed=seed,
        clock=clock,
        progress=tick,
    )
    ratio = float(slow.adiabaticity.max())
    note = objection({"adiabaticity": ratio}, LIMITS)
    rows = [
        row(
            "toy",
            f"{case.label}, from y={start:g}",
            "mean exit time",
            _scalar(predicted.time, i),
            _scalar(measured.time, i),
            not note,
            note,
            extra={"adiabaticity": ratio, "rival": float(rival.time.value[i])},
        )
        for i, start in enumerate(starts)
    ]
    return rows, _survival_data(case, slow, predicted, measured, clock)


def _scalar(estimate: Estimate, i: int) -> Estimate:
    return Estimate(estimate.value[i], estimate.error[i], estimate.origin)


def _survival_data(
    case: _Case, slow: SlowDynamics, predicted: Relaxation, measured: Relaxation, clock: Array
) -> xr.Dataset:
    axes = ("exit_case", "clock_index")
    labels = [f"{case.label}, from y={start:g}" for start in predicted.start]
    return xr.Dataset(
        {
            "survival_predicted": (axes, survival(slow, predicted.start, clock)),
            "survival_measured": (axes, measured.survival),
            "clock": (axes, np.tile(clock, (len(labels), 1)), {"units": "1/(mobility*curvature)"}),
        },
        coords={"exit_case": labels},
    )


def _rest(
    case: _Case, settings: Settings, seed: int, tick: Callable[[float], None]
) -> tuple[list[Row], xr.Dataset]:
    """Histogram and second moment at rest between mirrors, beside exp(−V_eff/T)."""
    end = settings.end
    edges = np.linspace(-end, end, settings.bins + 1)
    measured = stationary(
        case.valley,
        case.noise,
        step=settings.step,
        walkers=settings.resting_walkers,
        seed=seed,
        edges=edges,
        steps=settings.resting_steps,
        burn_in=settings.burn_in,
        reflect=(-end, end),
        sample_every=20,
        progress=tick,
    )
    slow = case.reduced(settings, end, case.noise)
    expected = stationary_probabilities(slow, edges)
    rival = stationary_probabilities(case.reduced(settings, end, case.rival), edges)
    peak = settings.bins // 2
    worst = float(abs((expected - measured.histogram.value) / measured.histogram.error).max())
    where = f"[{edges[peak]:g}, {edges[peak + 1]:g})"
    rows = [
        row(
            "toy",
            case.label,
            "<y²>",
            Estimate(stationary_square(slow), 0.0, "theory"),
            measured.position_squared,
        ),
        row(
            "toy",
            case.label,
            f"P(y in {where})",
            Estimate(expected[peak], 0.0, "theory"),
            _scalar(measured.histogram, peak),
            note=f"largest |z| of {settings.bins} bins: {worst:.1f}",
            extra={"worst_bin_z": worst},
        ),
    ]
    return rows, _histogram_data(case, measured, expected, rival)


def _histogram_data(
    case: _Case, measured: Observation, expected: Array, rival: Array
) -> xr.Dataset:
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
        coords={"case": [case.label]},
    )
    data["histogram_rival"].attrs["label"] = "with the other noise's potential"
    return data

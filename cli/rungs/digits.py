"""Third rung: real data.  Two minima of an MLP, a low-loss path, projected SGD, nothing fitted."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import xarray as xr

from ...nets.along_path import PathResponse, path_response
from ...nets.data import digits
from ...nets.displacement import Displacement
from ...nets.losses import cross_entropy
from ...nets.minimum import train_minimum
from ...nets.models import mlp
from ...nets.operators import losses_and_gradients
from ...nets.parameters import flat_parameters
from ...nets.path_profiles import landscape_profiles
from ...nets.problem import Problem
from ...nets.projected import exit_cycles, single_cycles
from ...nets.sgd import ProjectedSGD
from ...theory.band import nudged_elastic_band
from ...theory.chain import Chain
from ...theory.estimate import Array, Estimate, mean_estimate
from ...theory.path import Path, Profile, straight
from ..ladder import Row, Rung, part, row
from ..progress import Progress
from .cycle_rows import cycle_rows


@dataclass(frozen=True)
class Settings:
    """Every number of the experiment; lengths are fractions of the path's length."""

    samples: int = 512
    label_noise: float = 0.15
    widths: tuple[int, ...] = (64, 16, 16, 10)
    decay: float = 1e-2
    pivots: int = 17
    band_steps: int = 400
    beads: int = 401
    cycle: int = 15
    conditions: tuple[tuple[float, int], ...] = ((0.05, 16), (0.05, 32), (0.08, 32), (0.08, 8))
    starts: tuple[float, ...] = (0.1, 0.2, 0.35, 0.8)
    relaxing_conditions: int = 3
    positions: int = 7
    profile: int = 41
    fine: int = 241
    probes: int = 32
    drift_replicas: int = 1536
    replicas: int = 64
    reach: float = 0.0075
    horizon: int = 120


SCALES = {
    "quick": Settings(),
    "full": Settings(
        conditions=((0.05, 16), (0.05, 32), (0.03, 8), (0.08, 32), (0.08, 64), (0.08, 8)),
        starts=(0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9),
        relaxing_conditions=5,
        positions=13,
        profile=81,
        fine=321,
        probes=64,
        drift_replicas=8192,
        replicas=128,
        reach=0.015,
        horizon=300,
    ),
}


def climb(scale: Literal["quick", "full"], seed: int, progress: Progress) -> Rung:
    """Train, connect, measure the landscape, predict, and watch projected SGD."""
    settings = SCALES[scale]
    problem, path, pivots = _connect(settings, seed, progress)
    starts = path.middles(list(settings.starts))
    places = path.middles(np.linspace(0, 1, settings.profile))
    fine = np.unique(path.middles(np.linspace(0, 1, settings.fine)))
    tick = part(progress, "digits: curvature and noise along the path", 0.22, 0.03)
    profiles = landscape_profiles(problem, path, places, settings.probes, seed, tick)
    positions = np.union1d(path.middles(np.linspace(0, 1, settings.positions)), starts)
    responses = _responses(problem, path, settings, (positions, fine, seed), progress)
    rows: list[Row] = []
    data = _landscape_data(profiles, (places, fine, starts), settings)
    for i, (step, batch) in enumerate(settings.conditions):
        experiment = _Experiment(problem, path, settings, ProjectedSGD(step, batch, settings.cycle))
        label = f"digits: projected SGD, {_label(step, batch)}"
        window = (0.5 + 0.5 * i / len(settings.conditions), 0.5 / len(settings.conditions))
        tick = part(progress, label, *window)
        seeds = np.random.SeedSequence([seed, i]).generate_state(2)
        rows += experiment.drifts(responses[step], starts, int(seeds[0]), data, i)
        if i < settings.relaxing_conditions:
            rows += experiment.relaxations(responses[step], int(seeds[1]), data, i, tick)
    weights = {"minimum_0": path.points[0], "minimum_1": path.points[-1], "pivots": pivots.points}
    return Rung("digits", tuple(rows), data, asdict(settings), weights)


def _label(step: float, batch: int) -> str:
    return f"η={step:g}, B={batch}"


def _connect(settings: Settings, seed: int, progress: Progress) -> tuple[Problem, Path, Path]:
    """The problem, the smooth path between two of its minima, and the band's pivots."""
    inputs, targets = digits(settings.samples, seed, settings.label_noise)
    model = mlp(settings.widths, seed)
    problem = Problem(model, cross_entropy, inputs, targets, settings.decay)
    ends = []
    for i in range(2):
        progress(f"digits: training minimum {i + 1} of 2", 0.04 * i)
        start = flat_parameters(mlp(settings.widths, 2 * seed + i))
        ends.append(train_minimum(problem, start, seed=2 * seed + i))

    def field(points: Array) -> tuple[Array, Array]:
        return losses_and_gradients(problem, points)

    def band(start: Path, momentum: float, low: float) -> Path:
        tick = part(progress, "digits: nudged elastic band", low, 0.07)
        return nudged_elastic_band(field, start, settings.band_steps, 0.05, momentum, tick)

    coarse = band(straight(ends[0], ends[1], settings.pivots - 4), 0.9, 0.08)
    pivots = band(coarse.respaced(settings.pivots), 0.5, 0.15)
    return problem, pivots.smoothed(settings.beads), pivots


def _responses(
    problem: Problem,
    path: Path,
    settings: Settings,
    where: tuple[Array, Array, int],
    progress: Progress,
) -> dict[float, PathResponse]:
    """One response of the path per step size; all batch sizes follow from it."""
    positions, fine, seed = where
    steps = sorted({step for step, _ in settings.conditions})
    responses = {}
    for i, step in enumerate(steps):
        label = f"digits: predicting drift and diffusion at η={step:g}"
        tick = part(progress, label, 0.25 + 0.25 * i / len(steps), 0.25 / len(steps))
        responses[step] = path_response(
            problem, path, step, positions, fine, settings.cycle, seed, tick
        )
    return responses


def _landscape_data(
    profiles: dict[str, Profile], where: tuple[Array, Array, Array], settings: Settings
) -> xr.Dataset:
    places, fine, starts = where
    labels = [_label(*condition) for condition in settings.conditions]
    cycles = np.arange(settings.horizon + 1)
    shapes = {
        "fine": (len(labels), len(fine)),
        "start": (len(labels), len(starts)),
        "cycle": (len(labels), len(starts), len(cycles)),
    }
    data = xr.Dataset(
        {
            "s": ("position", places, {"units": "parameter distance"}),
            "drift_s": ("fine", fine, {"units": "parameter distance"}),
            "start_s": ("start", starts, {"units": "parameter distance"}),
            "clock": ("cycle", cycles, {"units": "cycles"}),
        },
        coords={"setting": labels},
        attrs={"cycle_steps": settings.cycle},
    )
    for name, profile in profiles.items():
        data[name] = ("position", profile.estimate.value)
        if np.any(profile.estimate.error > 0):
            data[f"{name}_stderr"] = ("position", profile.estimate.error)
    for name in ("energetic", "entropic", "total"):
        data[f"drift_{name}"] = (("setting", "fine"), np.full(shapes["fine"], np.nan))
    for name in ("measured", "stderr"):
        data[f"drift_{name}"] = (("setting", "start"), np.full(shapes["start"], np.nan))
    for name in ("predicted", "measured"):
        axes = ("setting", "start", "cycle")
        data[f"survival_{name}"] = (axes, np.full(shapes["cycle"], np.nan))
    for name in ("drift_energetic", "drift_entropic", "drift_total", "drift_measured"):
        data[name].attrs["units"] = "parameter distance per cycle"
    return data


@dataclass(frozen=True)
class _Experiment:
    """Projected SGD at one (η, B), beside its prediction."""

    problem: Problem
    path: Path
    settings: Settings
    sgd: ProjectedSGD

    def _condition(self, s: float) -> str:
        return f"{_label(self.sgd.step, self.sgd.batch)}, s={s / self.path.length:.2f} L"

    def _at(self, response: PathResponse, s: float) -> Displacement:
        return next(p for p in response.displacements(self.sgd.batch) if p.s == s)

    def drifts(
        self, response: PathResponse, starts: Array, seed: int, data: xr.Dataset, index: int
    ) -> list[Row]:
        """Mean and variance of the displacement in one cycle, from every start."""
        dynamics = response.dynamics(self.sgd.batch)
        for name in ("energetic", "entropic"):
            data[f"drift_{name}"][index] = dynamics.parts[name]
        data["drift_total"][index] = dynamics.drift
        rows = []
        for i, s in enumerate(starts):
            at = next(r for r in response.responses if r.s == s)
            replicas = self.settings.drift_replicas
            moved, linear = single_cycles(
                self.problem, self.path, s, self.sgd, at.kicks, replicas, seed + i
            )
            mean = mean_estimate(moved, "sgd")
            data["drift_measured"][index, i] = float(mean.value)
            data["drift_stderr"][index, i] = float(mean.error)
            where = ("digits", self._condition(s))
            displacement = at.with_batch(self.sgd.batch)
            rows += cycle_rows(where, displacement, moved, moved - linear, mean, {})
        return rows

    def relaxations(
        self,
        response: PathResponse,
        seed: int,
        data: xr.Dataset,
        index: int,
        tick: Callable[[float], None],
    ) -> list[Row]:
        """Mean time to leave a window around the start, watched once a cycle."""
        settings, starts = self.settings, data["start_s"].values
        reach, horizon = settings.reach * self.path.length, settings.horizon
        replicas = np.repeat(starts, settings.replicas)
        left = exit_cycles(
            self.problem, self.path, replicas, reach, self.sgd, horizon, seed, tick
        ).reshape(len(starts), settings.replicas)
        dynamics = [response.dynamics(self.sgd.batch, sigmas) for sigmas in (0.0, -1.0, 1.0)]
        rows = []
        for i, (s, times) in enumerate(zip(starts, left, strict=True)):
            curves = [
                Chain(slow, s - reach, s + reach).survival([s], horizon)[0] for slow in dynamics
            ]
            data["survival_predicted"][index, i] = curves[0]
            inside = times > np.arange(horizon + 1)[:, None]
            data["survival_measured"][index, i] = inside.mean(axis=1)
            rows.append(self._relaxation(s, curves, times, self._at(response, s).objection))
        return rows

    def _relaxation(self, s: float, curves: list[Array], left: Array, note: str) -> Row:
        """Restricted mean E[min(τ, horizon)], or the survivors where theory expects most to stay.

        curves: survival as predicted, and with the entropic drift one error weaker and stronger.
        """
        settings, horizon = self.settings, self.settings.horizon
        where = ("digits", self._condition(s))
        waiting = float(np.isinf(left).mean())
        if curves[0][-1] > 0.5:
            survivors = [float(curve[-1]) for curve in curves]
            hedged = (waiting * len(left) + 1) / (len(left) + 2)  # an error also where all stay
            error = (hedged * (1 - hedged) / len(left)) ** 0.5
            quantity = f"fraction within {settings.reach:g} L at {horizon} cycles"
            measured = Estimate(waiting, error, "sgd")
        else:
            survivors = [float(curve[:-1].sum()) for curve in curves]
            quantity = f"cycles to move {settings.reach:g} L"
            measured = mean_estimate(np.minimum(left, horizon), "sgd")
            if waiting and not note:
                note = f"means of min(time, {horizon} cycles): some replicas were inside still"
        half = abs(survivors[2] - survivors[1]) / 2
        predicted = Estimate(survivors[0], half, "theory")
        valid = not note.startswith("outside")
        return row(*where, quantity, predicted, measured, valid, note, {"censored": waiting})

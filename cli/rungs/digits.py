"""Third rung: real data.  Two minima of an MLP, a low-loss path, projected SGD, nothing fitted."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import xarray as xr

from ...nets.along_path import PathResponse, landscape_profiles, path_response
from ...nets.data import digits
from ...nets.displacement import Displacement
from ...nets.losses import cross_entropy
from ...nets.models import mlp
from ...nets.operators import losses_and_gradients
from ...nets.parameters import flat_parameters
from ...nets.problem import Problem
from ...nets.projected import exit_cycles, projected_sgd
from ...nets.sgd import ProjectedSGD
from ...nets.training import train_minimum
from ...theory.band import nudged_elastic_band
from ...theory.chain import Chain
from ...theory.estimate import Array, Estimate, mean_estimate, variance_estimate
from ...theory.path import Path, Profile, straight
from ..ladder import Progress, Row, Rung, part, row


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
        fine=401,
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
    fine = path.middles(np.linspace(0, 1, settings.fine))
    tick = part(progress, "digits: curvature and noise along the path", 0.22, 0.03)
    profiles = landscape_profiles(problem, path, places, settings.probes, seed, tick)
    positions = np.union1d(path.middles(np.linspace(0, 1, settings.positions)), starts)
    responses = _responses(problem, path, settings, (positions, fine, seed), progress)
    rows: list[Row] = []
    data = _landscape_data(profiles, places, starts, settings)
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
    profiles: dict[str, Profile], places: Array, starts: Array, settings: Settings
) -> xr.Dataset:
    labels = [_label(*condition) for condition in settings.conditions]
    cycles = np.arange(settings.horizon + 1)
    shapes = {
        "position": (len(labels), len(places)),
        "start": (len(labels), len(starts)),
        "cycle": (len(labels), len(starts), len(cycles)),
    }
    data = xr.Dataset(
        {
            "s": ("position", places, {"units": "parameter distance"}),
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
        data[f"drift_{name}"] = (("setting", "position"), np.full(shapes["position"], np.nan))
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
            values = np.interp(data["s"].values, dynamics.y, dynamics.parts[name])
            data[f"drift_{name}"][index] = values
        data["drift_total"][index] = np.interp(data["s"].values, dynamics.y, dynamics.drift)
        replicas = np.repeat(starts, self.settings.drift_replicas)
        ends = projected_sgd(self.problem, self.path, replicas, self.sgd, 1, seed)
        moved = (ends[:, 1] - ends[:, 0]).reshape(len(starts), -1)
        rows = []
        for i, s in enumerate(starts):
            predicted, mean = self._at(response, s), mean_estimate(moved[i], "sgd")
            data["drift_measured"][index, i] = float(mean.value)
            data["drift_stderr"][index, i] = float(mean.error)
            objection = predicted.objection
            parts = {
                "energetic": predicted.energetic,
                "entropic": float(predicted.entropic.value),
                "bending": predicted.bending,
                **predicted.validity,
            }
            where = ("digits", self._condition(s))
            rows += [
                row(
                    *where,
                    "drift per cycle",
                    predicted.drift,
                    mean,
                    not objection,
                    objection,
                    parts,
                ),
                row(
                    *where,
                    "variance per cycle",
                    predicted.variance,
                    variance_estimate(moved[i], "sgd"),
                    not objection,
                    objection,
                ),
            ]
        return rows

    def relaxations(
        self,
        response: PathResponse,
        seed: int,
        data: xr.Dataset,
        index: int,
        tick: Callable[[float], None],
    ) -> list[Row]:
        """Mean time to leave a window around the start, watched once a cycle.

        Starts from which theory expects most replicas to be inside still at the horizon are left
        out: they would only compare the horizon with itself.
        """
        settings, dynamics = self.settings, response.dynamics(self.sgd.batch)
        reach, horizon = settings.reach * self.path.length, settings.horizon
        expected = {}
        for i, s in enumerate(data["start_s"].values):
            survival = Chain(dynamics, s - reach, s + reach).survival([s], horizon)[0]
            if survival[-1] < 0.5:
                expected[i] = survival
        starts = data["start_s"].values[list(expected)]
        replicas = np.repeat(starts, settings.replicas)
        left = exit_cycles(
            self.problem, self.path, replicas, reach, self.sgd, horizon, seed, tick
        ).reshape(len(starts), settings.replicas)
        rows = []
        for (i, survival), s, times in zip(expected.items(), starts, left, strict=True):
            data["survival_predicted"][index, i] = survival
            inside = times > np.arange(horizon + 1)[:, None]
            data["survival_measured"][index, i] = inside.mean(axis=1)
            objection = self._at(response, s).objection
            rows.append(self._relaxation(s, survival, times, objection))
        return rows

    def _relaxation(self, s: float, survival: Array, left: Array, objection: str) -> Row:
        """Restricted mean E[min(τ, horizon)]: right also while some replicas are inside still."""
        horizon = self.settings.horizon
        predicted = Estimate(survival[:-1].sum(), 0.0, "theory")
        measured = mean_estimate(np.minimum(left, horizon), "sgd")
        waiting = float(np.isinf(left).mean())
        note = objection or (f"{waiting:.0%} still inside at {horizon} cycles" if waiting else "")
        quantity = f"cycles to move {self.settings.reach:g} L"
        where = ("digits", self._condition(s))
        return row(
            *where, quantity, predicted, measured, not objection, note, {"censored": waiting}
        )

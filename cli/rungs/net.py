"""Fourth rung: any network.  Every algorithm on one path, predicted and measured, nothing fitted.

The stages, each kept when it is finished: two minima, the path, loss and curvature along it, the
predictions, and the replicas of every algorithm.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ...nets.path_profiles import landscape_profiles
from ...nets.problem import Problem
from ...nets.sgd import ProjectedSGD
from ...theory.estimate import Array, Estimate
from ...theory.path import Path, Profile
from ..ladder import Row, Rung, part
from ..progress import Progress
from ..score import score
from ..stages import Stages
from .net_data import blank, fill_drift, fill_start
from .net_measurement import measure
from .net_path import Asked, connect
from .net_prediction import Predicted, predict
from .net_rows import Found, Start, drift_rows, relaxation_rows
from .net_settings import Condition, Scale, Settings
from .net_targets import Target, targets


def climb(scale: Scale, seed: int, progress: Progress, asked: Asked, stages: Stages) -> Rung:
    """Train, connect, look along the path, predict, and watch every algorithm."""
    name, settings = asked.settings(scale)
    told = {"preset": name, **asdict(settings)}
    stages.begin({**told, "seed": seed, "path": str(asked.folder or "")})
    problem, path = connect(asked, settings, seed, stages, progress)
    sgds = [_algorithm(condition, settings.cycle) for condition in settings.conditions]
    for sgd in sgds:
        sgd.check(problem.samples)
    starts = [_starts(path, condition, settings) for condition in settings.conditions]
    every = np.unique(np.concatenate(starts))
    profiles = _profiles(problem, path, settings, seed, stages, progress)
    spread = path.middles(np.linspace(0, 1, settings.positions))
    fine = np.unique(path.middles(np.linspace(0, 1, settings.fine)))
    fine = np.union1d(fine, every)
    where = (spread, starts, fine, seed)
    predicted = predict(problem, path, sgds, where, stages, progress)
    aims = targets(predicted, starts, settings.distance * path.length, settings.horizon)
    data = blank(profiles, [sgd.label for sgd in sgds], every, fine, settings.horizon)
    data.attrs = {"cycle_steps": settings.cycle, "length": path.length, "preset": name}
    rows: list[Row] = []
    for i, sgd in enumerate(sgds):
        watch = _Watch(problem, path, settings, stages, seed, i)
        window = (0.5 + 0.5 * i / len(sgds), 0.5 / len(sgds))
        tick = part(progress, f"net: {sgd.label}", *window)
        fill_drift(data, i, predicted[i])
        for found in watch.found(sgd, predicted[i], starts[i], aims[i], tick):
            fill_start(data, (i, int(np.searchsorted(every, found.s))), found)
            rows += found.rows
    weights = {"minimum_0": path.points[0], "minimum_1": path.points[-1], "path": path.points}
    return Rung("net", tuple(rows), data, told, weights, score(rows))


def _algorithm(condition: Condition, cycle: int) -> ProjectedSGD:
    given = {name: value for name, value in asdict(condition).items() if name != "starts"}
    return ProjectedSGD(cycle=cycle, **given)


def _starts(path: Path, condition: Condition, settings: Settings) -> Array:
    return np.unique(path.middles(list(condition.starts or settings.starts)))


def _profiles(
    problem: Problem,
    path: Path,
    settings: Settings,
    seed: int,
    stages: Stages,
    progress: Progress,
) -> dict[str, Profile]:
    places = path.middles(np.linspace(0, 1, settings.profile))

    def look() -> dict[str, Array]:
        tick = part(progress, "net: loss and curvature along the path", 0.15, 0.05)
        found = landscape_profiles(problem, path, places, settings.probes, seed, tick)
        values = {name: profile.estimate.value for name, profile in found.items()}
        return values | {f"{name}.error": p.estimate.error for name, p in found.items()}

    kept = stages.take("3-landscape", look)
    return {
        name: Profile(places, Estimate(values, kept[f"{name}.error"], "measured"), name)
        for name, values in kept.items()
        if not name.endswith(".error")
    }


@dataclass(frozen=True)
class _Watch:
    """One algorithm beside its prediction; index: its number among the conditions."""

    problem: Problem
    path: Path
    settings: Settings
    stages: Stages
    seed: int
    index: int

    def found(
        self,
        sgd: ProjectedSGD,
        predicted: Predicted,
        starts: Array,
        aims: Sequence[Target],
        tick: Callable[[float], None],
    ) -> Iterator[Found]:
        """What was found from every start."""
        settings, length = self.settings, self.path.length
        horizon = settings.horizon
        measured = measure(
            *(self.problem, self.path, sgd, starts),
            (settings.drift_replicas, settings.replicas, horizon),
            [self.seed, self.index],
            (self.stages, f"5-measured-{self.index:02}"),
            tick,
        )
        control = settings.conditions[self.index].is_control
        for i, (s, aim) in enumerate(zip(starts, aims, strict=True)):
            label = f"{sgd.label}, s={s / length:.2f} L"
            start = Start(label, float(s), horizon, control)
            rows = []
            if not predicted.is_still:  # without noise a cycle is the prediction itself
                rows = drift_rows(predicted, measured.moved[i], measured.linear[i], start)
            relaxed, course = relaxation_rows(predicted, measured.s[i], aim, start)
            yield Found(float(s), (*rows, *relaxed), course)

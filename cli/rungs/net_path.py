"""The path of ``entropic compare net``: of a preset from random weights on, or the user's own."""

import inspect
from dataclasses import dataclass, replace
from pathlib import Path as Folder
from typing import TYPE_CHECKING

import click

from ...theory.path import Path
from ..net.folders import PathFolder, read_path
from ..net.source import Source
from ..progress import Progress
from ..stages import Stages
from .net_settings import PRESETS, Scale, Settings

if TYPE_CHECKING:
    from ...nets.problem import Problem


@dataclass(frozen=True)
class Asked:
    """What was asked for: a comparison by name, a path folder, what is known of its problem."""

    preset: str | None
    folder: Folder | None
    source: Source
    device: str

    def settings(self, scale: Scale) -> tuple[str, Settings]:
        """The comparison and its settings, with the user's on top.

        Raises click.UsageError for one that is not there, and where the folder's problem has none.
        """
        name = self.preset
        if name is None and self.folder is None:
            msg = f"net needs --preset ({', '.join(PRESETS)}) or --path FOLDER."
            raise click.UsageError(msg)
        if name is not None and name not in PRESETS:
            msg = f"there is no comparison {name!r}; there are {', '.join(PRESETS)}."
            raise click.UsageError(msg)
        if self.folder is None and self.source.reference:
            msg = "--problem goes with --path; a preset of compare names its problem itself."
            raise click.UsageError(msg)
        if name is None:
            name = self._by_problem()
        found = PRESETS[name][scale]
        return name, replace(found, options={**found.options, **self.source.settings})

    def _by_problem(self) -> str:
        reference = self.opened.source.reference
        for name, scales in PRESETS.items():
            if scales["quick"].problem == reference:
                return name
        msg = (
            f"no comparison is made for the problem {reference!r}; say with --preset whose "
            f"conditions to take: {', '.join(PRESETS)}."
        )
        raise click.UsageError(msg)

    @property
    def opened(self) -> PathFolder:
        """The path folder, read."""
        assert self.folder is not None
        given = self.source
        named = given.reference or given.settings or given.data
        return read_path(self.folder, given if named else None, self.device)


def connect(
    asked: Asked, settings: Settings, seed: int, stages: Stages, progress: Progress
) -> "tuple[Problem, Path]":
    """The problem, and the smooth path between two of its minima."""
    if asked.folder is not None:
        opened = asked.opened
        pivots = opened.points.double().cpu().numpy()
        return opened.problem, Path(pivots).smoothed(settings.beads)
    problem = _source(asked, settings, seed).problem(asked.device)

    def train() -> "dict[str, object]":
        return {"points": _minima(problem, settings, seed, progress)}

    def search() -> "dict[str, object]":
        return {"points": _pivots(problem, minima, settings, seed, progress)}

    minima = stages.take("1-minima", train)["points"]  # type: ignore[arg-type]
    pivots = stages.take("2-path", search)["points"]  # type: ignore[arg-type]
    return problem, Path(pivots).smoothed(settings.beads)


def _source(asked: Asked, settings: Settings, seed: int) -> Source:
    """The seed of the run also chooses the data, where the problem draws any."""
    from ...nets.presets import preset

    takes = inspect.signature(preset(settings.problem).make).parameters
    drawn = {"seed": seed} if "seed" in takes else {}
    return Source(settings.problem, {**drawn, **settings.options}, asked.source.data)


def _minima(problem: "Problem", settings: Settings, seed: int, progress: Progress) -> object:
    from ...nets.presets import preset
    from ...nets.training import train
    from ...nets.training_run import Moment, Watch

    recipe = replace(preset(settings.problem).recipe, **settings.recipe)

    def moment(at: Moment) -> None:
        progress("net: training two minima", 0.05 * at.epoch / max(at.epochs, 1))

    seeds = (2 * seed, 2 * seed + 1)
    return train(problem, recipe, seeds, settings.together, watch=Watch(moment=moment)).points


def _pivots(
    problem: "Problem", minima: object, settings: Settings, seed: int, progress: Progress
) -> object:
    from ...nets.path_methods import path_settings
    from ...nets.paths import find_path
    from ...nets.problem import array

    first, last = (problem.tensor(point) for point in minima)  # type: ignore[attr-defined]

    def tick(label: str, fraction: float) -> None:
        progress(f"net: path, {label}", 0.05 + 0.1 * fraction)

    found = find_path(
        *(problem, first, last, settings.method),  # type: ignore[arg-type]
        path_settings(settings.method, **settings.search),  # type: ignore[arg-type]
        seed=seed,
        progress=tick,
    )
    return array(found.points)

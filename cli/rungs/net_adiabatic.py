"""The two adiabatic predictions of every algorithm, kept as plain arrays and read back."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...nets.across_profile import landscape_across
from ...nets.adiabatic import FACTORS, KINDS, Adiabatic, adiabatic_prediction, cycle_floor
from ...nets.problem import Problem
from ...nets.sgd import ProjectedSGD
from ...theory.estimate import Array
from ...theory.path import Path
from ...theory.slow import SlowDynamics
from ..ladder import part
from ..progress import Progress
from ..stages import Stages

ADIABATIC = tuple(f"adiabatic_{kind}" for kind in KINDS)
AtRest = tuple[dict[str, SlowDynamics], dict[str, Array]]
CURVES = ("y", "drift", "diffusion")


def is_at_rest(sgd: ProjectedSGD) -> bool:
    """Whether the adiabatic prediction is made: not for Adam, nor where nothing shakes."""
    return sgd.optimizer != "adam" and sgd.noise != "none"


def adiabatic(
    problem: Problem,
    path: Path,
    sgds: Sequence[ProjectedSGD],
    where: tuple[Array, int],
    stages: Stages,
    progress: Progress,
) -> list[AtRest]:
    """Dynamics by kind and validity figures by name; empty where there is no such prediction.

    where: positions, seed.  One look across the path serves all algorithms.
    """
    own = [i for i, sgd in enumerate(sgds) if is_at_rest(sgd)]
    if not own:
        return [({}, {}) for _ in sgds]
    positions, seed = where

    def make() -> dict[str, Array]:
        tick = part(progress, "net: curvature across the path", 0.2, 0.05)
        lowest = min(cycle_floor(sgds[i]) for i in own) * FACTORS[0]
        profile = landscape_across(problem, path, positions, floor=lowest, seed=seed, progress=tick)
        arrays: dict[str, Array] = {}
        for i in own:
            found = _plain(adiabatic_prediction(profile, sgds[i]))
            arrays |= {f"{i}.{name}": values for name, values in found.items()}
        return arrays

    kept = stages.take("4-adiabatic", make)
    return [_restored(kept, i) if i in own else ({}, {}) for i in range(len(sgds))]


def _plain(found: Adiabatic) -> dict[str, Array]:
    arrays = {
        f"adiabatic_{kind}.{curve}": np.asarray(getattr(slow, curve))
        for kind, slow in found.predictions.items()
        for curve in CURVES
    }
    return arrays | {f"figure.{name}": values for name, values in found.validity.items()}


def _restored(kept: Mapping[str, Array], index: int) -> AtRest:
    prefix = f"{index}."
    own = {
        name.removeprefix(prefix): values
        for name, values in kept.items()
        if name.startswith(prefix)
    }
    slow = {
        kind: SlowDynamics(own[f"{kind}.y"], own[f"{kind}.drift"], own[f"{kind}.diffusion"])
        for kind in ADIABATIC
    }
    figures = {
        name.removeprefix("figure."): values
        for name, values in own.items()
        if name.startswith("figure.")
    }
    return slow, figures

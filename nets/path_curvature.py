"""How curved the landscape is along a whole path: one call, one seed, one table.

Every pivot is measured with the same random probes and the same choice of samples, and the search
for eigenvectors begins at those of the pivot before, so that a profile is as smooth as the path.
After each pivot everything that was found, and all that the next one needs, is a few plain arrays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, frozen
from .density import SpectralDensity
from .point_curvature import CurvatureSettings, Measured, measured
from .polyline import Polyline
from .problem import Problem

State = dict[str, NDArray[np.generic]]
CARRIED, COLUMN = "carried", "column:"
GRID = 400  # places at which a density is given
SHARP = 150  # peaks side by side between the smallest and the largest eigenvalue


@dataclass(frozen=True)
class PathCurvature:
    """What was measured at the arc lengths ``s`` (m,) of a path.

    columns: by name, values (m, …); ``<name>_stderr`` beside what depends on chance.  length: of
    the whole path.  normalisation: whose batch statistics, "none", "batch" or "running".
    """

    s: Array
    length: float
    columns: Mapping[str, Array]
    settings: CurvatureSettings
    normalisation: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "s", frozen(self.s))
        plain = {name: frozen(values) for name, values in self.columns.items()}
        object.__setattr__(self, "columns", plain)

    @cached_property
    def density(self) -> tuple[Array, Array, Array] | None:
        """Eigenvalues (n,), their density (m, n) and its standard error, if it was asked for."""
        if "density_nodes" not in self.columns:
            return None
        nodes, weights = self.columns["density_nodes"], self.columns["density_weights"]
        known = self.columns["density_known"]
        dim = int(self.columns["directions"][0])
        met = nodes[weights > 0]
        low, high = met.min(), max(met.max(), known.max(initial=-np.inf))
        width = (high - low) / SHARP
        grid = np.linspace(low - 3 * width, high + 3 * width, GRID)
        values, errors = np.zeros((2, len(self.s), GRID))
        for i in range(len(self.s)):
            if len(nodes[i]) == 1:  # all eigenvalues, not what a probe sees
                values[i] = _peaks(nodes[i][0], grid, width)
                continue
            seen = SpectralDensity(nodes[i], weights[i], known[i], dim, 0.0)
            found = seen.density(grid, width)
            values[i], errors[i] = found.value, found.error
        return grid, values, errors


def path_curvature(
    problem: Problem,
    path: Polyline,
    positions: Array,
    settings: CurvatureSettings,
    *,
    state: Mapping[str, NDArray[np.generic]] | None = None,
    keep: Callable[[State], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> PathCurvature:
    """The quantities of ``settings`` at the arc lengths ``positions`` (m,), one after the other.

    keep: is handed the state after each position; ``state``, one of those, goes on from there to
    the same bits.  Raises DomainError for a path of another model, for positions off the path or
    not rising, and for what is not finite, naming where.
    """
    positions = np.asarray(positions, float)
    if path.points.shape[1] != problem.layout.size:
        msg = (
            f"a point of this model has {problem.layout.size} numbers; "
            f"those of the path have {path.points.shape[1]}"
        )
        raise DomainError(msg)
    if positions.ndim != 1 or len(positions) < 1 or np.any(np.diff(positions) <= 0):
        msg = "the positions along the path must rise"
        raise DomainError(msg)
    rows, carried = _restored(problem, state)
    for s in positions[len(rows) :]:
        try:
            row, carried = measured(problem, path.at(s), path.tangent(s), settings, carried)
        except DomainError as error:
            msg = f"at s = {s:.6g} of {path.length:.6g}: {error}"
            raise DomainError(msg) from None
        rows.append(row)
        if keep is not None:
            keep(_state(rows, carried))
        if progress is not None:
            progress(len(rows) / len(positions))
    return gathered(problem, path, positions, settings, _stacked(rows))


def gathered(
    problem: Problem,
    path: Polyline,
    positions: Array,
    settings: CurvatureSettings,
    state: Mapping[str, NDArray[np.generic]],
) -> PathCurvature:
    """What a state holds so far: the first of the ``positions``."""
    columns = {
        name.removeprefix(COLUMN): np.asarray(values, float)
        for name, values in state.items()
        if name.startswith(COLUMN)
    }
    done = len(next(iter(columns.values()))) if columns else 0
    return PathCurvature(positions[:done], path.length, columns, settings, problem.normalisation)


def _stacked(rows: list[Measured]) -> State:
    names = rows[0] if rows else {}
    return {COLUMN + name: np.array([row[name] for row in rows]) for name in names}


def _state(rows: list[Measured], carried: Tensor | None) -> State:
    kept = _stacked(rows)
    return kept if carried is None else kept | {CARRIED: carried.detach().cpu().numpy()}


def _restored(
    problem: Problem, state: Mapping[str, NDArray[np.generic]] | None
) -> tuple[list[Measured], Tensor | None]:
    if state is None:
        return [], None
    columns = {n.removeprefix(COLUMN): v for n, v in state.items() if n.startswith(COLUMN)}
    count = len(next(iter(columns.values()))) if columns else 0
    rows = [
        {name: np.asarray(values[i], float) for name, values in columns.items()}
        for i in range(count)
    ]
    vectors = state.get(CARRIED)
    carried = None if vectors is None else torch.as_tensor(vectors, device=problem.device)
    return rows, carried


def _peaks(eigenvalues: Array, grid: Array, width: float) -> Array:
    distance = (grid[:, None] - eigenvalues) / width
    peaks = np.exp(-0.5 * distance**2) / (width * (2 * np.pi) ** 0.5)
    return np.asarray(peaks.mean(axis=1))

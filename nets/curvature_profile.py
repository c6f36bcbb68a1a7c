"""How curved the landscape is along a whole path: one call, one seed, one table.

Every pivot is measured with the same random probes and the same choice of samples, and the search
for eigenvectors begins at those of the pivot before, so that a profile is as smooth as the path.
After each pivot everything that was found, and all that the next one needs, is a few plain arrays.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, frozen
from .curvature_settings import CurvatureSettings
from .density import SpectralDensity
from .log_dets import LOWEST, across_columns, log_det_columns
from .point_curvature import Measured, measured
from .polyline import Polyline
from .problem import Problem

State = dict[str, NDArray[np.generic]]
CARRIED, COLUMN = "carried", "column:"
GRID = 400  # places at which a density is given
SHARP = 150  # peaks side by side between the smallest and the largest eigenvalue


@dataclass(frozen=True)
class CurvatureTable:
    """What was measured at m points.

    columns: by name, values (m, …); ``<name>_stderr`` beside what depends on chance, and
    ``<name>_residual``, a bound, beside eigenvalues.  normalisation: whose batch statistics,
    "none", "batch" or "running".
    """

    columns: Mapping[str, Array]
    settings: CurvatureSettings
    normalisation: str

    def __post_init__(self) -> None:
        plain = {name: frozen(values) for name, values in self.columns.items()}
        object.__setattr__(self, "columns", plain)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @cached_property
    def density(self) -> tuple[Array, Array, Array] | None:
        """Eigenvalues (n,), their density (m, n) and its standard error, if it was asked for.

        Every eigenvalue is a Gaussian, a 150th of the range of all points wide.
        """
        if "directions" not in self.columns:
            return None
        exact = self.columns.get("spectrum")
        met = self.columns["density_nodes"] if exact is None else exact
        if exact is None:
            known = self.columns["density_known"]
            met = np.append(met[self.columns["density_weights"] > 0], known)
        low, high = float(met.min()), float(met.max())
        width = (high - low) / SHARP or abs(high) / SHARP
        grid = np.linspace(low - 3 * width, high + 3 * width, GRID)
        values, errors = np.zeros((2, len(self), GRID))
        for i in range(len(self)):
            if exact is not None:
                values[i] = _peaks(exact[i], grid, width)
                continue
            nodes, weights, known = (
                self.columns[f"density_{name}"][i] for name in ("nodes", "weights", "known")
            )
            dim = int(self.columns["directions"][i])
            found = SpectralDensity(nodes, weights, known, dim, 0.0).density(grid, width)
            values[i], errors[i] = found.value, found.error
        return grid, values, errors

    @property
    def unconverged(self) -> NDArray[np.int64]:
        """Which points have a largest eigenvalue that is not within the tolerance."""
        if "lambda_max_converged" not in self.columns:
            return np.empty(0, np.int64)
        return np.flatnonzero(self.columns["lambda_max_converged"] == 0)


@dataclass(frozen=True)
class PathCurvature(CurvatureTable):
    """A table at the arc lengths ``s`` (m,) of a path of this ``length``."""

    s: Array
    length: float

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "s", frozen(self.s))


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
    path.at(positions[0])
    path.at(positions[-1])  # refuses what is off the path before any work
    points = ((f"s = {s:.6g} of {path.length:.6g}", path.at(s), path.tangent(s)) for s in positions)
    found = _measured_points(
        problem, points, len(positions), settings, state, keep, progress, follow=True
    )
    return PathCurvature(found.columns, settings, found.normalisation, positions, path.length)


def minima_curvature(
    problem: Problem,
    minima: Mapping[str, Tensor],
    settings: CurvatureSettings,
    *,
    state: Mapping[str, NDArray[np.generic]] | None = None,
    keep: Callable[[State], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> CurvatureTable:
    """The same at single points (P,), by name, which have nothing to do with each other."""
    points = ((f"the minimum {name}", theta, None) for name, theta in minima.items())
    return _measured_points(
        problem, points, len(minima), settings, state, keep, progress, follow=False
    )


def table_so_far(
    problem: Problem,
    settings: CurvatureSettings,
    state: Mapping[str, NDArray[np.generic]],
) -> CurvatureTable:
    """What a state holds: the first points; a shared floor is that of these."""
    columns = {
        name.removeprefix(COLUMN): np.asarray(values, float)
        for name, values in state.items()
        if name.startswith(COLUMN)
    }
    if columns and LOWEST in columns:
        found = log_det_columns(columns, settings.rule)
        ordered: dict[str, Array] = {}
        for name, values in columns.items():
            ordered |= {**found, name: values} if name == LOWEST else {name: values}
        columns = ordered
    columns |= across_columns(columns, settings.rule)
    return CurvatureTable(columns, settings, problem.normalisation)


def _measured_points(
    problem: Problem,
    points: Iterator[tuple[str, Tensor, Tensor | None]],
    count: int,
    settings: CurvatureSettings,
    state: Mapping[str, NDArray[np.generic]] | None,
    keep: Callable[[State], None] | None,
    progress: Callable[[float], None] | None,
    *,
    follow: bool,
) -> CurvatureTable:
    """follow: whether a point begins with the eigenvectors of the one before."""
    rows, carried = _restored(problem, state)
    for where, theta, tangent in islice(points, len(rows), None):
        try:
            row, carried = measured(problem, theta, tangent, settings, carried if follow else None)
        except DomainError as error:
            msg = f"at {where}: {error}"
            raise DomainError(msg) from None
        rows.append(row)
        if keep is not None:
            keep(_state(rows, carried))
        if progress is not None:
            progress(len(rows) / count)
    return table_so_far(problem, settings, _stacked(rows))


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
